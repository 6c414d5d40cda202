"""Clicks from their files into the lake, exactly once: the place in the file moves in the transaction that stores them."""

import fcntl
import json
import logging
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.services import observe, recall, remember
from watchfloor.lake.selectors import emails_by_fingerprint
from watchfloor.response.clicks.journal import folder

log = logging.getLogger(__name__)

SOURCE = "click protection"
TABLE = "UrlClickEvents"
MOST_BYTES = 1 << 20
"""What is read of a file at once."""
PATIENCE = timedelta(seconds=60)
Row = dict[str, Any]


def keep_clicks(*, now: datetime) -> int:
    """Move what the files hold on; returns how many clicks that were. Files that are done with are deleted."""
    places = {str(name): int(at) for name, at in recall(SOURCE, "files").items()}
    done = 0
    for path in sorted(folder().glob("*.jsonl")):
        done += _keep(path, places, now=now)
    return done


def _keep(path: Path, places: dict[str, int], *, now: datetime) -> int:
    at = places.get(path.name, 0)
    rows, end = _rows(_read(path, at), at, now=now)
    if end == at:
        _finish(path, at, places)
        return 0
    after = {**places, path.name: end}
    with transaction.atomic():  # whoever has no known person is joined by the sign-ins from their address
        named = [row for row in rows if row["AccountUpn"]]
        observe(kind=ObservedKind.EVENTS, source=SOURCE, table=TABLE, items=named, at=now)
        observe(
            kind=ObservedKind.CLICKS,
            source=SOURCE,
            table=TABLE,
            items=[row for row in rows if not row["AccountUpn"]],
            alongside=lambda: remember(SOURCE, "files", after),
            at=now,
        )
    places[path.name] = end
    return len(rows)


def _read(path: Path, at: int) -> list[bytes]:
    """The whole lines from `at` on. A line that a crash cut off was never answered for."""
    with path.open("rb") as file:
        file.seek(at)
        data = file.read(MOST_BYTES)
    return data[: data.rfind(b"\n") + 1].splitlines(keepends=True)


def _rows(lines: Sequence[bytes], at: int, *, now: datetime) -> tuple[list[Row], int]:
    """The rows with the id of the mail each link came with, which had none yet when the link was made; and where they end.

    A click on a mail that is not stored yet waits for it a while, and those after it too.
    """
    clicks = [_parsed(line) for line in lines]
    known = emails_by_fingerprint({click["mail"] for click in clicks if click and click["mail"]})
    rows = []
    for line, click in zip(lines, clicks, strict=True):
        if click is not None:
            mail = click.pop("mail")
            if mail and mail not in known and now - datetime.fromisoformat(click["Timestamp"]) < PATIENCE:
                break
            rows.append({**click, "NetworkMessageId": known.get(mail, "")})
        at += len(line)
    return rows, at


def _parsed(line: bytes) -> Row | None:
    try:
        click: Row = json.loads(line)
    except ValueError:
        log.error("a line of the clicks' journal could not be read and was left out")
        return None
    return click


def _finish(path: Path, at: int, places: dict[str, int]) -> None:
    """Delete a file that nobody writes to any more."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if b"\n" in os.pread(handle, MOST_BYTES, at):
            return
        path.unlink()
        places.pop(path.name, None)
        remember(SOURCE, "files", places)
    except BlockingIOError:
        return  # its process lives
    finally:
        os.close(handle)
