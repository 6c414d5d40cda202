"""The steps of a pipeline."""

from collections.abc import Callable

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import Span, unsupported
from watchfloor.lake.kql.parsing.items import UNION, ItemParser, Options
from watchfloor.lake.kql.tokens import Kind


class OperatorParser(ItemParser):
    """Operators; pipelines and sources come from the class below."""

    def operator(self) -> s.Operator:
        """One operator, its leading pipe being stepped over."""
        start, name = self.token.span, self.hyphenated()
        reader = READERS.get(name)
        if reader is None:
            if name in KNOWN_BUT_NOT_HERE:
                return self._skipped(name, start)
            raise self.expected("an operator, such as where or summarize")
        self.skip_hyphenated(name)
        with self.deeper():
            return reader(self, start)

    def _skipped(self, name: str, start: Span) -> s.Operator:
        """An operator we know by name only: read to where the next begins, refused when it is bound."""
        self.skip_words()
        return s.Unsupported(f"operator {name}", span=self.since(start))

    def skip_words(self) -> None:
        """To the end of this step: the next pipe, semicolon or closing parenthesis outside brackets."""
        depth = 0
        while self.token.kind is not Kind.END:
            if depth == 0 and self._ends_step():
                return
            depth += self.is_sign("(", "[", "{") - self.is_sign(")", "]", "}")
            self.advance()

    # --- operators ---

    def _where(self, start: Span) -> s.Operator:
        return s.Where(self.expression(), span=self.since(start))

    def _extend(self, start: Span) -> s.Operator:
        return s.Extend(self.assignments(), span=self.since(start))

    def _project(self, start: Span) -> s.Operator:
        items = () if self._ends_step() else self.assignments()
        return s.Project(items, span=self.since(start))

    def _pick(self, how: str) -> Callable[[Span], s.Operator]:
        def read(start: Span) -> s.Operator:
            patterns, orders = [self._pattern()], [self._direction()]
            while self.take_sign(","):
                patterns.append(self._pattern())
                orders.append(self._direction())
            return s.Pick(how, tuple(patterns), tuple(orders), span=self.since(start))

        return read

    def _direction(self) -> str:
        return self.advance().text if self.is_word("asc", "desc", "granny") else ""

    def _rename(self, start: Span) -> s.Operator:
        pairs: list[tuple[str, str]] = []
        while True:
            new = self.name()
            pairs.append((new, self.name() if self.take_sign("=") else ""))
            if not self.take_sign(","):
                return s.Rename(tuple(pairs), span=self.since(start))

    def _summarize(self, start: Span) -> s.Operator:
        self.options()
        aggregates = () if self.is_word("by") else self.assignments()
        keys = self.assignments() if self.take_word("by") else ()
        return s.Summarize(aggregates, keys, span=self.since(start))

    def _distinct(self, start: Span) -> s.Operator:
        self.options()
        return s.Distinct(self.assignments(), span=self.since(start))

    def _sort(self, start: Span) -> s.Operator:
        self.options()
        self.expect_word("by")
        return s.Sort(self.orderings(), span=self.since(start))

    def _top(self, start: Span) -> s.Operator:
        count = self.expression()
        self.expect_word("by")
        return s.Top(count, self.orderings(), span=self.since(start))

    def _take(self, start: Span) -> s.Operator:
        return s.Take(self.expression(), span=self.since(start))

    def _sample(self, start: Span) -> s.Operator:
        return s.Take(self.expression(), random=True, span=self.since(start))

    def _sample_distinct(self, start: Span) -> s.Operator:
        count = self.expression()
        self.expect_word("of")
        return s.SampleDistinct(count, self.expression(), span=self.since(start))

    def _count(self, start: Span) -> s.Operator:
        name = self.name() if self.take_word("as") else "Count"
        return s.Count(name, span=self.since(start))

    def _join(self, *, lookup: bool) -> Callable[[Span], s.Operator]:
        def read(start: Span) -> s.Operator:
            kind = dict(self.options("kind")).get("kind", "")
            right = self.nested()
            if self.take_word("where"):
                raise unsupported("join with where", self.token.span)
            self.expect_word("on")
            on = [self.expression()]
            while self.take_sign(","):
                on.append(self.expression())
            return s.Join(kind, right, tuple(on), lookup, span=self.since(start))

        return read

    def _union(self, start: Span) -> s.Operator:
        options = self.options(*UNION)
        return s.Combine(self.union_parts(), options, span=self.since(start))

    def _mv_expand(self, start: Span) -> s.Operator:
        options = dict(self.options("kind", "bagexpansion", "with_itemindex"))
        items = self._expansions()
        limit = self.expression() if self.take_word("limit") else None
        return s.MvExpand(
            items,
            options.get("with_itemindex", ""),
            limit,
            options.get("kind", options.get("bagexpansion", "")) == "array",
            span=self.since(start),
        )

    def _mv_apply(self, start: Span) -> s.Operator:
        options = dict(self.options("kind", "bagexpansion", "with_itemindex"))
        items = self._expansions()
        limit = self.expression() if self.take_word("limit") else None
        self.expect_word("on")
        body = self.steps()
        return s.MvApply(items, body, options.get("with_itemindex", ""), limit, span=self.since(start))

    def _expansions(self) -> tuple[s.Expansion, ...]:
        found = [self._expansion()]
        while self.take_sign(","):
            found.append(self._expansion())
        return tuple(found)

    def _expansion(self) -> s.Expansion:
        start = self.token.span
        names = self._names_before_equals()
        value = self.expression()
        kind = ""
        if self.take_word("to"):
            kind = self.type_of()
        return s.Expansion(names[0] if names else "", value, kind, span=self.since(start))

    def _parse(self, *, only_matches: bool) -> Callable[[Span], s.Operator]:
        def read(start: Span) -> s.Operator:
            options = dict(self.options("kind", "flags"))
            value = self.expression()
            self.expect_word("with")
            return s.Parse(
                options.get("kind", "simple"),
                value,
                self._parse_parts(),
                only_matches,
                options.get("flags", ""),
                span=self.since(start),
            )

        return read

    def _parse_parts(self) -> tuple[s.ParsePart, ...]:
        found: list[s.ParsePart] = []
        while not self._ends_step():
            token = self.token
            if token.kind is Kind.STRING:
                self.advance()
                found.append(s.ParsePart(text=token.value, span=token.span))
            elif self.take_sign("*"):
                found.append(s.ParsePart(star=True, span=token.span))
            else:
                column = self.name("a text, a star or a column")
                kind = self.type_name() if self.take_sign(":") else "string"
                found.append(s.ParsePart(column=column, type=kind, span=self.since(token.span)))
        return tuple(found)

    def _parse_kv(self, start: Span) -> s.Operator:
        value = self.expression()
        self.expect_word("as")
        columns = self.typed_columns()
        options: Options = ()
        if self.take_word("with"):
            options = self.bracketed_options()
        return s.ParseKv(value, columns, options, span=self.since(start))

    def bracketed_options(self) -> Options:
        """`(name = value, ...)`."""
        self.expect_sign("(")
        found: list[tuple[str, str]] = []
        while not self.is_sign(")"):
            name = self.name()
            self.expect_sign("=")
            value = ""
            while not self.is_sign(",", ")") and self.token.kind is not Kind.END:
                value += self.advance().value
            found.append((name, value))
            if not self.take_sign(","):
                break
        self.expect_sign(")")
        return tuple(found)

    def _make_series(self, start: Span) -> s.Operator:
        options = dict(self.options("kind"))
        aggregates = [self._series_item()]
        while self.take_sign(","):
            aggregates.append(self._series_item())
        self.expect_word("on")
        start_axis = self.token.span
        names = self._names_before_equals()
        axis = s.Assigned(names, self._additive(), span=self.since(start_axis))
        first = last = None
        if self.take_word("from"):
            first = self.expression()
        if self.take_word("to"):
            last = self.expression()
        if self.take_word("in"):
            first, last, step = self._series_range()
        else:
            self.expect_word("step")
            step = self.expression()
        keys = self.assignments() if self.take_word("by") else ()
        nonempty = options.get("kind") == "nonempty"
        return s.MakeSeries(tuple(aggregates), axis, first, last, step, keys, nonempty, span=self.since(start))

    def _series_range(self) -> tuple[s.Expression, s.Expression, s.Expression]:
        self.expect_word("range")
        self.expect_sign("(")
        first = self.expression()
        self.expect_sign(",")
        last = self.expression()
        self.expect_sign(",")
        step = self.expression()
        self.expect_sign(")")
        return first, last, step

    def _series_item(self) -> tuple[s.Assigned, s.Expression | None]:
        item = self.assigned()
        if self.take_word("default"):
            self.expect_sign("=")
            return item, self.expression()
        return item, None

    def _evaluate(self, start: Span) -> s.Operator:
        self.options()
        call = self.call(self.name("a plugin"), self.token.span)
        schema = self._declared_schema() if self.take_sign(":") else None
        return s.Evaluate(call, schema, span=self.since(start))

    def _declared_schema(self) -> tuple[tuple[str, str], ...]:
        """`(*, name: type, ...)`: what a plugin gives; a star stands for the columns that were there."""
        self.expect_sign("(")
        found: list[tuple[str, str]] = []
        while not self.is_sign(")"):
            if self.take_sign("*"):
                found.append(("*", ""))
            else:
                name = self.name()
                self.expect_sign(":")
                found.append((name, self.type_name()))
            if not self.take_sign(","):
                break
        self.expect_sign(")")
        return tuple(found)

    def _invoke(self, start: Span) -> s.Operator:
        return s.Invoke(self._call("a function"), span=self.since(start))

    def _call(self, what: str) -> s.Call:
        start = self.token.span
        return self.call(self.name(what), start)

    def _render(self, start: Span) -> s.Operator:
        kind = self.name("a chart's name")
        properties: Options = ()
        if self.take_word("with"):
            properties = self.bracketed_options()
        else:
            properties = self.options("kind", "title", "xcolumn", "ycolumns", "series", "accumulate")
        return s.Render(kind, properties, span=self.since(start))

    def _as(self, start: Span) -> s.Operator:
        self.options()
        return s.As(self.name(), span=self.since(start))

    def _serialize(self, start: Span) -> s.Operator:
        items = () if self._ends_step() else self.assignments()
        return s.Serialize(items, span=self.since(start))

    def _getschema(self, start: Span) -> s.Operator:
        return s.GetSchema(span=start)

    def _search(self, start: Span) -> s.Operator:
        self.options("kind")
        return s.SearchIn(self.expression(), span=self.since(start))

    def _top_nested(self, start: Span) -> s.Operator:
        levels = [self._nested_level()]
        while self.take_sign(","):
            if self.hyphenated() != "top-nested":
                raise self.expected("“top-nested”")
            self.skip_hyphenated("top-nested")
            levels.append(self._nested_level())
        return s.TopNested(tuple(levels), span=self.since(start))

    def _nested_level(self) -> s.NestedLevel:
        start = self.token.span
        count = None if self.is_word("of") else self.expression()
        self.expect_word("of")
        of = self.assigned()
        others = None
        if self.take_word("with"):
            self.expect_word("others")
            self.expect_sign("=")
            others = self.expression()
        self.expect_word("by")
        by = self.assigned()
        descending = not self.take_word("asc") and (self.take_word("desc") or True)
        return s.NestedLevel(count, of, by, descending, others, span=self.since(start))

    def _by_names(self, start: Span) -> s.Operator:
        names = [self.expression()]
        while self.take_sign(","):
            names.append(self.expression())
        return s.ByNames(tuple(names), span=self.since(start))

    def _partition(self, start: Span) -> s.Operator:
        self.options()
        self.expect_word("by")
        by = self.name()
        return s.Partition(by, self.steps(), span=self.since(start))


