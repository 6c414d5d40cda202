"""What a pipeline begins with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchfloor.lake.kql.syntax.expressions import Assigned, Call, Expression, Node

if TYPE_CHECKING:
    from watchfloor.lake.kql.syntax.statements import Pipeline


@dataclass(frozen=True, slots=True)
class Source(Node):
    """What a pipeline begins with."""


@dataclass(frozen=True, slots=True)
class Table(Source):
    name: str


@dataclass(frozen=True, slots=True)
class Invocation(Source):
    """A function that gives rows."""

    call: Call


@dataclass(frozen=True, slots=True)
class Nested(Source):
    pipeline: "Pipeline"


@dataclass(frozen=True, slots=True)
class Datatable(Source):
    columns: tuple[tuple[str, str], ...]
    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Externaldata(Source):
    columns: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Print(Source):
    values: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Range(Source):
    column: str
    start: Expression
    end: Expression
    step: Expression


@dataclass(frozen=True, slots=True)
class Union(Source):
    """`union` at the start; as an operator it stands in `Combine`."""

    parts: tuple["Pipeline", ...]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Search(Source):
    tables: tuple[str, ...]
    predicate: Expression


@dataclass(frozen=True, slots=True)
class Find(Source):
    """`parts` are the tables, none for all; `columns` (name, type or "") those of `project`, none for the smart choice."""

    parts: tuple["Pipeline", ...]
    predicate: Expression
    label: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    packed: bool = False
