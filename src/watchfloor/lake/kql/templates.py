"""SQL shapes with holes: written once as text, parsed once, filled with trees. No value ever becomes text on the way."""

from functools import cache

from sqlglot import exp, parse_one

_HOLES = {f"_{number}": number for number in range(10)}


@cache
def _parsed(text: str) -> exp.Expr:
    return parse_one(text, dialect="duckdb")


def fill(text: str, *parts: exp.Expr) -> exp.Expr:
    """The shape `text`, in which `_0`, `_1` ... stand for `parts`."""
    tree = _parsed(text)
    if isinstance(tree, exp.Column) and tree.name in _HOLES:
        return parts[_HOLES[tree.name]].copy()
    tree = tree.copy()
    for node in list(tree.find_all(exp.Column)):
        number = _HOLES.get(node.name)
        if number is not None:
            node.replace(_wrapped(parts[number].copy()))
    return tree


_ATOMS = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Cast, exp.Boolean, exp.Null, exp.Subquery, exp.Case)


def _wrapped(part: exp.Expr) -> exp.Expr:
    """An operand that cannot be torn apart by what stands around it."""
    return part if isinstance(part, _ATOMS) else exp.Paren(this=part)


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def whole(value: int) -> exp.Expr:
    number = exp.Literal.number(abs(value))
    return exp.Neg(this=number) if value < 0 else number
