"""Pipelines: a source, then operator after operator."""

from collections.abc import Callable

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import AT, KqlError, unsupported
from watchfloor.lake.kql.model import Relation
from watchfloor.lake.kql.program import Program, Scope
from watchfloor.lake.kql.scalars import ScalarBinder
from watchfloor.lake.kql.tabular.asking import asked_for


class Binder:
    """Binds one query. `scalars` binds values; the operator modules are given this object.

    `wanted` are the columns that will be asked of the source that is bound next, where that is known.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.scalars = ScalarBinder(program, self.pipeline)
        self.wanted: frozenset[str] | None = None

    def query(self, tree: s.Query) -> Relation:
        """The relation a query answers with. Raises KqlError."""
        scope = Scope()
        for let in tree.lets:
            scope.names[let.name] = self.scalars.let(let, scope)
        if tree.pipeline is None:
            raise KqlError("the query names values but asks nothing; end it with a table", tree.span)
        return self.pipeline(tree.pipeline, scope)

    def pipeline(self, tree: s.Pipeline, scope: Scope) -> Relation:
        """A source and its operators. Of many tables put below one another only the columns that are asked for are carried."""
        wanted = asked_for(tree.operators) if isinstance(tree.source, s.Union | s.Search) else None
        if wanted is None:
            return self._piped(tree, scope)
        kept = (len(self.program.steps), len(self.program.scans), len(self.program.missing))
        try:
            return self._piped(tree, scope, wanted)
        except KqlError:
            # The refusal should know all columns when it says what is not there.
            del self.program.steps[kept[0] :], self.program.scans[kept[1] :], self.program.missing[kept[2] :]
            return self._piped(tree, scope)

    def _piped(self, tree: s.Pipeline, scope: Scope, wanted: frozenset[str] | None = None) -> Relation:
        inner = scope.inner()
        self.wanted = wanted
        relation = self.source(tree.source, inner)
        self.wanted = None
        return self.steps(relation, tree.operators, inner)

    def steps(self, relation: Relation, operators: tuple[s.Operator, ...], scope: Scope) -> Relation:
        """Operator after operator; `as` adds its name to `scope`."""
        for operator in operators:
            relation = self.step(relation, operator, scope)
        return relation

    def step(self, relation: Relation, operator: s.Operator, scope: Scope) -> Relation:
        """One operator."""
        from watchfloor.lake.kql.tabular.registry import OPERATORS

        if isinstance(operator, s.Unsupported):
            raise unsupported(operator.what, operator.span)
        bind: Callable[..., Relation] = OPERATORS[type(operator)]
        before = len(self.program.steps)
        try:
            found = bind(self, relation, operator, scope)
            for _, made in self.program.steps[before:]:
                made.meta.setdefault(AT, (operator.span.start, operator.span.end))
            return found
        except KqlError as error:
            if error.span.end == 0:
                raise KqlError(error.words, operator.span, kind=error.kind) from None
            raise

    def source(self, tree: s.Source, scope: Scope) -> Relation:
        """What a pipeline begins with."""
        from watchfloor.lake.kql.tabular.registry import SOURCES

        if isinstance(tree, s.Nested):
            return self.pipeline(tree.pipeline, scope)
        return SOURCES[type(tree)](self, tree, scope)
