"""Mail that we send, through a submission server."""

from watchfloor.connectors.systems.smtp_out.system import SmtpOutSystem

SYSTEM = SmtpOutSystem()
