"""Whole statements: steps, sources, joins, and what Spark has no word for (QUALIFY, UNNEST among columns, stars that leave out)."""

from collections.abc import Mapping

from sqlglot import exp

from watchfloor.lake.engines.dialects import atoms, bags, casts, lists, numbers, texts, times  # noqa: F401 (they fill the table)
from watchfloor.lake.engines.dialects.kinds import NULL, Kind, sql_type, wider
from watchfloor.lake.engines.dialects.saying import (
    Columns,
    Flavour,
    Names,
    Rows,
    Said,
    Saying,
    Unspeakable,
    emits,
    name,
)

KNOWN = frozenset(
    [
        "with_",
        "expressions",
        "distinct",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "qualify",
        "order",
        "limit",
        "offset",
        "laterals",
        "kind",
        "hint",
    ]
)
JOINS = {
    "": "INNER JOIN",
    "INNER": "INNER JOIN",
    "LEFT": "LEFT JOIN",
    "RIGHT": "RIGHT JOIN",
    "FULL": "FULL JOIN",
    "CROSS": "CROSS JOIN",
}


def said(tree: exp.Expr, sources: Mapping[str, tuple[str, Columns]], flavour: Flavour) -> str:
    """The statement in the engine's words; `sources` gives each name its view there, with its columns. Raises Unspeakable."""
    saying = Statement(flavour, sources)
    return saying.whole(tree)[0]


