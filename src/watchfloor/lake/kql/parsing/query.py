"""Pipelines, their sources, let statements, and the whole query."""

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError, Span, unsupported
from watchfloor.lake.kql.parsing.items import UNION
from watchfloor.lake.kql.parsing.operators import READERS, OperatorParser
from watchfloor.lake.kql.tokens import Kind

_SOURCES = ("union", "print", "range", "datatable", "externaldata", "external_data", "search", "find")


def parse(text: str) -> s.Query:
    """The tree of a query. Raises KqlError with the place of what is wrong."""
    return QueryParser(text).query()


class QueryParser(OperatorParser):
    """The outermost part of the language."""

    def query(self) -> s.Query:
        lets: list[s.Let] = []
        pipeline: s.Pipeline | None = None
        start = self.token.span
        while not self.at_end():
            if self.take_sign(";"):
                continue
            if self.is_word("let") and self._is_let():
                lets.append(self.let())
            elif self.is_word("declare") and self.ahead().text in ("query_parameters", "pattern"):
                lets += self._declared()
            elif self.is_word("set", "alias", "restrict") and self.ahead().kind is Kind.NAME:
                self._statement()
            elif pipeline is not None:
                raise KqlError(
                    "a second query begins here; separate two queries with “;” and run the one you want",
                    self.token.span,
                )
            else:
                pipeline = self.pipeline()
                if not self.at_end() and not self.is_sign(";"):
                    raise self.expected("“|” or the end of the query")
        if pipeline is None and not lets:
            raise KqlError("the query is empty", start)
        return s.Query(tuple(lets), pipeline, span=self.since(start))

    def _is_let(self) -> bool:
        return self.ahead().kind is Kind.NAME or self.ahead().text == "["

    def _statement(self) -> None:
        """`set` changes how a cluster runs a query: it means nothing here. Others we do not know."""
        start = self.token
        if start.text != "set":
            raise unsupported(f"statement {start.text}", start.span)
        while self.token.kind is not Kind.END and not self.is_sign(";"):
            self.advance()

    def _declared(self) -> list[s.Let]:
        """Query parameters are lets with their default: nobody else gives them a value here."""
        start = self.advance().span
        self.expect_word("query_parameters")
        found = [
            s.Let(one.name, one.default or s.Literal(one.type, None, span=one.span), span=one.span)
            for one in self._parameters()
        ]
        if not self.take_sign(";"):
            raise self.expected(f"“;” after {self.text[start.start : start.end]}")
        return found

    def let(self) -> s.Let:
        start = self.advance().span
        name = self.name()
        self.expect_sign("=")
        value = self._let_value()
        if self.token.kind is not Kind.END and not self.is_sign("}"):
            self.expect_sign(";")
        return s.Let(name, value, span=self.since(start))

    def _let_value(self) -> s.Expression | s.Pipeline | s.Function:
        if self.is_word("view") and self.ahead().text == "(":
            self.advance()
            return self._function()
        if self.is_sign("(") and self._is_function():
            return self._function()
        found = self.argument()
        return found.pipeline if isinstance(found, s.Subquery) else found

    def _is_function(self) -> bool:
        close = self._closing(self.at)
        return self.tokens[min(close + 1, len(self.tokens) - 1)].text == "{"

    def _function(self) -> s.Function:
        start = self.token.span
        parameters = self._parameters()
        self.expect_sign("{")
        lets: list[s.Let] = []
        with self.deeper():
            while self.is_word("let") and self._is_let():
                lets.append(self.let())
            found = self.argument()
        self.take_sign(";")
        self.expect_sign("}")
        body = found.pipeline if isinstance(found, s.Subquery) else found
        return s.Function(parameters, tuple(lets), body, span=self.since(start))

    def _parameters(self) -> tuple[s.Parameter, ...]:
        self.expect_sign("(")
        found: list[s.Parameter] = []
        while not self.is_sign(")"):
            found.append(self._parameter())
            if not self.take_sign(","):
                break
        self.expect_sign(")")
        return tuple(found)

    def _parameter(self) -> s.Parameter:
        start = self.token.span
        name = self.name()
        self.expect_sign(":")
        if self.is_sign("("):
            columns = () if self._takes_any() else self.typed_columns()
            return s.Parameter(name, tabular=True, columns=columns, span=self.since(start))
        kind = self.type_name()
        default = self.expression() if self.take_sign("=") else None
        return s.Parameter(name, kind, default=default, span=self.since(start))

    def _takes_any(self) -> bool:
        if self.ahead().text == "*" and self.ahead(2).text == ")":
            self.at += 3
            return True
        return False

    # --- pipelines ---

    def starts_source(self) -> bool:
        """Whether a source stands here that is no expression."""
        if self.token.kind is not Kind.NAME or self.token.text not in _SOURCES:
            return False
        following = self.ahead()
        if self.token.text == "range":
            return following.kind is Kind.NAME
        return following.text not in ("|", ",", "=", ")", ";", ".") and following.kind is not Kind.END

    def pipeline(self) -> s.Pipeline:
        start = self.token.span
        source = self.source()
        return self._piped(source, start.start)

    def pipeline_after(self, found: s.Expression) -> s.Pipeline:
        """The pipeline whose source was read as an expression."""
        return self._piped(source_of(found), found.span.start)

    def _piped(self, source: s.Source, _start: int) -> s.Pipeline:
        operators: list[s.Operator] = []
        while self.take_sign("|"):
            operators.append(self.operator())
        return s.Pipeline(source, tuple(operators), span=self.since(source.span))

    def source(self) -> s.Source:
        start = self.token.span
        word = self.token.text if self.token.kind is Kind.NAME else ""
        if self.starts_source() or (word == "print" and self.ahead().text == "("):
            self.advance()
            return self._special(word, start)
        if self.is_sign("("):
            self.advance()
            with self.deeper():
                inner = self.pipeline()
            self.expect_sign(")")
            return s.Nested(inner, span=self.since(start))
        if word and self.ahead().text != "(" and self.hyphenated() in READERS and self.ahead().text != "|":
            raise self.expected("a table before the first operator")
        return source_of(self._postfix_source())

    def _postfix_source(self) -> s.Expression:
        start = self.token.span
        name = self.name("a table")
        if self.is_sign("("):
            found: s.Expression = self.call(name, start)
        else:
            found = s.Name(name, span=self.since(start))
        return self._postfix(found) if self.is_sign(".") else found

    def _special(self, word: str, start: Span) -> s.Source:
        if word == "union":
            options = self.options(*UNION)
            return s.Union(self.union_parts(), options, span=self.since(start))
        if word == "print":
            return s.Print(self.assignments(), span=self.since(start))
        if word == "range":
            return self._range(start)
        if word == "datatable":
            return self._datatable(start)
        if word in ("externaldata", "external_data"):
            return self._externaldata(start)
        if word == "search":
            return self._search_source(start)
        return self._find(start)

    def _find(self, start: Span) -> s.Source:
        label = dict(self.options("withsource", "with_source"))
        parts: tuple[s.Pipeline, ...] = ()
        if self.take_word("in"):
            self.expect_sign("(")
            parts = self.union_parts()
            self.expect_sign(")")
            self.expect_word("where")
        else:
            self.take_word("where")
        predicate = self.expression()
        columns: list[tuple[str, str]] = []
        packed = False
        if self.hyphenated() == "project-smart":
            self.skip_hyphenated("project-smart")
        elif self.take_word("project"):
            columns, packed = self._found_columns()
        name = label.get("withsource") or label.get("with_source") or ""
        return s.Find(parts, predicate, name, tuple(columns), packed, span=self.since(start))

    def _found_columns(self) -> tuple[list[tuple[str, str]], bool]:
        """`name`, `name: type`, and `pack_all()` or `pack(*)` for all that is left."""
        columns: list[tuple[str, str]] = []
        packed = False
        while True:
            if self.token.text in ("pack_all", "pack") and self.ahead().text == "(":
                self.advance()
                self.advance()
                self.take_sign("*")
                self.expect_sign(")")
                packed = True
            else:
                name = self.name("a column")
                columns.append((name, self.type_name() if self.take_sign(":") else ""))
            if not self.take_sign(","):
                return columns, packed

    def _range(self, start: Span) -> s.Source:
        column = self.name()
        self.expect_word("from")
        first = self.expression()
        self.expect_word("to")
        last = self.expression()
        self.expect_word("step")
        return s.Range(column, first, last, self.expression(), span=self.since(start))

    def _datatable(self, start: Span) -> s.Source:
        self.options()
        columns = self.typed_columns()
        self.expect_sign("[")
        values: list[s.Expression] = []
        while not self.is_sign("]"):
            values.append(self.expression())
            if not self.take_sign(","):
                break
        self.expect_sign("]")
        return s.Datatable(columns, tuple(values), span=self.since(start))

    def _externaldata(self, start: Span) -> s.Source:
        columns = self.typed_columns()
        self.expect_sign("[")
        addresses: list[str] = []
        while not self.is_sign("]"):
            found = self.expression()
            addresses.append(str(found.value) if isinstance(found, s.Literal) else "")
            if not self.take_sign(","):
                break
        self.expect_sign("]")
        options: tuple[tuple[str, str], ...] = ()
        if self.take_word("with"):
            options = self.bracketed_options()
        return s.Externaldata(columns, tuple(addresses), options, span=self.since(start))

    def _search_source(self, start: Span) -> s.Source:
        self.options("kind")
        tables: tuple[str, ...] = ()
        if self.take_word("in"):
            self.expect_sign("(")
            tables = self.names()
            self.expect_sign(")")
        self.options("kind")
        return s.Search(tables, self.expression(), span=self.since(start))


def source_of(found: s.Expression) -> s.Source:
    """An expression where rows are wanted."""
    if isinstance(found, s.Name):
        return s.Table(found.name, span=found.span)
    if isinstance(found, s.Call):
        return s.Invocation(found, span=found.span)
    if isinstance(found, s.Subquery):
        return s.Nested(found.pipeline, span=found.span)
    if isinstance(found, s.Path):
        # workspace("x").SigninLogs, database("y").T: one lake is all there is.
        return s.Table(found.name, span=found.span)
    raise KqlError("a table is expected here", found.span)
