"""Which order of a segment a question wants, read off its tree: all rows by time, one key's rows, or the rows of few ids."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

MOST_VALUES = 50
"""Values of one key or id up to which looking them up beats reading by time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values that every row asked for has in the key column or the id column; both empty when any row may be asked for."""

    keys: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


ALL = Wanted()


def wanted(tree: exp.Expr, name: str, *, key: str, id: str) -> Wanted:
    """What `tree` asks of the source `name`. A source that is named twice is read whole."""
    named = [table for table in tree.find_all(exp.Table) if table.name == name]
    select = named[0].find_ancestor(exp.Select) if len(named) == 1 else None
    if select is None or not _reads_alone(select, named[0]):
        return ALL
    values = dict(_equalities(select))
    return Wanted(_few(values.get(key, ())), _few(values.get(id, ())))


def columns_named(tree: exp.Expr) -> frozenset[str] | None:
    """Names of the columns that `tree` speaks of anywhere; None when it says `*`, which means all."""
    stars = (star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count))
    if next(stars, None) is not None:
        return None
    return frozenset(column.name for column in tree.find_all(exp.Column))


def _reads_alone(select: exp.Select, table: exp.Table) -> bool:
    """Whether the conditions of `select` are about this table and no other."""
    start = select.args.get("from_")
    return start is not None and start.this is table and not select.args.get("joins")


def _few(values: tuple[str, ...]) -> tuple[str, ...]:
    return values if len(values) <= MOST_VALUES else ()


def _equalities(select: exp.Select) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Columns that must equal one of some texts, of the conditions that all have to hold."""
    where = select.args.get("where")
    for part in _parts(where.this) if where else ():
        if isinstance(part, exp.In) and isinstance(part.this, exp.Column) and part.expressions:
            if all(_is_text(value) for value in part.expressions):
                yield part.this.name, tuple(value.this for value in part.expressions)
        elif isinstance(part, exp.EQ) and isinstance(part.this, exp.Column) and _is_text(part.expression):
            yield part.this.name, (part.expression.this,)


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.Paren):
        yield from _parts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _parts(condition.left)
        yield from _parts(condition.right)
    else:
        yield condition


def _is_text(value: exp.Expr) -> bool:
    return isinstance(value, exp.Literal) and bool(value.is_string)
