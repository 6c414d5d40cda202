"""Records of anything else, read by a mapping that the administrator writes: our column on the left, where it stands on the right.

    table = IdentityLogonEvents
    only event.kind = login, logout
    pattern message = user (?P<user>\\S+) came from (?P<ip>\\S+)
    Timestamp = event.time
    AccountUpn = user.email
    Application = "Shop"
    ActionType = event.outcome {ok: LogonSuccess, *: LogonFailed}

A path goes through objects by dots and into lists by number; quotes mark a constant; braces translate values, * is every other one.
`pattern` takes a text apart, its named groups are then paths of their own; `only` leaves other records out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchfloor.connectors.records.fields import moment_of
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row
from watchfloor.kernel.errors import BadInput

LONGEST_MAPPING = 20_000
LONGEST_TEXT = 8_192
TIME_COLUMNS = ("Timestamp", "StartTime", "EndTime")
_LINE = re.compile(r"(only |pattern )?\s*([^=\s][^=]*?)\s*=\s*(.*)")
_TRANSLATED = re.compile(r"([^{\s][^{]*?)\s*\{(.*)\}")
Known = Mapping[str, frozenset[str]]
"""The tables there are, and the columns of each."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where one column's value comes from: a path, or the constant itself; `words` translates it."""

    path: tuple[str, ...] = ()
    constant: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def of(self, record: Mapping[str, Any]) -> Any:
        value = found(record, self.path) if self.path else self.constant
        if not self.words:
            return value
        said = "" if value is None else str(value)
        return self.words.get(said.lower(), self.words.get("*", value))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping, ready to read records with."""

    table: str
    columns: Mapping[str, Told]
    only: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = ()
    patterns: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = ()

    def parse(self, record: Mapping[str, Any]) -> tuple[Row, ...]:
        """The row of this record, none where it is left out. Raises BadInput for a time that is none."""
        whole = self._taken_apart(record)
        if whole is None or not self._wanted(whole):
            return ()
        row = {column: value for column, told in self.columns.items() if (value := told.of(whole)) is not None}
        for column in TIME_COLUMNS:
            if column in row:
                row[column] = _time(column, row[column])
        row.setdefault("ReportId", fingerprint(record))
        return ((self.table, row),)

    def _wanted(self, record: Mapping[str, Any]) -> bool:
        return all(str(found(record, path)).lower() in words for path, words in self.only)

    def _taken_apart(self, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        whole = record
        for path, pattern in self.patterns:
            said = pattern.search(str(found(record, path) or "")[:LONGEST_TEXT])
            if said is None:
                return None
            whole = {**whole, **{name: value for name, value in said.groupdict().items() if value is not None}}
        return whole


def found(record: Any, path: tuple[str, ...]) -> Any:
    """What stands at the path, None for nothing; a name with dots in it is found, too."""
    for number, step in enumerate(path):
        if isinstance(record, Mapping):
            rest = ".".join(path[number:])
            if rest in record:
                return record[rest]
            record = record.get(step)
        elif isinstance(record, list) and step.isdigit() and int(step) < len(record):
            record = record[int(step)]
        else:
            return None
    return record


def _time(column: str, value: Any) -> Any:
    moment = moment_of(value)
    if moment is None:
        raise BadInput(f"“{str(value)[:60]}” is no time", place=column)
    return moment


def mapped(text: str, *, known: Known) -> Mapped:
    """The mapping that was written. Raises BadInput naming the line that is wrong."""
    if len(text) > LONGEST_MAPPING:
        raise BadInput("the mapping is too long", place="mapping")
    table, columns, only, patterns = "", {}, [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        read = _LINE.fullmatch(line.strip())
        if read is None:
            raise _wrong(number, "is no “name = value”")
        word, name, value = (read[1] or "").strip(), read[2].strip(), read[3].strip()
        if word == "only":
            only.append((_path(name), frozenset(one.strip().lower() for one in value.split(","))))
        elif word == "pattern":
            patterns.append((_path(name), _pattern(number, value)))
        elif name == "table":
            table = value.strip('"')
        else:
            columns[name] = _told(number, value)
    _check(table, columns, known)
    return Mapped(table, columns, tuple(only), tuple(patterns))


def _check(table: str, columns: Mapping[str, Told], known: Known) -> None:
    if not table:
        raise BadInput("the mapping names no table: “table = IdentityLogonEvents”", place="mapping")
    if known and table not in known:
        raise BadInput(f"there is no table “{table}”; tables are {', '.join(sorted(known))}", place="mapping")
    if strange := sorted(set(columns) - known.get(table, frozenset(columns))):
        raise BadInput(f"{table} has no column “{strange[0]}”", place="mapping")
    if not columns:
        raise BadInput("the mapping fills no column", place="mapping")


def _told(number: int, value: str) -> Told:
    if not value:
        raise _wrong(number, "says not where the value stands")
    if value[:1] == '"':
        if len(value) < 2 or value[-1] != '"':
            raise _wrong(number, "has no closing quote")
        return Told(constant=value[1:-1])
    if translated := _TRANSLATED.fullmatch(value):
        return Told(_path(translated[1]), words=_words(number, translated[2]))
    return Told(_path(value))


def _words(number: int, text: str) -> dict[str, str]:
    words = {}
    for pair in text.split(","):
        said, colon, means = pair.partition(":")
        if not colon:
            raise _wrong(number, f"translates “{pair.strip()}” to nothing")
        words[said.strip().strip('"').lower()] = means.strip().strip('"')
    return words


def _pattern(number: int, text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise _wrong(number, f"has a pattern that cannot be read: {error}") from None
    if not pattern.groupindex:
        raise _wrong(number, "has a pattern without named groups, as (?P<user>...)")
    return pattern


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.removeprefix("$.").strip().split("."))


def _wrong(number: int, words: str) -> BadInput:
    return BadInput(f"line {number} of the mapping {words}", place="mapping")
