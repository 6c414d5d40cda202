"""What the templates of the email page are given: facts in order, each value safe to read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.text import csv_line, visible
from watchfloor.lake.selectors import by_threat, late_verdicts_of, place_of, values_of
from watchfloor.mail.authenticated import explained
from watchfloor.mail.blamed import threats_of
from watchfloor.mail.contracts import EmailEntity
from watchfloor.mail.hops import delay_chart, steps_of
from watchfloor.mail.imported import action_facts, microsoft_facts
from watchfloor.mail.panels import shown_links
from watchfloor.mail.selectors import email_address, explorer_address, why_not

Context = dict[str, Any]
Fact = tuple[Any, ...]

TABS = (
    ("timeline", "Timeline"),
    ("analysis", "Analysis"),
    ("attachments", "Attachments"),
    ("urls", "URL"),
    ("similar", "Similar emails"),
    ("headers", "Headers"),
)
MOST_ADDRESSES = 5_000
FILES = "EmailAttachmentInfo"


def frame(found: EmailEntity, *, actor: Actor, tab: str) -> Context:
    """What every tab shares: title, tabs, left pane, recipients, actions."""
    counts = {"attachments": len(found.record.attachments), "urls": len(found.record.urls)}
    home = email_address(found.id, recipient=found.recipient)
    return {
        "entity": found,
        "subject": visible(found.subject),
        "tab": tab,
        "tab_items": [(key, label, f"{home}&tab={key}", counts.get(key)) for key, label in TABS],
        "home": home,
        "recipients": [(one, name_of(found, one)) for one in found.recipients],
        "tags": tags_of(found, found.recipient),
        "detection_facts": detection_facts(found),
        "email_facts": email_facts(found),
        "warnings": warnings_of(found),
        **actions_of(found, actor=actor),
    }


def actions_of(found: EmailEntity, *, actor: Actor) -> Context:
    """The page's buttons; what a person may not do is explained, not hidden."""
    reads = actor.may(Permission.EMAIL_CONTENT_READ)
    acts = actor.may(Permission.EMAIL_ACTION_MANAGE) or actor.may(Permission.EMAIL_ACTION_PROPOSE)
    return {
        "open_address": email_address(found.id, recipient=found.recipient),
        "headers_address": f"{email_address(found.id, recipient=found.recipient)}&tab=headers",
        "explorer_address": explorer_address("NetworkMessageId", found.id, around=found.record.received_at, days=1),
        "action_parameters": f"row={found.id}|{found.recipient}",
        "action_row": f"{found.id}|{found.recipient}",
        "preview_address": email_address(found.id, recipient=found.recipient, part="preview"),
        "download_address": email_address(found.id, recipient=found.recipient, part="download"),
        "links": shown_links(entity=found, actor=actor),
        "why_no_content": "" if reads else why_not(Permission.EMAIL_CONTENT_READ),
        "why_no_action": "" if acts else why_not(Permission.EMAIL_ACTION_PROPOSE),
    }


def name_of(found: EmailEntity, address: str) -> str:
    """“Ann Lee (ann@corp.example)”, or the address alone."""
    known = found.people.get(address.lower())
    return f"{visible(known.name)} ({visible(address)})" if known else visible(address)


def person_page(address: str) -> str:
    """Where the page of whoever has this address is."""
    return f"/identities/of/{quote(address, safe='@')}" if address else ""


def tags_of(found: EmailEntity, address: str) -> tuple[str, ...]:
    known = found.people.get(address.lower())
    return tuple(map(visible, known.tags)) if known else ()


def joined(row: Mapping[str, Any], name: str, *, of: str = "EmailEvents") -> str:
    """The values in a cell of a row of table `of` as words; empty for none."""
    return ", ".join(map(visible, values_of(row, name, of=of)))


def grades(value: Any) -> str:
    """How sure the verdict is: “High”, or “Phish: High, Spam: Normal” when it has several threats."""
    found = {visible(threat): visible(", ".join(grade)) for threat, grade in by_threat(value).items()}
    return ", ".join(found.values() if len(found) == 1 else (f"{threat}: {grade}" for threat, grade in found.items()))


def override_of(row: Mapping[str, Any]) -> str:
    parts = [visible(row[name]) for name in ("PrimaryOverride", "PrimaryOverrideSource") if row.get(name)]
    return " : ".join(parts) or "None"


