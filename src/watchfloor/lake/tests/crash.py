"""One process of the crash test: `crash.py write NAME | flush | watch | tally`, over WATCHFLOOR_HOME and DATABASE_URL.

`write` prints each batch it was told is stored; `watch` and `tally` print what a reader sees as JSON. `crash.py fork` starts such
processes without loading everything anew: for each line of its input, a file to print to and the words, it prints the process's id.
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "watchfloor.config.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from watchfloor.kernel.clock import utc_now  # noqa: E402
from watchfloor.lake import selectors, services, snapshot, storage  # noqa: E402
from watchfloor.lake.contracts import Query  # noqa: E402
from watchfloor.lake.engines import delta  # noqa: E402
from watchfloor.lake.snapshot import cold  # noqa: E402

START = datetime(2026, 11, 20, tzinfo=UTC)
ALL = Query("EmailEvents", START, START + timedelta(days=2))
ROWS = 40
GRACE = 6.0
"""Seconds instead of the product's minute, so that batches are forgotten while the test lasts; a reader waits half of it at most."""


def write(name: str) -> None:
    for number in range(1_000_000):
        batch = f"{name}-{number}"
        rows = [
            {
                "Timestamp": START + timedelta(seconds=number % 150_000, microseconds=row),
                "NetworkMessageId": batch,
                "RecipientEmailAddress": f"p{row}@corp.example",
            }
            for row in range(ROWS)
        ]
        services.append("EmailEvents", rows)
        print(batch, flush=True)


def flush() -> None:
    storage.GRACE = timedelta(seconds=GRACE)
    delta.QUIET = timedelta(0)
    table = selectors.table("EmailEvents")
    for turn in range(1_000_000):
        with storage.only_writer(wait=True):
            storage.flush(table, now=utc_now())
            storage.forget_flushed(now=utc_now())
            if turn % 4 == 3:
                storage.maintain(table, now=utc_now())
        print(turn, flush=True)
        time.sleep(0.05)


def seen() -> Counter[str]:
    """Rows per batch, as one snapshot shows them."""
    return Counter(dict(selectors.top(ALL, column="NetworkMessageId", limit=10_000_000)))


def watch() -> None:
    """Report readings that went backwards, tore a batch or showed a row twice."""
    highest, reads, wrong = 0, 0, []
    snapshot.TOO_OLD = GRACE / 3
    parent = os.getppid()
    while os.getppid() == parent:
        batches = seen()
        torn = {batch: rows for batch, rows in batches.items() if rows != ROWS}
        if torn or len(batches) < highest:
            wrong.append({"torn": dict(list(torn.items())[:5]), "batches": len(batches), "before": highest})
        highest, reads = max(highest, len(batches)), reads + 1
        print(json.dumps({"reads": reads, "wrong": wrong}), flush=True)


def tally() -> None:
    """What is there at the end, before and after one more flush."""
    before = seen()
    with storage.only_writer(wait=True):
        while storage.flush(selectors.table("EmailEvents"), now=utc_now()):
            pass
    after = seen()
    version = cold("EmailEvents").snapshot().version
    print(
        json.dumps(
            {
                "before": before,
                "after": after,
                "database": connection.vendor,
                "commits": version,
                "where": selectors.lake_place().where,
            }
        )
    )


def fork() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        output, *words = line.split()
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)
            PARTS[words[0]](*words[1:])
            os._exit(0)
        print(pid, flush=True)


PARTS = {"write": write, "flush": flush, "watch": watch, "tally": tally, "fork": fork}

if __name__ == "__main__":
    PARTS[sys.argv[1]](*sys.argv[2:])
