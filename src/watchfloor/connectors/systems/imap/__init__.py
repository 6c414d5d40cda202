"""IMAP: reading mailboxes of any server, first what is there, then what comes."""

from watchfloor.connectors.systems.imap.system import ImapSystem

SYSTEM = ImapSystem()