def latest_threats(found: EmailEntity) -> str:
    """Threats as the newest event knows them, else as found at delivery."""
    known = [said for event in found.events if (said := joined(event, "ThreatTypes", of="EmailPostDeliveryEvents"))]
    return (known[-1] if known else joined(found.row, "ThreatTypes")) or "None"


def detection_facts(found: EmailEntity) -> list[Fact]:
    """EE-03."""
    row = found.row
    return [
        ("Original threats", joined(row, "ThreatTypes") or "None"),
        ("Original delivery location", visible(row["DeliveryLocation"]) or "Unknown"),
        ("Latest threats", latest_threats(found)),
        ("Latest delivery location", visible(row["LatestDeliveryLocation"]) or "Unknown"),
        ("Detection technology", joined(row, "DetectionMethods")),
        ("Delivery action", visible(row["DeliveryAction"])),
        ("Primary override : source", override_of(row)),
    ]


def email_facts(found: EmailEntity) -> list[Fact]:
    """EE-04; the kit adds copy buttons to what is long."""
    row = found.row
    return [
        ("Directionality", visible(row["EmailDirection"])),
        ("Recipient (To)", name_of(found, found.recipient), person_page(found.recipient)),
        ("Sender", visible(row["SenderFromAddress"])),
        ("Time received", f"{row['Timestamp']:%Y-%m-%d %H:%M:%S} UTC"),
        ("Internet Message ID", visible(row["InternetMessageId"])),
        ("Network Message ID", found.id),
        ("Cluster ID", visible(row["EmailClusterId"] or "")),
        ("Language", visible(row["EmailLanguage"])),
    ]


def warnings_of(found: EmailEntity) -> list[str]:
    """What an analyst must know about how the mail was read."""
    why = visible(found.summary.get("unparsable") or "")
    unread = (
        [f"This mail could not be taken apart: {why}. Headers and what the transport knew are shown."] if why else []
    )
    cut = [f"A limit cut something while reading: {visible(one)}." for one in found.summary.get("limits_hit", ())]
    silent = [f"{visible(one)}." for one in found.summary.get("facts", {}).get("unanswered", ())]
    return unread + cut + silent


# --- tabs ---------------------------------------------------------------------------------------------------------


def analysis(found: EmailEntity) -> Context:
    """EE-20..24 with every reason of the verdict."""
    return {
        "threat_facts": threat_facts(found),
        "verdict": verdict(found.summary.get("verdict") or {}),
        "judged_again": judged_again(found),
        "policy_facts": policy_facts(found),
        "party_facts": party_facts(found),
        "authentication_facts": authentication_facts(found),
        "explained": explained(found.row),
        "related": related(found),
    }


def threat_facts(found: EmailEntity) -> list[Fact]:
    row = found.row
    return [
        ("Threat classification", visible(row["ThreatClassification"]) or "None"),
        ("Threats", joined(row, "ThreatTypes") or "None"),
        ("Malware family", joined(row, "ThreatNames")),
        ("Confidence level", grades(row["ConfidenceLevel"])),
        ("Impersonated user", visible(row["ImpersonatedUser"])),
        ("Impersonated domain", visible(row["ImpersonatedDomain"])),
        ("Priority account", "Yes" if tags_of(found, found.recipient) else "No"),
    ]


def verdict(said: Mapping[str, Any]) -> Context:
    """The sum and its parts: each reason with its points, heaviest first, and what the sum was held against."""
    reasons = sorted(said.get("reasons") or (), key=lambda one: -abs(float(one["points"])))
    score, threshold = float(said.get("score") or 0), float(said.get("threshold") or 0)
    threats = ", ".join(map(visible, said.get("threat_types") or ()))
    held = "reaches" if score >= threshold else "stays below"
    return {
        "reasons": [
            (f"{float(one['points']):+.2f}", visible(one["words"]), visible(one.get("detection_method") or ""))
            for one in reasons
        ],
        "score": f"{score:.2f}",
        "threshold": f"{threshold:.2f}",
        "sentence": f"The reasons add up to {score:.2f}, which {held} the threshold of {threshold:.2f}: "
        f"{threats or 'no threat'}.",
    }


