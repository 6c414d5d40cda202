"""An inspected mail as rows of EmailEvents, EmailUrlInfo and EmailAttachmentInfo. Pure: no database, no clock."""

import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from watchfloor.connectors.contracts import AcceptedMail, Disposition, Folder
from watchfloor.inspection.contracts import Authentication, FoundAttachment, FoundUrl, Inspection
from watchfloor.kernel.ids import uuid7
from watchfloor.lake.judgement import judgement_columns
from watchfloor.lake.microsoft_columns import microsoft_columns, microsoft_details, with_overrides
from watchfloor.lake.schema.choices import LOCATIONS

Row = dict[str, Any]

MOST_SUBJECT = 1000
MOST_DETAIL_ROWS = 20_000
"""Recipients times URLs; beyond it a URL or attachment gets one row without recipient, so that a hostile mail stays small."""

ACTIONS = {
    "Junk folder": "Junked",
    "Deleted items folder": "Junked",
    "Quarantine": "Blocked",
    "Dropped": "Blocked",
    "Failed": "Blocked",
}
DISPOSED = {Disposition.HOLD: "Quarantine", Disposition.REJECT: "Dropped"}
AUTHENTICATION_WORDS = {
    "softfail": "Soft fail",
    "softpass": "Soft pass",
    "temperror": "Temporary error",
    "permerror": "Permanent error",
    "bestguesspass": "Best guess pass",
}
_MIRRORED = (
    "Timestamp",
    "NetworkMessageId",
    "ReportId",
    "RecipientEmailAddress",
    "SenderFromAddress",
    "SenderFromDomain",
    "Subject",
    "EmailDirection",
    "DeliveryAction",
    "DeliveryLocation",
)


def locations_of(mail: AcceptedMail, inspection: Inspection, recipients: Iterable[str]) -> dict[str, str]:
    """Where each recipient's copy was delivered: what the milter decided, the folder it was read in, or what its headers say.

    A mail that only passed a transport counts as delivered to the inbox; a file that says nothing is "Unknown". `held` among
    the facts names those whose copy a milter kept back, where it was not everybody's.
    """
    delivered = _delivered(mail, inspection)
    disposed = DISPOSED.get(mail.facts.get("disposition", ""), delivered)
    held = frozenset(mail.facts.get("held", ()))
    return {address: disposed if not held or address in held else delivered for address in recipients}


def _delivered(mail: AcceptedMail, inspection: Inspection) -> str:
    if mail.folder:
        return mail.folder if mail.folder in LOCATIONS else Folder.INBOX.value
    if inspection.delivery_location:
        return inspection.delivery_location
    passed = mail.client_ip or mail.helo or mail.queue_id or mail.facts.get("door") or mail.facts.get("disposition")
    return Folder.INBOX.value if passed else Folder.UNKNOWN.value


def recipients_of(mail: AcceptedMail, inspection: Inspection) -> tuple[str, ...]:
    """Who got it: the envelope or mailbox owner; else whom the headers name; else one row without recipient."""
    named = mail.recipients or inspection.recipients or (*inspection.to, *inspection.cc)
    return tuple(dict.fromkeys(address.strip().lower().replace("\0", "")[:400] for address in named)) or ("",)


def email_rows(
    mail: AcceptedMail, inspection: Inspection, *, network_message_id: str, locations: Mapping[str, str]
) -> list[Row]:
    """One row of EmailEvents per recipient; `locations` says where each one's copy was delivered."""
    shared = _shared(mail, inspection) | {"NetworkMessageId": network_message_id}
    return [
        shared
        | {
            "DeliveryAction": ACTIONS.get(location, "Delivered"),
            "DeliveryLocation": location,
            "LatestDeliveryAction": ACTIONS.get(location, "Delivered"),
            "LatestDeliveryLocation": location,
            "RecipientEmailAddress": address,
            "RecipientDomain": domain_of(address),
            "ReportId": str(_report_id(mail)),
        }
        for address, location in locations.items()
    ]


def _report_id(mail: AcceptedMail) -> UUID:
    return uuid7(at=mail.received_at)


