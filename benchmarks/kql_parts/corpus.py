"""The corpus: public queries, the official binder's result columns, the documentation's examples with their printed results."""

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watchfloor.lake.kql.model import CatalogueColumn, CatalogueTable
from watchfloor.lake.kql.types import SQL_TYPES, Type

NOW = datetime(2026, 11, 1, tzinfo=UTC)
_OTHER_NAMES = {"double": "real", "object": "dynamic", "boolean": "bool"}
_RESHAPES = re.compile(
    r"\|\s*(project|summarize|distinct|join|extend|mv-|union|make-series|count|parse|lookup|evaluate|getschema|invoke|top-nested)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the official binder says a query gives; `open` when that depends on data."""

    columns: tuple[tuple[str, str], ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Corpus:
    """`queries` by id as the corpus has them; `answers` by the same ids; `tables` those whose columns are known.

    `seen` names the tables whose columns were read off the binder's own answers, the others come from the documentation.
    """

    queries: Mapping[str, dict[str, Any]]
    answers: Mapping[str, Answer]
    tables: Mapping[str, CatalogueTable]
    seen: frozenset[str]
    goldens: tuple[dict[str, Any], ...]

    def table(self, name: str) -> CatalogueTable | None:
        return self.tables.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self.tables)

    def in_scope(self, *, core: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
        """Queries the official parser and binder take whose tables are all known."""
        for name, query in self.queries.items():
            clean = query["in_scope"] and query["parses"] and query["sem_clean"]
            if clean and (query["core"] or not core) and all(table in self.tables for table in query["tables"]):
                yield name, query


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def read(folder: Path) -> Corpus:
    """The corpus in `folder`: queries.jsonl, result_schemas.jsonl, docs_goldens.jsonl, and table schemas where there are any."""
    queries = {one["id"]: one for one in lines(folder / "queries.jsonl")}
    answers = {
        one["id"]: Answer(tuple((name, kind) for name, kind in one["columns"]), bool(one["open"]))
        for one in lines(folder / "result_schemas.jsonl")
    }
    documented = _documented(folder)
    seen = _seen(queries, answers)
    tables = {name: _table(name, columns, seen.get(name, ())) for name, columns in documented.items()}
    tables |= {name: _table(name, columns, columns) for name, columns in seen.items() if name not in tables}
    return Corpus(queries, answers, tables, frozenset(seen), tuple(lines(folder / "docs_goldens.jsonl")))


def _documented(folder: Path) -> dict[str, tuple[tuple[str, str], ...]]:
    """Columns by table from `xdr-schema.json`, beside the corpus or in it; nothing when it is not there."""
    for place in (folder / "xdr-schema.json", *(parent / "reference/xdr-schema.json" for parent in folder.parents)):
        if place.is_file():
            found = json.loads(place.read_text(encoding="utf-8"))
            return {table: tuple(columns.items()) for table, columns in found.items()}
    return {}


def _seen(
    queries: Mapping[str, dict[str, Any]], answers: Mapping[str, Answer]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """The columns of tables that some query shows as they are."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, answer in answers.items():
        query = queries.get(name)
        if query is None or len(query["tables"]) != 1 or "let " in query["query"] or _RESHAPES.search(query["query"]):
            continue
        table = query["tables"][0]
        if len(answer.columns) > len(found.get(table, ())):
            found[table] = answer.columns
    return found


def _table(name: str, columns: tuple[tuple[str, str], ...], seen: tuple[tuple[str, str], ...]) -> CatalogueTable:
    """What the binder showed comes first; both spellings of the time can be named."""
    shown = [CatalogueColumn(one, _type(kind)) for one, kind in seen or columns]
    have = {column.name for column in shown}
    shown += [CatalogueColumn(one, _type(kind), extra=True) for one, kind in columns if one not in have]
    have |= {column.name for column in shown}
    for time in ("Timestamp", "TimeGenerated"):
        if time not in have:
            shown.append(CatalogueColumn(time, Type.DATETIME, extra=True))
    return CatalogueTable(name, name, tuple(shown))


def _type(kind: str) -> Type:
    return Type(_OTHER_NAMES.get(kind, kind))


# --- rows to run on ---------------------------------------------------------------------------------------------------

_TEXTS = (
    "", "ada@contoso.example", "max@contoso.example", "10.1.2.3", "203.0.113.9", "https://login.example/a?b=c&d=e",
    "Phish, Malware", '{"a": {"b": [1, "x", null]}, "Name": "n"}', '["x", "y"]', "invoice.pdf", "0", "1.5", "Success",
    "2026-10-30T01:02:03Z", "it's \\ \"odd\" %_", "fe80::1", "C:\\Windows\\a.exe -enc QQBB",
)  # fmt: skip
_DYNAMICS = (
    None,
    "{}",
    "[]",
    '{"a": {"b": 1}, "Name": "n", "Value": [1, 2]}',
    '["x", {"displayName": "d"}]',
    '"x"',
    "7",
)


def table_statements(table: CatalogueTable, rows: int) -> list[str]:
    """SQL that makes the physical table with `rows` rows of every kind of value; the same table has the same rows."""
    columns: dict[str, CatalogueColumn] = {}
    for column in table.columns:
        columns.setdefault(column.name.lower(), column)
    shown = ", ".join(f'"{column.name}" {SQL_TYPES[column.type]}' for column in columns.values())
    dice = random.Random(table.name)
    values = [f"({', '.join(_cell(column.type, dice) for column in columns.values())})" for _ in range(rows)]
    made = [f'CREATE OR REPLACE TABLE "{table.table}" ({shown})']
    return [*made, f'INSERT INTO "{table.table}" VALUES {", ".join(values)}'] if values else made


def _cell(kind: Type, dice: random.Random) -> str:
    if kind is Type.STRING:
        return _quoted(dice.choice(_TEXTS))
    if dice.random() < 0.15:
        return "NULL"
    if kind is Type.DATETIME:
        moment = NOW - timedelta(seconds=dice.randrange(40 * 86_400))
        return f"TIMESTAMPTZ {_quoted(moment.isoformat())}"
    if kind is Type.BOOL:
        return dice.choice(("TRUE", "FALSE"))
    if kind is Type.DYNAMIC:
        held = dice.choice(_DYNAMICS)
        return "NULL" if held is None else f"CAST({_quoted(held)} AS JSON)"
    if kind is Type.GUID:
        return _quoted("8c5b1d2e-0000-4000-8000-00000000000" + str(dice.randrange(10)))
    return str(dice.randrange(-5, 500))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
