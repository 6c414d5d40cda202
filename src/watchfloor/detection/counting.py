"""How many rows a rule of unusual volume has in each window, of all together or of each value it tells apart, beside what was usual."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.detection.contracts import Rule
from watchfloor.detection.history import query_of
from watchfloor.detection.volume import Window, judged
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import ColumnType, Condition, Operator, Query

EVERYTHING = ""
"""The group of a rule that tells no values apart."""
MOST_GROUPS = 50
"""Values of a column that are looked at, those with most rows; the others have fewer and rarely stand out."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Windows of a rule, oldest first, and since when its table holds anything (None: it holds nothing)."""

    windows: tuple[Window, ...]
    known_from: datetime | None
    step: timedelta

    @property
    def chart(self) -> dict[str, Any]:
        """Rows beside what was expected at most."""
        times = "%d %b %H:%M" if self.step < timedelta(days=1) else "%d %b"
        band = {"Expected at most": "high", "Expected at least": "low"}
        return {
            "categories": [f"{one.start:{times}}" for one in self.windows],
            "series": [
                {"name": "Counted", "values": [one.count for one in self.windows]},
                *(
                    {
                        "name": name,
                        "values": [round(getattr(one, edge)) if one.learned else None for one in self.windows],
                    }
                    for name, edge in band.items()
                ),
            ],
        }

    @property
    def newest(self) -> Window | None:
        return self.windows[-1] if self.windows else None

    @property
    def outside(self) -> list[Window]:
        """The windows above the band, newest first."""
        return [one for one in reversed(self.windows) if one.learned and one.count > one.high]


def busiest(rule: Rule, *, start: datetime, end: datetime) -> list[str]:
    """The groups with enough rows in [start, end) to be unusual, most rows first; of a rule without groups the one of all."""
    assert rule.unusual is not None
    if not rule.unusual.group_by:
        return [EVERYTHING]
    query = query_of(rule, start=start, end=end)
    ranked = lake.top(query, column=rule.unusual.group_by, limit=MOST_GROUPS)
    return [value for value, number in ranked if number >= rule.unusual.least and value != "0"]


def volumes(rule: Rule, *, start: datetime, end: datetime, groups: Sequence[str]) -> dict[str, Volume]:
    """Of each group the windows that lie wholly in [start, end), with what the days before lead to expect. Two questions."""
    assert rule.unusual is not None
    step, days = rule.unusual.window, rule.unusual.baseline_days
    first, last = floor(start - timedelta(days=days), step), floor(end, step)
    nothing = Volume((), None, step)
    if last <= first or not groups:
        return dict.fromkeys(groups, nothing)
    oldest = lake.rows(Query(rule.table, first, last), columns=("Timestamp",), descending=False, limit=1)
    if not oldest:
        return dict.fromkeys(groups, nothing)
    known = oldest[0]["Timestamp"]
    # The window in which recording began is not whole, so it teaches nothing.
    whole = known if known < first + step else floor(known, step) + step
    times, counts = _counted(rule, named(query_of(rule, start=first, end=last), rule, groups), groups)

    def of(group: str) -> Volume:
        past = counts.get(group, [0] * len(times))
        windows = judged(times, past, step=step, days=days, known_from=whole, after=floor(start, step))
        return Volume(tuple(windows), known, step)

    return {group: of(group) for group in groups}


def _counted(rule: Rule, query: Query, groups: Sequence[str]) -> tuple[Sequence[datetime], dict[str, Sequence[int]]]:
    """Starts of the windows, and the counts of each group."""
    assert rule.unusual is not None
    seconds, column = int(rule.unusual.window.total_seconds()), rule.unusual.group_by
    if column:
        # A condition finds other spellings too; they are values of their own and must not push one that is asked for out.
        found = lake.over_time(query, pivot=column, step_seconds=seconds, top=4 * len(groups))
        return found.times, dict(found.series)
    found = lake.over_time(query, pivot=_pivot(rule.table), step_seconds=seconds, top=50)
    summed = [sum(numbers) for numbers in zip(*found.series.values(), strict=True)]
    return found.times, {EVERYTHING: summed or [0] * len(found.times)}


def named(query: Query, rule: Rule, groups: Sequence[str]) -> Query:
    """The query narrowed to these groups."""
    assert rule.unusual is not None
    column = rule.unusual.group_by
    if not column:
        return query
    return replace(query, required=(*query.required, Condition(column, Operator.EQUAL_ANY, tuple(groups))))


def floor(at: datetime, step: timedelta) -> datetime:
    """The start of the window that a moment lies in."""
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def _pivot(table: str) -> str:
    """A column with few values, as a count over time is asked by one."""
    columns = lake.table(table).columns
    few = (one.name for one in columns if not one.listed and (one.choices or one.type is ColumnType.BOOL))
    return next(few, "ActionType" if lake.table(table).has("ActionType") else "Application")


def learned_words(seen: Volume, rule: Rule, *, now: datetime) -> str:
    """How much past the rule has to go by."""
    assert rule.unusual is not None
    if seen.known_from is None:
        return "Nothing is known yet of what it counts; it begins to judge when a day of it is known."
    days = (now - seen.known_from).total_seconds() / 86400
    if days < 1:
        return f"Learning: {days * 24:.0f} hours are known; it begins to judge when a day is known."
    if days < rule.unusual.baseline_days:
        return f"Judges by the {days:.0f} day{'' if round(days) == 1 else 's'} known so far, of {rule.unusual.baseline_days} it looks back; it grows surer with each day."
    return f"Judges by the last {rule.unusual.baseline_days} days."
