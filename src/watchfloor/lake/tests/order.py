"""Two writers of which one keeps its transaction open, flushes in between, a rollback that leaves a gap: over DATABASE_URL.

`order.py kept` uses the order the product keeps, `order.py free` leaves it out, to show what it is for; prints JSON.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "watchfloor.config.settings"

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from watchfloor.kernel.clock import utc_now  # noqa: E402
from watchfloor.lake import hot, selectors, services, storage  # noqa: E402
from watchfloor.lake.contracts import Query  # noqa: E402
from watchfloor.lake.models import HotBatch  # noqa: E402

START = datetime(2026, 11, 20, tzinfo=UTC)
ALL = Query("EmailEvents", START, START + timedelta(days=2))
ROUNDS = 12


class Rolled(Exception):
    """Ends a transaction without its rows."""


def append(name: str) -> int:
    return services.append("EmailEvents", [{"Timestamp": START, "NetworkMessageId": name, "ReportId": name}])


class Holder(threading.Thread):
    """Appends in a transaction that stays open until told how to end."""

    def __init__(self, name: str, *, commits: bool) -> None:
        super().__init__(daemon=True)
        self.batch, self.commits = name, commits
        self.appended, self.end = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            with transaction.atomic():
                append(self.batch)
                self.appended.set()
                self.end.wait(30)
                if not self.commits:
                    raise Rolled
        except Rolled:
            pass
        finally:
            connection.close()


class Second(threading.Thread):
    """Appends meanwhile, and says how long that took."""

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True)
        self.batch, self.seconds = name, 0.0

    def run(self) -> None:
        began = time.monotonic()
        append(self.batch)
        self.seconds = time.monotonic() - began
        connection.close()


def flush() -> None:
    with storage.only_writer(wait=True):
        storage.flush(selectors.table("EmailEvents"), now=utc_now())


def seen() -> Counter[str]:
    return Counter(dict(selectors.top(ALL, column="NetworkMessageId", limit=10_000)))


def main(way: str) -> None:
    if way == "free":
        hot.keep_order = lambda queue: None
    storage.GRACE = timedelta(0)
    expected, waits, backwards, before = set(), [], 0, 0
    for number in range(ROUNDS):
        commits = number % 3 != 2
        holder, second = Holder(f"held-{number}", commits=commits), Second(f"second-{number}")
        holder.start()
        holder.appended.wait(30)
        second.start()
        second.join(0.15)
        flush()
        now = sum(seen().values())
        backwards += now < before
        holder.end.set()
        holder.join()
        second.join()
        flush()
        storage.forget_flushed(now=utc_now())
        before = sum(seen().values())
        waits.append(second.seconds)
        expected |= {second.batch} | ({holder.batch} if commits else set())
    found = seen()
    ids = sorted(HotBatch.objects.values_list("id", flat=True))
    print(
        json.dumps(
            {
                "database": connection.vendor,
                "lost": sorted(expected - found.keys()),
                "twice": sorted(name for name, rows in found.items() if rows != 1),
                "strange": sorted(found.keys() - expected),
                "backwards": backwards,
                "longest_wait_s": round(max(waits), 3),
                "left_hot": len(ids),
                "last_id": append("last"),
                "rounds": ROUNDS,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
