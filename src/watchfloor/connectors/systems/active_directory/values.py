"""How Active Directory writes ids and times: GUIDs, SIDs, ticks since 1601, and distinguished names that carry a GUID."""

import re
import uuid
from datetime import UTC, datetime, timedelta

NEVER = 0x7FFFFFFFFFFFFFFF
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_GUID = re.compile(r"<GUID=([0-9a-fA-F-]{36})>;?")
_PARTS = re.compile(r"^(?:<(?:GUID|SID)=[^>]*>;?)+")


def guid(raw: bytes) -> str:
    """objectGUID as text, "" when it is no GUID ([MS-DTYP] 2.3.4.2: the first three fields are little-endian)."""
    return str(uuid.UUID(bytes_le=raw)) if len(raw) == 16 else ""


def sid(raw: bytes) -> str:
    """The SID at the beginning of these bytes as text, S-1-5-21-…; "" when there is none ([MS-DTYP] 2.4.2.2)."""
    if len(raw) < 8 or len(raw) < 8 + 4 * raw[1]:
        return ""
    parts = (int.from_bytes(raw[n : n + 4], "little") for n in range(8, 8 + 4 * raw[1], 4))
    return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])


def filetime(text: str) -> datetime | None:
    """A time from ticks of 100 nanoseconds since 1601; None for 0, for never, and for what is no time."""
    if not text.isdigit() or not 0 < (ticks := int(text)) < NEVER:
        return None
    try:
        return EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def guid_of_name(name: str) -> str:
    """The GUID in an extended distinguished name (<GUID=…>;<SID=…>;CN=…), else the name itself."""
    found = _GUID.match(name)
    return found[1].lower() if found else name


def plain_name(name: str) -> str:
    """An extended distinguished name without the ids in front of it."""
    return _PARTS.sub("", name, count=1)


def dns_domain(dn: str) -> str:
    """corp.example from …,DC=corp,DC=example."""
    return ".".join(part[3:] for part in dn.split(",") if part[:3].upper() == "DC=").lower()
