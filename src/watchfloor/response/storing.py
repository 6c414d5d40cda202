"""Ledger lines into the database by the thousand: one prepared statement, values converted once.

Django's bulk_create and bulk_update compile every field of every row, which costs more than the database does.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connection, connections, transaction
from django.db.models import Field, JSONField

from watchfloor.response.models import LedgerLine

AS_THEY_ARE = frozenset({"CharField", "TextField", "BooleanField", "BigAutoField"})
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
    own_key = LedgerLine._meta.get_field("id")
    _execute(f"UPDATE {table} SET {changes} WHERE {key} = %s", _rows(lines, [*known, own_key]))  # noqa: S608 (names of our own model)


def _execute(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _rows(lines: Sequence[LedgerLine], fields: Sequence["Field[Any, Any]"]) -> list[tuple[Any, ...]]:
    """The fields of all lines as the database takes them: read together, then only the columns that need it are converted."""
    if not lines:
        return []
    columns = list(zip(*map(attrgetter(*(field.attname for field in fields)), lines), strict=True))
    return list(zip(*map(_converted, columns, fields), strict=True))


def _converted(values: tuple[Any, ...], field: "Field[Any, Any]") -> Iterable[Any]:
    """One column as the database takes it; a value that was converted before is not converted again."""
    kind = field.get_internal_type()
    if kind in AS_THEY_ARE:
        return values
    real = connections[connection.alias]  # the proxy costs as much as the conversion
    if isinstance(field, JSONField):
        empty = field.get_db_prep_save([], real)
        return [real.ops.adapt_json_value(value, field.encoder) if value else empty for value in values]
    known = {value: field.get_db_prep_save(value, real) for value in set(values)}
    return [known[value] for value in values]


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
