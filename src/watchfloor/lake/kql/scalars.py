"""Scalars bound: names become columns or constants, operators and calls become typed trees."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from sqlglot import exp

from watchfloor.lake.kql import arithmetic, compare, convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.calls import SPECIAL
from watchfloor.lake.kql.errors import AT, KqlError, Span
from watchfloor.lake.kql.functions import (
    addresses,
    aggregates,
    bags,
    dynamics,
    encodings,
    geography,
    numbers,
    registry,
    series,
    texts,
    times,
    units,
)
from watchfloor.lake.kql.model import Relation, Typed, no_column
from watchfloor.lake.kql.program import Closure, Program, Row, Scope, Unfit
from watchfloor.lake.kql.templates import every, fill, no, own, paren, some
from watchfloor.lake.kql.types import Type

_LOADED = (addresses, bags, dynamics, encodings, geography, numbers, series, texts, times, units)
"""Importing them fills the registry."""


class ScalarBinder:
    """Binds scalars; what a pipeline is, `pipelines` knows."""

    def __init__(self, program: Program, pipelines: Callable[[s.Pipeline, Scope], Relation]) -> None:
        self.program = program
        self.pipelines = pipelines

    def bind(self, node: s.Expression, row: Row, scope: Scope) -> Typed:
        """The typed tree of a scalar. Raises KqlError with the place."""
        try:
            found = _BINDERS[type(node)](self, node, row, scope)
            found.sql.meta.setdefault(AT, (node.span.start, node.span.end))
            return found
        except KqlError as error:
            if error.span.end == 0:
                raise KqlError(error.words, node.span, kind=error.kind) from None
            raise

    def truth(self, node: s.Expression, row: Row, scope: Scope) -> exp.Expr:
        """A predicate."""
        found = self.bind(node, row, scope)
        if found.type is Type.DYNAMIC:
            found = convert.to_bool(found)
        if found.type is not Type.BOOL:
            raise KqlError(f"a condition is wanted here, and this is a {found.type}", node.span, kind="type")
        return found.sql

    def const(self, node: s.Expression, scope: Scope) -> Typed:
        """A scalar without a row."""
        return self.bind(node, Row(), scope)

    # --- leaves ---

    def _literal(self, node: s.Literal, row: Row, scope: Scope) -> Typed:
        if node.type == "typeof":
            return Typed(exp.Null(), Type.STRING, const=node.value)
        value = node.value
        if node.type == "datetime" and value is not None:
            value = literals.moment_of(value, node.span)
        if node.type == "long" and value is not None and not -(1 << 63) <= value < 1 << 63:
            raise KqlError(f"{value} is too large for a long", node.span, kind="type")
        return literals.typed(Type(node.type), value)

    def _name(self, node: s.Name, row: Row, scope: Scope) -> Typed:
        found = row.find(node.name)
        if found is not None:
            return found
        bound = scope.find(node.name)
        if isinstance(bound, Unfit):
            raise bound.error
        if isinstance(bound, Closure) and not bound.function.parameters:
            return self._call(s.Call(node.name, (), span=node.span), row, scope)
        if isinstance(bound, Typed):
            self.program.spend(bound.sql)
            return bound.named(node.name) if not bound.name else bound
        if isinstance(bound, Relation):
            raise KqlError(f"“{node.name}” is a table, and a value is wanted here", node.span, kind="type")
        if row.relation is not None:
            raise no_column(node.name, (column.name for column in row.relation.columns), node.span)
        raise KqlError(f"“{node.name}” is not known here", node.span, kind="name")

    def _star(self, node: s.Star, row: Row, scope: Scope) -> Typed:
        raise KqlError("“*” cannot stand here", node.span)

    # --- paths ---

    def _path(self, node: s.Path, row: Row, scope: Scope) -> Typed:
        if isinstance(node.base, s.Name) and node.base.name in ("$left", "$right"):
            return self._of_side(node.base.name, node.name, row, node.span)
        base = _with_parts(self.bind(node.base, row, scope), node.span)
        return dynamics.path(base, [node.name], _joined(base.name, node.name))

    def _of_side(self, side: str, name: str, row: Row, span: Span) -> Typed:
        for known, relation in row.sides:
            if known == side:
                return relation.demand(name, span).typed(known[1:])
        raise KqlError(f"{side} means something in the condition of a join only", span, kind="name")

    def _index(self, node: s.Index, row: Row, scope: Scope) -> Typed:
        base = _with_parts(self.bind(node.base, row, scope), node.span)
        index = self.bind(node.index, row, scope)
        label = str(index.const) if isinstance(index.const, str | int) else ""
        return dynamics.at(base, index, _joined(base.name, label), node.span)

    # --- operators ---

    def _unary(self, node: s.Unary, row: Row, scope: Scope) -> Typed:
        return arithmetic.negative(self.bind(node.operand, row, scope), node.span)

    def _binary(self, node: s.Binary, row: Row, scope: Scope) -> Typed:
        operator = node.operator
        if isinstance(node.left, s.Star):
            return self._any_column(node, row, scope)
        left, right = self.bind(node.left, row, scope), self.bind(node.right, row, scope)
        if operator in ("+", "-", "*", "/", "%"):
            return arithmetic.binary(operator, left, right, node.span)
        if operator in ("==", "!="):
            return compare.equal(left, right, node.span, negated=operator == "!=")
        if operator in ("=~", "!~"):
            return compare.equal(left, right, node.span, negated=operator == "!~", fold=True)
        if operator in ("<", ">", "<=", ">="):
            return compare.ordered(operator, left, right, node.span)
        return compare.matches(operator, left, right, node.span)

    def _any_column(self, node: s.Binary, row: Row, scope: Scope) -> Typed:
        """`* has "x"`: some text column does."""
        right = self.bind(node.right, row, scope)
        if row.relation is None:
            raise KqlError("“*” cannot stand here", node.span)
        parts = [
            paren(compare.matches(node.operator, column.typed(), right, node.span).sql)
            if node.operator not in ("==", "=~")
            else compare.equal(column.typed(), right, node.span, fold=node.operator == "=~").sql
            for column in row.relation.columns
            if column.type in (Type.STRING, Type.DYNAMIC)
        ]
        return compare.truth(some(*parts) if parts else exp.false())

    def _logic(self, node: s.Logic, row: Row, scope: Scope) -> Typed:
        parts = [paren(self.truth(part, row, scope)) for part in node.parts]
        return Typed(every(*parts) if node.operator == "and" else some(*parts), Type.BOOL)

    def _between(self, node: s.Between, row: Row, scope: Scope) -> Typed:
        value, low = self.bind(node.left, row, scope), self.bind(node.low, row, scope)
        high = self.bind(node.high, row, scope)
        if value.type is Type.DATETIME and high.type is Type.TIMESPAN:
            high = arithmetic.binary("+", low, high, node.span)
        first = compare.ordered(">=", value, low, node.span).sql
        last = compare.ordered("<=", value, high, node.span).sql
        both = every(first, last)
        return Typed(no(both) if node.negated else both, Type.BOOL)

    def _member(self, node: s.Member, row: Row, scope: Scope) -> Typed:
        left = self._left(node, row, scope)
        if len(node.items) == 1 and (rows := self.rows(node.items[0], row, scope)) is not None:
            return self._in_rows(node, left, rows)
        items = [self.bind(item, row, scope) for item in node.items]
        return compare.member(node.operator, left, items, node.span)

    def _left(self, node: s.Member, row: Row, scope: Scope) -> Typed:
        if isinstance(node.left, s.Star):
            if row.relation is None:
                raise KqlError("“*” cannot stand here", node.span)
            texts_ = [column.read() for column in row.relation.columns if column.type is Type.STRING]
            joined = exp.Anonymous(this="CONCAT_WS", expressions=[exp.Literal.string("\n"), *texts_])
            return Typed(joined, Type.STRING, null=False)
        return self.bind(node.left, row, scope)

    def rows(self, node: s.Expression, row: Row, scope: Scope) -> Relation | None:
        """The relation an item of `in` stands for, when it is one."""
        if isinstance(node, s.Subquery):
            return self.pipelines(node.pipeline, scope)
        if isinstance(node, s.Name) and row.find(node.name) is None:
            bound = scope.find(node.name)
            if isinstance(bound, Relation):
                return bound
            if bound is None and self.program.catalogue.table(node.name):
                return self.pipelines(s.Pipeline(s.Table(node.name, span=node.span), span=node.span), scope)
        if isinstance(node, s.Call) and (
            isinstance(scope.find(node.name), Closure) or node.name in ("materialize", "_GetWatchlist", "table")
        ):
            closure = scope.find(node.name)
            if isinstance(closure, Closure) and not isinstance(closure.function.body, s.Pipeline):
                return None
            return self.pipelines(s.Pipeline(s.Invocation(node, span=node.span), span=node.span), scope)
        return None

    def _in_rows(self, node: s.Member, left: Typed, rows: Relation) -> Typed:
        if not rows.columns:
            raise KqlError("this table has no column", node.span, kind="type")
        column, bare = rows.columns[0], node.operator.removeprefix("!")
        value = column.typed()
        if bare in ("has_any", "has_all"):
            return self._has_any_of_rows(node, left, rows, value)
        if bare == "in~":
            one, other = compare.lower(convert.to_text(left)), compare.lower(convert.to_text(value))
        else:
            if value.type is Type.DYNAMIC:
                left, value = convert.to_text(left), convert.to_text(value)
            one_, other_ = compare.alike(left, value, node.span)
            one, other = one_.sql, other_.sql
        inner = rows.select(own(other)).where(no(exp.Is(this=paren(own(other)), expression=exp.null())), copy=False)
        found = fill("COALESCE(_0, FALSE)", exp.In(this=paren(own(one)), query=exp.Subquery(this=inner)))
        return compare.truth(no(found) if node.operator[0] == "!" else found)

    def _has_any_of_rows(self, node: s.Member, left: Typed, rows: Relation, value: Typed) -> Typed:
        """The terms of a table become one list, asked for each row."""
        terms = fill("TO_JSON(LIST(_0))", convert.to_text(value).sql)
        listed = Typed(exp.Subquery(this=rows.select(terms)), Type.DYNAMIC)
        return compare.member(node.operator, left, [listed], node.span)

    def _subquery(self, node: s.Subquery, row: Row, scope: Scope) -> Typed:
        raise KqlError(
            "a value is wanted here, and this is a table; toscalar() takes its first value", node.span, kind="type"
        )

    # --- calls ---

    def _call(self, node: s.Call, row: Row, scope: Scope) -> Typed:
        name = node.name
        if name in SPECIAL:
            return SPECIAL[name](self, node, row, scope)
        bound = scope.find(name)
        if isinstance(bound, Closure):
            return self._closure(node, bound, row, scope)
        if row.aggregates and name in aggregates.AGGREGATES:
            inner = replace(row, aggregates=False)
            args = [self.bind(arg, inner, scope) for arg in node.args]
            return aggregates.call(aggregates.AGGREGATES[name], args, node.span)
        function = registry.SCALARS.get(name)
        if function is None:
            raise _no_function(name, node.span, aggregate=name in aggregates.AGGREGATES)
        given = _in_order(node)
        args = [self.bind(arg, row, scope).named(name) if name else self.bind(arg, row, scope) for name, arg in given]
        return registry.call(function, args, [arg.span for _, arg in given], node.span)

    def _closure(self, node: s.Call, closure: Closure, row: Row, scope: Scope) -> Typed:
        body = closure.function.body
        if isinstance(body, s.Pipeline):
            relation = self.pipelines(s.Pipeline(s.Invocation(node, span=node.span), span=node.span), scope)
            return self.first_value(relation)
        inner = self.arguments(node, closure, row, scope)
        return self.bind(body, Row(), inner).named("")

    def arguments(self, node: s.Call, closure: Closure, row: Row, scope: Scope) -> Scope:
        """The scope of a let function's body: its parameters, and its own lets."""
        parameters = closure.function.parameters
        given = list(node.args)
        named = dict(node.named)
        if len(given) > len(parameters):
            raise KqlError(f"{node.name}() takes {len(parameters)} arguments", node.span, kind="type")
        self.program.call()
        inner = closure.scope.inner()
        for number, parameter in enumerate(parameters):
            argument = given[number] if number < len(given) else named.get(parameter.name, parameter.default)
            if argument is None:
                raise KqlError(f"{node.name}() lacks its argument “{parameter.name}”", node.span, kind="type")
            if parameter.tabular:
                rows = self.rows(argument, Row(), scope)
                if rows is None:
                    raise KqlError(f"“{parameter.name}” takes a table", argument.span, kind="type")
                inner.names[parameter.name] = rows
            else:
                value = self.bind(argument, row, scope)
                inner.names[parameter.name] = _fitted(value, parameter, argument.span)
        for let in closure.function.lets:
            inner.names[let.name] = self.let(let, inner)
        return inner

    def let(self, let: s.Let, scope: Scope) -> Any:
        """What a let statement binds its name to."""
        if isinstance(let.value, s.Function):
            return Closure(let.value, scope)
        if isinstance(let.value, s.Pipeline):
            return replace(self.pipelines(let.value, scope), scan=None)
        if isinstance(let.value, s.Name) and scope.find(let.value.name) is None:
            # `let T = EmailEvents;`
            return replace(
                self.pipelines(s.Pipeline(s.Table(let.value.name, span=let.value.span), span=let.value.span), scope),
                scan=None,
            )
        if isinstance(let.value, s.Name):
            return scope.find(let.value.name)
        rows = self.rows(let.value, Row(), scope)
        if rows is not None:
            return replace(rows, scan=None)
        return self.const(let.value, scope).named("")

    def first_value(self, relation: Relation) -> Typed:
        """The first column of the first row, as toscalar() takes it."""
        if not relation.columns:
            raise KqlError("this table has no column", kind="type")
        column = relation.columns[0]
        inner = relation.select(column.read()).limit(1, copy=False)
        if relation.order:
            inner = inner.order_by(*(key.expression() for key in relation.order), copy=False)
        found: exp.Expr = exp.Subquery(this=inner)
        if column.type is Type.STRING:
            found = fill("COALESCE(_0, '')", found)
        return Typed(found, column.type, null=column.type is not Type.STRING)


