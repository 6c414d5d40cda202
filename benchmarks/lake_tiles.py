"""How fast the lake answers what one Explorer page asks: six tiles over 1 M mails, with 20,000 rows still hot.

`MAILS=1000000 ROUNDS=20 python benchmarks/lake_tiles.py` makes a home, fills it and prints one JSON line; BENCH_HOME keeps it.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
HOME = os.environ.get("BENCH_HOME") or tempfile.mkdtemp(prefix="wf-tiles")
os.environ |= {"WATCHFLOOR_HOME": HOME, "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from synthetic import day_of_mails, write_mails  # noqa: E402

from watchfloor.lake import hot, selectors  # noqa: E402
from watchfloor.lake.contracts import Condition, Operator, Query  # noqa: E402
from watchfloor.lake.snapshot import cold  # noqa: E402

UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
PHISH = Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",))
DELIVERED = Condition("DeliveryAction", Operator.EQUAL_ANY, ("Delivered",))
FAMILY = Condition("ThreatNames", Operator.EQUAL_NONE, ("",))
INVOICE = Condition("Subject", Operator.CONTAINS_ANY, ("invoice",))
JUNKED = Condition("DeliveryAction", Operator.EQUAL_ANY, ("Junked",))
GRID = (
    "Timestamp NetworkMessageId SenderFromAddress SenderFromDomain SenderIPv4 RecipientEmailAddress Subject EmailDirection "
    "DeliveryAction DeliveryLocation LatestDeliveryAction LatestDeliveryLocation ThreatTypes ThreatNames DetectionMethods "
    "UrlCount AttachmentCount EmailClusterId EmailSize ReportId"
).split()


def last(days: int, *conditions: Condition) -> Query:
    return Query("EmailEvents", UNTIL - timedelta(days=days), UNTIL, conditions)


TILES = {
    "Q1 histogram 2 d": lambda: selectors.over_time(last(2, PHISH), pivot="DeliveryAction", step_seconds=3600),
    "Q1 histogram 30 d": lambda: selectors.over_time(last(30, PHISH), pivot="DeliveryAction", step_seconds=3600),
    "Q2 sender domains 7 d": lambda: selectors.top(last(7, PHISH, DELIVERED), column="SenderFromDomain"),
    "Q2 sender IPs 7 d": lambda: selectors.top(last(7, PHISH, DELIVERED), column="SenderIPv4"),
    "Q2 families 7 d": lambda: selectors.top(last(7, FAMILY), column="ThreatNames"),
    "Q3 newest 100, 30 d": lambda: selectors.rows(last(30, INVOICE, JUNKED), columns=GRID),
}


def also(sample: dict[str, object]) -> dict[str, object]:
    """Questions beside the tiles: count, default page, point lookup, one person's month."""
    id = Condition("NetworkMessageId", Operator.EQUAL_ANY, (str(sample["NetworkMessageId"]),))
    person = Condition("RecipientEmailAddress", Operator.EQUAL_ANY, (str(sample["RecipientEmailAddress"]),))
    return {
        "count 2 d": lambda: selectors.count(last(2)),
        "page 1, 2 d, no filter": lambda: selectors.rows(last(2), columns=GRID),
        "page 1, 30 d, no filter": lambda: selectors.rows(last(30), columns=GRID),
        "histogram by sender domain 30 d": lambda: selectors.over_time(last(30), pivot="SenderFromDomain"),
        "Q4 by id": lambda: selectors.rows(last(30, id), columns=GRID),
        "Q5 one recipient 30 d": lambda: selectors.rows(last(30, person), columns=GRID, limit=1000),
    }


def measure(ask, rounds: int) -> tuple[float, float, float]:
    """First, median and 95th percentile in ms."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    warm = sorted(times[1:])
    return times[0], statistics.median(warm), warm[min(len(warm) - 1, int(len(warm) * 0.95))]


def main() -> None:
    call_command("migrate", verbosity=0)
    count, rounds = int(os.environ.get("MAILS", "1000000")), int(os.environ.get("ROUNDS", "20"))
    if not cold("EmailEvents").snapshot().files:
        seconds, rows = write_mails(Path(HOME), count, until=UNTIL - timedelta(seconds=1))
        print(f"wrote {rows:,} mails in {seconds:.1f} s", file=sys.stderr)
        fresh = day_of_mails(UNTIL - timedelta(days=1), 20_000, seed=99)
        for at in range(0, 20_000, 200):
            hot.insert(table="EmailEvents", rows=fresh.slice(at, 200), now=UNTIL)
    sample = selectors.rows(last(20), limit=1, offset=5000)[0]
    figures = {}
    for name, ask in (TILES | also(sample)).items():
        first, median, p95 = measure(ask, rounds)
        figures[name] = round(p95, 1)
        print(f"{name:34} first {first:7.1f}  median {median:7.1f}  p95 {p95:7.1f} ms", file=sys.stderr)
    together = measure(lambda: [ask() for ask in TILES.values()], rounds)
    print(f"all six tiles, one after another: median {together[1]:.1f}  p95 {together[2]:.1f} ms", file=sys.stderr)
    print(json.dumps({"mails": count, "p95_ms": figures, "six_tiles_p95_ms": round(together[2], 1)}))


if __name__ == "__main__":
    main()
