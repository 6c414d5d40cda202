"""SQL shapes with holes: written once as text, parsed once, filled with trees. No value ever becomes text on the way.

A tree that stands nowhere yet is taken as it is, one that already stands somewhere is copied: copying is what compiling costs.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlglot import exp, parse_one

from watchfloor.lake.kql.errors import KqlError

_HOLES = {f"_{number}": number for number in range(10)}
_ATOMS = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Cast, exp.Boolean, exp.Null, exp.Subquery, exp.Case)
Build = Callable[[tuple[exp.Expr, ...], set[int]], Any]


def own(part: exp.Expr) -> exp.Expr:
    """The tree for one more place: itself while it stands nowhere, else a copy."""
    return part if part.parent is None else part.copy()


def fill(text: str, *parts: exp.Expr) -> exp.Expr:
    """The shape `text`, in which `_0`, `_1` ... stand for `parts`."""
    made: exp.Expr = _builder(text)(parts, set())
    return made


def once(text: str, part: exp.Expr, *others: exp.Expr) -> exp.Expr:
    """`fill` for a shape that names `_0` many times: what is no plain column or literal is worked out once, under a name."""
    if isinstance(part, exp.Column | exp.Literal) or (
        isinstance(part, exp.Cast) and isinstance(part.this, exp.Literal)
    ):
        return fill(text, part, *others)
    return fill(_named(text), part, *others)


@cache
def _named(text: str) -> str:
    return f"LIST_TRANSFORM([_0], LAMBDA it : {text.replace('_0', 'it')})[1]"


@cache
def _builder(text: str) -> Build:
    """What makes the shape anew, worked out once."""
    tree = parse_one(text, dialect="duckdb")
    if isinstance(tree, exp.Column) and tree.name in _HOLES:
        number = _HOLES[tree.name]
        return lambda parts, used: own(parts[number])
    return _maker(tree)


def _maker(value: Any) -> Build:
    if isinstance(value, exp.Column) and value.name in _HOLES:
        return _hole(_HOLES[value.name])
    if isinstance(value, exp.Expr):
        kind, makers = (
            type(value),
            [(key, _maker(held)) for key, held in _placed(value).args.items() if held is not None],
        )
        return lambda parts, used: kind(**{key: make(parts, used) for key, make in makers})
    if isinstance(value, list):
        inner = [_maker(one) for one in value]
        return lambda parts, used: [make(parts, used) for make in inner]
    return lambda parts, used: value


def _placed(value: exp.Expr) -> exp.Expr:
    """An index counted from 1, as DuckDB counts: from 0, the engine's dialect would work it out anew in every query."""
    if isinstance(value, exp.Bracket) and "offset" not in value.args and len(value.expressions) == 1:
        index = value.expressions[0]
        if isinstance(index, exp.Literal) and not index.is_string:
            return exp.Bracket(this=value.this, expressions=[whole(int(index.name) + 1)], offset=1)
    return value


def _hole(number: int) -> Build:
    def make(parts: tuple[exp.Expr, ...], used: set[int]) -> exp.Expr:
        part = parts[number]
        taken = part.copy() if id(part) in used or part.parent is not None else part
        used.add(id(part))
        # An `or` is both an operator and, to sqlglot, a function: what stands between two operands is no atom.
        alone = isinstance(taken, _ATOMS) and not isinstance(taken, exp.Binary)
        return taken if alone else exp.Paren(this=taken)

    return make


def text(value: str) -> exp.Literal:
    if "\0" in value:
        raise KqlError("a text cannot have the character U+0000 here", kind="unsupported")
    return exp.Literal.string(value)


def whole(value: int) -> exp.Expr:
    number = exp.Literal.number(abs(value))
    return exp.Neg(this=number) if value < 0 else number


def cast(part: exp.Expr, kind: str) -> exp.Expr:
    """The tree as an SQL type."""
    return exp.Cast(this=own(part), to=_kind(kind).copy())


@cache
def _kind(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect="duckdb")


def paren(part: exp.Expr) -> exp.Expr:
    return exp.Paren(this=own(part))


def no(part: exp.Expr) -> exp.Expr:
    """The contrary."""
    return exp.Not(this=paren(part))


def every(*parts: exp.Expr) -> exp.Expr:
    """All conditions together."""
    return _together(exp.And, parts)


def some(*parts: exp.Expr) -> exp.Expr:
    """Any of the conditions."""
    return _together(exp.Or, parts)


def _together(kind: type[exp.Connector], parts: tuple[exp.Expr, ...]) -> exp.Expr:
    first, *others = (
        paren(part) if isinstance(part, exp.Connector) and len(parts) > 1 else own(part) for part in parts
    )
    for other in others:
        first = kind(this=first, expression=other)
    return first


def table_of(name: str, alias: str = "") -> exp.Table:
    """A step or scan to select from."""
    known = exp.TableAlias(this=exp.to_identifier(alias, quoted=True)) if alias else None
    return exp.Table(this=exp.to_identifier(name, quoted=True), alias=known)
