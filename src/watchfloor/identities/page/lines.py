"""One line of a person's timeline, the filters over lines, and how far back they look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

MOST_DAYS = 400
PERIODS = {"1d": ("24 hours", 1), "3d": ("3 days", 3), "7d": ("7 days", 7), "30d": ("30 days", 30), "90d": ("90 days", 90),
           "180d": ("180 days", 180), "400d": ("400 days", MOST_DAYS)}  # fmt: skip
DEFAULT_PERIOD = "30d"
FILTERS = ("kind", "severity", "activity", "app", "location", "protocol")
"""What a timeline can be narrowed by, as it stands in the address; each is a field of Line."""
MOST_VALUES = 50
EVENT_CUT = 120
"""Characters of a ReportId that stand in the address of an event."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the person did or that was done to them.

    `key` is unique and breaks ties of time; `kind` is the type people filter by; `on` says it was done to the person.
    `location` is a country, as a two-letter code where the source gives one. `points` and `why` are what the score took it for, `point` the number of the gravest;
    `tells` is the (table, ReportId) or ("alert", id) it stands for, by which the two find each other.
    """

    at: datetime
    key: str
    kind: str
    activity: str
    words: str = ""
    app: str = ""
    location: str = ""
    protocol: str = ""
    ip: str = ""
    device: str = ""
    target: str = ""
    severity: str = ""
    status: str = ""
    techniques: tuple[str, ...] = ()
    on: bool = False
    href: str = ""
    points: float | None = None
    why: str = ""
    point: int = 0
    tells: tuple[str, str] = ("", "")

    @property
    def order(self) -> tuple[datetime, str]:
        return self.at, self.key


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of a timeline is asked for: [start, end), values per filter (none: any), direction "" or by or on.

    `event` is the start of the key of the one line somebody came for, "<table>:<ReportId>"; it narrows nothing.
    """

    start: datetime
    end: datetime
    period: str = DEFAULT_PERIOD
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    direction: str = ""
    before: tuple[datetime, str] | None = None
    event: str = ""

    def of(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    def keeps(self, line: Line, *, but: str = "") -> bool:
        """Whether a line passes, not looking at the filter `but`."""
        way = self.direction in ("", "on" if line.on else "by")
        return way and all(name == but or not self.of(name) or getattr(line, name) in self.of(name) for name in FILTERS)

    def means(self, line: Line) -> bool:
        """Whether this is the line somebody came for."""
        cut = len(self.event.partition(":")[2]) >= EVENT_CUT
        return bool(self.event) and (line.key == self.event or (cut and line.key.startswith(self.event)))

    @property
    def narrowed(self) -> bool:
        return bool(self.direction) or any(self.values.values())

    def address(self, **other: str) -> str:
        """The query string that gives this choice again, without a place in its pages."""
        pairs = [(name, value) for name in FILTERS for value in self.of(name)]
        pairs += [("direction", self.direction)] if self.direction else []
        given = {"period": self.period}
        if self.period == "custom":
            given |= {"from": f"{self.start:%Y-%m-%dT%H:%M:%S}", "to": f"{self.end:%Y-%m-%dT%H:%M:%S}"}
        return urlencode([*pairs, *(given | other).items()])

    def slice_before(self) -> "Chosen":
        """The seven days before these, with the same filters."""
        return replace(self, period="custom", start=self.start - timedelta(days=7), end=self.start, before=None)


def chosen(parameters: Any, *, now: datetime) -> Chosen:
    """What an address asks for; what makes no sense falls back to the default."""
    period = parameters.get("period", DEFAULT_PERIOD)
    start, end = _window(parameters, period, now)
    custom = period == "custom" and start is not None
    if start is None:
        period = period if period in PERIODS else DEFAULT_PERIOD
        start, end = now - timedelta(days=PERIODS[period][1]), now
    values = {name: _values(parameters.getlist(name)) for name in FILTERS}
    way = parameters.get("direction", "")
    return Chosen(
        start=start,
        end=end,
        period="custom" if custom else period,
        values={name: found for name, found in values.items() if found},
        direction=way if way in ("by", "on") else "",
        before=place(parameters.get("before", "")),
        event=parameters.get("event", "")[:200],
    )


def _values(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value[:300] for value in given if value))[:MOST_VALUES]


def _window(parameters: Any, period: str, now: datetime) -> tuple[datetime | None, datetime]:
    """From and to of a period of one's own, no longer and no older than the lake keeps."""
    start, end = _moment(parameters.get("from", "")), _moment(parameters.get("to", "")) or now
    if period != "custom" or start is None or start >= end:
        return None, now
    return max(start, now - timedelta(days=MOST_DAYS)), max(end, now - timedelta(days=MOST_DAYS - 1))


def _moment(words: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(words)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def place(words: str) -> tuple[datetime, str] | None:
    """A place in the pages: the time and key of the last line that was shown."""
    at, _, key = words.partition("|")
    found = _moment(at)
    return (found, key[:400]) if found and key else None


def place_of(line: Line) -> str:
    return f"{line.at.astimezone(UTC).isoformat()}|{line.key}"
