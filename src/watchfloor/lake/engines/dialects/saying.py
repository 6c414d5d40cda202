"""One expression after another in the other engine's words, each with its kind. What has no rule here is refused."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlglot import exp

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.engines.dialects.kinds import JSON, Kind
from watchfloor.lake.engines.dialects.patterns import Grammar
from watchfloor.lake.kql.errors import AT

SHORT = 600
Step = str | int
_HOLE = re.compile(r"\{([ab]?)\}")


class Unspeakable(BadInput):
    """The other engine has no right answer to this. `words` say to what, `at` are the characters of the query."""

    def __init__(self, words: str, engine: str, at: tuple[int, int]) -> None:
        super().__init__(f"{engine} cannot answer this: {words}", place="query")
        self.words = self.message
        self.at = at


@dataclass(frozen=True, slots=True)
class Said:
    """SQL and its kind. Of JSON, `text` is what it holds as text where that is known shorter, and `base` with `steps` say
    that it is a part of another, so that a part of a part is asked for at once."""

    sql: str
    kind: Kind
    text: str = ""
    base: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Flavour:
    """What one engine does its own way. `own` marks functions registered with its sessions (see sail.py)."""

    name: str
    grammar: Grammar
    own: bool
    lateral_in: bool
    """Whether `x IN (SELECT ...)` may stand among the columns."""


Columns = tuple[tuple[str, Kind], ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A relation that can be named: the words that name it, and its columns."""

    alias: str
    columns: Columns

    def find(self, name: str) -> tuple[str, Kind] | None:
        exact = next((one for one in self.columns if one[0] == name), None)
        return exact or next((one for one in self.columns if one[0].lower() == name.lower()), None)


@dataclass(slots=True)
class Names:
    """What names mean in one place, innermost first: lambda variables, relations, columns made beside."""

    rows: list[Rows] = field(default_factory=list)
    made: dict[str, Kind] = field(default_factory=dict)
    variables: dict[str, Said] = field(default_factory=dict)
    outer: "Names | None" = None


Emitter = Callable[["Saying", Any], Said]
EMITTERS: dict[object, Emitter] = {}


def emits(*what: object) -> Callable[[Emitter], Emitter]:
    """Register how a class of nodes, or a function by name, is said."""

    def register(emitter: Emitter) -> Emitter:
        EMITTERS.update(dict.fromkeys(what, emitter))
        return emitter

    return register


class Saying:
    """One statement under way."""

    def __init__(
        self, flavour: Flavour, query: Callable[["Saying", exp.Expr, Names | None], tuple[str, Columns]]
    ) -> None:
        self.flavour = flavour
        self.names = Names()
        self._query = query
        self._fresh = count(1)

    def say(self, node: exp.Expr) -> Said:
        """The expression. Raises Unspeakable."""
        key: object = node.name.upper() if isinstance(node, exp.Anonymous) else type(node)
        emitter = EMITTERS.get(key)
        if emitter is None:
            what = f"{key}()" if isinstance(key, str) else type(node).__name__
            raise self.refusal(node, f"{what} has no counterpart")
        return emitter(self, node)

    def all(self, nodes: Iterable[exp.Expr]) -> list[Said]:
        return [self.say(node) for node in nodes]

    def refusal(self, node: exp.Expr, words: str) -> Unspeakable:
        place: exp.Expr | None = node
        while place is not None and AT not in place.meta:
            place = place.parent
        return Unspeakable(words, self.flavour.name, place.meta[AT] if place is not None else (0, 0))

    def ordered(self, node: exp.Expr, *, after: bool = False) -> str:
        """A key of an order."""
        raise NotImplementedError

    def every_column(self) -> str:
        """Everything one can sort by."""
        raise NotImplementedError

    def literal_int(self, node: exp.Expr) -> int | None:
        """The whole number a tree is, None when it is none."""
        raise NotImplementedError

    def fresh(self) -> str:
        return f"v{next(self._fresh)}"

    def inside(self, variables: Mapping[str, Said], node: exp.Expr) -> Said:
        """The expression where these variables stand for something."""
        kept = self.names.variables
        self.names.variables = {**kept, **variables}
        try:
            return self.say(node)
        finally:
            self.names.variables = kept

    def query(self, node: exp.Expr) -> tuple[str, Columns]:
        """A query inside an expression."""
        kept = self.names
        try:
            return self._query(self, node, kept)
        finally:
            self.names = kept

    def once(self, sql: str, shape: str, *others: str) -> str:
        """The shape in which `{}` stands for `sql`, which is worked out once when it is long; `{a}`, `{b}` for `others`."""
        if self._is_short(sql, shape.count("{}")):
            return _HOLE.sub(lambda hole: dict(zip(("", "a", "b"), (sql, *others), strict=False))[hole[1]], shape)
        name = self.fresh()
        return f"element_at(transform({self.alone(sql)}, {name} -> {self.once(name, shape, *others)}), 1)"

    def _is_short(self, sql: str, times: int) -> bool:
        """Whether writing it out again costs less than naming it; what is gathered over rows or asked of our own functions never."""
        if times < 2 or len(sql) < 40:
            return True
        return len(sql) * times < SHORT and not any(sign in sql for sign in ("wf_", "collect_", "rand", "uuid"))

    def alone(self, sql: str) -> str:
        """A list of one. Sail wants to be told that it may hold a null."""
        return f"slice(array({sql}, NULL), 1, 1)" if self.flavour.own else f"array({sql})"

    def own(self, function: str, *args: str) -> str:
        return f"wf_{function}({', '.join(args)})"


def text(value: str) -> str:
    """A text as a literal."""
    quoted = (
        value.replace("\\", "\\\\")
        .replace("'", "\\'")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\0", "\\u0000")
    )
    return f"'{quoted}'"


def name(identifier: str) -> str:
    """An identifier."""
    return "`" + identifier.replace("`", "``") + "`"


def json(sql: str, text: str = "") -> Said:
    return Said(sql, JSON, text)
