"""Ledger lines into the database by the thousand: one prepared statement, values converted once.

Django's bulk_create and bulk_update compile every field of every row, which costs more than the database does.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, connections, transaction
from django.db.models import Field

from watchfloor.response.models import LedgerLine

AS_THEY_ARE = frozenset({"CharField", "TextField", "BooleanField"})
"""Kinds whose Python values every database takes as they are."""


def insert_lines(lines: Sequence[LedgerLine]) -> None:
    """Store new lines; one whose message and mailbox has its line already is left out."""
    fields = [field for field in LedgerLine._meta.concrete_fields if not field.primary_key]
    names = ", ".join(_quoted(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = _quoted(LedgerLine._meta.db_table)
    statement = f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608 (names of our own model)
    _execute(statement, _rows(lines, fields))


def save_lines(lines: Sequence[LedgerLine], *, fields: Sequence[str]) -> None:
    """Store these fields of many lines that are there."""
    known = [field for field in LedgerLine._meta.concrete_fields if field.name in fields]
    changes = ", ".join(f"{_quoted(str(field.column))} = %s" for field in known)
    table, key = _quoted(LedgerLine._meta.db_table), _quoted("id")
    rows = [(*values, line.pk) for values, line in zip(_rows(lines, known), lines, strict=True)]
    _execute(f"UPDATE {table} SET {changes} WHERE {key} = %s", rows)  # noqa: S608 (names of our own model)


def _execute(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _rows(lines: Sequence[LedgerLine], fields: Sequence["Field[Any, Any]"]) -> list[tuple[Any, ...]]:
    columns = [list(_column(lines, field)) for field in fields]
    return list(zip(*columns, strict=True)) if lines else []


def _column(lines: Sequence[LedgerLine], field: "Field[Any, Any]") -> Iterator[Any]:
    """One field of all lines as the database takes it; a value that was converted before is not converted again."""
    values = (getattr(line, field.attname) for line in lines)
    if field.get_internal_type() in AS_THEY_ARE:
        yield from values
        return
    known: dict[Any, Any] = {}
    real = connections[connection.alias]  # the proxy costs as much as the conversion
    for value in values:
        if isinstance(value, list | dict) and value:
            yield field.get_db_prep_save(value, real)
            continue
        key = repr(value) if isinstance(value, list | dict) else value
        if key not in known:
            known[key] = field.get_db_prep_save(value, real)
        yield known[key]


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
