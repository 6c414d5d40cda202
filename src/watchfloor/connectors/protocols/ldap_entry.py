"""One entry of a directory as it came over the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """`dn` as the server writes it; `attributes` by lower-case name, their values as raw bytes in the server's order.

    `wire` are the bytes all this was read from: two answers to one question differ when and only when these do.
    """

    dn: str
    attributes: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    wire: bytes = field(default=b"", repr=False, compare=False)

    def raw(self, name: str) -> bytes:
        """The first value, b"" when there is none."""
        values = self.attributes.get(name.lower())
        return values[0] if values else b""

    def text(self, name: str) -> str:
        """The first value as text; bytes that are no UTF-8 are replaced."""
        return readable(self.raw(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value as text."""
        return tuple(readable(value) for value in self.attributes.get(name.lower(), ()))

    def has(self, name: str) -> bool:
        return bool(self.attributes.get(name.lower()))

    def time(self, name: str) -> datetime | None:
        """The first value as a time; None when there is none or it is no generalized time."""
        return generalized_time(self.text(name))


def readable(value: bytes) -> str:
    """A value as text: what is no UTF-8 is replaced, and NUL, which no database takes, left out."""
    return value.decode("utf-8", "replace").replace("\0", "")


def generalized_time(text: str) -> datetime | None:
    """A time in UTC from LDAP's generalized time (RFC 4517, 3.3.13): 20261122143356Z, 20261122143356.123456Z, …+0100."""
    if len(text) < 15 or not text[:14].isdigit():
        return None
    rest = text[14:]
    digits = ""
    if rest[0] in ".,":
        digits = rest[1:].rstrip("Z").partition("+")[0].partition("-")[0]
        rest = rest[1 + len(digits) :]
    try:
        zone = UTC if rest == "Z" else datetime.strptime(rest, "%z").tzinfo
        # Not strptime: it is twenty times slower, and a directory has several times per person.
        moment = datetime(*_parts(text), int(f"{digits[:6]:0<6}"), tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parts(text: str) -> tuple[int, int, int, int, int, int]:
    return int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]), int(text[12:14])


def as_generalized_time(moment: datetime) -> str:
    """A time as the directory writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