class Statement(Saying):
    """Expressions inside the queries they stand in."""

    def __init__(self, flavour: Flavour, sources: Mapping[str, tuple[str, Columns]]) -> None:
        super().__init__(flavour, lambda _, node, outer: self.whole(node, outer))
        self.relations: dict[str, tuple[str, Columns]] = {key.lower(): value for key, value in sources.items()}

    # --- a query ---

    def whole(self, node: exp.Expr, outer: Names | None = None) -> tuple[str, Columns]:
        """A query with the steps before it."""
        steps = []
        for step in node.args["with_"].expressions if node.args.get("with_") else ():
            made, columns = self.whole(step.this, outer)
            steps.append(f"{name(step.alias)} AS ({made})")
            self.relations[step.alias.lower()] = (name(step.alias), columns)
        made, columns = self._body(node, outer)
        return (f"WITH {', '.join(steps)} {made}" if steps else made), columns

    def _body(self, node: exp.Expr, outer: Names | None) -> tuple[str, Columns]:
        if isinstance(node, exp.Union):
            return self._union(node, outer)
        if isinstance(node, exp.Subquery):
            return self.whole(node.this, outer)
        if not isinstance(node, exp.Select):
            raise self.refusal(node, f"a {type(node).__name__}")
        kept = self.names
        self.names = Names(outer=outer)
        try:
            return self._select(node)
        finally:
            self.names = kept

    def _union(self, node: exp.Union, outer: Names | None) -> tuple[str, Columns]:
        left, columns = self.whole(node.this, outer)
        right, others = self.whole(node.expression, outer)
        kinds = tuple((one[0], wider(one[1], other[1])) for one, other in zip(columns, others, strict=True))
        words = "UNION" if node.args.get("distinct") else "UNION ALL"
        return f"{_shelled(left, columns, kinds)} {words} {_shelled(right, others, kinds)}", kinds

    def _select(self, node: exp.Select) -> tuple[str, Columns]:
        unknown = {key for key, value in node.args.items() if value} - KNOWN
        if unknown:
            raise self.refusal(node, f"a query with {', '.join(sorted(unknown))}")
        source = self._from(node)
        items = self._items(node)
        exploded = self._exploded(node)
        if exploded:
            source += exploded
        made = [(self.say(item), alias, item) for item, alias in items]
        columns = tuple((alias, one.kind) for one, alias, _ in made)
        shown = [f"{_typed(one.sql, one.kind)} AS {name(alias)}" for one, alias, _ in made]
        self.names.made |= dict(columns)
        words = [source] if source else []
        words += self._conditions(node, [item for item, _ in items])
        if node.args.get("qualify"):
            return self._qualified(node, shown, words, columns), columns
        text = f"SELECT {self._distinct(node)}{', '.join(shown)}" + "".join(f" {word}" for word in words)
        return text + self._tail(node), columns

    def _distinct(self, node: exp.Select) -> str:
        distinct = node.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise self.refusal(node, "DISTINCT ON")
        return "DISTINCT " if distinct is not None else ""

    def _conditions(self, node: exp.Select, items: list[exp.Expr]) -> list[str]:
        words = []
        if where := node.args.get("where"):
            words.append(f"WHERE {self._where(where.this)}")
        if group := node.args.get("group"):
            words.append(f"GROUP BY {', '.join(self._group(one, items) for one in group.expressions)}")
        if having := node.args.get("having"):
            words.append(f"HAVING {self.say(having.this).sql}")
        return words

    def _where(self, condition: exp.Expr) -> str:
        """Sail looks into files with the parts of a condition, and stumbles there over those that look into lists: a part
        that is never twice the same to it stays outside."""
        if not self.flavour.own:
            return self.say(condition).sql
        parts = [
            self.say(part).sql for part in (condition.flatten() if isinstance(condition, exp.And) else (condition,))
        ]
        return " AND ".join(f"CASE WHEN rand() >= 0 THEN {part} END" if "->" in part else part for part in parts)

    def _group(self, one: exp.Expr, items: list[exp.Expr]) -> str:
        """What is also a column is named by its place, so that both are the same to every engine."""
        if isinstance(one, exp.Literal) and not one.is_string:
            return str(one.this)
        if isinstance(one, exp.Column) and not one.table and not any(rows.find(one.name) for rows in self.names.rows):
            return name(one.name)
        return next((str(place + 1) for place, item in enumerate(items) if item == one), None) or self.say(one).sql

    def _tail(self, node: exp.Select) -> str:
        words = ""
        if order := node.args.get("order"):
            words += f" ORDER BY {', '.join(self.ordered(one, after=True) for one in order.expressions)}"
        if limit := node.args.get("limit"):
            words += f" LIMIT {self.say(limit.expression).sql}"
        if offset := node.args.get("offset"):
            words += f" OFFSET {self.say(offset.expression).sql}"
        return words

    def _qualified(self, node: exp.Select, shown: list[str], words: list[str], columns: Columns) -> str:
        """A condition on windows: they become columns of an inner query."""
        condition = node.args["qualify"].this.copy()
        windows = list(condition.find_all(exp.Window))
        extra = []
        for number, found in enumerate(windows):
            made = self.say(found)
            extra.append(f"{made.sql} AS `~q{number}`")
            self.names.made[f"~q{number}"] = made.kind
            standing = exp.column(f"~q{number}", quoted=True)
            if found is condition:
                condition = standing
            else:
                found.replace(standing)
        inner = f"SELECT {', '.join([*shown, *extra])}" + "".join(f" {word}" for word in words)
        kept = self.names
        self.names = Names(made=dict(kept.made), outer=kept.outer)
        try:
            test = self.say(condition).sql
            outer = f"SELECT {self._distinct(node)}{', '.join(name(one) for one, _ in columns)} FROM ({inner}) AS `~q`"  # noqa: S608 (names are quoted)
            return f"{outer} WHERE {test}{self._tail(node)}"
        finally:
            self.names = kept

    # --- where rows come from ---

    def _from(self, node: exp.Select) -> str:
        source = node.args.get("from_")
        if source is None:
            return ""
        words = f"FROM {self._relation(source.this)}"
        for join in node.args.get("joins") or ():
            words += self._join(join)
        return words

    def _join(self, join: exp.Join) -> str:
        if join.args.get("using") or join.args.get("method"):
            raise self.refusal(join, "this join")
        kind = (join.kind or join.side or "").upper()
        if kind in ("SEMI", "ANTI"):
            words = f" LEFT {kind} JOIN"
        elif kind in JOINS:
            words = f" {JOINS[kind]}"
        else:
            raise self.refusal(join, f"a {kind} join")
        relation = self._relation(join.this)
        on = join.args.get("on")
        if on is None:
            return f" CROSS JOIN {relation}"
        made = f"{words} {relation} ON {self.say(on).sql}"
        if kind in ("SEMI", "ANTI"):
            self.names.rows.pop()
        return made

    def _relation(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Table):
            if node.name.lower() not in self.relations:
                raise self.refusal(node, f"there is no table “{node.name}”")
            view, columns = self.relations[node.name.lower()]
            alias = node.alias or node.name
        elif isinstance(node, exp.Subquery):
            made, columns = self.whole(node.this, self.names.outer)
            view, alias = f"({made})", node.alias or "~sub"
        elif isinstance(node, exp.Values):
            view, columns = self._values(node)
            alias = node.alias or "~values"
            self.names.rows.append(Rows(alias, columns))
            return f"{view} AS {name(alias)}({', '.join(name(one) for one, _ in columns)})"
        else:
            raise self.refusal(node, f"rows of a {type(node).__name__}")
        self.names.rows.append(Rows(alias, columns))
        return f"{view} AS {name(alias)}"

    def _values(self, node: exp.Values) -> tuple[str, Columns]:
        rows = [[self.say(cell) for cell in row.expressions] for row in node.expressions]
        kinds = [wider(*(row[place].kind for row in rows)) for place in range(len(rows[0]))]
        lines = ", ".join(
            f"({', '.join(atoms.fitted(cell, kind) for cell, kind in zip(row, kinds, strict=True))})" for row in rows
        )
        names = [column.name for column in node.args["alias"].columns]
        return f"(VALUES {lines})", tuple(zip(names, kinds, strict=True))

    def _exploded(self, node: exp.Select) -> str:
        """UNNEST among the columns makes a row for each element."""
        found = [
            one
            for item in node.expressions
            for one in item.find_all(exp.Explode)
            if one.find_ancestor(exp.Select) is node
        ]
        if not found:
            return ""
        if len(found) > 1:
            raise self.refusal(node, "several lists taken apart side by side")
        held = self.say(found[0].this)
        alias = f"~e{self.fresh()}"
        self.names.rows.append(Rows(alias, ((f"{alias}c", held.kind.element),)))
        self.names.variables["~exploded"] = self.say(exp.column(f"{alias}c", table=alias, quoted=True))
        lead = "" if node.args.get("from_") else "FROM (SELECT 1 AS `~one`) AS `~one`"
        return f"{lead} LATERAL VIEW explode({held.sql}) {name(alias)} AS {name(alias + 'c')}"

    # --- columns ---

    def _items(self, node: exp.Select) -> list[tuple[exp.Expr, str]]:
        """Each column with its name; stars are written out."""
        found: list[tuple[exp.Expr, str]] = []
        for number, item in enumerate(node.expressions):
            star = item.this if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else item
            if isinstance(star, exp.Star):
                found += self._star(star, item.table if isinstance(item, exp.Column) else "")
            elif isinstance(item, exp.Alias):
                found.append((item.this, item.alias))
            else:
                found.append((item, item.name if isinstance(item, exp.Column) else f"~{number}"))
        return _different(found)

    def _star(self, star: exp.Star, table: str) -> list[tuple[exp.Expr, str]]:
        instead = {one.alias.lower(): one.this for one in star.args.get("replace") or ()}
        without = {one.name.lower() for one in star.args.get("except_") or star.args.get("except") or ()}
        return [
            (instead.get(column.lower(), exp.column(column, table=rows.alias, quoted=True)), column)
            for rows in self.names.rows
            if not table or rows.alias.lower() == table.lower()
            for column, _ in rows.columns
            if column.lower() not in without
        ]

    def ordered(self, node: exp.Expr, *, after: bool = False) -> str:
        """A key of an order; nulls stand last unless the tree says otherwise. `after`: columns made beside come first."""
        inner = node.this if isinstance(node, exp.Ordered) else node
        descending = isinstance(node, exp.Ordered) and bool(node.args.get("desc"))
        first = isinstance(node, exp.Ordered) and bool(node.args.get("nulls_first"))
        made = None
        if after and isinstance(inner, exp.Column) and not inner.table:
            made = next((name(one) for one in self.names.made if one.lower() == inner.name.lower()), None)
        return f"{made or self.say(inner).sql}{' DESC' if descending else ' ASC'} NULLS {'FIRST' if first else 'LAST'}"

    def every_column(self) -> str:
        """An order over all there is, so that numbers come out the same however often they are worked out."""
        keys = [
            f"{name(rows.alias)}.{name(column)}"
            for rows in self.names.rows
            for column, kind in rows.columns
            if kind.name not in ("null", "pairs", "list", "struct")
        ]
        return ", ".join(keys) or "1"

    def literal_int(self, node: exp.Expr) -> int | None:
        """The whole number a tree is, however it is written."""
        while isinstance(node, exp.Paren | exp.Cast):
            node = node.this
        if isinstance(node, exp.Neg):
            inner = self.literal_int(node.this)
            return None if inner is None else -inner
        return int(node.this) if isinstance(node, exp.Literal) and not node.is_string else None


