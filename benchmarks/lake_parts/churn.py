"""One process of the churn: `churn.py write NAME | flush | compact | vacuum | read NAME`, until its parent ends it.

Each prints a JSON line per second of what it did so far. Nobody holds the writer's lock but the flusher: compaction and vacuum
run beside it on purpose, closer together than the product lets them.
"""

import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

import django

django.setup()

from deltalake import DeltaTable  # noqa: E402

from watchfloor.kernel.clock import utc_now  # noqa: E402
from watchfloor.kernel.errors import Conflict  # noqa: E402
from watchfloor.lake import selectors, services, snapshot, storage  # noqa: E402
from watchfloor.lake.contracts import Query  # noqa: E402
from watchfloor.lake.snapshot import cold  # noqa: E402

START = datetime(2026, 11, 20, tzinfo=UTC)
ALL = Query("EmailEvents", START, START + timedelta(days=2))
ROWS = 100
KEPT_SECONDS = 10
"""The product's two hours in small: what was merged so long ago may go. Longer than any reading here."""


class Told:
    """Counts and times, printed once a second."""

    def __init__(self) -> None:
        self.at, self.times, self.said = time.monotonic(), [], {}

    def add(self, began: float, **counts: int) -> None:
        self.times.append((time.monotonic() - began) * 1000)
        for name, count in counts.items():
            self.said[name] = self.said.get(name, 0) + count
        if time.monotonic() - self.at > 1:
            self.at = time.monotonic()
            self.tell()

    def tell(self) -> None:
        ordered = sorted(self.times)
        figures = {
            "n": len(ordered),
            "median_ms": round(statistics.median(ordered), 1),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
            "max_ms": round(ordered[-1], 1),
        }
        print(json.dumps(figures | self.said), flush=True)


def write(name: str) -> None:
    """Each acknowledged batch counts once it is printed: rows told are a lower bound."""
    told = Told()
    for number in range(1_000_000):
        rows = [
            {
                "Timestamp": START + timedelta(seconds=number % 150_000, microseconds=row),
                "NetworkMessageId": f"{name}-{number}",
                "RecipientEmailAddress": f"p{row}@corp.example",
            }
            for row in range(ROWS)
        ]
        began = time.monotonic()
        services.append("EmailEvents", rows)
        told.add(began, batches=1)


def flush() -> None:
    storage.GRACE = timedelta(seconds=8)
    told, table = Told(), selectors.table("EmailEvents")
    while True:
        began, refused, rows = time.monotonic(), 0, 0
        with storage.only_writer(wait=True):
            try:
                rows = storage.flush(table, now=utc_now())
            except Conflict:
                refused = 1
            storage.forget_flushed(now=utc_now())
        told.add(began, rows=rows, conflicts=refused)
        time.sleep(0.3)


def compact() -> None:
    told, tier = Told(), cold("EmailEvents")
    while True:
        began, refused, days = time.monotonic(), 0, 0
        try:
            days = tier.compact(now=utc_now(), most_files=2)
        except Conflict:
            refused = 1
        if days or refused:
            told.add(began, days=days, conflicts=refused)
        else:
            time.sleep(0.1)


def vacuum() -> None:
    told, shelf = Told(), cold("EmailEvents").shelf
    while not shelf.log.is_dir():
        time.sleep(0.1)
    while True:
        began = time.monotonic()
        delta = DeltaTable(shelf.uri)
        young = [
            int(path.stem)
            for path in shelf.log.glob("*.json")
            if path.stem.isdigit() and path.stat().st_mtime > time.time() - KEPT_SECONDS
        ]
        keep = sorted({*young, max(0, min(young, default=delta.version()) - 1)})
        gone = delta.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, keep_versions=keep)
        told.add(began, files=len(gone))
        time.sleep(0.5)


def read(name: str) -> None:
    snapshot.TOO_OLD = 2.5
    told, highest = Told(), 0
    while True:
        began, errors, torn, backwards = time.monotonic(), 0, 0, 0
        try:
            batches = dict(selectors.top(ALL, column="NetworkMessageId", limit=10_000_000))
            torn = sum(rows != ROWS for rows in batches.values())
            backwards = int(len(batches) < highest)
            highest = max(highest, len(batches))
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            errors = 1
        told.add(began, errors=errors, torn=torn, backwards=backwards)


if __name__ == "__main__":
    acts = {"write": write, "flush": flush, "compact": compact, "vacuum": vacuum, "read": read}
    acts[sys.argv[1]](*sys.argv[2:])
