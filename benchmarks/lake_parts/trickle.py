"""A day of trickle by a simulated clock: `trickle.py COMMITS ROWS`, over WATCHFLOOR_HOME; prints files and times as JSON.

Twice the same day: without any maintenance, and with the product's, every ten simulated minutes.
"""

import json
import os
import random
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

import django

django.setup()

from synthetic import day_of_mails  # noqa: E402

from watchfloor.lake import selectors  # noqa: E402
from watchfloor.lake.catalogue import table  # noqa: E402
from watchfloor.lake.contracts import Condition, Operator, Query  # noqa: E402
from watchfloor.lake.engines.delta import ColdTable  # noqa: E402
from watchfloor.lake.place import lake_folder  # noqa: E402
from watchfloor.lake.snapshot import cold  # noqa: E402

DAY = datetime(2026, 11, 20, tzinfo=UTC)
MAINTAIN = timedelta(minutes=10)
MAILS = table("EmailEvents")


def commits_of(commits: int, rows: int):
    """When each flush comes, 60 to 300 seconds after the one before and `commits` of them in the day, with its rows."""
    dice = random.Random(3)
    gaps = [dice.uniform(60, 300) for _ in range(commits)]
    scale = 86_300 / sum(gaps)
    everything = day_of_mails(DAY, commits * rows, seed=11).sort_by("Timestamp")
    now = DAY
    for number, gap in enumerate(gaps):
        now += timedelta(seconds=gap * scale)
        yield now, everything.slice(number * rows, rows)


def asked() -> dict[str, float]:
    """Median ms of a histogram and of the newest hundred, and processor ms of the first."""
    query = Query(
        "EmailEvents", DAY, DAY + timedelta(days=1), (Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",)),)
    )
    acts = {
        "histogram": lambda: selectors.over_time(query, pivot="DeliveryAction"),
        "newest": lambda: selectors.rows(query, limit=100),
    }
    found = {}
    for name, act in acts.items():
        act()
        walls, works = [], []
        for _ in range(7):
            wall, work = time.perf_counter(), time.process_time()
            act()
            walls.append((time.perf_counter() - wall) * 1000)
            works.append((time.process_time() - work) * 1000)
        found[f"{name}_ms"], found[f"{name}_cpu_ms"] = round(min(walls), 1), round(statistics.median(works), 1)
    return found


def main(commits: int, rows: int) -> None:
    tier = cold("EmailEvents")
    bare, began, work = [], time.monotonic(), time.process_time()
    for number, (_, part) in enumerate(commits_of(commits, rows), 1):
        at = time.perf_counter()
        tier.append(part, watermark=number)
        bare.append((time.perf_counter() - at) * 1000)
    log = [path for path in tier.shelf.log.iterdir() if path.is_file()]
    opened = time.perf_counter()
    ColdTable(lake_folder(), MAILS).snapshot()
    opened = (time.perf_counter() - opened) * 1000
    figures: dict[str, object] = {
        "commits": commits,
        "rows": commits * rows,
        "files": len(tier.snapshot().files),
        "mb": round(sum(file.bytes for file in tier.snapshot().files) / 1e6, 1),
        "log_files": len(log),
        "log_kb": sum(path.stat().st_size for path in log) // 1000,
        "open_ms": round(opened, 1),
        "commit_first_20_ms": round(statistics.median(bare[:20]), 1),
        "commit_last_20_ms": round(statistics.median(bare[-20:]), 1),
        "append_cpu_s": round(time.process_time() - work, 1),
        "append_wall_s": round(time.monotonic() - began, 1),
        "before": asked(),
    }
    at, work = time.perf_counter(), time.process_time()
    tier.compact(now=datetime.now(UTC) + timedelta(days=1))
    figures["compact_s"], figures["compact_cpu_s"] = (
        round(time.perf_counter() - at, 2),
        round(time.process_time() - work, 2),
    )
    figures["files_after"], figures["after"] = len(tier.snapshot().files), asked()
    figures["mb_after"] = round(sum(file.bytes for file in tier.snapshot().files) / 1e6, 1)
    figures["maintained"] = _maintained(commits, rows)
    print(json.dumps(figures))


def _maintained(commits: int, rows: int) -> dict[str, object]:
    """The same day with the product's maintenance: most files at any time, how often they were merged and what that cost."""
    tier = ColdTable(lake_folder() / "second", MAILS)
    due, most, merged, work = DAY, 0, 0, 0.0
    for number, (now, part) in enumerate(commits_of(commits, rows), 1):
        tier.append(part, watermark=number)
        most = max(most, len(tier.snapshot().files))
        if now >= due:
            due = now + MAINTAIN
            began = time.process_time()
            days = tier.compact(now=now)
            if days:
                tier.tidy()
            merged, work = merged + days, work + time.process_time() - began
    return {
        "most_files": most,
        "files": len(tier.snapshot().files),
        "merged": merged,
        "cpu_s": round(work, 1),
        "on_disk": len(list((lake_folder() / "second/EmailEvents").glob("day=*/*.parquet"))),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
