"""Time-ordered ids (UUIDv7, RFC 9562), so that newest rows lie together on disk."""

import os
from datetime import datetime
from uuid import UUID


def uuid7(*, at: datetime, randomness: bytes | None = None) -> UUID:
    """A UUIDv7 for the moment `at` (aware); `randomness` is 10 bytes, drawn from the OS when absent."""
    milliseconds = int(at.timestamp() * 1000)
    noise = int.from_bytes(randomness if randomness is not None else os.urandom(10), "big")
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80
    value |= 0x7 << 76 | (noise >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | noise & 0x3FFFFFFFFFFFFFFF
    return UUID(int=value)
