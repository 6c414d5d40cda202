"""People of the sample organisation report mail: each report is a mail with the reported one attached, sent to the report mailbox."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from watchfloor.access.contracts import Actor
from watchfloor.connectors.contracts import Folder, NewMail
from watchfloor.demo.organisation import Organisation
from watchfloor.demo.stories import Report
from watchfloor.response.submissions.services import change_policy

MAILBOX = "phish"


def open_report_mailbox(organisation: Organisation, *, by: Actor, now: datetime) -> str:
    """Name the mailbox that people report to."""
    address = f"{MAILBOX}@{organisation.domain}"
    change_policy(
        by=by,
        addresses=[address],
        folders=["Report phish"],
        answer_at_once=True,
        answer_verdict=True,
        language="en",
        now=now,
    )
    return address


def reports_as_mail(
    reports: Iterable[Report], originals: Mapping[str, bytes], organisation: Organisation, *, to: str, source: str
) -> list[NewMail]:
    """One mail per report, as a reporting button in a mail program sends it."""
    return [
        NewMail(
            raw=_written(report, originals[report.message_id], organisation, to),
            source=source,
            received_at=report.at,
            mail_from=report.address,
            recipients=(to,),
            client_ip=organisation.internal_ip,
            helo=organisation.mail_host,
            folder=Folder.INBOX.value,
        )
        for report in reports
    ]


def _written(report: Report, original: bytes, organisation: Organisation, to: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = report.address, to, "Phishing report"
    mail["Date"] = format_datetime(report.at)
    mail["Message-ID"] = f"<report.{report.message_id.strip('<>')}>"
    mail["Received"] = (
        f"from desk.{organisation.domain} ([{organisation.internal_ip}]) by {organisation.mail_host} with ESMTPSA; "
        + format_datetime(report.at)
    )
    mail.set_content("I think this mail is phishing.\n")
    mail.add_attachment(original, maintype="application", subtype="octet-stream", filename="original.eml")
    return mail.as_bytes()
