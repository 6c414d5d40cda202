"""Many predicates over one table in one scan: what they share is worked out once, and a few quick looks tell most rows from all.

A predicate that is an AND of texts can only hold where its rarest text occurs. The rarest texts of all predicates are looked for at
once, in one regular expression a column; only rows that have one of them are asked the predicates themselves. Nothing is guessed:
what has no such text is asked of every row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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

    def sees(self, cell: str | None) -> bool:
        """Whether a cell has the text, as the engine would say."""
        if cell is None:
            return False
        if self.kind == HAS:
            return self.value in cell
        if self.kind == EQUAL:
            return self.value == cell
        return cell.endswith(self.value) if self.kind == ENDS else cell.startswith(self.value)

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


@dataclass(frozen=True, slots=True)
class Together:
    """Predicates as one: `any_holds` says whether any of `members` (numbers of the caller) does, `may_hold` whether one could.

    `shared` holds for every such row, and `hoisted` (name, how it is worked out) are columns that the others name. Predicates
    are the text of one dialect: they are long, and the same whenever they are asked. Which ones hold is asked of the rows that
    were found, in a second statement: most times there are none.
    """

    members: tuple[int, ...]
    shared: str
    hoisted: tuple[tuple[str, str], ...]
    may_hold: str
    any_holds: str
    predicates: tuple[str, ...]
    clauses: tuple[tuple[tuple[Look, ...], ...], ...]

    def rows(self, source: str, *columns: str, where: exp.Expr, surely: bool = True) -> exp.Select:
        """A SELECT of these columns of `source` and of those of the looks, of rows within `where` for which a member holds.

        Not `surely` is quicker, and gives rows for which none does as well.
        """
        inner = self._worked_out(source).where(where, exp.var(self.shared), copy=False)
        shown = [exp.column(name, quoted=True) for name in (*columns, *(name for name, _ in self.hoisted))]
        asked = exp.Select(expressions=shown).from_(inner.subquery("rows"), copy=False)
        return asked.where(exp.var(self.any_holds if surely else self.may_hold), copy=False)

    def told(self, source: str, *columns: exp.Expr, number: str, places: Sequence[int]) -> exp.Select:
        """A SELECT of these columns and, named `number`, the list of those of the members at `places` that hold, at least one.

        `source` has the columns that `rows` gave.
        """
        cases = ", ".join(f"CASE WHEN {self.predicates[place]} THEN {place} END" for place in places)
        numbers = f"LIST_FILTER([{cases}], LAMBDA one : one IS NOT NULL)"
        named = exp.Alias(this=exp.var(numbers), alias=exp.to_identifier(number, quoted=True))
        asked = exp.Select(expressions=[exp.Star(), named]).from_(table_of(source), copy=False).subquery("rows")
        outer = exp.Select(expressions=[*columns, exp.column(number, quoted=True)]).from_(asked, copy=False)
        return outer.where(fill("LEN(_0) > 0", exp.column(number, quoted=True)), copy=False)

    def likely(self, cells: Mapping[str, Sequence[str | None]]) -> list[int]:
        """Places of the members that may hold for one of some rows, of which `cells` gives the columns of the looks."""
        seen: dict[Look, int] = {}

        def rows_of(look: Look) -> int:
            """The rows that have its text, one bit each."""
            if look not in seen:
                seen[look] = sum(1 << row for row, cell in enumerate(cells[look.column]) if look.sees(cell))
            return seen[look]

        return [place for place, clauses in enumerate(self.clauses) if _rows_with(clauses, rows_of)]

    @property
    def looked_at(self) -> frozenset[str]:
        """The columns of the looks."""
        return frozenset(look.column for clauses in self.clauses for looks in clauses for look in looks)

    def _worked_out(self, source: str) -> exp.Select:
        made = [exp.var(f'{tree} AS "{name}"') for name, tree in self.hoisted]
        return exp.Select(expressions=[exp.Star(), *made]).from_(table_of(source), copy=False)


def _rows_with(clauses: Iterable[Iterable[Look]], rows_of: Callable[[Look], int]) -> int:
    """The rows that have a text of every clause, as bits; -1, which is every row, without clauses."""
    found = -1
    for clause in clauses:
        any_of = 0
        for look in clause:
            any_of |= rows_of(look)
        found &= any_of
        if not found:
            break
    return found


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
    predicates = [_hoist(_all(parts), hoisted) for _, parts in members]
    clauses = [clauses_of(predicate) for predicate in predicates]
    groups = _groups(predicates, [_rarest(one) for one in clauses])
    return Together(
        tuple(number for number, _ in members),
        shared.sql(dialect=dialect),
        tuple((name, tree.sql(dialect=dialect)) for name, tree in hoisted.made.items()),
        f"({_any(group.gate or group.any_holds for group in groups).sql(dialect=dialect)})",
        f"({_any(map(_gated, groups)).sql(dialect=dialect)})",
        tuple(predicate.sql(dialect=dialect) for predicate in predicates),
        tuple(tuple(map(tuple, one)) for one in clauses),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Predicates none of which can hold where `gate` does not; without a gate, those that nothing tells beforehand."""

    gate: exp.Expr | None
    any_holds: exp.Expr


def _groups(predicates: Sequence[exp.Expr], looks: Sequence[Sequence[Look]]) -> list[Group]:
    """The predicates by the columns and kinds of their rarest texts."""
    members: dict[frozenset[tuple[str, str]], list[exp.Expr]] = {}
    wanted: dict[tuple[str, str], dict[str, None]] = {}
    for predicate, own in zip(predicates, looks, strict=True):
        members.setdefault(frozenset((look.column, look.kind) for look in own), []).append(predicate)
        for look in own:
            wanted.setdefault((look.column, look.kind), {})[look.value] = None
    gates = {key: _gate(*key, list(values)) for key, values in wanted.items()}
    return [
        Group(_any(gates[key] for key in sorted(keys)) if keys else None, _any(asked))
        for keys, asked in members.items()
    ]


def _gated(group: Group) -> exp.Expr:
    """Whether any predicate of the group holds, asked only behind its gate."""
    return group.any_holds if group.gate is None else _all([group.gate, group.any_holds])


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


def clauses_of(tree: exp.Expr) -> list[list[Look]]:
    """Texts of which, clause by clause, at least one must be there where the predicate holds."""
    options = disjuncts(tree)
    if len(options) > 1:
        found = [_rarest(clauses_of(option)) for option in options]
        return [[look for looks in found for look in looks]] if all(found) else []
    parts = conjuncts(tree)
    if len(parts) > 1:
        return [clause for part in parts for clause in clauses_of(part)]
    looks = _look(parts[0])
    return [looks] if looks else []


def _rarest(clauses: Sequence[list[Look]]) -> list[Look]:
    """The clause that is taken to be met most rarely; nothing when there is none."""
    return max(clauses, key=_worth, default=[])


def _worth(looks: Sequence[Look]) -> float:
    """How rarely these texts are taken to occur: as their shortest; many of them are worth a little less."""
    return min(look.worth for look in looks) - len(looks) / 100


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
