"""What a table takes: rows and bytes of a day, and how large it is once it holds all the days it is kept. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from watchfloor.lake.contracts import TableDay, TableState

RECENT = 30
"""Days whose average says what a day takes; today is not over and does not count."""
CHART_DAYS = 60
CHART_TABLES = 5
OTHER = "Other tables"


@dataclass(frozen=True, slots=True)
class Cost:
    """Rows and bytes a day, and bytes at full retention."""

    rows: float = 0
    bytes: float = 0
    full: float = 0


def cost_of(state: TableState, *, today: date) -> Cost:
    """The average of the last thirty whole days, or of all days a table holds when none of them is so recent."""
    if not state.days:
        return Cost()
    first = max(state.days[0].day, today - timedelta(days=RECENT))
    recent = [one for one in state.days if first <= one.day < today]
    whole = (today - first).days
    if not recent or whole <= 0:
        recent, whole = list(state.days), (state.days[-1].day - state.days[0].day).days + 1
    rows, size = sum(one.rows for one in recent) / whole, sum(one.bytes for one in recent) / whole
    return Cost(rows, size, size * state.retention_days)


def days_of(files: Iterable[tuple[date, int, int]], waiting: Iterable[tuple[date, int]]) -> tuple[TableDay, ...]:
    """Days with their rows and bytes, oldest first, from files (day, rows, bytes) and batches that wait (day, rows)."""
    found: dict[date, list[int]] = {}
    for day, rows, size in files:
        held = found.setdefault(day, [0, 0, 0])
        held[0], held[1], held[2] = held[0] + rows, held[1] + size, held[2] + 1
    for day, rows in waiting:
        found.setdefault(day, [0, 0, 0])[0] += rows
    return tuple(TableDay(day, *held) for day, held in sorted(found.items()))


def leaves_on(state: TableState) -> date | None:
    """The day on which the oldest day is dropped."""
    return state.days[0].day + timedelta(days=state.retention_days + 1) if state.days else None


def chart_of(days: Sequence[TableDay], *, today: date, length: int = CHART_DAYS) -> dict[str, Any]:
    """Rows by day of one table, its newest `length` days with the empty ones between."""
    shown = _span([day.day for day in days], today, length)
    rows = {one.day: one.rows for one in days}
    return {
        "categories": [day.isoformat() for day in shown],
        "series": [{"name": "Rows", "values": [rows.get(day, 0) for day in shown]}],
    }


def chart_of_all(states: Sequence[TableState], *, today: date) -> dict[str, Any]:
    """Rows by day, a series for each of the largest tables and one for the rest."""
    shown = _span([one.day for state in states for one in state.days], today, CHART_DAYS)
    window = set(shown)
    sums = {state.name: {one.day: one.rows for one in state.days if one.day in window} for state in states}
    ranked = sorted((name for name in sums if sums[name]), key=lambda name: -sum(sums[name].values()))
    series = [(name, [sums[name].get(day, 0) for day in shown]) for name in ranked[:CHART_TABLES]]
    if rest := ranked[CHART_TABLES:]:
        series.append((OTHER, [sum(sums[name].get(day, 0) for name in rest) for day in shown]))
    return {
        "categories": [day.isoformat() for day in shown],
        "series": [{"name": name, "values": values} for name, values in series],
    }


def _span(days: Sequence[date], today: date, length: int) -> list[date]:
    """The newest `length` days up to the last that has rows, today at the latest."""
    past = [day for day in days if day <= today]
    if not past:
        return []
    last, first = max(past), min(past)
    begin = max(first, last - timedelta(days=length - 1))
    return [begin + timedelta(days=number) for number in range((last - begin).days + 1)]
