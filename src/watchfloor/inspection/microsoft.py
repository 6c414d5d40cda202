"""What our own Microsoft 365 tenant says of a mail: its codes in the words of EmailEvents, its verdict as evidence.

Codes as published for X-Forefront-Antispam-Report and X-Microsoft-Antispam. Consumer mailboxes have no such report; there
the levels alone speak. Levels 7 and 8 of spam are not documented but do occur; they are above 6 and read as sure.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from watchfloor.inspection.contracts import Authentication, MicrosoftReport, ThreatType
from watchfloor.inspection.delivery import valid_ip
from watchfloor.inspection.evidence import Evidence
from watchfloor.inspection.tenant_headers import TenantBlock
from watchfloor.inspection.weights import HIGH, THRESHOLD

PHISH_METHODS = {
    "PHSH": "",
    "HPHSH": "",
    "HPHISH": "",
    "INTOS": "",
    "SPOOF": "Spoof external domain",
    "UIMP": "Impersonation user",
    "DIMP": "Impersonation domain",
    "BIMP": "Impersonation brand",
    "GIMP": "Mailbox intelligence impersonation",
}
MALWARE_METHODS = {
    "MALW": "Antimalware protection",
    "AMP": "Antimalware protection",
    "FTBP": "Antimalware protection",
    "SAP": "File detonation",
}
SPAM_METHODS = {"SPM": "", "HSPM": "", "BULK": "Bulk"}
TIP_METHODS = {"9.19": "Impersonation domain", "9.20": "Impersonation user"}
SURE = frozenset({"HSPM", "HPHSH", "HPHISH"})
"""Categories that Microsoft itself calls high confidence."""
SPAM_FROM, SURE_FROM, PHISH_FROM = 5, 7, 4

ALLOW, BLOCK = "Allow", "Block"
ORGANIZATION = {
    "SKA": (ALLOW, "Sender address list (Admin override)"),
    "SKN": (ALLOW, "Exchange transport rule"),
    "SKQ": (ALLOW, "Quarantine release"),
    "SKB": (BLOCK, "Sender address list (Admin override)"),
    "SKS": (BLOCK, "Exchange transport rule"),
}
"""What the organisation's rules did, by SFV, and which rule in the words of TE-052."""
USER = {
    "SFE": (ALLOW, "Sender address list (User override)"),
    "BLK": (BLOCK, "Sender address list (User override)"),
    "TrustedSenderList": (ALLOW, "Sender address list (User override)"),
    "TrustedRecipientList": (ALLOW, "Trusted recipient"),
    "BlockedSenderList": (BLOCK, "Sender address list (User override)"),
    "ExclusiveList": (BLOCK, "Exclusive mode (User override)"),
    "CustomRules": ("", "Inbox rule"),
}
"""What the mailbox owner's lists did, by SFV or by the reason for the folder (OFR). An inbox rule sorts, it overrides nothing."""
_WORDS = {ALLOW: "Allowed", BLOCK: "Blocked"}
_DIRECTIONS = {"INB": "Inbound", "OUT": "Outbound", "INT": "Intra-org"}
_PLACES = {"J": "Junk folder", "I": "Inbox/folder", "C": "Inbox/folder", "D": "Deleted items folder"}
_PAIR = re.compile(r"(?:^|;)\s*([A-Za-z]{2,8}):([^;]{0,200})")
_NUMBER = re.compile(r"-?\d{1,3}\s*$")
_CONNECTING_INSIDE = "255.255.255.255"
"""The connecting address Microsoft writes for mail from inside."""


def report_of(block: TenantBlock) -> MicrosoftReport:
    """The block's headers as facts."""
    report = _pairs(block.last("x-forefront-antispam-report"))
    delivery = _pairs(block.last("x-microsoft-antispam-mailbox-delivery"))
    filtered, category = report.get("SFV", "").upper(), report.get("CAT", "").upper()
    scl = _level(block.last("x-ms-exchange-organization-scl") or report.get("SCL", ""))
    location = _location(delivery.get("DEST", ""), block.last("x-message-delivery"))
    organization = ORGANIZATION.get(filtered, ("", ""))
    if not organization[0] and report.get("IPV", "").upper() == "CAL":
        organization = (ALLOW, "Connection policy")
    user = USER.get(filtered) or USER.get(delivery.get("OFR", ""), ("", ""))
    overrides = [rule for rule in (organization, user) if rule[0]]
    by = "organization" if organization[0] else "user"
    action, policy = _action(location, delivery.get("OFR", ""), category)
    return MicrosoftReport(
        tenant=block.tenant,
        network_message_id=_network_id(block),
        sender_ip=_sender_ip(block, report.get("CIP", "")),
        direction=_direction(report.get("DIR", ""), block.last("x-ms-exchange-organization-messagedirectionality")),
        language=report.get("LANG", "").strip()[:20],
        country=report.get("CTRY", "").strip()[:20],
        scl=scl,
        pcl=_level(block.last("x-ms-exchange-organization-pcl") or report.get("PCL", "")),
        bcl=_level(_pairs(block.last("x-microsoft-antispam")).get("BCL", "")),
        filtered=filtered[:20],
        category=category[:20],
        tips=tuple(tip.strip()[:20] for tip in report.get("SFTY", "").split(",") if tip.strip()),
        location=location,
        action=action,
        action_policy=policy,
        organization_action=organization[0],
        organization_policy=organization[1],
        user_action=user[0],
        user_policy=user[1],
        override=f"{_WORDS[overrides[0][0]]} by {by} policy" if overrides else "",
        overrides=tuple(dict.fromkeys(source for _, source in overrides)),
    )


