"""What every entry said of itself at the last look, small enough to be kept for a hundred thousand people.

Kept in parts, so that a look that found one change writes a sixty-fourth of it.
"""

import base64
import struct
import uuid
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from watchfloor.connectors.observing import recall, remember

PARTS = 64
_RECORD = struct.Struct(">16s?8sQQ")


@dataclass(frozen=True, slots=True)
class Stamp:
    """`digest` changes with the entry; `signed_in` and `failed` are the last of each in microseconds since 1970, 0 for never."""

    person: bool
    digest: bytes
    signed_in: int = 0
    failed: int = 0


def micros(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1_000_000) if moment else 0


def moment_of(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def part_of(key: str) -> int:
    return zlib.crc32(key.encode()) % PARTS


def recall_stamps(connection: str) -> dict[str, Stamp]:
    """What `remember_stamps` kept; empty before the first look."""
    kept: dict[str, Stamp] = {}
    for part in range(PARTS):
        packed = base64.b64decode(recall(connection, _named(part)).get("stamps", ""))
        for name, *rest in _RECORD.iter_unpack(packed):
            kept[str(uuid.UUID(bytes=name))] = Stamp(*rest)
    return kept


def remember_stamps(connection: str, stamps: dict[str, Stamp], *, changed: Iterable[str]) -> None:
    """Keep the parts in which one of the `changed` keys lies; call it in the transaction of what was observed."""
    parts: dict[int, list[bytes]] = defaultdict(list)
    touched = {part_of(key) for key in changed}
    for key, stamp in stamps.items():
        if (part := part_of(key)) in touched:
            record = (stamp.person, stamp.digest, stamp.signed_in, stamp.failed)
            parts[part].append(_RECORD.pack(uuid.UUID(key).bytes, *record))
    for part in sorted(touched):
        remember(connection, _named(part), {"stamps": base64.b64encode(b"".join(parts[part])).decode()})


def _named(part: int) -> str:
    return f"entries {part:02}"
