"""The pieces operators are made of: assignments, options, orderings, columns, pipelines in parentheses."""

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.parsing.expressions import ExpressionParser
from watchfloor.lake.kql.tokens import Kind

Options = tuple[tuple[str, str], ...]
UNION = ("kind", "withsource", "with_source", "isfuzzy")


class ItemParser(ExpressionParser):
    """Pieces; whole operators, pipelines and sources come from the classes below."""

    def assigned(self) -> s.Assigned:
        """`x`, `name = x` or `(a, b) = x`."""
        start = self.token.span
        names = self._names_before_equals()
        value = self.expression()
        return s.Assigned(names, value, span=self.since(start))

    def _names_before_equals(self) -> tuple[str, ...]:
        if self._equals_after(1) and self.token.kind is Kind.NAME:
            name = self.name()
            self.advance()
            return (name,)
        if self.is_quoted_name() and self._equals_after(3):
            name = self.name()
            self.advance()
            return (name,)
        if self.is_sign("("):
            close = self._closing(self.at)
            following = self.tokens[min(close + 1, len(self.tokens) - 1)]
            if following.kind is Kind.PUNCT and following.text == "=":
                self.advance()
                names = self.names()
                self.expect_sign(")")
                self.advance()
                return names
        return ()

    def _equals_after(self, steps: int) -> bool:
        token = self.ahead(steps)
        return token.kind is Kind.PUNCT and token.text == "="

    def assignments(self) -> tuple[s.Assigned, ...]:
        found = [self.assigned()]
        while self.take_sign(","):
            if self._ends_step():
                break
            found.append(self.assigned())
        return tuple(found)

    def _ends_step(self) -> bool:
        return self.token.kind is Kind.END or self.is_sign("|", ")", ";")

    def names(self) -> tuple[str, ...]:
        found = [self.name()]
        while self.take_sign(","):
            found.append(self.name())
        return tuple(found)

    def options(self, *known: str) -> Options:
        """`name = value` pairs before an operator's body: hints, and those `known` to it, such as kind=inner."""
        found: list[tuple[str, str]] = []
        while self._is_hint() or (self.token.kind is Kind.NAME and self.token.text in known and self._equals_after(1)):
            name = self.name()
            while self.take_sign("."):
                name += "." + self.name()
            self.expect_sign("=")
            found.append((name, self._option_value()))
        return tuple(found)

    def _is_hint(self) -> bool:
        return self.token.text == "hint" and self.ahead().text == "."

    def _option_value(self) -> str:
        if self.is_quoted_name():
            return self.name()
        token = self.advance()
        return token.value

    def typed_columns(self) -> tuple[tuple[str, str], ...]:
        """`(name: type, ...)`."""
        self.expect_sign("(")
        found: list[tuple[str, str]] = []
        while not self.is_sign(")"):
            name = self.name()
            self.expect_sign(":")
            found.append((name, self.type_name()))
            if not self.take_sign(","):
                break
        self.expect_sign(")")
        return tuple(found)

    def ordering(self) -> s.Ordering:
        start = self.token.span
        value = self.expression()
        descending = not self.take_word("asc") and (self.take_word("desc") or True)
        nulls: bool | None = None
        if self.take_word("nulls"):
            nulls = self.expect_word("first", "last").text == "first"
        return s.Ordering(value, descending, nulls, span=self.since(start))

    def orderings(self) -> tuple[s.Ordering, ...]:
        found = [self.ordering()]
        while self.take_sign(","):
            found.append(self.ordering())
        return tuple(found)

    def nested(self) -> s.Pipeline:
        """A table's name, a call, or a pipeline in parentheses, as join and union take them."""
        if self.is_sign("("):
            start = self.advance().span
            with self.deeper():
                found = self.pipeline()
            self.expect_sign(")")
            return s.Pipeline(found.source, found.operators, span=self.since(start))
        start = self.token.span
        return s.Pipeline(self.source(), (), span=self.since(start))

    def steps(self) -> tuple[s.Operator, ...]:
        """A pipeline without source in parentheses, as mv-apply takes it; the first pipe may be missing."""
        self.expect_sign("(")
        self.take_sign("|")
        found = [self.operator()]
        while self.take_sign("|"):
            found.append(self.operator())
        self.expect_sign(")")
        return tuple(found)

    def source(self) -> s.Source:
        raise NotImplementedError

    def union_parts(self) -> tuple[s.Pipeline, ...]:
        found = [self._union_part()]
        while self.take_sign(","):
            found.append(self._union_part())
        return tuple(found)

    def _union_part(self) -> s.Pipeline:
        if self.is_sign("*") or (self.token.kind is Kind.NAME and self.ahead().text == "*"):
            start = self.token.span
            pattern = self._pattern()
            return s.Pipeline(s.Table(pattern, span=self.since(start)), (), span=self.since(start))
        return self.nested()

    def _pattern(self) -> str:
        """A column's name, where stars stand for anything."""
        if self.is_quoted_name():
            return self.name()
        text = ""
        while self.token.kind in (Kind.NAME, Kind.LONG) or self.is_sign("*"):
            if text and not self.adjacent(self.tokens[self.at - 1], self.token):
                break
            text += self.advance().text
        if not text:
            raise self.expected("a column")
        return text

    def operator(self) -> s.Operator:
        raise NotImplementedError
