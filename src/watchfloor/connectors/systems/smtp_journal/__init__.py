"""A journal: any mail server sends a copy of each mail here by SMTP or LMTP (RFC 5321, RFC 2033)."""

from watchfloor.connectors.systems.smtp_journal.system import JournalSystem

SYSTEM = JournalSystem()
