"""One process of the crash test of sign-ins: `observing_crash.py send NAME | store | tally`, over WATCHFLOOR_HOME and DATABASE_URL.

`send` prints each batch it was told is durable, and sends every third batch once more, as overlapping sources do; `tally` prints
what is in the lake as JSON.
"""

import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "watchfloor.config.settings"

import django

django.setup()

from watchfloor.connectors.contracts import ObservedKind  # noqa: E402
from watchfloor.connectors.observing import trim_observed  # noqa: E402
from watchfloor.connectors.services import observe, recall, remember  # noqa: E402
from watchfloor.kernel.clock import utc_now  # noqa: E402
from watchfloor.lake import jobs, selectors  # noqa: E402
from watchfloor.lake.contracts import Query  # noqa: E402

TABLE = "IdentityLogonEvents"
START = datetime(2026, 11, 20, tzinfo=UTC)
ALL = Query(TABLE, START, START + timedelta(days=2))
ROWS = 40


def send(name: str) -> None:
    """The source's own position moves with what it sends, so that a killed one goes on where it was."""
    for number in range(int(recall(name, "feed").get("next", 0)), 1_000_000):
        for turn in range(2 if number % 3 == 0 else 1):
            rows = [_row(name, number, row) for row in range(ROWS)]
            then = number + 1 if turn or number % 3 else number
            observe(
                kind=ObservedKind.EVENTS,
                source=name,
                table=TABLE,
                items=rows,
                alongside=lambda then=then: remember(name, "feed", {"next": then}),
            )
        print(f"{name}-{number}", flush=True)
        time.sleep(0.005)


def _row(name: str, number: int, row: int) -> dict[str, str]:
    at = START + timedelta(seconds=number % 150_000, microseconds=row)
    return {"Timestamp": at.isoformat(), "AccountName": f"{name}-{number}", "ReportId": f"{name}-{number}-{row}"}


def store() -> None:
    """What the worker does, and the emptying of the queue behind it."""
    for _ in range(1_000_000):
        print(jobs.observe(), flush=True)
        trim_observed()
        time.sleep(0.01)


def tally() -> None:
    """Rows of each batch, and how many different ids they have, after everything that waits is stored."""
    while jobs.observe():
        pass
    rows = selectors.all_rows(ALL, limit=10_000_000)
    batches = Counter(row["AccountName"] for row in rows)
    print(
        json.dumps(
            {"batches": batches, "rows": len(rows), "ids": len({row["ReportId"] for row in rows}), "at": str(utc_now())}
        )
    )


if __name__ == "__main__":
    {"send": send, "store": store, "tally": tally}[sys.argv[1]](*sys.argv[2:])