def _fitted(value: Typed, parameter: s.Parameter, span: Span) -> Typed | Unfit:
    """The argument in its parameter's type. One that does not fit is refused only where the function reads it."""
    try:
        return convert.fit(value, Type(parameter.type), span).named("")
    except KqlError as error:
        return Unfit(error)


def _with_parts(value: Typed, span: Span) -> Typed:
    """A dynamic, which a text that holds JSON becomes."""
    if value.type is Type.STRING and value.json:
        return convert.parsed(value)
    if value.type is not Type.DYNAMIC:
        raise KqlError(f"a {value.type} has no parts; parse_json() makes it dynamic", span, kind="type")
    return value


def _in_order(node: s.Call) -> list[tuple[str, s.Expression]]:
    """The arguments with the names some were given, as they stand: `bin(Day = Timestamp, 1d)`."""
    if not node.named:
        return [("", arg) for arg in node.args]
    return sorted([*(("", arg) for arg in node.args), *node.named], key=lambda one: one[1].span.start)


def _joined(left: str, right: str) -> str:
    return f"{left}_{right}" if left and right else left or right


def _no_function(name: str, span: Span, *, aggregate: bool) -> KqlError:
    if aggregate:
        return KqlError(f"{name}() counts over rows and stands in summarize only", span, kind="type")
    known = [*registry.SCALARS, *SPECIAL, *aggregates.AGGREGATES]
    near = get_close_matches(name, known, 1, 0.75)
    hint = f"; did you mean {near[0]}()?" if near else ""
    return KqlError(f"function {name}() is not supported here{hint}", span, kind="unsupported")


