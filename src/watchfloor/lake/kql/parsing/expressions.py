"""Scalars: operators by precedence, calls, paths, literals."""

from collections.abc import Callable
from typing import Any

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.parsing.cursor import Cursor
from watchfloor.lake.kql.parsing.reading import LITERALS, number
from watchfloor.lake.kql.tokens import Kind, Token

COMPARISONS = {
    "has", "contains", "containscs", "startswith", "endswith", "hasprefix", "hassuffix", "like", "notlike", "notcontains",
}  # fmt: skip
COMPARISONS |= {f"{word}_cs" for word in COMPARISONS}
MEMBERSHIP = {"in", "has_any", "has_all"}
TYPED = {
    "datetime", "date", "time", "timespan", "guid", "dynamic", "bool", "boolean", "int", "long", "real", "double",
    "decimal", "string",
}  # fmt: skip
TYPE_NAMES = {
    "boolean": "bool",
    "date": "datetime",
    "time": "timespan",
    "double": "real",
    "uuid": "guid",
    "int32": "int",
}
NULL = "null"
TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class ExpressionParser(Cursor):
    """Scalars. What a pipeline is, the class below adds (`pipeline_after`, `starts_source`)."""

    def expression(self) -> s.Expression:
        with self.deeper():
            return self._logic("or", self._and)

    def _and(self) -> s.Expression:
        return self._logic("and", self._comparison)

    def _logic(self, word: str, part: Callable[[], s.Expression]) -> s.Expression:
        parts = [part()]
        while self.take_word(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return s.Logic(word, tuple(parts), span=parts[0].span.to(parts[-1].span))

    def _comparison(self) -> s.Expression:
        left = self._additive()
        while True:
            operator = self._comparator()
            if not operator:
                return left
            left = self._compared(left, operator)

    def _comparator(self) -> str:
        """The comparison that stands here, stepped over; "" when there is none."""
        if self.is_sign("==", "!=", "<>", "<", ">", "<=", ">=", "=~", "!~", "=", ":"):
            sign = self.advance().text
            return {"<>": "!=", "=": "=="}.get(sign, sign)
        negated = self.is_sign("!") and self.ahead().kind is Kind.NAME
        word = self.ahead().text if negated else self.token.text if self.token.kind is Kind.NAME else ""
        if word not in COMPARISONS | MEMBERSHIP | {"between", "matches"}:
            return ""
        if word == "between" and self.ahead(2 if negated else 1).text != "(":
            return ""
        self.at += 2 if negated else 1
        if word == "matches":
            self.expect_word("regex")
            word = "matches regex"
        if word == "in" and self.is_sign("~"):
            self.advance()
            word = "in~"
        return f"!{word}" if negated else word

    def _compared(self, left: s.Expression, operator: str) -> s.Expression:
        bare = operator.removeprefix("!")
        if bare in ("in", "in~", "has_any", "has_all"):
            return self._member(left, operator)
        if bare == "between":
            self.expect_sign("(")
            low = self._additive()
            self.expect_sign("..")
            high = self._additive()
            end = self.expect_sign(")")
            return s.Between(left, low, high, operator[0] == "!", span=left.span.to(end.span))
        right = self._additive()
        return s.Binary("has" if operator == ":" else operator, left, right, span=left.span.to(right.span))

    def _member(self, left: s.Expression, operator: str) -> s.Expression:
        if not self.is_sign("("):
            item = self._additive()
            return s.Member(operator, left, (item,), span=left.span.to(item.span))
        self.advance()
        items = self._arguments()
        end = self.expect_sign(")")
        return s.Member(operator, left, items, span=left.span.to(end.span))

    def _arguments(self) -> tuple[s.Expression, ...]:
        """Values or pipelines up to a closing parenthesis; a trailing comma does no harm."""
        found: list[s.Expression] = []
        while not self.is_sign(")"):
            found.append(self.argument())
            if not self.take_sign(","):
                break
        return tuple(found)

    def argument(self) -> s.Expression:
        """A value, or a pipeline."""
        with self.deeper():
            start = self.token.span
            if self.starts_source():
                return s.Subquery(self.pipeline(), span=self.since(start))
            found = self.expression()
            if self.is_sign("|"):
                return s.Subquery(self.pipeline_after(found), span=self.since(start))
            return found

    def _additive(self) -> s.Expression:
        left = self._multiplicative()
        while self.is_sign("+", "-"):
            operator = self.advance().text
            right = self._multiplicative()
            left = s.Binary(operator, left, right, span=left.span.to(right.span))
        return left

    def _multiplicative(self) -> s.Expression:
        left = self._unary()
        while self.is_sign("*", "/", "%"):
            operator = self.advance().text
            right = self._unary()
            left = s.Binary(operator, left, right, span=left.span.to(right.span))
        return left

    def _unary(self) -> s.Expression:
        if self.is_sign("-", "+"):
            with self.deeper():
                token = self.advance()
                operand = self._unary()
                if token.text == "+":
                    return operand
                return s.Unary("-", operand, span=token.span.to(operand.span))
        return self._postfix(self._primary())

    def _postfix(self, found: s.Expression) -> s.Expression:
        while True:
            if self.is_sign(".") and (self.ahead().kind is Kind.NAME or self.ahead().text == "["):
                self.advance()
                if self.is_sign("[") and not self.is_quoted_name():
                    continue
                found = s.Path(found, self.name(), span=self.since(found.span))
            elif self.is_sign("["):
                self.advance()
                index = self.expression()
                self.expect_sign("]")
                found = s.Index(found, index, span=self.since(found.span))
            else:
                return found

    def _primary(self) -> s.Expression:
        token = self.token
        if token.kind is Kind.STRING:
            return self._text()
        if token.kind in (Kind.LONG, Kind.REAL, Kind.TIMESPAN):
            self.advance()
            return number(token)
        if self.is_sign("("):
            return self._parenthesised()
        if self.is_sign("*"):
            self.advance()
            return s.Star(span=token.span)
        if self.is_sign("[") and not self.is_quoted_name():
            return self._list(token)
        if token.kind is Kind.NAME or self.is_quoted_name():
            return self._named()
        raise self.expected("a value")

    def _text(self) -> s.Expression:
        """Texts that stand side by side are one."""
        token = self.advance()
        value, span = token.value, token.span
        while self.token.kind is Kind.STRING:
            following = self.advance()
            value, span = value + following.value, span.to(following.span)
        return s.Literal("string", value, span=span)

    def _parenthesised(self) -> s.Expression:
        start = self.advance().span
        found = self.argument()
        self.expect_sign(")")
        if isinstance(found, s.Subquery):
            return s.Subquery(found.pipeline, span=self.since(start))
        return found

    def _list(self, token: Token) -> s.Expression:
        """`[a, b]` outside dynamic() stands for the array of its values."""
        self.advance()
        items: list[s.Expression] = []
        while not self.is_sign("]"):
            items.append(self.expression())
            if not self.take_sign(","):
                break
        self.expect_sign("]")
        return s.Call("pack_array", tuple(items), span=self.since(token.span))

    def _named(self) -> s.Expression:
        start = self.token.span
        if self.token.kind is Kind.NAME:
            if self.token.text in TRUTHS:
                return s.Literal("bool", TRUTHS[self.advance().text], span=start)
            if self.token.text == "typeof" and self.ahead().text == "(":
                return self._typeof()
            if self.token.text in TYPED and self.ahead().text == "(":
                found = self._typed()
                if found is not None:
                    return found
        name = self.name()
        if not self.is_sign("("):
            return s.Name(name, span=self.since(start))
        return self.call(name, start)

    def call(self, name: str, start: Span) -> s.Call:
        """The arguments of a call, `name` being stepped over."""
        self.expect_sign("(")
        args: list[s.Expression] = []
        named: list[tuple[str, s.Expression]] = []
        while not self.is_sign(")"):
            if self.token.kind is Kind.NAME and self.ahead().text == "=" and self.ahead().kind is Kind.PUNCT:
                word = self.name()
                self.advance()
                named.append((word, self.argument()))
            else:
                args.append(self.argument())
            if not self.take_sign(","):
                break
        self.expect_sign(")")
        return s.Call(name, tuple(args), tuple(named), span=self.since(start))

    def _typeof(self) -> s.Expression:
        start = self.token.span
        return s.Literal("typeof", self.type_of(), span=self.since(start))

    def type_of(self) -> str:
        """`typeof(x)`, or the bare name of a type."""
        if self.take_word("typeof"):
            self.expect_sign("(")
            name = self.type_name()
            self.expect_sign(")")
            return name
        return self.type_name()

    def type_name(self) -> str:
        span = self.token.span
        name = self.name("a type").lower()
        name = TYPE_NAMES.get(name, name)
        if name not in TYPED | {"guid"}:
            raise KqlError(f"“{name}” is no type", span)
        return name

    def _typed(self) -> s.Expression | None:
        """A typed literal such as datetime(2026-01-01); None when it is a call on a value."""
        start, close = self.token, self._closing(self.at + 1)
        kind = TYPE_NAMES.get(start.text, start.text)
        span = start.span.to(self.tokens[close].span)
        if kind == "dynamic":
            self.at += 2
            value = self._dynamic()
            self.expect_sign(")")
            return s.Literal("dynamic", value, span=span)
        raw = self.text[self.tokens[self.at + 1].span.end : self.tokens[close].span.start].strip()
        read = LITERALS.get(kind)
        value = read(raw) if read else None
        if value is None and raw != NULL:
            return None
        self.at = close + 1
        return s.Literal(kind, value, span=span)

    def _closing(self, at: int) -> int:
        """The index of the parenthesis that closes the one at `at`."""
        depth = 0
        for index in range(at, len(self.tokens)):
            text = self.tokens[index].text if self.tokens[index].kind is Kind.PUNCT else ""
            depth += (text == "(") - (text == ")")
            if depth == 0:
                return index
        raise KqlError("this parenthesis is not closed", self.tokens[at].span)

    def _dynamic(self) -> Any:
        """The JSON inside dynamic(...), with KQL's looser spelling."""
        with self.deeper():
            if self.take_sign("["):
                return self._dynamic_list()
            if self.take_sign("{"):
                return self._dynamic_bag()
            negative = self.take_sign("-")
            token = self.token
            if token.kind is Kind.STRING:
                return self._text_value()
            if token.kind in (Kind.LONG, Kind.REAL):
                value = number(token).value
                self.advance()
                return -value if negative else value
            if token.kind is Kind.NAME and token.text in ("true", "false", NULL):
                return {"true": True, "false": False, NULL: None}[self.advance().text]
            found = self.expression()
            if isinstance(found, s.Literal):
                return found.value
            raise KqlError("dynamic() takes literal values only", found.span)

    def _text_value(self) -> str:
        found = self._text()
        assert isinstance(found, s.Literal)
        return str(found.value)

    def _dynamic_list(self) -> list[Any]:
        items: list[Any] = []
        while not self.is_sign("]"):
            items.append(self._dynamic())
            if not self.take_sign(","):
                break
        self.expect_sign("]")
        return items

    def _dynamic_bag(self) -> dict[str, Any]:
        bag: dict[str, Any] = {}
        while not self.is_sign("}"):
            key = self._text_value() if self.token.kind is Kind.STRING else self.advance().text
            self.expect_sign(":")
            bag[key] = self._dynamic()
            if not self.take_sign(","):
                break
        self.expect_sign("}")
        return bag

    # What the class below knows.

    def starts_source(self) -> bool:
        raise NotImplementedError

    def pipeline(self) -> s.Pipeline:
        raise NotImplementedError

    def pipeline_after(self, found: s.Expression) -> s.Pipeline:
        raise NotImplementedError
