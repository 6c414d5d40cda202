"""Checking KQL without running it: what a text's tables are, whether it parses and binds, and where it does not."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.lake import lists
from watchfloor.lake.kql import editing
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import CatalogueTable
from watchfloor.lake.kql.parsing import parse
from watchfloor.lake.kql_tables import KqlTables, place_of

SUFFIXES = frozenset({".kql", ".csl", ".txt", ".kusto", ".jsonl"})


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong (`kind` error) or doubtful (warning) about characters [start, end) of a query."""

    start: int
    end: int
    words: str
    kind: str = "error"


@dataclass(frozen=True, slots=True)
class Checked:
    """One query of a file. `tables` are those it reads, `unknown` those of them that are not ours; `columns` (name, type)."""

    name: str
    parsed: bool
    in_scope: bool
    compiled: bool
    reason: str = ""
    line: int = 0
    column: int = 0
    tables: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        return f"{self.name}:{self.line}:{self.column}" if self.line else self.name


def check_query(text: str, *, now: datetime, by: Actor | None = None) -> list[Remark]:
    """What the editor marks while somebody types; nothing for a query that would run."""
    try:
        found = editing.check(text, catalogue=KqlTables(by), now=now, hosts=lists.hosts(text))
    except Forbidden as error:
        return [Remark(0, len(text), error.message)]
    return [Remark(one.start, one.end, one.words, "warning" if one.kind == "warning" else "error") for one in found]


def complete_query(text: str, position: int, *, now: datetime, by: Actor | None = None) -> list[editing.Completion]:
    """Words that may stand at `position`, those of the place first: tables `by` may read, columns, functions, operators."""
    try:
        found = editing.completions(text, position, catalogue=KqlTables(by), now=now)
    except Forbidden:
        return []
    return [dataclasses.replace(one, detail=_told(one)) for one in found]


def _told(one: editing.Completion) -> str:
    """What our own tables and columns are, in the words of the schema."""
    place = place_of(one.name if one.kind == "table" else one.of)
    if place is None:
        return one.detail
    if one.kind == "table":
        return place.description
    words = next((column.description for column in place.columns if column.name == one.name), "")
    return f"{one.detail}: {words}" if words else one.detail


def check_files(paths: Iterable[Path], *, now: datetime) -> Iterator[Checked]:
    """Every query in files, folders and JSONL files with a `query` field. Raises BadInput for a path that is none of these."""
    for name, text in _queries(paths):
        yield checked(name, text, now=now)


class _Noting(KqlTables):
    """The whole catalogue, remembering what was asked for and is not there: `table(name)` says it only when it is bound."""

    def __init__(self) -> None:
        super().__init__()
        self.lacking: dict[str, None] = {}

    def table(self, name: str) -> CatalogueTable | None:
        found = super().table(name)
        if found is None:
            self.lacking.setdefault(name)
        return found


def checked(name: str, text: str, *, now: datetime) -> Checked:
    """One query parsed, its tables looked up, and bound when all of them are ours."""
    try:
        tree = parse(text)
    except KqlError as error:
        return Checked(name, False, False, False, error.words, *error.position(text))
    tables = tables_of(tree)
    unknown = tuple(table for table in tables if place_of(table) is None)
    if unknown:
        return _not_ours(name, tables, unknown)
    catalogue = _Noting()
    try:
        compiled = compile_query(text, catalogue=catalogue, now=now)
        compiled.sql("duckdb", last=True)
    except KqlError as error:
        if catalogue.lacking:
            return _not_ours(name, tables, tuple(catalogue.lacking))
        return Checked(name, True, True, False, error.words, *error.position(text), tables)
    columns = tuple((column, kind.value) for column, kind in compiled.columns)
    return Checked(name, True, True, True, tables=tables, columns=columns)


def _not_ours(name: str, tables: tuple[str, ...], unknown: tuple[str, ...]) -> Checked:
    return Checked(name, True, False, False, f"not our tables: {', '.join(unknown)}", tables=tables, unknown=unknown)


def tables_of(tree: s.Query) -> tuple[str, ...]:
    """Names of tables a query reads: every name where a table stands that no `let`, `as` or parameter gave."""
    read: dict[str, None] = {}
    given: set[str] = set()
    for node in _nodes(tree):
        match node:
            case s.Table(name=name):
                read.setdefault(name)
            case s.Search(tables=names):
                read |= dict.fromkeys(names)
            case s.Let(name=name) | s.As(name=name) | s.Parameter(name=name):
                given.add(name)
            case s.Invocation(call=call) if call.name not in KNOWN_FUNCTIONS:
                read.setdefault(f"{call.name}()")
    return tuple(name for name in read if name.removesuffix("()") not in given and "*" not in name)


KNOWN_FUNCTIONS = frozenset({"materialize", "view", "table", "toscalar", "_GetWatchlist", "_ASIM_GetWatchlistRaw"})


def _nodes(node: Any) -> Iterator[s.Node]:
    """A node and all below it."""
    if isinstance(node, s.Node):
        yield node
        for field in dataclasses.fields(node):
            yield from _nodes(getattr(node, field.name))
    elif isinstance(node, tuple):
        for part in node:
            yield from _nodes(part)


def _queries(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        if path.is_dir():
            yield from _queries(sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES and one.is_file()))
        elif path.suffix == ".jsonl":
            yield from _lines(path)
        else:
            yield str(path), path.read_text(encoding="utf-8-sig", errors="replace")


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            if line.strip():
                yield f"{path}:{number}", _query_in(line, f"{path}, line {number}")


def _query_in(line: str, place: str) -> str:
    try:
        held = json.loads(line)
    except ValueError as error:
        raise BadInput("this is no JSON", place=place) from error
    if not isinstance(held, dict) or not isinstance(held.get("query"), str):
        raise BadInput("there is no text in the field “query”", place=place)
    query: str = held["query"]
    return query
