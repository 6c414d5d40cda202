"""mbox, read as a stream: a file of many gigabytes costs the memory of its largest mail (RFC 4155; mboxo and mboxrd quoting)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO

from watchfloor.connectors.contracts import NewMail, Refused
from watchfloor.connectors.protocols.mail_bytes import HEADER_LINE, MAX_BYTES, received_at, why_not_mail

_SEPARATOR = re.compile(rb"From .*\d\d:\d\d")
_QUOTED = re.compile(rb">+From ")
_LONGEST_LINE = 2**20


def read_mbox(file: BinaryIO, *, place: str, source: str, now: datetime) -> Iterator[NewMail | Refused]:
    """Every mail in the file; `place` plus the byte offset says where each lies."""
    for offset, separator, raw in _split(file):
        where = f"{place}:{offset}"
        why = f"larger than {MAX_BYTES // 2**20} MB" if raw is None else why_not_mail(raw)
        if raw is None or why:
            yield Refused(where, why)
            continue
        sender, moment = _envelope(separator)
        yield NewMail(raw, source, received_at(raw, now=now) or moment or now, mail_from=sender, place=where)


def _split(file: BinaryIO) -> Iterator[tuple[int, bytes, bytes | None]]:
    """(offset, "From " line, mail without its quoting); None for a mail beyond the limit."""
    offset = start = 0
    separator = b""
    lines: list[bytes] = []
    size = 0
    blank = True
    line = file.readline(_LONGEST_LINE)
    while line:
        following = file.readline(_LONGEST_LINE)
        if blank and _SEPARATOR.match(line) and (HEADER_LINE.match(following) or following.startswith(b">From ")):
            if separator:
                yield start, separator, _joined(lines, size)
            start, separator, lines, size = offset, line, [], 0
        else:
            size += len(line)
            if size <= MAX_BYTES:
                lines.append(line[1:] if _QUOTED.match(line) else line)
        blank = line in {b"\n", b"\r\n"}
        offset += len(line)
        line = following
    if separator or lines:
        yield start, separator, _joined(lines, size)


def _joined(lines: list[bytes], size: int) -> bytes | None:
    """The mail without the blank line that belongs to the next separator."""
    if size > MAX_BYTES:
        return None
    if len(lines) > 1 and lines[-1] in {b"\n", b"\r\n"}:
        lines.pop()
    return b"".join(lines)


def _envelope(separator: bytes) -> tuple[str, datetime | None]:
    """Sender and moment of a "From ada@x.example Sat Jan  3 01:05:34 1996" line; the moment is in UTC (RFC 4155)."""
    words = separator.decode("utf-8", "replace").split()
    sender = words[1].strip("<>").lower() if len(words) > 1 and "@" in words[1] else ""
    try:
        day, month, number, clock, year = words[2:7]
        return sender, parsedate_to_datetime(f"{day}, {number} {month} {year} {clock} +0000").astimezone(UTC)
    except (ValueError, TypeError):
        return sender, None
