"""Malware in stored files: what disks, Nextcloud and OneDrive hold, inspected as mail's attachments are.

Reads the files that connections tell of, where a connection allows its content to be read, and what is known of their hashes.
Gives rows of FileMaliciousContentInfo, each once, and for every file a note of what was read of it.
"""
