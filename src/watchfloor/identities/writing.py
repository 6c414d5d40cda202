"""Many rows of one table by one prepared statement.

A directory brings tens of thousands of rows of thirty columns, and `bulk_create` spends most of its time on building statements.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, JSONField, Model


def write_models(rows: Sequence[Model], *, unique: Sequence[str] = (), update: Sequence[str] = ()) -> None:
    """Insert models without numbers of their own, which stay without; with `unique` and `update` as `write_rows`."""
    if rows:
        model = type(rows[0])
        names = [one.attname for one in model._meta.concrete_fields if not one.primary_key]
        write_rows(model, names, map(attrgetter(*names), rows), unique=unique, update=update)


def write_rows(
    model: type[Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Insert rows whose values are in the order of `names`, which name every column without a default in the database.

    Of a row whose `unique` fields are there already the `update` fields are overwritten; without `unique` it raises
    IntegrityError. Runs in the caller's transaction.
    """
    fields = [_field(model, name) for name in names]
    adapted = [(place, adapt) for place, one in enumerate(fields) if (adapt := _adapter(one)) is not None]
    ready = [_adapted(row, adapted) for row in rows]
    if ready:
        with connection.cursor() as cursor:
            cursor.executemany(_insert(model, names) + (_conflict(model, unique, update) if unique else ""), ready)


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    found = model._meta.get_field(name)
    assert isinstance(found, Field)
    return found


def _columns(model: type[Model], names: Iterable[str]) -> list[str]:
    return [connection.ops.quote_name(str(_field(model, name).column)) for name in names]


def _adapter(one: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    """How a value of the field is put to the database; None for those it takes as they are."""
    if isinstance(one, JSONField):
        return lambda value: connection.ops.adapt_json_value(value, one.encoder)
    return connection.ops.adapt_datetimefield_value if isinstance(one, DateTimeField) else None


def _adapted(row: Sequence[Any], adapted: Iterable[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    values = list(row)
    for place, adapt in adapted:
        if values[place] is not None:
            values[place] = adapt(values[place])
    return values


def _insert(model: type[Model], names: Sequence[str]) -> str:
    into = f"{connection.ops.quote_name(model._meta.db_table)} ({', '.join(_columns(model, names))})"
    return f"INSERT INTO {into} VALUES ({', '.join(['%s'] * len(names))})"  # noqa: S608  names of our own models


def _conflict(model: type[Model], unique: Sequence[str], update: Sequence[str]) -> str:
    others = ", ".join(f"{one} = EXCLUDED.{one}" for one in _columns(model, update))
    return f" ON CONFLICT ({', '.join(_columns(model, unique))}) DO UPDATE SET {others}"
