"""The time picker: a window laid over every table that a query names, or none when the query says its own times."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchfloor.kernel.errors import BadInput

SPANS: Mapping[str, tuple[str, timedelta | None]] = {
    "24h": ("24 hours", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "90d": ("90 days", timedelta(days=90)),
    "query": ("Set in query", None),
}
DEFAULT = "30d"
_SKIPPED = re.compile(
    r"//[^\n]*|[hH]?@?\"(?:[^\"\\\n]|\\.)*\"|[hH]?@?'(?:[^'\\\n]|\\.)*'|```.*?```|~~~.*?~~~", re.DOTALL
)
_LET = re.compile(r"\blet\s+(\w+)")
_WORD = re.compile(r"(?<![\w.$])[A-Za-z_]\w*(?!\s*\()")


@dataclass(frozen=True, slots=True)
class Window:
    """Times from `start` to `end`, both None when the query itself says them. `key` is what the address holds."""

    key: str
    label: str
    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def between(cls, start: datetime | None, end: datetime | None) -> "Window":
        """These times, or none of them."""
        if start is None or end is None:
            return cls("query", SPANS["query"][0])
        return cls("custom", f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC", start, end)

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        if self.key != "custom" or self.start is None or self.end is None:
            return (("range", self.key),)
        return (("from", f"{self.start:%Y-%m-%dT%H:%M}"), ("to", f"{self.end:%Y-%m-%dT%H:%M}"))


def read_window(parameters: Mapping[str, str], *, now: datetime) -> Window:
    """The window that an address or form names: `range`, or `from` and `to` in UTC. Raises BadInput."""
    if parameters.get("range") == "custom" or ("from" in parameters and "range" not in parameters):
        start, end = (_moment(parameters.get(name, ""), name) for name in ("from", "to"))
        if start >= end:
            raise BadInput("the time must end after it begins", place="to")
        return Window.between(start, end)
    key = parameters.get("range") or DEFAULT
    label, length = SPANS.get(key) or SPANS[DEFAULT]
    if length is None:
        return Window(key, label)
    return Window(key if key in SPANS else DEFAULT, f"Last {label}", now - length, now)


def _moment(text: str, place: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise BadInput("write a day and a time, as 2026-11-22T09:30", place=place) from None


def tables_named(text: str, time_of: Callable[[str], str | None]) -> dict[str, str]:
    """The tables a text names, each with its time column; names in texts and comments, and those it binds itself, are none."""
    plain = _SKIPPED.sub(" ", text)
    own = set(_LET.findall(plain))
    found = {name: time_of(name) for name in _WORD.findall(plain) if name not in own}
    return {name: time for name, time in found.items() if time}


def narrowing(text: str, window: Window, time_of: Callable[[str], str | None]) -> str:
    """What is set before a query so that its tables hold the window alone; empty when there is none.

    Each table the text names is bound anew to its rows of that time, which is how a person would write it. `time_of` gives a
    table's time column, None for a name that is no table. `search` and `union *` name no table and are not narrowed.
    """
    if window.start is None or window.end is None:
        return ""
    span = f"between (datetime({_written(window.start)}) .. datetime({_written(window.end)}))"
    found = tables_named(text, time_of)
    return "".join(f"let {name} = {name} | where {time} {span}; " for name, time in found.items())


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
