"""Which groups of rows reach a threshold, and the rows to show for it: two questions of the lake however many groups there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchfloor.detection.contracts import Row, Rule
from watchfloor.detection.relating import History
from watchfloor.detection.running import Running

PARTS = 8
"""Rows of a group are looked at together while they lie within this part of the window: a burst between them is not missed."""
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reached:
    """New rows of a group that is over its threshold; `rows` to show, the whole window's when it is only just over; `hits` in all."""

    fresh: Sequence[Row]
    rows: Sequence[Row]
    hits: int


@dataclass(frozen=True, slots=True)
class _Run:
    """New rows of one group that lie near one another in time, oldest first."""

    group: str
    rows: Sequence[Row]
    start: datetime

    @property
    def end(self) -> datetime:
        end: datetime = self.rows[-1]["Timestamp"]
        return end


def grouped(rule: Rule, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by the threshold's column; those without a value in it left out."""
    assert rule.threshold is not None
    column = rule.threshold.group_by
    if not column:
        return {"": list(rows)} if rows else {}
    found: dict[object, list[Row]] = {}
    for row in rows:
        found.setdefault(row.get(column), []).append(row)
    return {str(value): members for value, members in found.items() if value and str(value) != "0"}


def over_threshold(
    rule: Rule, parts: Sequence[Sequence[Row]], history: History, running: Running | None
) -> list[Reached]:
    """The groups of each part that reach the threshold."""
    assert rule.threshold is not None
    runs = [one for part in parts for group, rows in grouped(rule, part).items() for one in _runs(rule, group, rows)]
    known = [_known(rule, one, running) for one in runs]
    asked = [one for one, is_known in zip(runs, known, strict=True) if not is_known]
    wide = _wide_counts(rule, asked, history)
    open_ = [one for one in asked if wide.get(one.group, 0) >= rule.threshold.at_least]
    counts = _counts(rule, open_, history)
    found: list[Reached] = []
    for one, is_known in zip(runs, known, strict=True):
        reached = Reached(one.rows, one.rows, len(one.rows)) if is_known else _counted(rule, one, counts, history)
        if reached is not None:
            found.append(reached)
    return found


def _runs(rule: Rule, group: str, rows: Sequence[Row]) -> Iterator[_Run]:
    assert rule.threshold is not None
    window = rule.threshold.window
    ordered = sorted(rows, key=lambda row: row["Timestamp"])
    first = 0
    for place, row in enumerate(ordered):
        if row["Timestamp"] - ordered[first]["Timestamp"] > window / PARTS:
            yield _Run(group, ordered[first:place], ordered[place - 1]["Timestamp"] - window)
            first = place
    if ordered:
        yield _Run(group, ordered[first:], ordered[-1]["Timestamp"] - window)


def _known(rule: Rule, run: _Run, running: Running | None) -> bool:
    """Whether the group is known to be over the threshold already without these rows."""
    return running is not None and running.reached(rule, run.group, start=run.start, end=run.end)


def _wide_counts(rule: Rule, runs: Sequence[_Run], history: History) -> Mapping[str, int]:
    """Per group the most that any of its windows can hold: one question for all."""
    if not runs:
        return {}
    groups = list(dict.fromkeys(one.group for one in runs))
    return history.distinct_counts(rule, groups, start=min(one.start for one in runs), end=max(one.end for one in runs))


def _counts(rule: Rule, runs: Sequence[_Run], history: History) -> dict[int, tuple[tuple[int, int], int]]:
    """Of each run (by identity) rows and values in its window, and values in it before the first of its rows."""
    stretches = [(one.group, one.start, one.end) for one in runs]
    stretches += [(one.group, one.start, one.rows[0]["Timestamp"] - MOMENT) for one in runs]
    counts = history.counts(rule, stretches) if runs else []
    before = counts[len(runs) :]
    return {id(one): (counts[place], before[place][1]) for place, one in enumerate(runs)}


def _counted(
    rule: Rule, run: _Run, counts: Mapping[int, tuple[tuple[int, int], int]], history: History
) -> Reached | None:
    assert rule.threshold is not None
    least = rule.threshold.at_least
    if id(run) not in counts or counts[id(run)][0][1] < least:
        return None
    (rows, values), before = counts[id(run)]
    if before >= least or values - different(rule, run.rows) >= least:
        return Reached(run.rows, run.rows, len(run.rows))
    own = {one for row in run.rows if (one := row.get("ReportId"))}
    earlier = history.window(rule, run.group, start=run.start, end=run.end)
    shown = [row for row in earlier if row.get("ReportId") not in own] if own else []
    whole = [*shown, *run.rows] if own else (earlier or run.rows)
    return Reached(run.rows, whole, max(rows, len(whole)))


def different(rule: Rule, rows: Sequence[Row]) -> int:
    """What a threshold counts among rows in hand: different values of its column, or the rows."""
    assert rule.threshold is not None
    column = rule.threshold.distinct
    return len({str(row.get(column)) for row in rows}) if column else len(rows)
