"""Which order of a segment a question wants, read off its tree: all rows by time, one key's rows, or the rows of few ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

MOST_VALUES = 50
"""Values of one key or id up to which looking them up beats reading by time."""
PASSING = {"with_", "expressions", "from_", "where", "kind", "hint"}
"""Parts of a SELECT that leaves each of its source's rows out or as it is, when its only expression is `*`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values that every row asked for has in the key column, the id column or another column of ids.

    All empty when any row may be asked for.
    """

    keys: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def unique(self) -> tuple[str, ...]:
        """Values of the column that tells most."""
        return self.others or self.ids


ALL = Wanted()


class Question:
    """A tree that is asked several things about its tables: it is walked once for each."""

    def __init__(self, tree: exp.Expr) -> None:
        self.tree = tree

    @cached_property
    def _named(self) -> tuple[Mapping[str, Sequence[exp.Table]], frozenset[str] | None]:
        """Tables and columns, in one walk: it takes a quarter of what looking up one mail does."""
        tables: dict[str, list[exp.Table]] = {}
        columns: set[str] = set()
        whole = False
        for node in self.tree.walk():
            kind = type(node)
            if kind is exp.Column:
                columns.add(node.name)
            elif isinstance(node, exp.Table):
                tables.setdefault(node.name, []).append(node)
            elif kind is exp.Star:
                whole = whole or not isinstance(node.parent, exp.Count)
        return tables, None if whole else frozenset(columns)

    @property
    def tables(self) -> Mapping[str, Sequence[exp.Table]]:
        """Every place a name is read from, by the name."""
        return self._named[0]

    @property
    def columns(self) -> frozenset[str] | None:
        """Names of the columns that the tree speaks of anywhere; None when it says `*`, which means all."""
        return self._named[1]

    def times(self, column: str) -> int:
        """How often the tree names a column, one more than ever when it says `*`."""
        return times(self.tree, column) + (self.columns is None)


def times(tree: exp.Expr, column: str) -> int:
    """How often a tree names a column."""
    return sum(1 for one in tree.find_all(exp.Column) if one.name == column)


def wanted(
    asked: Question, name: str, *, key: str, id: str, other: str = "", folded: frozenset[str] = frozenset()
) -> Wanted:
    """What a question asks of the source `name`. A source that is named twice is read whole.

    `folded` names the columns whose values are stored in lower case, so that comparing them in lower case changes nothing.
    """
    values: dict[str, tuple[str, ...]] = {}
    for select in _readers(asked, name):
        values = dict(_equalities(select, folded)) | values
    return Wanted(*(few(values.get(column, ())) for column in (key, id, other)))


def required(asked: Question, name: str) -> Iterator[exp.Expr]:
    """The conditions that every row of the source `name` has to meet."""
    for select in _readers(asked, name):
        where = select.args.get("where")
        yield from conjuncts(where.this) if where else ()


def _readers(asked: Question, name: str) -> Iterator[exp.Select]:
    """The selects that all rows of `name` go through, one after the other, as long as each is the only one that reads."""
    while True:
        named = asked.tables.get(name, ())
        select = named[0].find_ancestor(exp.Select) if len(named) == 1 else None
        if select is None or not _reads_alone(select, named[0]):
            return
        yield select
        if not isinstance(select.parent, exp.CTE) or not _passes(select):
            return
        name = select.parent.alias


def _reads_alone(select: exp.Select, table: exp.Table) -> bool:
    """Whether the conditions of `select` are about this table and no other."""
    start = select.args.get("from_")
    return start is not None and start.this is table and not select.args.get("joins")


def _passes(select: exp.Select) -> bool:
    """Whether it is `SELECT * FROM ... WHERE ...` and nothing more."""
    plain = [one for one in select.expressions if isinstance(one, exp.Star) and not any(one.args.values())]
    return len(plain) == len(select.expressions) == 1 and all(
        name in PASSING for name, part in select.args.items() if part
    )


def few(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values, none when reading by time beats looking them up."""
    return values if len(values) <= MOST_VALUES else ()


def _equalities(select: exp.Select, folded: frozenset[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Columns that must equal one of some texts, of the conditions that all have to hold."""
    where = select.args.get("where")
    for part in conjuncts(where.this) if where else ():
        texts = part.expressions if isinstance(part, exp.In) else [part.expression] if isinstance(part, exp.EQ) else []
        column = _column(part.this, folded) if texts else ""
        if column and all(isinstance(text, exp.Literal) and text.is_string for text in texts):
            yield column, tuple(text.this for text in texts)


def _column(side: exp.Expr, folded: frozenset[str]) -> str:
    """The column that is compared, "" for anything else."""
    lowered = isinstance(side, exp.Lower)
    column = side.this if lowered else side
    return column.name if isinstance(column, exp.Column) and (not lowered or column.name in folded) else ""


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that all have to hold."""
    if isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    else:
        yield condition
