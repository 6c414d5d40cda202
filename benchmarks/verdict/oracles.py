"""What another parser reads in the torture mails, beside what we read: the .json files of stalwart's mail-parser.

`x.json` belongs to `x.eml`, `x.crlf.json` to the same mail with CRLF line ends.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchfloor.inspection.addresses import parse_addresses
from watchfloor.inspection.bodies import Part, parts_of
from watchfloor.inspection.headers import every, first
from watchfloor.inspection.html import tidy
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.reading import read


@dataclass(frozen=True)
class Agreement:
    """How many of the compared mails are read alike; `apart` names the others with both readings."""

    compared: int
    agreed: int
    apart: tuple[str, ...]


def agreement(folder: Path) -> dict[str, Agreement]:
    """Per field; empty when the folder is not there."""
    seen: dict[str, list[tuple[str, Any, Any]]] = {}
    for path in sorted(folder.rglob("*.json")):
        name = path.name.removesuffix(".json")
        raw = path.with_name(name.removesuffix(".crlf") + ".eml").read_bytes()
        if name.endswith(".crlf"):
            raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        theirs, ours = _theirs(json.loads(path.read_text())), _ours(raw)
        for fact, value in theirs.items():
            seen.setdefault(fact, []).append((f"{path.parent.name}/{name}", ours[fact], value))
    return {
        fact: Agreement(
            len(pairs),
            sum(mine == other for _, mine, other in pairs),
            tuple(f"{name}: {mine!r} against {other!r}" for name, mine, other in pairs if mine != other),
        )
        for fact, pairs in seen.items()
    }


def _ours(raw: bytes) -> dict[str, Any]:
    reading = read(raw, Limits())
    headers = reading.headers
    attached = [part for part in reading.parts if not part.depth]
    return {
        "subject": reading.subject,
        "from": list(parse_addresses(every(headers, "from")[:1], Limits())),
        "to": list(parse_addresses(every(headers, "to")[:1], Limits())),
        "text body": reading.plain,
        "html body": tidy(reading.source),
        "all text": sorted(tidy(part.text) for part in parts_of(raw, Limits()) if _is_text(part) and part.data),
        "attachments": len(attached),
        "attachment names": sorted(part.file_name for part in attached if part.file_name),
        "message-id": first(headers, "message-id").strip(" <>"),
    }


def _is_text(part: Part) -> bool:
    return part.content_type.startswith("text/") and not part.depth


def _whole(part: dict[str, Any]) -> str:
    body = part["body"]
    return str(body.get("Text") or body.get("Html") or "")


def _theirs(oracle: dict[str, Any]) -> dict[str, Any]:
    parts = oracle["parts"]
    headers = {str(header["name"]): header["value"] for header in reversed(parts[0]["headers"])}
    bodies = dict.fromkeys([*oracle["text_body"], *oracle["html_body"]])
    attached = [parts[at] for at in oracle["attachments"]]
    return {
        "subject": " ".join(_text(headers.get("subject")).split()),
        "from": list(_addresses(headers.get("from"))),
        "to": list(_addresses(headers.get("to"))),
        "text body": _joined(parts, bodies, "Text"),
        "html body": _joined(parts, bodies, "Html"),
        "all text": sorted(tidy(text) for part in parts if (text := _whole(part)).strip()),
        "attachments": len(attached),
        "attachment names": sorted(name for part in attached if (name := _name(part))),
        "message-id": _text(headers.get("message_id")),
    }


def _joined(parts: list[dict[str, Any]], at: dict[int, None], kind: str) -> str:
    return tidy("\n".join(parts[one]["body"][kind] for one in sorted(at) if kind in parts[one]["body"]))


def _text(value: Any) -> str:
    return value["Text"] if isinstance(value, dict) and "Text" in value else ""


def _addresses(value: Any) -> Iterator[str]:
    """Every address in a list or group, lower-case."""
    if isinstance(value, dict):
        if value.get("address"):
            yield str(value["address"]).lower()
        for inner in value.values():
            yield from _addresses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _addresses(inner)


def _name(part: dict[str, Any]) -> str:
    for header in part["headers"]:
        value = header["value"].get("ContentType") if isinstance(header["value"], dict) else None
        for one in (value or {}).get("attributes") or ():
            if one["name"] in ("name", "filename"):
                return str(one["value"])
    return ""
