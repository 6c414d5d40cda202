"""The data file that says where each kind of event lies: read once, and checked against the tables it names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from watchfloor.hunting.sigma.inside import PATH
from watchfloor.hunting.sigma.places import Begun, Joined, Listed, Place, Read, Several, Spelled, with_quotes
from watchfloor.hunting.sigma.refusing import Refusal
from watchfloor.hunting.sigma.rules import Logsource
from watchfloor.hunting.sigma.texts import quoted
from watchfloor.kernel.errors import BadInput
from watchfloor.lake.selectors import KqlTables

FILE = Path(__file__).with_name("logsources.yaml")
DYNAMIC = "dynamic"
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
WORDS = {
    "and",
    "or",
    "not",
    "in",
    "has",
    "contains",
    "startswith",
    "endswith",
    "between",
    "by",
    "on",
    "with",
    "to",
    "of",
}
"""Names that mean something else in KQL after a dot or without one."""


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one kind: `wheres` hold for all of them, which have one of the values of `kinds` in these columns.

    `record` is the column with the record itself, "" without one.
    """

    table: str
    wheres: tuple[str, ...]
    kinds: Mapping[str, tuple[str, ...]]
    record: str
    keywords: tuple[Read, ...]
    entities: tuple[tuple[str, str], ...]
    fields: Mapping[str, Place]
    folded: Mapping[str, Place]
    types: Mapping[str, str]

    def field(self, name: str) -> Place:
        """The place of a field, as it is spelled or ignoring case. Raises Refusal for one that lies nowhere."""
        found = self.fields.get(name) or self.folded.get(name.lower())
        if found is not None:
            return found
        if self.record:
            return place_of(f"{self.record}.{name}", self.types)
        raise Refusal(f"{self.table} has no column for the field “{name}”", field=name)


@dataclass(frozen=True, slots=True)
class Entry:
    """`when` says which rules it is for."""

    when: Mapping[str, str]
    events: Events

    def fits(self, source: Logsource) -> bool:
        said = {"category": source.category, "product": source.product, "service": source.service}
        return all(said.get(key, "").lower() == value.lower() for key, value in self.when.items())


def events_of(source: Logsource) -> Events:
    """Where the events of a rule's logsource lie. Raises Refusal when we have no such table."""
    for entry in entries():
        if entry.fits(source):
            return entry.events
    raise Refusal(f"we have no table for events of {source}" if str(source) else "the rule names no logsource")


@cache
def entries() -> tuple[Entry, ...]:
    """What the file says. Raises BadInput with the entry that is wrong."""
    held = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(_entry(one) for one in held["entries"])


def _entry(one: Mapping[str, Any]) -> Entry:
    name = str(one["table"])
    table = KqlTables().table(name)
    if table is None:
        raise BadInput(f"there is no table {name}", place=FILE.name)
    types = {column.name: str(column.type) for column in table.columns}
    kinds = {_column(column, types).kql: tuple(values) for column, values in one.get("is", {}).items()}
    fields = {field: read(said, types) for field, said in one["fields"].items()}
    events = Events(
        table=name,
        wheres=(
            *(_kind(column, values) for column, values in kinds.items()),
            *([one["where"]] if "where" in one else []),
        ),
        kinds=kinds,
        record=str(one.get("record", "")),
        keywords=tuple(_column(word, types) for word in one.get("keywords", ())),
        entities=tuple((column, role) for column, role in one["entities"]),
        fields=fields,
        folded={field.lower(): place for field, place in fields.items()},
        types=types,
    )
    for column, _ in events.entities:
        _column(column, types)
    return Entry(one["when"], events)


def _kind(column: str, values: tuple[str, ...]) -> str:
    said = ", ".join(map(quoted, values))
    return f"{column} == {said}" if len(values) == 1 else f"{column} in ({said})"


def read(said: Any, types: Mapping[str, str]) -> Place:
    """A field as the file writes it. Raises BadInput for a column that is not there."""
    match said:
        case str():
            return place_of(said, types)
        case {"any": places}:
            return Several(tuple(read(one, types) for one in places))
        case {"joined": columns, "by": sign}:
            return _joined([_column(column, types) for column in columns], sign)
        case {"values": words, **more}:
            otherwise = read(more["otherwise"], types) if "otherwise" in more else None
            reads = tuple(name for name in types if any(name in condition.split() for condition in words.values()))
            return Spelled({word.lower(): condition for word, condition in words.items()}, otherwise, reads)
        case {"of": of, "starts": starts}:
            return Begun(read(of, types), starts)
        case {"of": of, "quoted": True}:
            return with_quotes(read(of, types))
    raise BadInput(f"“{said}” says no place of a field", place=FILE.name)


def _joined(columns: list[Read], sign: str) -> Joined:
    """Two columns as one text."""
    texts = [column.text() for column in columns]
    joined = f"strcat({f', {quoted(sign)}, '.join(texts)})"
    return Joined(joined, "string", tuple(name for column in columns for name in column.of), sign)


def _column(name: str, types: Mapping[str, str]) -> Read:
    if name not in types:
        raise BadInput(f"there is no column {name}", place=FILE.name)
    return Read(name, types[name], (name,))


def place_of(path: str, types: Mapping[str, str]) -> Place:
    """A column, or a path inside one that holds JSON."""
    column, *steps = _steps(path)
    if column.endswith("]"):
        column, steps = column.partition("[")[0], ["[" + column.partition("[")[2], *steps]
    whole = _column(column, types)
    if not steps:
        return whole
    if any("[" in step for step in steps):
        return Listed(column, tuple(steps))
    kql = column if whole.type == DYNAMIC else f"parse_json({column})"
    return Read(kql + "".join(map(_member, steps)), DYNAMIC, (column,))


def _member(name: str) -> str:
    return f".{name}" if NAME.fullmatch(name) and name.lower() not in WORDS else f"[{quoted(name)}]"


def _steps(path: str) -> list[str]:
    found: list[str] = PATH.findall(path)
    return found
