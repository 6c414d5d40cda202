"""Security descriptors: who may do what to an entry, read from nTSecurityDescriptor ([MS-DTYP] 2.4.5 and 2.4.6).

Only the access list is asked for (`DACL_ONLY`), since the audit list may be read by administrators alone.
"""

import struct
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from watchfloor.connectors.systems.active_directory.values import sid

DACL_ONLY = ("1.2.840.113556.1.4.801", True, bytes.fromhex("3003020104"))
RESET_PASSWORD = uuid.UUID("00299570-246d-11d0-a768-00aa006e0529")
CHANGE_PASSWORD = uuid.UUID("ab721a53-1e2f-11d0-9819-00aa0040529b")
EVERYONE, SELF = "S-1-1-0", "S-1-5-10"
ALLOW, DENY, ALLOW_OBJECT, DENY_OBJECT = 0, 1, 5, 6
CONTROL_ACCESS, GENERIC_ALL = 0x100, 0x10000000
INHERIT_ONLY = 0x8


@dataclass(frozen=True, slots=True)
class Ace:
    """One line of an access list; `right` narrows it to one extended right or attribute, None to none."""

    allows: bool
    mask: int
    whom: str
    right: uuid.UUID | None = None

    def concerns(self, right: uuid.UUID) -> bool:
        """Whether it says something about this extended right."""
        return bool(self.mask & (CONTROL_ACCESS | GENERIC_ALL)) and self.right in (None, right)


def access_list(raw: bytes) -> tuple[Ace, ...]:
    """The lines that count for the entry itself, in their order; none when there is no list or it cannot be read."""
    try:
        start = struct.unpack_from("<I", raw, 16)[0]
        return tuple(_aces(raw, start)) if start else ()
    except (struct.error, ValueError):
        return ()


def allowed(raw: bytes, right: uuid.UUID, whom: Collection[str]) -> bool:
    """Whether any of these SIDs has the extended right: the first line about one of them decides."""
    said = (ace.allows for ace in access_list(raw) if ace.whom in whom and ace.concerns(right))
    return next(said, False)


@lru_cache(maxsize=2048)  # most accounts of a domain share one list
def cannot_change_password(raw: bytes) -> bool:
    """Whether the person is denied a change of the own password, as “User cannot change password” does."""
    return any(
        not ace.allows and ace.right == CHANGE_PASSWORD and ace.whom in (EVERYONE, SELF) for ace in access_list(raw)
    )


def _aces(raw: bytes, start: int) -> Iterator[Ace]:
    (count,) = struct.unpack_from("<H", raw, start + 4)
    place = start + 8
    for _ in range(count):
        kind, flags, size, mask = struct.unpack_from("<BBHI", raw, place)
        if not flags & INHERIT_ONLY and kind in (ALLOW, DENY, ALLOW_OBJECT, DENY_OBJECT):
            yield _ace(kind, mask, raw[place + 8 : place + size])
        place += max(size, 8)


def _ace(kind: int, mask: int, rest: bytes) -> Ace:
    if kind in (ALLOW, DENY):
        return Ace(kind == ALLOW, mask, sid(rest))
    (present,) = struct.unpack_from("<I", rest)
    place = 4
    right = None
    if present & 1:
        right = uuid.UUID(bytes_le=rest[place : place + 16])
        place += 16
    if present & 2:  # for which kind of entry it is inherited
        place += 16
    return Ace(kind == ALLOW_OBJECT, mask, sid(rest[place:]), right)