_P = OperatorParser
READERS: dict[str, Callable[[OperatorParser, Span], s.Operator]] = {
    "where": _P._where,
    "filter": _P._where,
    "extend": _P._extend,
    "project": _P._project,
    "project-away": lambda parser, start: parser._pick("away")(start),
    "project-keep": lambda parser, start: parser._pick("keep")(start),
    "project-reorder": lambda parser, start: parser._pick("reorder")(start),
    "project-rename": _P._rename,
    "summarize": _P._summarize,
    "distinct": _P._distinct,
    "sort": _P._sort,
    "order": _P._sort,
    "top": _P._top,
    "take": _P._take,
    "limit": _P._take,
    "sample": _P._sample,
    "sample-distinct": _P._sample_distinct,
    "count": _P._count,
    "join": lambda parser, start: parser._join(lookup=False)(start),
    "lookup": lambda parser, start: parser._join(lookup=True)(start),
    "union": _P._union,
    "mv-expand": _P._mv_expand,
    "mvexpand": _P._mv_expand,
    "mv-apply": _P._mv_apply,
    "mvapply": _P._mv_apply,
    "parse": lambda parser, start: parser._parse(only_matches=False)(start),
    "parse-where": lambda parser, start: parser._parse(only_matches=True)(start),
    "parse-kv": _P._parse_kv,
    "make-series": _P._make_series,
    "evaluate": _P._evaluate,
    "invoke": _P._invoke,
    "render": _P._render,
    "as": _P._as,
    "serialize": _P._serialize,
    "getschema": _P._getschema,
    "search": _P._search,
    "partition": _P._partition,
    "top-nested": _P._top_nested,
    "project-by-names": _P._by_names,
}
KNOWN_BUT_NOT_HERE = frozenset(
    {
        "consume", "facet", "fork", "graph-match", "graph-merge", "graph-to-table", "make-graph", "reduce",
        "scan", "top-hitters", "assert-schema", "macro-expand",
    }
)  # fmt: skip
