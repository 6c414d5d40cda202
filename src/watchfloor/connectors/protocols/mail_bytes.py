"""First looks at raw mail, without parsing it: whether it is mail at all, and when it was received."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_BYTES = 100 * 2**20
"""The largest mail that is taken in."""

HEADER_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
_LOOK_AT = 64 * 2**10
_OLDEST = datetime(1980, 1, 1, tzinfo=UTC)


def why_not_mail(raw: bytes) -> str:
    """Empty for a mail, else the reason in words. A mail has a header line among its first fifty lines."""
    if not raw.strip():
        return "empty"
    if len(raw) > MAX_BYTES:
        return f"larger than {MAX_BYTES // 2**20} MB"
    head = raw[:_LOOK_AT]
    if any(HEADER_LINE.match(line) for line in head.splitlines()[:50]) and b"\0" not in head[:64]:
        return ""
    return "a binary file, not a mail" if b"\0" in head else "not a mail: no header line"


def received_at(raw: bytes, *, now: datetime) -> datetime | None:
    """When the last hop received it: the topmost Received, else Date; None when neither makes sense."""
    for value in (*header_values(raw, b"received")[:1], *header_values(raw, b"date")[:1]):
        found = _moment(value.rsplit(";", 1)[-1])
        if found and _OLDEST <= found <= now + timedelta(days=1):
            return found
    return None


def addresses_in(raw: bytes, *names: bytes) -> tuple[str, ...]:
    """Addresses in the named headers, lower-case, each once."""
    from email.utils import getaddresses

    values = [value for name in names for value in header_values(raw, name)]
    found = (address.lower() for _, address in getaddresses(values) if "@" in address)
    return tuple(dict.fromkeys(found))


def header_values(raw: bytes, name: bytes) -> list[str]:
    """The unfolded values of a header, topmost first."""
    lines = re.split(rb"\r?\n", re.split(rb"\r?\n\r?\n", raw[:_LOOK_AT], maxsplit=1)[0])
    values: list[bytes] = []
    inside = False
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            if inside:
                values[-1] += b" " + line.strip()
            continue
        found, colon, value = line.partition(b":")
        inside = bool(colon) and found.strip().lower() == name
        if inside:
            values.append(value.strip())
    return [value.decode("utf-8", "replace") for value in values]


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
