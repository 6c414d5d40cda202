"""Addresses out of header values: display name and lower-case address, lenient and linear."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from watchfloor.inspection import limits
from watchfloor.inspection.limits import Limits

_ADDRESS = re.compile(r"[^\s<>\"'(),;:@\[\]]{1,128}@(?:\[[0-9A-Fa-f.:IPv]{3,60}\]|[^\s<>\"'(),;:@\[\]]{1,255})")
_ANGLE = re.compile(r"<\s*([^<>\s]{1,400})\s*>")


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: `name` is the display name without quotes, `address` lower-case (may be "")."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands after the last @, "" when there is none."""
        return domain_of(self.address)


def domain_of(address: str) -> str:
    """The lower-case domain of an address, "" when there is none."""
    return address.rpartition("@")[2].lower().strip(".") if "@" in address else ""


def parse_address(value: str) -> Address:
    """The one mailbox of a From or Sender value; the last angle bracket wins, as mail programs show it."""
    value = value[: limits.HEADER].strip()
    angles = _ANGLE.findall(value) if "<" in value else []
    if angles:
        address = angles[-1].strip("\"'")
        name = value[: value.rfind("<")]
        return Address(_name(name), address.lower())
    found = _ADDRESS.search(value)
    if found is None:
        return Address(_name(value), "")
    rest = value[: found.start()] + value[found.end() :]
    return Address(_name(rest), found[0].lower())


def _name(text: str) -> str:
    return text.strip().strip("\"'()").replace('\\"', '"').replace("\\\\", "\\").strip()[:500]


def parse_addresses(values: list[str], cuts: Limits) -> tuple[str, ...]:
    """The distinct addresses of To or Cc values, in order, at most the address limit."""
    found: dict[str, None] = {}
    for value in values:
        for address in _ADDRESS.findall(value):
            if len(found) >= limits.ADDRESSES:
                cuts.cut(f"recipients cut at {limits.ADDRESSES}")
                return tuple(found)
            found[address.lower().strip(".")] = None
    return tuple(found)


def parse_date(value: str) -> datetime | None:
    """The moment of a Date header in UTC; None when it cannot be read or is outside years 1970..2200."""
    try:
        found = parsedate_to_datetime(value[:200])
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        moment = aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return moment if 1970 <= moment.year <= 2200 else None