_BINDERS: dict[type[s.Expression], Callable[..., Typed]] = {
    s.Literal: ScalarBinder._literal,
    s.Name: ScalarBinder._name,
    s.Star: ScalarBinder._star,
    s.Path: ScalarBinder._path,
    s.Index: ScalarBinder._index,
    s.Unary: ScalarBinder._unary,
    s.Binary: ScalarBinder._binary,
    s.Logic: ScalarBinder._logic,
    s.Between: ScalarBinder._between,
    s.Member: ScalarBinder._member,
    s.Subquery: ScalarBinder._subquery,
    s.Call: ScalarBinder._call,
}


def is_aggregate(node: s.Expression) -> bool:
    """Whether the expression calls an aggregate somewhere."""
    if isinstance(node, s.Call):
        return node.name in aggregates.AGGREGATES or any(map(is_aggregate, node.args))
    return any(is_aggregate(part) for part in children(node))


def children(node: s.Expression) -> Sequence[s.Expression]:
    """The expressions directly below."""
    match node:
        case s.Binary():
            return (node.left, node.right)
        case s.Logic():
            return node.parts
        case s.Unary():
            return (node.operand,)
        case s.Member():
            return (node.left, *node.items)
        case s.Between():
            return (node.left, node.low, node.high)
        case s.Path():
            return (node.base,)
        case s.Index():
            return (node.base, node.index)
        case s.Call():
            return node.args
        case _:
            return ()