def _shared(mail: AcceptedMail, inspection: Inspection) -> Row:
    verdict, proof = inspection.verdict, inspection.authentication
    sender_ip = inspection.sender_ip or mail.client_ip
    envelope_sender = inspection.mail_from or mail.mail_from
    return {
        "Timestamp": mail.received_at,
        "InternetMessageId": inspection.internet_message_id[:998],
        "SenderMailFromAddress": envelope_sender,
        "SenderMailFromDomain": domain_of(envelope_sender),
        "SenderFromAddress": inspection.sender_address,
        "SenderFromDomain": domain_of(inspection.sender_address),
        "SenderDisplayName": inspection.sender_name[:1000],
        "SenderIPv4": sender_ip if _version(sender_ip) == 4 else "",
        "SenderIPv6": sender_ip if _version(sender_ip) == 6 else "",
        "SenderIP": sender_ip,
        "Subject": inspection.subject[:MOST_SUBJECT],
        "EmailClusterId": inspection.cluster_id,
        "EmailDirection": inspection.direction,
        "ThreatTypes": [threat.value for threat in verdict.threat_types],
        "ThreatNames": verdict.threat_names,
        "DetectionMethods": verdict.methods_by_threat,
        "ConfidenceLevel": verdict.confidence_by_threat,
        "AuthenticationDetails": _authentication_details(proof),
        **authentication_columns(proof),
        "AttachmentCount": len(inspection.attachments),
        "UrlCount": len(inspection.urls),
        "EmailLanguage": inspection.language,
        "Connectors": mail.source,
        "ReturnPath": inspection.return_path,
        "ReturnPathDomain": domain_of(inspection.return_path),
        "EmailSize": inspection.size,
        "SHA256": inspection.sha256,
        "ThreatClassification": str(inspection.facts.get("threat_classification", "")),
        "ImpersonatedUser": str(inspection.facts.get("impersonated_user", "")),
        "ImpersonatedDomain": str(inspection.facts.get("impersonated_domain", "")),
        "AdditionalFields": _additional(inspection),
        **with_overrides(microsoft_columns(inspection.microsoft), judgement_columns(verdict)),
    }


def _authentication_details(proof: Authentication) -> str:
    """Defender's JSON, and Microsoft's code for the composite result where it gave one."""
    found = {"SPF": proof.spf, "DKIM": proof.dkim, "DMARC": proof.dmarc, "CompAuth": proof.composite}
    return json.dumps(found | ({"CompAuthReason": proof.reason} if proof.reason else {}))


def authentication_columns(proof: Authentication) -> Row:
    """The results in the words of the filter lists (TE-065 to TE-068)."""
    found = {"Spf": proof.spf, "Dkim": proof.dkim, "Dmarc": proof.dmarc, "CompositeAuthentication": proof.composite}
    return {name: AUTHENTICATION_WORDS.get(value, value.capitalize()) for name, value in found.items()}


def _additional(inspection: Inspection) -> str:
    said = microsoft_details(inspection.microsoft)
    if inspection.unparsable:
        said["Unparsable"] = inspection.unparsable
    if inspection.limits_hit:
        said["LimitsHit"] = list(inspection.limits_hit)
    return json.dumps(said, ensure_ascii=False) if said else ""


def url_rows(rows: Sequence[Row], urls: Sequence[FoundUrl]) -> list[Row]:
    """One row of EmailUrlInfo per URL and row of EmailEvents."""
    return _details(rows, [_url(url) for url in urls], ("ThreatTypes",))


def _url(url: FoundUrl) -> Row:
    path = path_of(url.url)
    return {
        "Url": url.url,
        "UrlDomain": url.domain,
        "UrlLocation": url.location,
        "UrlPath": path,
        "UrlDomainPath": url.domain + path,
    }


def attachment_rows(rows: Sequence[Row], attachments: Sequence[FoundAttachment]) -> list[Row]:
    """One row of EmailAttachmentInfo per attachment and row of EmailEvents."""
    details = _details(rows, [_attachment(found) for found in attachments], ("SenderDisplayName",))
    threats = rows[0]["ThreatTypes"] if rows else []
    return [detail | {"EmailThreatTypes": threats} for detail in details]


def _attachment(found: FoundAttachment) -> Row:
    return {
        "FileName": found.file_name,
        "FileType": found.file_type,
        "FileExtension": found.extension,
        "FileSize": found.size,
        "SHA256": found.sha256,
        "ThreatTypes": [threat.value for threat in found.threat_types],
        "ThreatNames": found.threat_name and [found.threat_name],
        "DetectionMethods": {threat.value: found.detection_methods for threat in found.threat_types},
    }


def _details(rows: Sequence[Row], details: Sequence[Row], more: Iterable[str]) -> list[Row]:
    carriers = rows
    if len(rows) * len(details) > MOST_DETAIL_ROWS:
        carriers = [rows[0] | {"RecipientEmailAddress": ""}]
    repeated = [{name: row[name] for name in (*_MIRRORED, *more)} for row in carriers]
    return [row | detail for row in repeated for detail in details]


def summary_of(inspection: Inspection) -> str:
    """The inspection as JSON, without the mail's text: what the email page shows without reading content."""
    return json.dumps(_plain(inspection), default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in _shown(type(value))}  # type: ignore[arg-type]
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


@cache
def _shown(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a dataclass that a summary holds."""
    skipped = {"text", "html", "signature"} if kind is Inspection else set()
    return tuple(field.name for field in fields(kind) if field.name not in skipped)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2] if "@" in address else ""


def path_of(url: str) -> str:
    """The path of a URL, "" for one nobody can parse."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


@lru_cache(maxsize=4096)
def _version(address: str) -> int:
    try:
        return ipaddress.ip_address(address).version
    except ValueError:
        return 0
