"""An inspection for people (text) and for programs (JSON)."""

import dataclasses
from datetime import datetime
from typing import Any

from watchfloor.inspection.contracts import Authentication, Inspection, Verdict


def as_json(found: Inspection) -> dict[str, Any]:
    """The whole inspection as plain lists, dicts, numbers and strings; times in ISO 8601."""
    plain = _plain(dataclasses.asdict(found))
    assert isinstance(plain, dict)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    # A half surrogate cannot be written as UTF-8.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def as_text(found: Inspection) -> str:
    """The inspection as an analyst reads it; control characters of the mail never reach the terminal."""
    lines = [f"Unparsable: {found.unparsable}"] if found.unparsable else _verdict(found.verdict)
    lines += ["", *_facts(found), "", *_authentication(found.authentication)]
    lines += _list(
        "URLs", [f"{url.location}: {url.url}" + (f"  ({url.text})" if url.text else "") for url in found.urls]
    )
    lines += _list(
        "Attachments",
        [
            f"{file.file_name}  {file.file_type}, {file.size} bytes, SHA-256 {file.sha256}"
            + (f"  {', '.join(file.threat_types)} {file.threat_name}".rstrip() if file.threat_types else "")
            + "".join(f"  [{remark}]" for remark in file.remarks)
            + (f"  holds {', '.join(file.members[:10])}" if file.members else "")
            for file in found.attachments
        ],
    )
    lines += _list("Limits hit", list(found.limits_hit))
    return "\n".join(_printable(line) for line in lines) + "\n"


def _verdict(verdict: Verdict) -> list[str]:
    threats = ", ".join(verdict.threat_types) or "No threat found"
    if verdict.confidence:
        threats += f" ({verdict.confidence} confidence)"
    lines = [f"{threats}: {verdict.score:g} points of {verdict.threshold:g} needed"]
    lines += [f"  {reason.points:+5.2f}  {reason.words}" for reason in verdict.reasons]
    return lines + ([f"  Detected by: {', '.join(verdict.detection_methods)}"] if verdict.detection_methods else [])


def _facts(found: Inspection) -> list[str]:
    named = f"{found.sender_name} <{found.sender_address}>" if found.sender_name else found.sender_address
    pairs = [
        ("Subject", found.subject),
        ("From", named),
        ("Mail from", found.mail_from),
        ("To", _some(found.recipients)),
        ("Date", found.date.isoformat() if found.date else ""),
        ("Message-ID", found.internet_message_id),
        ("Sender IP", found.sender_ip),
        ("Direction", found.direction),
        ("Language", found.language),
        ("Cluster", str(found.cluster_id or "")),
        ("Size", f"{found.size} bytes"),
        ("SHA-256", found.sha256),
        ("Fingerprint", found.fingerprint),
    ]
    return [f"{label + ':':<13}{value}" for label, value in pairs if value]


def _some(addresses: tuple[str, ...]) -> str:
    more = len(addresses) - 10
    return ", ".join(addresses[:10]) + (f" and {more} more" if more > 0 else "")


def _authentication(found: Authentication) -> list[str]:
    words = f"SPF {found.spf}, DKIM {found.dkim}, DMARC {found.dmarc}, ARC {found.arc}, together {found.composite}"
    return [f"Authentication ({found.source}): {words}"]


def _list(title: str, lines: list[str]) -> list[str]:
    return ["", f"{title} ({len(lines)})", *(f"  {line}" for line in lines)] if lines else []


def _printable(line: str) -> str:
    """The line without characters that steer a terminal or turn the text around."""
    return "".join(letter if letter.isprintable() else "�" for letter in line)
