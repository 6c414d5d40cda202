"""Outlook's own message files (.msg) read into the mails they were.

Reads the bytes of a compound file with MAPI properties, as MS-OXMSG lays them out.
Gives a mail as RFC 5322 has it, for whoever takes mails apart.
"""
