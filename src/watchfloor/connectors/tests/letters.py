"""Mails for second opinions to judge."""

from datetime import UTC, datetime
from email.message import EmailMessage

from watchfloor.connectors.contracts import AcceptedMail

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def letter(text: str = "See you on Monday.", *, subject: str = "Monday", **files: bytes) -> bytes:
    """A whole mail; each of `files` is attached under its name, an underscore for the dot."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Bea <bea@supplier.example>", "ada@corp.example", subject
    mail["Message-ID"], mail["Date"] = "<1@supplier.example>", "Sat, 21 Nov 2026 06:00:00 +0000"
    mail.set_content(text)
    for name, data in files.items():
        mail.add_attachment(
            data, maintype="application", subtype="octet-stream", filename=".".join(name.rsplit("_", 1))
        )
    return mail.as_bytes()


def envelope(raw: bytes = b"", **more) -> AcceptedMail:
    """What the transport knew of it; `raw` makes it a mail that is not stored yet."""
    known = {"mail_from": "bea@supplier.example", "recipients": ("ada@corp.example",), "client_ip": "192.0.2.7"}
    return AcceptedMail(1, "0" * 64, "journal", NOON, **(known | {"helo": "mx.supplier.example"} | more), raw=raw)