def judged_again(found: EmailEntity) -> list[tuple[datetime, str, str]]:
    """Verdicts that came after the mail was stored, newest first: when, what, why. The first is the one that counts."""
    return [
        (late.at, ", ".join(map(visible, late.threat_types)) or "No threat", visible(late.words))
        for late in reversed(late_verdicts_of(found.id))
    ]


def policy_facts(found: EmailEntity) -> list[Fact]:
    """EE-21 as far as the lake knows."""
    row = found.row
    return [
        ("All overrides", joined(row, "OverrideSources") or "None"),
        ("Primary override : source", override_of(row)),
        ("Policy action", visible(row["EmailAction"])),
        ("Policy type", visible(row["EmailActionPolicy"])),
        ("Connector", visible(row["Connectors"])),
        ("Bulk complaint level", row["BulkComplaintLevel"]),
        ("Email size", f"{row['EmailSize'] or 0:,} bytes"),
        *action_facts(row),
        *microsoft_facts(found.summary),
    ]


def party_facts(found: EmailEntity) -> list[Fact]:
    """EE-22."""
    row, said = found.row, found.summary
    around = found.record.received_at
    domain, ip = str(row["SenderFromDomain"] or ""), str(row["SenderIP"] or "")
    return [
        ("Sender display name", visible(row["SenderDisplayName"])),
        ("Sender address", visible(row["SenderFromAddress"])),
        (
            "Sender domain",
            visible(domain),
            explorer_address("SenderFromDomain", domain, around=around) if domain else "",
        ),
        ("Sender IP", visible(ip), explorer_address("SenderIP", ip, around=around) if ip else ""),
        ("Location", location_of(found)),
        ("MAIL FROM address", visible(row["SenderMailFromAddress"])),
        ("MAIL FROM domain", visible(row["SenderMailFromDomain"])),
        ("Return-Path", visible(row["ReturnPath"])),
        ("Recipient domain", visible(row["RecipientDomain"])),
        ("To", addresses(said.get("to") or ())),
        ("Cc", addresses(said.get("cc") or ())),
        ("Distribution list", visible(row["DistributionList"])),
        ("Forwarding", "Yes" if row["ForwardedMessage"] else "No"),
    ]


def addresses(found: Sequence[str]) -> str:
    """The first 5,000 characters of a list of addresses, as the original shows (EE-22)."""
    text = visible(", ".join(found))
    return f"{text[:MOST_ADDRESSES]}…" if len(text) > MOST_ADDRESSES else text


def authentication_facts(found: EmailEntity) -> list[Fact]:
    """EE-23, and where the results come from."""
    row, said = found.row, found.summary.get("authentication") or {}
    return [
        ("DMARC", visible(row["Dmarc"])),
        ("DKIM", visible(row["Dkim"])),
        ("SPF", visible(row["Spf"])),
        ("Composite authentication", visible(row["CompositeAuthentication"])),
        ("ARC", visible(said.get("arc") or "").capitalize()),
        ("Where the results come from", visible(said.get("source") or "")),
    ]


def speaks_of_urls(reason: Mapping[str, Any]) -> bool:
    """Whether a reason that counts against the mail is about where its links lead."""
    words = f"{reason.get('signal', '')} {reason.get('detection_method', '')}".lower()
    return float(reason["points"]) > 0 and any(one in words for one in ("url", "link"))


def related(found: EmailEntity) -> list[tuple[str, int, str]]:
    """EE-24: what came with the mail, how much, and whether threats were found in it."""
    files = found.record.attachments
    bad = any(values_of(one, "ThreatTypes", of=FILES) for one in files)
    urls = any(speaks_of_urls(one) for one in (found.summary.get("verdict") or {}).get("reasons") or ())
    return [
        ("Attachments", len(files), "Yes" if bad else "No"),
        ("URLs", len(found.record.urls), "Yes" if urls else "No"),
    ]


