"""Scalars, and what every node has."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from watchfloor.lake.kql.errors import NOWHERE, Span

if TYPE_CHECKING:
    from watchfloor.lake.kql.syntax.statements import Pipeline


@dataclass(frozen=True, slots=True)
class Node:
    span: Span = field(default=NOWHERE, kw_only=True)


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """A scalar, or a pipeline in parentheses where KQL takes one."""


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """`type` is a KQL type name; `value` a Python value, ticks for a timespan, ISO text for a datetime, None for null."""

    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Name(Expression):
    name: str


@dataclass(frozen=True, slots=True)
class Star(Expression):
    """`*`, or a name with stars as project-away takes it."""

    pattern: str = "*"


@dataclass(frozen=True, slots=True)
class Path(Expression):
    base: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Index(Expression):
    base: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Call(Expression):
    name: str
    args: tuple[Expression, ...]
    named: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Logic(Expression):
    """`and` or `or` over two or more parts."""

    operator: str
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Member(Expression):
    """`left in (...)`, has_any and the like: a list of values, or one pipeline."""

    operator: str
    left: Expression
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Between(Expression):
    left: Expression
    low: Expression
    high: Expression
    negated: bool


@dataclass(frozen=True, slots=True)
class Subquery(Expression):
    pipeline: "Pipeline"


@dataclass(frozen=True, slots=True)
class Assigned(Node):
    """`name = value`; several names take the parts of one value; none at all leaves the name to the binder."""

    names: tuple[str, ...]
    value: Expression
    type: str = ""
