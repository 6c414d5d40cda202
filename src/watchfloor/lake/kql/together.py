"""Many predicates over one table in one scan: what they share is worked out once, and a few quick looks tell most rows from all.

A predicate that is an AND of texts can only hold where its rarest text occurs. The rarest texts of all predicates are looked for at
once, in one regular expression a column; only rows that have one of them are asked the predicates themselves. Nothing is guessed:
what has no such text is asked of every row.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from watchfloor.lake.kql.compare import escaped
from watchfloor.lake.kql.templates import fill, table_of, text

EQUAL, ENDS, BEGINS, HAS = "equal", "ends", "begins", "has"
SHAPES = {ENDS: "(?:{})$", BEGINS: "^(?:{})", HAS: "(?:{})"}
SURE = 8
"""An equality is worth so many characters more than a text that occurs somewhere."""
SHORTEST = 3
PORTION = 150
"""Texts of one regular expression; more of them make its automaton larger than the engine keeps."""


@dataclass(frozen=True, slots=True)
class Look:
    """A column has this text: a part of a predicate that is quick to look for."""

    column: str
    kind: str
    value: str

    @property
    def worth(self) -> int:
        return len(self.value) + (SURE if self.kind == EQUAL else 0)


@dataclass(slots=True)
class Hoisted:
    """Expressions that are worked out once for every row, and the names they have then."""

    names: dict[str, str] = field(default_factory=dict)
    made: dict[str, exp.Expr] = field(default_factory=dict)

    def column(self, tree: exp.Expr) -> exp.Column:
        key = tree.sql(dialect="duckdb")
        if key not in self.names:
            self.names[key] = f"~{len(self.names)}"
            self.made[self.names[key]] = tree.copy()
        return exp.column(self.names[key], quoted=True)

    def columns(self) -> Iterator[exp.Expr]:
        for name, tree in self.made.items():
            yield exp.Alias(this=tree.copy(), alias=exp.to_identifier(name, quoted=True))


@dataclass(frozen=True, slots=True)
class Together:
    """Predicates as one: `any_holds` says whether any of them does, `numbers` lists which of `members` (numbers of the caller).

    `shared` holds for every such row, and `hoisted` are columns that the other two name. All four are the text of one dialect:
    they are long, and the same whenever they are asked. Which ones hold is asked of the rows found, in a second statement:
    most times there are none.
    """

    members: tuple[int, ...]
    shared: str
    hoisted: str
    any_holds: str
    numbers: str

    def rows(self, source: str, *columns: str, where: exp.Expr) -> exp.Select:
        """A SELECT of these columns of `source`, of the rows within `where` for which any member holds."""
        inner = self._worked_out(source).where(where, exp.var(self.shared), copy=False)
        shown = [exp.column(name, quoted=True) for name in columns]
        return (
            exp.Select(expressions=shown)
            .from_(inner.subquery("rows"), copy=False)
            .where(exp.var(self.any_holds), copy=False)
        )

    def told(self, source: str, *columns: exp.Expr, number: str) -> exp.Select:
        """A SELECT of these columns and, named `number`, the list of the members that hold, of rows that `rows` found."""
        numbers = exp.Alias(this=exp.var(self.numbers), alias=exp.to_identifier(number, quoted=True))
        return exp.Select(expressions=[*columns, numbers]).from_(self._worked_out(source).subquery("rows"), copy=False)

    def _worked_out(self, source: str) -> exp.Select:
        shown = [exp.Star(), *([exp.var(self.hoisted)] if self.hoisted else [])]
        return exp.Select(expressions=shown).from_(table_of(source), copy=False)


def together(predicates: Sequence[tuple[int, exp.Expr]], *, dialect: str) -> list[Together]:
    """Numbered predicates in as few scans as they have different first conditions, such as the kind of event they look at.

    Those that share their first condition with no other are one scan as well.
    """
    kinds: dict[str, list[tuple[int, list[exp.Expr]]]] = {}
    for number, predicate in predicates:
        parts = conjuncts(predicate)
        kinds.setdefault(parts[0].sql(dialect=dialect), []).append((number, parts))
    shared = [members for members in kinds.values() if len(members) > 1]
    rest = [members[0] for members in kinds.values() if len(members) == 1]
    scans = [(members[0][1][0], [(number, parts[1:]) for number, parts in members]) for members in shared]
    if rest:
        scans.append((exp.true(), rest))
    return [_one_scan(first, members, dialect) for first, members in scans]


def _one_scan(shared: exp.Expr, members: Sequence[tuple[int, list[exp.Expr]]], dialect: str) -> Together:
    hoisted = Hoisted()
    groups = _groups([_hoist(_all(parts), hoisted) for _, parts in members])
    return Together(
        tuple(number for number, _ in members),
        shared.sql(dialect=dialect),
        ", ".join(column.sql(dialect=dialect) for column in hoisted.columns()),
        f"({_any(map(_gated, groups)).sql(dialect=dialect)})",
        _numbers(groups).sql(dialect=dialect),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Predicates (by place) none of which can hold where `gate` does not."""

    gate: exp.Expr
    predicates: tuple[tuple[int, exp.Expr], ...]


