"""What a file is made of, without running it: its structure, strings, links, macros, members, and the rules it matches.

Reads the bytes of one attachment, in a process of its own with limits; no network.
Gives plain records of text that a page shows: a tree, a summary, behaviours it is built for.
"""
