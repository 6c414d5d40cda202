"""Where mail that is released from quarantine is handed in."""

from watchfloor.connectors.systems.mail_release.system import MailReleaseSystem

SYSTEM = MailReleaseSystem()