def _groups(predicates: Sequence[exp.Expr]) -> list[Group]:
    """The predicates by the columns and kinds of their rarest texts."""
    members: dict[frozenset[tuple[str, str]], list[tuple[int, exp.Expr]]] = {}
    wanted: dict[tuple[str, str], dict[str, None]] = {}
    for place, predicate in enumerate(predicates):
        looks = looks_of(predicate)
        members.setdefault(frozenset((look.column, look.kind) for look in looks), []).append((place, predicate))
        for look in looks:
            wanted.setdefault((look.column, look.kind), {})[look.value] = None
    gates = {key: _gate(*key, list(values)) for key, values in wanted.items()}
    return [
        Group(_any(gates[key] for key in sorted(keys)) if keys else exp.true(), tuple(asked))
        for keys, asked in members.items()
    ]


def _gated(group: Group) -> exp.Expr:
    """Whether any predicate of the group holds, asked only behind its gate."""
    return _all([group.gate, _any(predicate for _, predicate in group.predicates)])


def _numbers(groups: Sequence[Group]) -> exp.Expr:
    """The list of the places, from 0, of the predicates that hold."""
    cases: list[exp.Expr] = [
        exp.Case(ifs=[exp.If(this=predicate.copy(), true=exp.Literal.number(place))])
        for group in groups
        for place, predicate in group.predicates
    ]
    return fill("LIST_FILTER(_0, LAMBDA one : one IS NOT NULL)", exp.Array(expressions=cases))


def conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    """The parts that all must hold."""
    while isinstance(tree, exp.Paren):
        tree = tree.this
    if isinstance(tree, exp.And):
        return [*conjuncts(tree.this), *conjuncts(tree.expression)]
    return [tree]


def disjuncts(tree: exp.Expr) -> list[exp.Expr]:
    """The parts of which one must hold."""
    while isinstance(tree, exp.Paren):
        tree = tree.this
    if isinstance(tree, exp.Or):
        return [*disjuncts(tree.this), *disjuncts(tree.expression)]
    return [tree]


def _all(parts: Sequence[exp.Expr]) -> exp.Expr:
    return _balanced(list(parts), exp.And, exp.true)


def _any(parts: Iterable[exp.Expr]) -> exp.Expr:
    return _balanced(list(parts), exp.Or, exp.false)


def _balanced(parts: list[exp.Expr], kind: type[exp.Connector], none: Callable[[], exp.Expr]) -> exp.Expr:
    """The parts joined as a tree that is as deep as their number has digits in base two."""
    if not parts:
        return none()
    if len(parts) == 1:
        return exp.Paren(this=parts[0].copy()) if isinstance(parts[0], exp.Connector) else parts[0].copy()
    middle = len(parts) // 2
    left, right = _balanced(parts[:middle], kind, none), _balanced(parts[middle:], kind, none)
    return exp.Paren(this=kind(this=left, expression=right))


def _hoist(tree: exp.Expr, hoisted: Hoisted) -> exp.Expr:
    """The tree with every text in lower case read from a column."""

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Lower) and not node.find(exp.Lambda, exp.Subquery):
            return hoisted.column(node)
        return node

    return tree.transform(replaced, copy=True)


def looks_of(tree: exp.Expr) -> list[Look]:
    """Texts of which at least one must be there where the predicate holds; none when nothing of the kind follows from it."""
    options = disjuncts(tree)
    if len(options) > 1:
        found = [looks_of(option) for option in options]
        return [look for looks in found for look in looks] if all(found) else []
    parts = conjuncts(tree)
    if len(parts) > 1:
        return max((looks_of(part) for part in parts), key=_worth)
    return _look(parts[0])


def _worth(looks: Sequence[Look]) -> float:
    """How rarely these texts are taken to occur: as their shortest; many of them are worth a little less."""
    return min(look.worth for look in looks) - len(looks) / 100 if looks else -1


def _look(node: exp.Expr) -> list[Look]:
    if isinstance(node, exp.Coalesce):  # KQL's `in`: COALESCE(x IN (...), FALSE)
        node = node.this
    if isinstance(node, exp.In):
        found = [_read(EQUAL, node.this, value) for value in node.expressions]
        return [look for look in found if look] if found and all(found) else []
    kind, sides = _kind(node)
    look = _read(kind, *sides) if kind else None
    return [look] if look is not None else []


def _kind(node: exp.Expr) -> tuple[str, tuple[exp.Expr, ...]]:
    if isinstance(node, exp.EQ):
        return EQUAL, (node.this, node.expression)
    if isinstance(node, exp.Contains):
        return HAS, (node.this, node.expression)
    if isinstance(node, exp.StartsWith):
        return BEGINS, (node.this, node.expression)
    if isinstance(node, exp.Anonymous) and node.name.upper() == "SUFFIX":
        return ENDS, tuple(node.expressions)
    return "", ()


def _read(kind: str, left: exp.Expr, right: exp.Expr) -> Look | None:
    """A look for what is written in the query itself, in a column that was hoisted or is simply there."""
    if not (isinstance(left, exp.Column) and isinstance(right, exp.Literal) and right.is_string):
        return None
    if kind != EQUAL and len(right.this) < SHORTEST:
        return None
    return Look(left.name, kind, right.this)


def _gate(column: str, kind: str, values: Sequence[str]) -> exp.Expr:
    """Whether the column has any of these texts."""
    read = exp.column(column, quoted=True)
    if kind == EQUAL:
        return exp.In(this=read, expressions=[text(value) for value in values])
    runs = [values[at : at + PORTION] for at in range(0, len(values), PORTION)]
    shapes = [SHAPES[kind].format("|".join(map(escaped, run))) for run in runs]
    return _any(fill("REGEXP_MATCHES(_0, _1)", read, text(shape)) for shape in shapes)
