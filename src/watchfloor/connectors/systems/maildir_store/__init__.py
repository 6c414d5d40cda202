"""Mailboxes as Maildirs on this machine: acting on them without any mail server, for small hosts and the demo."""

from watchfloor.connectors.systems.maildir_store.system import MaildirStoreSystem

SYSTEM = MaildirStoreSystem()
