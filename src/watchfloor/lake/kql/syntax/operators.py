"""The steps of a pipeline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchfloor.lake.kql.syntax.expressions import Assigned, Call, Expression, Node

if TYPE_CHECKING:
    from watchfloor.lake.kql.syntax.statements import Pipeline


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
class ByNames(Operator):
    """project-by-names: constant names, lists of them, patterns."""

    names: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NestedLevel(Node):
    """The `count` values of `of` with the largest aggregate, all without a count; `others` is what the rest is called."""

    count: Expression | None
    of: Assigned
    by: Assigned
    descending: bool
    others: Expression | None = None


@dataclass(frozen=True, slots=True)
class TopNested(Operator):
    """One level of top-nested, or several, each within the values of that before it."""

    levels: tuple[NestedLevel, ...]
