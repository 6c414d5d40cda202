"""The email register: which mail is which, and who has a row already. Used inside the ingest transaction."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.inspection.contracts import Inspection
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.ids import uuid7
from watchfloor.lake import mail_rows, services
from watchfloor.lake.campaigns import placing_of
from watchfloor.lake.mail_rows import Row
from watchfloor.lake.models import CampaignMember, Email, EmailRecipient

UNKNOWN = "Unknown"


@dataclass(slots=True)
class Known:
    """One email of this batch: `recipients` maps an address to its first delivery location, `campaign` is its EmailClusterId."""

    email: Email
    recipients: dict[str, str]
    is_new: bool
    campaign: int = 0
    added: list[str] = field(default_factory=list)


class Registration:
    """Decides for each mail of a batch what is new in it, then writes rows and register."""

    def __init__(self, mails: Sequence[tuple[AcceptedMail, Inspection]]) -> None:
        self.mails = mails
        self.refused: list[tuple[AcceptedMail, str]] = []
        self._rows: dict[str, list[Row]] = {}
        self._known = self._read()
        self._campaigns = placing_of([inspection for _, inspection in mails])

    def _read(self) -> dict[str, Known]:
        prints = {inspection.fingerprint for _, inspection in self.mails}
        emails = {email.pk: email for email in Email.objects.filter(fingerprint__in=prints)}
        recipients: dict[str, dict[str, str]] = {pk: {} for pk in emails}
        for pk, address, location in EmailRecipient.objects.filter(email__in=emails.values()).values_list(
            "email_id", "address", "location"
        ):
            recipients[pk][address] = location
        campaigns = dict(CampaignMember.objects.filter(pk__in=emails).values_list("pk", "campaign")) if emails else {}
        return {
            email.fingerprint: Known(email, recipients[pk], is_new=False, campaign=campaigns.get(pk, 0))
            for pk, email in emails.items()
        }

    def store(self) -> None:
        """Write everything new: one batch per table, the register, the recipients."""
        for mail, inspection in self.mails:
            try:
                self._take(mail, inspection)
            except (ValueError, TypeError, OverflowError) as error:
                self.refused.append((mail, f"{type(error).__name__}: {error}"))
        self._write_register()
        for table, rows in self._rows.items():
            services.append(table, rows)
        self._campaigns.store(today=utc_now().date())

    def _take(self, mail: AcceptedMail, inspection: Inspection) -> None:
        addresses = mail_rows.recipients_of(mail, inspection)
        locations = mail_rows.locations_of(mail, inspection, addresses)
        known = self._known.get(inspection.fingerprint)
        fresh = {
            address: location
            for address, location in locations.items()
            if known is None or address not in known.recipients
        }
        network_message_id = known.email.pk if known else str(uuid7(at=mail.received_at))
        named = self._campaigns.named(inspection) if known is None else replace(inspection, cluster_id=known.campaign)
        rows = mail_rows.email_rows(mail, named, network_message_id=network_message_id, locations=fresh)
        urls = mail_rows.url_rows(rows, inspection.urls) if rows else []
        attachments = mail_rows.attachment_rows(rows, inspection.attachments) if rows else []
        if known is None:
            known = Known(_email(mail, named, network_message_id), {}, True, named.cluster_id)
            self._known[inspection.fingerprint] = known
            self._campaigns.note(known.email, inspection)
        self._notice(known, mail, inspection, locations)
        known.recipients.update(fresh)
        known.added += fresh
        if fresh:
            known.email.last_at = max(known.email.last_at, mail.received_at)
            known.email.received_at = min(known.email.received_at, mail.received_at)
        self._add("EmailEvents", rows)
        self._add("EmailUrlInfo", urls)
        self._add("EmailAttachmentInfo", attachments)

    def _notice(self, known: Known, mail: AcceptedMail, inspection: Inspection, locations: Mapping[str, str]) -> None:
        """A copy found in a mailbox says where the mail lies whose first location nobody knew."""
        for address, location in locations.items():
            if known.recipients.get(address) == UNKNOWN and mail.folder and location != UNKNOWN:
                known.recipients[address] = location
                EmailRecipient.objects.filter(email=known.email, address=address).update(location=location)
                self._add("EmailPostDeliveryEvents", [_found(known, mail, inspection, address, location)])

    def _add(self, table: str, rows: list[Row]) -> None:
        if rows:
            self._rows.setdefault(table, []).extend(rows)

    def _write_register(self) -> None:
        touched = [known for known in self._known.values() if known.added]
        Email.objects.bulk_create([known.email for known in touched if known.is_new])
        Email.objects.bulk_update(
            [known.email for known in touched if not known.is_new], ["last_at", "received_at"], batch_size=100
        )
        EmailRecipient.objects.bulk_create(
            [
                EmailRecipient(email=known.email, address=address, location=known.recipients[address])
                for known in touched
                for address in known.added
            ],
            batch_size=300,
        )


def _email(mail: AcceptedMail, inspection: Inspection, network_message_id: str) -> Email:
    return Email(
        network_message_id=network_message_id,
        fingerprint=inspection.fingerprint,
        internet_message_id=inspection.internet_message_id.replace("\0", "").encode("utf-8", "replace").decode()[:998],
        sha256=inspection.sha256,
        received_at=mail.received_at,
        last_at=mail.received_at,
        summary=zlib.compress(mail_rows.summary_of(inspection).encode("utf-8", "replace"), 3),
    )


def _found(known: Known, mail: AcceptedMail, inspection: Inspection, address: str, location: str) -> Row:
    at: datetime = max(mail.received_at, known.email.received_at)
    return {
        "Timestamp": at,
        "NetworkMessageId": known.email.pk,
        "InternetMessageId": inspection.internet_message_id,
        "Action": "Found in mailbox",
        "ActionType": "None",
        "ActionTrigger": "Mailbox reading",
        "ActionResult": "Success",
        "RecipientEmailAddress": address,
        "DeliveryLocation": location,
        "SourceLocation": UNKNOWN,
    }