def evidence_of(report: MicrosoftReport, proof: Authentication) -> Iterator[Evidence]:
    """Microsoft's own verdict as evidence, one piece per threat; each says that it comes from an imported header."""
    sure = (report.scl or 0) >= SURE_FROM or report.category in SURE
    for threat, method in threats_of(report, proof).items():
        yield Evidence(
            f"microsoft_{threat.lower()}",
            f"Imported header: our own Microsoft 365 judged it {threat.value}{_because(report, sure=sure)}",
            points=HIGH if sure else THRESHOLD,
            method=method,
            imported=True,
        )


def threats_of(report: MicrosoftReport, proof: Authentication) -> dict[ThreatType, str]:
    """The threats a report names and how each was found, "" where it does not say. Without a category the levels speak."""
    category = report.category
    if category in MALWARE_METHODS:
        return {ThreatType.MALWARE: MALWARE_METHODS[category]}
    if category in PHISH_METHODS:
        tip = next((TIP_METHODS[tip] for tip in report.tips if tip in TIP_METHODS), "")
        return {ThreatType.PHISH: _spoof(proof) if category == "SPOOF" else PHISH_METHODS[category] or tip}
    if category in SPAM_METHODS:
        return {ThreatType.SPAM: SPAM_METHODS[category]}
    found = {}
    if not report.filtered and (report.pcl or 0) >= PHISH_FROM:
        found[ThreatType.PHISH] = ""
    if (report.scl or 0) >= SPAM_FROM:
        found[ThreatType.SPAM] = ""
    return found


def _because(report: MicrosoftReport, *, sure: bool) -> str:
    said = (("CAT", report.category), ("SCL", report.scl), ("PCL", report.pcl), ("SFTY", ", ".join(report.tips)))
    codes = ", ".join(f"{name} {value}" for name, value in said if value not in (None, ""))
    return f" with {'high' if sure else 'normal'} confidence ({codes})"


def _spoof(proof: Authentication) -> str:
    """Which kind of spoofing the composite result's code names: 000 a failed DMARC policy, 6xx our own domain."""
    if proof.reason.startswith("6"):
        return "Spoof intra-org"
    return "Spoof DMARC" if proof.reason == "000" else PHISH_METHODS["SPOOF"]


def _action(location: str, reason: str, category: str) -> tuple[str, str]:
    """What the filter's policy did and which one, when it was the filter that chose the folder."""
    if location != "Junk folder" or not reason.startswith("SpamFilter"):
        return "", ""
    kind = "Anti-phishing" if category in PHISH_METHODS else "Hosted content filter"
    return "Move to Junk Email folder", kind


def _pairs(value: str) -> dict[str, str]:
    """`NAME:value;` pairs, names in capitals, the first of each; at most what the first 4,000 characters hold."""
    found: dict[str, str] = {}
    for name, text in _PAIR.findall(value[:4000]):
        found.setdefault(name.upper(), text.strip())
    return found


def _level(text: str) -> int | None:
    return int(text) if _NUMBER.match(text.strip()) else None


def _network_id(block: TenantBlock) -> str:
    names = ("x-ms-exchange-organization-network-message-id", "x-ms-exchange-crosstenant-network-message-id")
    return next((value.strip().lower()[:64] for name in names if (value := block.last(name))), "")


def _sender_ip(block: TenantBlock, connecting: str) -> str:
    """The address that gave Microsoft the mail; "" for mail from inside."""
    if connecting.strip() == _CONNECTING_INSIDE:
        return ""
    return valid_ip(connecting.strip()) or valid_ip(block.last("x-sender-ip").strip()) or block.border_ip


def _direction(stated: str, fallback: str) -> str:
    if stated.strip().upper() in _DIRECTIONS:
        return _DIRECTIONS[stated.strip().upper()]
    return {"incoming": "Inbound", "originating": "Outbound"}.get(fallback.strip().lower(), "")


def _location(destination: str, packed: str) -> str:
    """Where the mail was put (TE-048), by the mailbox's own header or by the packed one of consumer mailboxes."""
    if destination[:1].upper() in _PLACES:
        return _PLACES[destination[:1].upper()]
    try:
        plain = base64.b64decode(packed[:2000].encode("ascii", "ignore"), validate=False)
    except binascii.Error:
        return ""
    if b";D=2" in plain:
        return "Junk folder"
    return "Inbox/folder" if b";D=1" in plain else ""
