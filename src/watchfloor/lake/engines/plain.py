"""The plainest questions, told from their trees: to plan a statement takes longer than to answer these from few rows at hand.

`SELECT columns FROM source WHERE column = text AND Timestamp >= moment ORDER BY column LIMIT n`, or counts by columns in their
place, and nothing more; whatever else a tree says, the engine answers it. A tree is gone through once and by its bare
parts, since every look-up does.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlglot import exp

from watchfloor.lake.engines.access_paths import Wanted, conjuncts, few

PARTS = {"expressions", "from_", "where", "group", "order", "limit", "offset"}
COMPARED: dict[type[exp.Expr], str] = {exp.GTE: ">=", exp.GT: ">", exp.LTE: "<=", exp.LT: "<"}


class NotPlain(Exception):
    """The engine has to answer this."""


class Chosen(NamedTuple):
    """One column of the answer: `column` of the rows as it is, or counted ("count_all", "count_distinct") in each group."""

    name: str
    column: str
    counted: str = ""

    @property
    def made(self) -> str:
        """What Arrow calls it once counted."""
        return self.column if not self.counted else self.counted if not self.column else f"{self.column}_{self.counted}"


class Test(NamedTuple):
    """What every row has to meet: its `column` is one of `texts`, or stands as `compare` says to `moment`."""

    column: str
    texts: tuple[str, ...] = ()
    lowered: bool = False
    compare: str = ""
    moment: datetime | None = None


class Plain(NamedTuple):
    """A plain question of `source`. `chosen` is empty for all columns; `order` names columns of the rows, or of the counts."""

    source: str
    chosen: tuple[Chosen, ...]
    tests: tuple[Test, ...]
    groups: tuple[str, ...]
    order: tuple[tuple[str, str], ...]
    limit: int | None
    offset: int

    def wanted(self, *, key: str, id: str, other: str, folded: frozenset[str]) -> Wanted:
        """What it asks for by key or id; see `access_paths.wanted`."""
        texts = {one.column: one.texts for one in self.tests if not one.lowered or one.column in folded}
        return Wanted(*(few(texts.get(column, ())) for column in (key, id, other)))


def understood(tree: exp.Expr) -> Plain | None:
    """The question of a tree; None when it says more than is understood here."""
    if type(tree) is not exp.Select:
        return None
    args = tree.args
    if any(part and key not in PARTS for key, part in args.items()):
        return None
    try:
        return _understood(tree, _source(args.get("from_")))
    except NotPlain:
        return None


def _understood(tree: exp.Select, source: str) -> Plain:
    chosen, groups = _chosen(tree.args["expressions"]), _groups(tree)
    if any(bool(one.counted) != bool(groups) for one in chosen if one.column not in groups) or (groups and not chosen):
        raise NotPlain
    where = tree.args.get("where")
    return Plain(
        source,
        chosen,
        tuple(map(_test, conjuncts(where.args["this"]))) if where else (),
        groups,
        _order(tree, chosen, counted=bool(groups)),
        number_of(tree, "limit"),
        number_of(tree, "offset") or 0,
    )


def _source(source: exp.Expr | None) -> str:
    table = source.args["this"] if source is not None else None
    if type(table) is not exp.Table or any(part for key, part in table.args.items() if key != "this"):
        raise NotPlain
    return _text(table.args["this"])


def _text(name: object) -> str:
    text = name.args["this"] if type(name) is exp.Identifier else None
    if not isinstance(text, str):
        raise NotPlain
    return text


def _column(side: exp.Expr) -> str:
    if type(side) is not exp.Column or side.args.get("table"):
        raise NotPlain
    return _text(side.args["this"])


def _chosen(sides: list[exp.Expr]) -> tuple[Chosen, ...]:
    """Empty for `*`."""
    if len(sides) == 1 and type(sides[0]) is exp.Star and not any(sides[0].args.values()):
        return ()
    if not sides:
        raise NotPlain
    return tuple([Chosen(name := _column(one), name) if type(one) is exp.Column else _alias(one) for one in sides])


def _alias(one: exp.Expr) -> Chosen:
    side, name = one.unalias(), one.alias
    if not isinstance(side, exp.Count):
        column = _column(side)
        return Chosen(name or column, column)
    if not name or side.expressions:
        raise NotPlain
    if isinstance(side.this, exp.Star) and not any(side.this.args.values()):
        return Chosen(name, "", "count_all")
    if isinstance(side.this, exp.Distinct) and len(side.this.expressions) == 1 and not side.this.args.get("on"):
        return Chosen(name, _column(side.this.expressions[0]), "count_distinct")
    raise NotPlain


def _groups(tree: exp.Select) -> tuple[str, ...]:
    group = tree.args.get("group")
    if group is None:
        return ()
    if any(part for key, part in group.args.items() if key != "expressions"):
        raise NotPlain
    return tuple(_column(_meant(tree, one)) for one in group.expressions)


def _meant(tree: exp.Select, side: exp.Expr) -> exp.Expr:
    """What a number in GROUP BY or ORDER BY stands for."""
    if isinstance(side, exp.Literal) and not side.is_string and 1 <= int(side.this) <= len(tree.expressions):
        meant: exp.Expr = tree.expressions[int(side.this) - 1].unalias()
        return meant
    return side


def _test(part: exp.Expr) -> Test:
    kind, args = type(part), part.args
    if kind is exp.EQ or kind is exp.In:
        lowered = type(args["this"]) is exp.Lower
        column = _column(args["this"].args["this"] if lowered else args["this"])
        return Test(column, _texts([args["expression"]] if kind is exp.EQ else part.expressions), lowered)
    compare = COMPARED.get(kind)
    if compare is None:
        raise NotPlain
    return Test(_column(args["this"]), compare=compare, moment=moment(args["expression"]))


def _texts(sides: list[exp.Expr]) -> tuple[str, ...]:
    """Texts to compare with, at least one."""
    if not sides or not all(type(one) is exp.Literal and one.args["is_string"] for one in sides):
        raise NotPlain
    return tuple([one.args["this"] for one in sides])


def moment(side: exp.Expr) -> datetime:
    """A moment written with its zone."""
    told = side.this if isinstance(side, exp.Cast) and side.to.this is exp.DType.TIMESTAMPTZ else None
    if not isinstance(told, exp.Literal) or not told.is_string:
        raise NotPlain
    try:
        moment = datetime.fromisoformat(told.this)
    except ValueError:
        raise NotPlain from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _order(tree: exp.Select, chosen: tuple[Chosen, ...], *, counted: bool) -> tuple[tuple[str, str], ...]:
    """By columns for rows; by anything chosen for counts. What has no value stands last, as everywhere here."""
    order = tree.args.get("order")
    return tuple(_sorted_by(one, chosen, counted) for one in order.expressions) if order else ()


def _sorted_by(one: exp.Expr, chosen: tuple[Chosen, ...], counted: bool) -> tuple[str, str]:
    if type(one) is not exp.Ordered or one.args.get("nulls_first") or one.args.get("with_fill"):
        raise NotPlain
    way = "descending" if one.args.get("desc") else "ascending"
    side = one.this
    if not counted:
        return _row_order(_column(side), chosen), way
    number = int(side.this) if isinstance(side, exp.Literal) and not side.is_string else 0
    named = [item for item in chosen if isinstance(side, exp.Column) and item.name == side.name]
    found = chosen[number - 1] if 1 <= number <= len(chosen) else named[0] if len(named) == 1 else None
    if found is None:
        raise NotPlain
    return found.made, way


def _row_order(column: str, chosen: tuple[Chosen, ...]) -> str:
    """The column, unless the name stands for another one in the answer."""
    if any(one.name == column and one.column != column for one in chosen):
        raise NotPlain
    return column


def number_of(tree: exp.Select, name: str) -> int | None:
    """What LIMIT or OFFSET say, None without one. Raises NotPlain for anything but a number."""
    part = tree.args.get(name)
    if part is None:
        return None
    if not isinstance(part.expression, exp.Literal) or part.expression.is_string:
        raise NotPlain
    return int(part.expression.this)
