"""Pipelines, let statements, and the whole query."""

from dataclasses import dataclass

from watchfloor.lake.kql.syntax.expressions import Expression, Node
from watchfloor.lake.kql.syntax.operators import Operator
from watchfloor.lake.kql.syntax.sources import Source


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    source: Source
    operators: tuple[Operator, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A parameter of a let function: `type` of a scalar, or `columns` of a table (empty with `tabular`: any)."""

    name: str
    type: str = ""
    tabular: bool = False
    columns: tuple[tuple[str, str], ...] = ()
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class Function(Node):
    parameters: tuple[Parameter, ...]
    lets: tuple["Let", ...]
    body: "Pipeline | Expression"


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: str
    value: "Expression | Pipeline | Function"


@dataclass(frozen=True, slots=True)
class Query(Node):
    """Let statements, then pipelines; the last one is the answer."""

    lets: tuple[Let, ...]
    pipeline: Pipeline | None
