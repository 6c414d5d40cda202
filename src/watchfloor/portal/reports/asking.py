"""A report's address as a question and back. The address is the whole state: `range` (or `from` and `to`, days), `tab`, `by`, `page`,
and a column's name for each filter."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Column, ColumnType, Condition, Operator, Query
from watchfloor.portal.reports.catalogue import DEFAULT_PRESET, PRESETS
from watchfloor.portal.reports.contracts import Asked, Report, ReportFilter, ReportTab

MOST_DAYS = 3660
LONGEST_VALUE = 300
NUMBERS = (ColumnType.INT, ColumnType.LONG, ColumnType.REAL)


def asked(report: Report, parameters: Mapping[str, str], *, now: datetime) -> Asked:
    """The question an address asks. What cannot be read falls back, and `error` says what it was."""
    tab = next((one for one in report.tabs if one.key == parameters.get("tab")), report.tabs[0])
    by = next((one for one in tab.breakdowns if one.key == parameters.get("by")), tab.breakdowns[0])
    start, end, preset, error = _days(parameters, now=now)
    filters = tuple(_filter(tab, column, parameters.get(column, "")) for column in tab.filters)
    conditions = tuple(_condition(one) for one in filters if one.value)
    query = Query(tab.table, start, end, conditions, required=tab.required)
    text = parameters.get("page", "")
    page = int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 else 1
    return Asked(
        report=report,
        tab=tab,
        by=by,
        start=start,
        end=end,
        preset=preset,
        filters=filters,
        query=query,
        parameters=tuple(_kept(tab.key, by.key, preset, start, end, filters)),
        page=max(page, 1),
        error=error,
    )


def address(one: Asked, part: str = "", **changes: str) -> str:
    """The page, or a file of it, with some parameters changed; "" takes one away. `part` as "/export.csv"."""
    kept = {**dict(one.parameters), **changes}
    return f"/reports/{one.report.key}{part}?{urlencode([(key, value) for key, value in kept.items() if value])}"


def explorer(query: Query, *, view: str) -> str:
    """Explorer over the same rows, "" where it has no view of them. What a view asks by itself stands in the conditions."""
    if not view:
        return ""
    whole = Query(query.table, query.start, query.end, (*query.required, *query.conditions))
    return f"/explorer?view={view}&{lake.parameters_of(whole)}"


def only(query: Query, column: str, value: str) -> Query:
    """The rows of one value; "" for those without any."""
    added = Condition(column, Operator.EQUAL_ANY, (value,)) if value else Condition(column, Operator.EMPTY, ())
    return Query(query.table, query.start, query.end, (*query.conditions, added), required=query.required)


def _kept(tab: str, by: str, preset: str, start: datetime, end: datetime, filters: tuple[ReportFilter, ...]):  # type: ignore[no-untyped-def]
    yield from (("tab", tab), ("by", by))
    if preset:
        yield ("range", preset)
    else:
        last = (end - timedelta(hours=12)).astimezone(_zone()).date()
        yield from (("from", start.astimezone(_zone()).date().isoformat()), ("to", last.isoformat()))
    yield from ((one.column, one.value) for one in filters if one.value)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, _zone()).astimezone(UTC)


def _days(parameters: Mapping[str, str], *, now: datetime) -> tuple[datetime, datetime, str, str]:
    """Whole days: start, end (the midnight after the last one), the preset's key, and what could not be read."""
    today = now.astimezone(_zone()).date()
    error = ""
    if "from" in parameters or "to" in parameters:
        try:
            first, last = date.fromisoformat(parameters.get("from", "")), date.fromisoformat(parameters.get("to", ""))
            if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS) or first.year < 1971 or last.year > 2199:
                raise BadInput("the last day comes before the first, or more than ten years after it", place="to")
            return _midnight(first), _midnight(last + timedelta(days=1)), "", ""
        except (ValueError, BadInput) as wrong:
            error = wrong.message if isinstance(wrong, BadInput) else "days are written as 2026-11-22"
    preset = next((one for one in PRESETS if one.key == parameters.get("range")), DEFAULT_PRESET)
    end = today + timedelta(days=1)
    return _midnight(end - preset.length), _midnight(end), preset.key, error


def _column(tab: ReportTab, name: str) -> Column:
    return lake.table(tab.table).column(name)


def _filter(tab: ReportTab, name: str, value: str) -> ReportFilter:
    column = _column(tab, name)
    number = column.type in NUMBERS
    value = value.strip()[:LONGEST_VALUE]
    if number and not value.isdecimal():
        value = ""
    return ReportFilter(name, column.label or name, value, column.choices, number)


def _condition(one: ReportFilter) -> Condition:
    """Known values exactly, numbers from there on, text anywhere."""
    if one.number:
        return Condition(one.column, Operator.GREATER, (str(int(one.value) - 1),))
    operator = Operator.EQUAL_ANY if one.choices or "@" in one.value else Operator.CONTAINS_ANY
    return Condition(one.column, operator, (one.value,))
