"""What a lake costs where it lies: `object_store.py MAILS` in an environment that names the place prints times as JSON."""

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

import django

django.setup()

from synthetic import day_of_mails  # noqa: E402

from watchfloor.lake import selectors  # noqa: E402
from watchfloor.lake.contracts import Condition, Operator, Query  # noqa: E402
from watchfloor.lake.engines.delta import ColdTable  # noqa: E402
from watchfloor.lake.place import lake_folder, place  # noqa: E402
from watchfloor.lake.snapshot import cold  # noqa: E402

UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = 10


def ms(act: Callable[[], object], times: int = 1) -> list[float]:
    """Median wall and processor ms: on a busy machine only the second can be compared."""
    walls, works = [], []
    for _ in range(times):
        wall, work = time.perf_counter(), time.process_time()
        act()
        walls.append((time.perf_counter() - wall) * 1000)
        works.append((time.process_time() - work) * 1000)
    return [round(statistics.median(walls), 1), round(statistics.median(works), 1)]


def main(mails: int) -> None:
    tier = cold("EmailEvents")
    days = [UNTIL - timedelta(days=DAYS - number) for number in range(DAYS)]
    parts = [day_of_mails(day, mails // DAYS, seed=number) for number, day in enumerate(days)]
    figures: dict[str, object] = {"where": selectors.lake_place().where}
    marks = iter(range(1, 1_000_000))
    for name, rows, times in (("commit_1", 1, 9), ("commit_1000", 1000, 9)):
        some = parts[-1].slice(0, rows)
        figures[name] = ms(lambda some=some: tier.append(some, watermark=next(marks)), times)
    for part in parts[:-1]:
        tier.append(part, watermark=next(marks))
    figures["commit_day"] = ms(lambda: tier.append(parts[-1], watermark=next(marks)))
    figures["day_rows"] = mails // DAYS
    state = tier.snapshot(fresh=True)
    figures["files"], figures["mb"] = len(state.files), round(sum(file.bytes for file in state.files) / 1e6, 1)
    figures["look_nothing_new"] = ms(lambda: tier.snapshot(fresh=True), 15)
    figures["open_table"] = ms(lambda: ColdTable(place(), selectors.table("EmailEvents")).snapshot(), 5)
    query = Query("EmailEvents", UNTIL - timedelta(days=DAYS), UNTIL)
    rare = Query("EmailEvents", query.start, query.end, (Condition("Subject", Operator.CONTAINS_ANY, ("zebra",)),))

    def newest() -> object:
        return selectors.rows(query, limit=100)

    def scan() -> object:
        return selectors.count(rare)

    shutil.rmtree(lake_folder() / "cache" / "EmailEvents", ignore_errors=True)
    figures["newest_100_first"], figures["newest_100"] = ms(newest), ms(newest, 9)
    figures["scan_first"], figures["scan"] = ms(scan), ms(scan, 9)
    if tier.shelf.options:
        figures["cache_files"] = selectors.lake_place().cache_files
    figures["compact_day"] = ms(lambda: tier.compact(now=UNTIL + timedelta(days=1), most_files=2))
    figures["tidy"] = ms(tier.tidy)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(int(float(sys.argv[1])))
