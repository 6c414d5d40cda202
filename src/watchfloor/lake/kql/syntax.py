"""The tree of a query as it was written. Every node knows its place; nothing here is checked against tables."""

from dataclasses import dataclass, field
from typing import Any

from watchfloor.lake.kql.errors import NOWHERE, Span


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


# --- sources ------------------------------------------------------------------------------------------------------


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


# --- operators ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operator(Node):
    """One step of a pipeline."""


@dataclass(frozen=True, slots=True)
class Where(Operator):
    predicate: Expression


@dataclass(frozen=True, slots=True)
class Extend(Operator):
    items: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Project(Operator):
    items: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Pick(Operator):
    """project-away, project-keep, project-reorder: `how` is away, keep or reorder; orders go with reorder."""

    how: str
    patterns: tuple[str, ...]
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rename(Operator):
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Summarize(Operator):
    aggregates: tuple[Assigned, ...]
    keys: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Distinct(Operator):
    items: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Ordering(Node):
    value: Expression
    descending: bool = True
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Sort(Operator):
    by: tuple[Ordering, ...]


@dataclass(frozen=True, slots=True)
class Top(Operator):
    count: Expression
    by: tuple[Ordering, ...]


@dataclass(frozen=True, slots=True)
class Take(Operator):
    count: Expression
    random: bool = False


@dataclass(frozen=True, slots=True)
class SampleDistinct(Operator):
    count: Expression
    of: Expression


@dataclass(frozen=True, slots=True)
class Count(Operator):
    name: str = "Count"


@dataclass(frozen=True, slots=True)
class Join(Operator):
    """`kind` as written, "" for the default; `on` are names, `$left.a == $right.b` comparisons, or predicates."""

    kind: str
    right: "Pipeline"
    on: tuple[Expression, ...]
    lookup: bool = False


@dataclass(frozen=True, slots=True)
class Combine(Operator):
    """`| union`."""

    parts: tuple["Pipeline", ...]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion(Node):
    """One column of mv-expand or mv-apply."""

    name: str
    value: Expression
    type: str = ""


@dataclass(frozen=True, slots=True)
class MvExpand(Operator):
    items: tuple[Expansion, ...]
    index_name: str = ""
    limit: Expression | None = None
    bags_as_arrays: bool = False


@dataclass(frozen=True, slots=True)
class MvApply(Operator):
    items: tuple[Expansion, ...]
    body: tuple[Operator, ...]
    index_name: str = ""
    limit: Expression | None = None


@dataclass(frozen=True, slots=True)
class ParsePart(Node):
    """A literal text, a star, or a captured column."""

    text: str = ""
    star: bool = False
    column: str = ""
    type: str = "string"


@dataclass(frozen=True, slots=True)
class Parse(Operator):
    kind: str
    value: Expression
    parts: tuple[ParsePart, ...]
    only_matches: bool = False
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported(Operator):
    """An operator KQL has and we do not, read over so that the rest can be checked."""

    what: str


@dataclass(frozen=True, slots=True)
class UnsupportedSource(Source):
    what: str


@dataclass(frozen=True, slots=True)
class ParseKv(Operator):
    value: Expression
    columns: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MakeSeries(Operator):
    aggregates: tuple[tuple[Assigned, Expression | None], ...]
    axis: Assigned
    start: Expression | None
    end: Expression | None
    step: Expression
    keys: tuple[Assigned, ...]
    nonempty: bool = False


@dataclass(frozen=True, slots=True)
class Evaluate(Operator):
    """`schema` is what the query says the plugin gives; a star in it stands for the columns before."""

    call: Call
    schema: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Invoke(Operator):
    call: Call


@dataclass(frozen=True, slots=True)
class Render(Operator):
    visualization: str
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class As(Operator):
    name: str


@dataclass(frozen=True, slots=True)
class Serialize(Operator):
    items: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class GetSchema(Operator):
    pass


@dataclass(frozen=True, slots=True)
class SearchIn(Operator):
    predicate: Expression


@dataclass(frozen=True, slots=True)
class Partition(Operator):
    by: str
    body: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class TopNested(Operator):
    """One level of top-nested: the `count` values of `of` with the largest aggregate."""

    count: Expression
    of: Assigned
    by: Assigned
    descending: bool


# --- statements ---------------------------------------------------------------------------------------------------


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
