"""One value of an answer as people read it, and where a click on it leads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.kernel.text import visible

LINKS: Mapping[str, str] = {
    "NetworkMessageId": "/email/{}",
    "AlertId": "/alerts/{}",
    "IncidentId": "/incidents/{}",
    "AccountUpn": "/identities/of/{}",
    "AccountObjectId": "/identities/of/{}",
    "AccountSid": "/identities/of/{}",
    "TargetAccountUpn": "/identities/of/{}",
    "InitiatingProcessAccountUpn": "/identities/of/{}",
    "RecipientEmailAddress": "/identities/of/{}",
}
"""Where cells of these columns lead."""
NUMBERS = frozenset({"int", "long", "real", "decimal"})


@dataclass(frozen=True, slots=True)
class Head:
    """One column of an answer: `link` is an address with {} for the value, empty for none; `kind` says how to align and sort."""

    name: str
    type: str

    @property
    def link(self) -> str:
        return LINKS.get(self.name, "")

    @property
    def kind(self) -> str:
        if self.type in NUMBERS:
            return "number"
        return "time" if self.type == "datetime" else "text"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    href: str = ""
    css: str = ""


def plain(value: Any) -> Any:
    """A value as JSON holds it and as people read it: times in ISO form (UTC), spans as d.hh:mm:ss, the rest unchanged."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace(".000000", "").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return span_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return json.loads(json.dumps(value, default=str))


def span_text(value: timedelta) -> str:
    """A timespan as KQL prints it: 1.02:03:04.5."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    hours, rest = divmod(value.seconds, 3600)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds:06}".rstrip("0").rstrip(".")
    return f"{sign}{days}{hours:02}:{rest // 60:02}:{rest % 60:02}{fraction}"


def shown(value: Any) -> str:
    """A plain value as one line of text, safe to read."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return visible(json.dumps(value, ensure_ascii=False))
    return visible(value)


def cell(head: Head, value: Any) -> Cell:
    """The cell of a table."""
    text = readable(head, value)
    href = head.link.replace("{}", quote(text, safe="")) if head.link and text else ""
    return Cell(text, href, "number" if head.kind == "number" else "")


def readable(head: Head, value: Any) -> str:
    """A plain value of this column: times as 2026-11-22 09:30:00 (UTC), the rest as it is."""
    text = shown(value)
    return text.replace("T", " ").removesuffix("Z") if head.kind == "time" else text


def mail_keys(heads: Sequence[Head]) -> tuple[int, int] | None:
    """The places of NetworkMessageId and the recipient in a row; None when rows name no mail's copy."""
    names = [head.name for head in heads]
    if "NetworkMessageId" not in names:
        return None
    who = next((name for name in ("RecipientEmailAddress", "AccountUpn") if name in names), "")
    return names.index("NetworkMessageId"), names.index(who) if who else -1


def key_of(row: Sequence[Any], keys: tuple[int, int] | None) -> str:
    """The mail's copy as actions take it, empty when this row names none."""
    if keys is None or keys[1] < 0 or not row[keys[0]] or "@" not in str(row[keys[1]] or ""):
        return ""
    return f"{row[keys[0]]}|{row[keys[1]]}"