@emits(exp.Explode)
def exploded(say: Saying, node: exp.Explode) -> Said:
    """What `_exploded` put beside the rows."""
    if "~exploded" not in say.names.variables:
        raise say.refusal(node, "a list taken apart here")
    return say.names.variables["~exploded"]


def _typed(sql: str, kind: Kind) -> str:
    return "CAST(NULL AS STRING)" if kind is NULL and sql == "NULL" else sql


def _different(found: list[tuple[exp.Expr, str]]) -> list[tuple[exp.Expr, str]]:
    """No name twice, also where only case tells them apart: a column nobody can name needs none of its own."""
    used: set[str] = set()
    kept = []
    for item, alias in found:
        own, number = alias, 1
        while own.lower() in used:
            number += 1
            own = f"{alias}~~{number}"
        used.add(own.lower())
        kept.append((item, own))
    return kept


def _shelled(sql: str, columns: Columns, kinds: Columns) -> str:
    """One side of a union, its columns in the kinds of both."""
    if all(one[1] == other[1] for one, other in zip(columns, kinds, strict=True)):
        plain = not any(word in sql for word in (" ORDER BY ", " LIMIT ", " UNION "))
        return f"({sql})" if plain else f"(SELECT * FROM ({sql}))"  # noqa: S608 (said by rules, values quoted)
    shown = ", ".join(
        f"CAST({name(column)} AS {sql_type(wanted)}) AS {name(column)}" if kind != wanted else name(column)
        for (column, kind), (_, wanted) in zip(columns, kinds, strict=True)
    )
    return f"(SELECT {shown} FROM ({sql}))"  # noqa: S608 (said by rules, values quoted)


__all__ = ["Unspeakable", "said"]
