"""`+ - * / %` over numbers, moments and spans, by the types KQL gives them."""

from collections.abc import Callable
from datetime import datetime

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill
from watchfloor.lake.kql.types import NUMBERS, SQL_TYPES, WHOLE, Type, wider

_NUMERIC = {"+": "_0 + _1", "-": "_0 - _1", "*": "_0 * _1"}
_FOLD: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def binary(operator: str, left: Typed, right: Typed, span: Span) -> Typed:
    """The result with its type. Raises KqlError for types that do not go together."""
    left, right = _undynamic(left, right, span), _undynamic(right, left, span)
    pair = (left.type, right.type)
    if left.type in NUMBERS and right.type in NUMBERS:
        return _numbers(operator, left, right)
    if pair == (Type.DATETIME, Type.DATETIME) and operator == "-":
        return Typed(fill("(EPOCH_US(_0) - EPOCH_US(_1)) * 10", left.sql, right.sql), Type.TIMESPAN)
    if pair == (Type.DATETIME, Type.TIMESPAN) and operator in "+-":
        return _moved(operator, left, right, span)
    if pair == (Type.TIMESPAN, Type.DATETIME) and operator == "+":
        return _moved(operator, right, left, span)
    if pair == (Type.TIMESPAN, Type.TIMESPAN):
        return _spans(operator, left, right, span)
    if left.type is Type.TIMESPAN and right.type in NUMBERS and operator in "*/":
        return _scaled(operator, left, right)
    if left.type in NUMBERS and right.type is Type.TIMESPAN and operator == "*":
        return _scaled(operator, right, left)
    raise KqlError(f"{left.type} {operator} {right.type} means nothing", span, kind="type")


def negative(value: Typed, span: Span) -> Typed:
    """`-x`."""
    if value.type not in NUMBERS | {Type.TIMESPAN}:
        raise KqlError(f"a {value.type} has no sign", span, kind="type")
    if isinstance(value.const, int | float):
        return literals.typed(value.type, -value.const)
    return Typed(fill("-(_0)", value.sql), value.type, null=value.null)


def _undynamic(value: Typed, other: Typed, span: Span) -> Typed:
    if value.type is not Type.DYNAMIC:
        return value
    if other.type in (Type.DATETIME, Type.TIMESPAN):
        return convert.to(value, other.type)
    if other.type in NUMBERS | {Type.DYNAMIC}:
        return convert.to_real(value) if other.type is not Type.LONG else convert.to_whole(value, Type.LONG)
    raise KqlError(f"a dynamic and a {other.type} do not add up; convert the dynamic first", span, kind="type")


def _numbers(operator: str, left: Typed, right: Typed) -> Typed:
    kind = wider(left.type, right.type) or Type.REAL
    null = left.null or right.null
    if operator in _NUMERIC:
        if isinstance(left.const, int) and isinstance(right.const, int) and kind in WHOLE:
            return literals.typed(Type.LONG, _FOLD[operator](left.const, right.const))
        return Typed(fill(_NUMERIC[operator], left.sql, right.sql), kind, null=null)
    if operator == "/":
        if kind in WHOLE:
            shape = f"CAST(TRUNC(_0 / NULLIF(_1, 0)) AS {SQL_TYPES[kind]})"
            if isinstance(right.const, int) and right.const > 0:
                shape = "_0 // _1"
            return Typed(fill(shape, left.sql, right.sql), kind)
        return Typed(fill("_0 / _1", left.sql, right.sql), kind)
    # The remainder is never negative for whole numbers.
    shape = "((_0 % NULLIF(_1, 0)) + ABS(_1)) % NULLIF(ABS(_1), 0)" if kind in WHOLE else "_0 % NULLIF(_1, 0)"
    return Typed(fill(shape, left.sql, right.sql), kind)


def _moved(operator: str, moment: Typed, span_: Typed, span: Span) -> Typed:
    if isinstance(moment.const, datetime) and isinstance(span_.const, int):
        ticks = span_.const if operator == "+" else -span_.const
        return literals.typed(Type.DATETIME, literals.shifted(moment.const, ticks, span))
    shape = f"_0 {operator} TO_MICROSECONDS(CAST(_1 // 10 AS BIGINT))"
    return Typed(fill(shape, moment.sql, span_.sql), Type.DATETIME, null=moment.null or span_.null)


def _spans(operator: str, left: Typed, right: Typed, span: Span) -> Typed:
    if operator in "+-":
        if isinstance(left.const, int) and isinstance(right.const, int):
            return literals.typed(Type.TIMESPAN, _FOLD[operator](left.const, right.const))
        return Typed(fill(_NUMERIC[operator], left.sql, right.sql), Type.TIMESPAN)
    if operator == "/":
        return Typed(fill("CAST(_0 AS DOUBLE) / NULLIF(_1, 0)", left.sql, right.sql), Type.REAL)
    if operator == "%":
        return Typed(fill("_0 % NULLIF(_1, 0)", left.sql, right.sql), Type.TIMESPAN)
    raise KqlError(f"timespan {operator} timespan means nothing", span, kind="type")


def _scaled(operator: str, span_: Typed, factor: Typed) -> Typed:
    if operator == "*" and isinstance(span_.const, int) and isinstance(factor.const, int | float):
        return literals.typed(Type.TIMESPAN, round(span_.const * factor.const))
    divisor = "_0 * _1" if operator == "*" else "_0 / NULLIF(_1, 0)"
    return Typed(fill(f"CAST(TRUNC({divisor}) AS BIGINT)", span_.sql, factor.sql), Type.TIMESPAN)