def attachments(found: EmailEntity) -> Context:
    """EE-30."""
    rows = [
        {
            "name": visible(one["FileName"]) or "(no name)",
            "type": visible(one["FileType"]),
            "extension": visible(one["FileExtension"]),
            "size": one["FileSize"] or 0,
            "threats": tuple(map(visible, values_of(one, "ThreatTypes", of=FILES))),
            "family": joined(one, "ThreatNames", of=FILES),
            "technology": joined(one, "DetectionMethods", of=FILES),
            "sha256": str(one["SHA256"]),
            "details": f"{email_address(found.id)}/attachments/{one['SHA256']}",
            "explorer": explorer_address(
                "EmailAttachmentInfo.SHA256", str(one["SHA256"]), around=found.record.received_at
            ),
        }
        for one in found.record.attachments
    ]
    return {"attachments": rows, "export": email_address(found.id, recipient=found.recipient, part="attachments.csv")}


def attachment_lines(found: EmailEntity) -> Iterator[str]:
    """EE-30 as lines of CSV."""
    names = ("name", "type", "extension", "size", "threats", "family", "technology", "sha256")
    yield csv_line(("File name", "Type", "Extension", "Size", "Threat", "Malware family", "Technology", "SHA256"))
    for one in attachments(found)["attachments"]:
        yield csv_line(", ".join(one[name]) if name == "threats" else one[name] for name in names)


def location_of(found: EmailEntity) -> str:
    """Country of the sender's address: as Microsoft said, else by the offline list."""
    said = (found.summary.get("microsoft") or {}).get("country")
    return visible(said or place_of(str(found.row["SenderIP"] or "")).country)


def on_behalf(found: EmailEntity) -> str:
    """Who sent it for somebody else: the Sender header, where it differs from the From address."""
    said = [str(one["value"]) for one in found.summary.get("headers") or () if str(one["name"]).lower() == "sender"]
    mine = str(found.row["SenderFromAddress"] or "").lower()
    return visible(said[0][:320]) if said and mine not in said[0].lower() else ""


def headers(found: EmailEntity) -> Context:
    """EE-25: the header fields in their order, as they stood."""
    fields = [(visible(one["name"]), visible(one["raw"])) for one in found.summary.get("headers") or ()]
    steps = steps_of(found.summary.get("headers") or ())
    return {
        "steps": steps,
        "delays": delay_chart(steps),
        "headers": fields,
        "plain_headers": "\n".join(f"{name}: {value.strip()}" for name, value in fields),
        "to": addresses(found.summary.get("to") or ()),
        "cc": addresses(found.summary.get("cc") or ()),
    }


# --- the fly-out --------------------------------------------------------------------------------------------------


def summary(found: EmailEntity, *, actor: Actor, now: datetime) -> Context:
    """EE-70..73: three of each kind, the rest on the page."""
    row, record = found.row, found.record
    return {
        "entity": found,
        "subject": visible(found.subject),
        "tags": tags_of(found, found.recipient),
        "counts": (len(record.attachments), len(record.urls)),
        "warnings": warnings_of(found),
        "delivery_facts": [
            *detection_facts(found),
            ("Threat classification", visible(row["ThreatClassification"]) or "None"),
        ],
        "sender_facts": [
            ("Sender display name", visible(row["SenderDisplayName"])),
            ("Sender address", visible(row["SenderFromAddress"])),
            ("Sender mail from", visible(row["SenderMailFromAddress"])),
            ("Sent on behalf of", on_behalf(found)),
            ("Return path", visible(row["ReturnPath"])),
            ("Sender IP", visible(row["SenderIP"])),
            ("Location", location_of(found)),
            ("Recipient", name_of(found, found.recipient), person_page(found.recipient)),
            ("All recipients", addresses(found.recipients)),
            ("Time received", f"{row['Timestamp']:%Y-%m-%d %H:%M:%S} UTC"),
            ("Directionality", visible(row["EmailDirection"])),
            ("Network message ID", found.id),
            ("Internet message ID", visible(row["InternetMessageId"])),
            ("Campaign (cluster) ID", visible(row["EmailClusterId"] or "")),
        ],
        "authentication_facts": authentication_facts(found)[:4],
        "verdict": verdict(found.summary.get("verdict") or {}),
        "urls": [
            {"url": visible(one["Url"]), "threats": threats_of(str(one["Url"]), str(one["UrlDomain"] or ""), found)}
            for one in record.urls[:3]
        ],
        "attachments": attachments(found)["attachments"][:3],
        "more_urls": max(0, len(record.urls) - 3),
        "more_attachments": max(0, len(record.attachments) - 3),
        **actions_of(found, actor=actor),
    }
