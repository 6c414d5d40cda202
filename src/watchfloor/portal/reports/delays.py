"""Mail latency: delays gathered per hour while mail comes in, and their percentiles.

A delay is kept as a step of a scale that grows by five in a hundred, so that a percentile is right within 2.5 % of itself and
a year of hours is a few thousand small rows.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.portal.models import DelayHour
from watchfloor.portal.reports.contracts import Asked, Figures, Line
from watchfloor.portal.reports.figures import labels, per, step
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

READER = "portal.delays"
GROWTH = 1.05
FIRST = 0.01
LATE = 86_400.0
"""Mail older than a day when it is first read was not waiting for us: an import, the first look into a mailbox."""
KEPT = timedelta(days=400)
SHARES = (50, 90, 99)
UNITS = (("Hours", 3600), ("Minutes", 60), ("Seconds", 1))


def step_of(seconds: float) -> int:
    """The step of the scale that a delay falls into; 0 for all below a hundredth of a second."""
    return max(0, round(math.log(seconds / FIRST, GROWTH))) if seconds > FIRST else 0


def seconds_of(number: int) -> float:
    """The middle of a step."""
    return FIRST * GROWTH**number


def gather() -> int:
    """Add up the mails of the next hot batches; returns how many batches there were."""
    found = lake.arrivals_after(cursor_position(READER))
    if not found:
        return 0
    added: dict[tuple[datetime, str], tuple[Counter[int], int]] = {}
    for batch in found:
        hour = batch.at.replace(minute=0, second=0, microsecond=0)
        for source, delays in batch.seconds.items():
            counts, late = added.get((hour, source), (Counter(), 0))
            counts.update(step_of(seconds) for seconds in delays if seconds < LATE)
            added[hour, source] = (counts, late + sum(seconds >= LATE for seconds in delays))
    with transaction.atomic():
        for (hour, source), (counts, late) in added.items():
            _add(hour, source, counts, late)
        move_cursor(READER, position=found[-1].position)
    return len(found)


def forget(*, now: datetime) -> int:
    """Drop hours beyond the retention."""
    gone, _ = DelayHour.objects.filter(hour__lt=now - KEPT).delete()
    return gone


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The delay in seconds below which `share` percent lie; None without any."""
    total = sum(counts.values())
    wanted, passed = total * share / 100, 0
    for number in sorted(counts):
        passed += counts[number]
        if passed >= wanted:
            return seconds_of(number)
    return None


def latency_figures(one: Asked) -> Figures:
    """The 50th, 90th and 99th percentile per hour, day or week, and over the whole time by connection."""
    rows = DelayHour.objects.filter(hour__gte=one.start, hour__lt=one.end)
    chosen = _chosen(one)
    if chosen:
        rows = rows.filter(source__icontains=chosen)
    held = list(rows.values_list("hour", "source", "counts", "mails", "late"))
    seconds = step(one)
    times = lake.bucket_starts(one.start, one.end, seconds)
    by_time = _summed((int(hour.timestamp()) // seconds, counts) for hour, _, counts, _, _ in held)
    series = [
        {
            "name": f"{share}th percentile",
            "values": [percentile(by_time.get(int(moment.timestamp()) // seconds, {}), share) for moment in times],
        }
        for share in SHARES
    ]
    unit = _in_one_unit(series)
    whole: Counter[int] = Counter()
    for counts in by_time.values():
        whole.update(counts)
    mails, late = sum(row[3] for row in held), sum(row[4] for row in held)
    return Figures(
        kind="line",
        data={"categories": labels(times, seconds), "series": series if mails else []},
        heads=("Connection", "Mails", "Share"),
        lines=_by_source(held, mails),
        total=mails,
        sentence=latency_sentence(one),
        title=f"{unit} {per(seconds)}, by percentile",
        stats=tuple((f"{share}th percentile", words(percentile(whole, share))) for share in SHARES),
        note=_note(late),
    )


def words(seconds: float | None) -> str:
    """A delay as people say it."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _add(hour: datetime, source: str, counts: Counter[int], late: int) -> None:
    row, _ = DelayHour.objects.select_for_update().get_or_create(hour=hour, source=source[:200])
    held = Counter({int(number): count for number, count in row.counts.items()})
    held.update(counts)
    row.counts = {str(number): count for number, count in sorted(held.items())}
    row.mails, row.late = row.mails + counts.total(), row.late + late
    row.save()


def _summed(parts: Iterable[tuple[int, Mapping[str, int]]]) -> dict[int, Counter[int]]:
    found: dict[int, Counter[int]] = {}
    for key, counts in parts:
        found.setdefault(key, Counter()).update({int(number): count for number, count in counts.items()})
    return found


def _by_source(held: list[tuple[datetime, str, dict[str, int], int, int]], total: int) -> tuple[Line, ...]:
    sources = sorted({source for _, source, _, mails, _ in held if mails})
    lines = []
    for source in sources:
        counts = _summed((0, row[2]) for row in held if row[1] == source)[0]
        note = ", ".join(f"{share}th {words(percentile(counts, share))}" for share in SHARES)
        count = counts.total()
        lines.append(Line(visible(source) or "Not named", count, round(100 * count / total, 1), note=note))
    return tuple(sorted(lines, key=lambda line: -line.count))


def _in_one_unit(series: list[dict[str, Any]]) -> str:
    """Bring the chart's seconds to the unit in which the longest is easy to read; returns what it is called."""
    longest = max((value for one in series for value in one["values"] if value is not None), default=0.0)
    unit, size = next((name, size) for name, size in UNITS if longest >= 2 * size or size == 1)
    for one in series:
        one["values"] = [_rounded(value and value / size) for value in one["values"]]
    return unit


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3 if value < 1 else 1)


def _chosen(one: Asked) -> str:
    return next((wanted.value for wanted in one.filters if wanted.column == "Connectors"), "")


def latency_sentence(one: Asked) -> str:
    """What is shown, in words."""
    chosen = _chosen(one)
    only = f" by connections named like “{chosen}”" if chosen else ""
    return (
        f"Mail read{only} from {one.start:%d %b %Y %H:%M} to {one.end:%d %b %Y %H:%M} UTC: "
        "seconds from being received to being judged and visible"
    )


def _note(late: int) -> str:
    if not late:
        return ""
    return f"{late:,} mails were older than a day when they were first read, as those of an import; they are left out."
