"""Held mails to look at: a lure in HTML with a file and a link, for people of corp.example."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from watchfloor.connectors.services import accept
from watchfloor.response.quarantine.holding import PATIENCE, hold_pending
from watchfloor.response.quarantine.indexing import complete
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN, BOB = "ann@corp.example", "bob@corp.example"
SENDER = "billing@evil.example"


def lure(
    *, subject: str = "Your invoice", text: str = "Please pay the enclosed invoice today.", key: str = "1"
) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Billing <{SENDER}>", ANN, subject
    mail["Message-ID"] = f"<{key}.abc@evil.example>"
    mail.set_content(text)
    html = f'<p>{text}</p><a href="https://paypal.evil.example/login">Pay</a><script>alert(1)</script><img src="https://evil.example/x.png">'
    mail.add_alternative(html, subtype="html")
    mail.add_attachment(b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="rechnung-4711.pdf")
    return mail.as_bytes()


def hold(
    *people: str,
    reason: str = "Spam",
    subject: str = "Your invoice",
    text: str = "Please pay the enclosed invoice today.",
    sender: str = SENDER,
    at: datetime = NOW,
    key: str = "1",
    read: bool = True,
) -> QuarantinedMail:
    """One mail that the border held for these people; `read` says whether its content is in the index already."""
    said = {
        "reason": reason,
        "days": 30,
        "subject": subject,
        "sender": sender,
        "message_id": f"<{key}.abc@evil.example>",
        "size": 1234,
        "direction": "Inbound",
        "policy_name": "Border policy",
    }
    accept(
        lure(subject=subject, text=text, key=key),
        source="mx",
        received_at=at,
        mail_from=sender,
        recipients=people or (ANN,),
        facts={
            "disposition": "quarantine",
            "held": list(people or (ANN,)),
            "verdict": "Spam: a list",
            "quarantine": said,
        },
    )
    hold_pending(now=at + PATIENCE)
    if read:
        while complete(now=at):
            pass
    return QuarantinedMail.objects.latest("pk")


def name(mail: QuarantinedMail, number: int = 5) -> QuarantinedMail:
    """Give it the name that the lake would have given."""
    mail.network_message_id = str(number) * 8 + "-5555-4555-8555-" + str(number) * 12
    mail.save()
    return mail


def copy_of(person: str) -> QuarantinedCopy:
    return QuarantinedCopy.objects.select_related("mail").get(recipient=person)


def days(count: float) -> timedelta:
    return timedelta(days=count)
