"""Reading a record's values under whichever spelling a product, an export or a spreadsheet gave them.

Names are found in any case; the marks that table exports add to a column's name (“ [UTC]”, “_dynamic”, “_s”) are overlooked, and
an object that was written into a cell as JSON text is read as the object.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from watchfloor.kernel.errors import BadInput

LONGEST = 8192
"""Characters of one value; longer ones are cut."""
MOST_PARTS = 500
"""Members of one list that are looked at."""
RAW_AT_MOST = 60_000
"""Characters of a kept record; the lake cuts a cell at 65,536, and a cut JSON text is none."""
_MARKS = re.compile(r"( \[utc\]|_(dynamic|string|[sdgbt]))$")
_AMERICAN = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(?: ?([AaPp])[Mm])?"
)
_HOST_AND_PORT = re.compile(r"\[([0-9a-fA-F:.%]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))
"""From which size on a number of time is nano-, micro-, milliseconds or seconds."""


@lru_cache(maxsize=8192)
def _spelt(key: str) -> tuple[str, str]:
    """A key as names are compared, and the same without an export's mark."""
    plain = key.strip().lower()[:200]
    return plain, _MARKS.sub("", plain)


class Fields:
    """One record, or one object inside it. Every reader takes several names and gives the first value that is there."""

    __slots__ = ("_found",)

    def __init__(self, *records: Mapping[str, Any]) -> None:
        """Of several records, the later ones win where both say something."""
        self._found: dict[str, Any] = {}
        marked: dict[str, Any] = {}
        for record in records:
            for key, value in record.items():
                if value is None or value == "":
                    continue
                plain, bare = _spelt(str(key))
                self._found[plain] = value
                if bare != plain:
                    marked.setdefault(bare, value)
        for bare, value in marked.items():
            self._found.setdefault(bare, value)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._found

    def value(self, *names: str) -> Any:
        """The value as it stands, None when there is none."""
        return next((found for name in names if (found := self._found.get(name.lower())) is not None), None)

    def text(self, *names: str) -> str:
        """The value as text, an object as JSON; "" when there is none."""
        return as_text(self.value(*names))

    def address(self, *names: str) -> str:
        """The first that is an IP address, without port or brackets; "" when none is."""
        return next((found for name in names if (found := _address(self.text(name)))), "")

    def switch(self, *names: str) -> bool | None:
        said = self.text(*names).lower()
        return True if said in _TRUE else False if said in _FALSE else None

    def whole(self, *names: str) -> int | None:
        """The value as a whole number, None when it is none."""
        try:
            return int(self.text(*names)[:20])
        except ValueError:
            return None

    def part(self, *names: str) -> "Fields":
        """The object of that name, empty when there is none; of a list its first object."""
        return next(iter(self.parts(*names)), Fields())

    def parts(self, *names: str) -> list["Fields"]:
        """The objects of the first of these names that has any, be it one or a list."""
        for name in names:
            if found := [Fields(one) for one in _objects(opened(self.value(name)))]:
                return found
        return []

    def named(self, *names: str) -> dict[str, str]:
        """A list of `{Name, Value}` objects as texts by lower-case name."""
        return {one.text("name", "key").lower(): one.text("value") for one in self.parts(*names)}

    def time(self, *names: str) -> datetime:
        """The moment. Raises BadInput when the record tells none that can be read; a time without zone is UTC."""
        for name in names:
            if (said := self.value(name)) is not None and (moment := moment_of(said)) is not None:
                return moment
        raise BadInput("there is no time that could be read", place=names[0])

    def moment(self, *names: str) -> datetime | None:
        """As `time`, None when there is none."""
        return next((found for name in names if (found := moment_of(self.value(name)))), None)


def as_text(value: Any) -> str:
    """A value on one level: an object or list as JSON, true and false in small letters."""
    if isinstance(value, str):
        return value[:LONGEST]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return written(value)[:LONGEST]
    return str(value)[:LONGEST]


def written(value: Any) -> str:
    """Compact JSON. Raises BadInput for what is nested too deeply."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (RecursionError, ValueError) as error:
        raise BadInput("it is nested too deeply, or is no JSON", place="record") from error


def opened(value: Any) -> Any:
    """The value, or what its text holds as JSON; text that only looks like it, as “[2001:db8::1]:443”, stays."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    members = value[:MOST_PARTS] if isinstance(value, list | tuple) else (value,)
    return (one for one in members if isinstance(one, Mapping))


def kept(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record to keep beside its row: whole, or where it is huge without its largest values, which are named."""
    if len(written(record)) <= RAW_AT_MOST:
        return record
    sizes = sorted(((len(written(value)), str(key)[:200]) for key, value in record.items()), reverse=True)
    lost, room = set(), sum(size + len(key) + 4 for size, key in sizes) - RAW_AT_MOST // 2
    for size, key in sizes:
        if room <= 0:
            break
        lost.add(key)
        room -= size + len(key)
    rest = {key: value for key, value in record.items() if str(key)[:200] not in lost}
    return {**rest, "watchfloor_left_out": sorted(lost)[:100]}


def moment_of(said: Any) -> datetime | None:
    """A time as products write it: RFC 3339, with a blank, American, or a number since 1970; None when it is none."""
    try:
        if isinstance(said, datetime):
            moment = said
        elif isinstance(said, int | float) and not isinstance(said, bool):
            moment = _since_1970(float(said))
        elif isinstance(said, str):
            moment = _from_text(said.strip()[:64])
        else:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_text(text: str) -> datetime:
    if american := _AMERICAN.fullmatch(text):
        month, day, year, hour, minute, second, part, half = american.groups()
        hours = int(hour) % 12 + (12 if half in "pP" else 0) if half else int(hour)
        micro = int((part or "").ljust(6, "0"))
        return datetime(int(year), int(month), int(day), hours, int(minute), int(second or 0), micro, tzinfo=UTC)
    if text.replace(".", "", 1).isdigit():
        return _since_1970(float(text))
    return datetime.fromisoformat(text.removesuffix(" UTC"))


def _since_1970(number: float) -> datetime:
    unit = next(unit for least, unit in _UNITS if abs(number) >= least)
    return datetime.fromtimestamp(number / unit, UTC)


@lru_cache(maxsize=8192)
def _address(text: str) -> str:
    text = text.strip()
    if with_port := _HOST_AND_PORT.fullmatch(text):
        text = with_port[1] or with_port[2]
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
