"""Walking over the tokens of one query."""

from types import TracebackType

from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.tokens import Kind, Token, tokens_of

MOST_CHARACTERS = 64_000
DEEPEST = 60


class Cursor:
    """The tokens, and where we are."""

    def __init__(self, text: str) -> None:
        if len(text) > MOST_CHARACTERS:
            raise KqlError(f"a query may have {MOST_CHARACTERS} characters, this one has {len(text)}", kind="limit")
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0
        self._nesting = Nesting(self)

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, steps: int = 1) -> Token:
        """The token `steps` further on, the end when there is none."""
        return self.tokens[min(self.at + steps, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """This token; the next one becomes current."""
        token = self.token
        if token.kind is not Kind.END:
            self.at += 1
        return token

    def at_end(self) -> bool:
        return self.token.kind is Kind.END

    def is_sign(self, *signs: str) -> bool:
        return self.token.kind is Kind.PUNCT and self.token.text in signs

    def is_word(self, *words: str) -> bool:
        return self.token.kind is Kind.NAME and self.token.text in words

    def take_sign(self, sign: str) -> bool:
        """Step over `sign` when it is there."""
        if self.is_sign(sign):
            self.advance()
            return True
        return False

    def take_word(self, *words: str) -> bool:
        """Step over one of `words` when it is there."""
        if self.is_word(*words):
            self.advance()
            return True
        return False

    def expect_sign(self, sign: str) -> Token:
        if not self.is_sign(sign):
            raise self.expected(f"“{sign}”")
        return self.advance()

    def expect_word(self, *words: str) -> Token:
        if not self.is_word(*words):
            raise self.expected(" or ".join(f"“{word}”" for word in words))
        return self.advance()

    def expected(self, what: str) -> KqlError:
        """The refusal that says what should stand here."""
        found = "the query ends" if self.token.kind is Kind.END else f"there is “{self.token.text[:40]}”"
        return KqlError(f"expected {what}, but {found}", self.token.span)

    def name(self, what: str = "a name") -> str:
        """A plain or quoted name."""
        if self.token.kind is Kind.NAME:
            return self.advance().text
        if self.is_quoted_name():
            self.advance()
            token = self.advance()
            self.advance()
            if "\0" in token.value:
                raise KqlError("a name cannot have the character U+0000", token.span, kind="unsupported")
            return token.value
        raise self.expected(what)

    def is_quoted_name(self) -> bool:
        """Whether `['odd name']` stands here."""
        return self.is_sign("[") and self.ahead().kind is Kind.STRING and self.ahead(2).text == "]"

    def adjacent(self, first: Token, second: Token) -> bool:
        """Whether nothing stands between two tokens."""
        return first.span.end == second.span.start

    def hyphenated(self) -> str:
        """The operator's name here, such as mv-expand, without stepping over it; "" when there is none."""
        if self.token.kind is not Kind.NAME:
            return ""
        parts, at = [self.token.text], self.at
        while (
            at + 2 < len(self.tokens)
            and self.tokens[at + 1].text == "-"
            and self.tokens[at + 2].kind is Kind.NAME
            and self.adjacent(self.tokens[at], self.tokens[at + 1])
            and self.adjacent(self.tokens[at + 1], self.tokens[at + 2])
        ):
            parts.append(self.tokens[at + 2].text)
            at += 2
        return "-".join(parts)

    def skip_hyphenated(self, name: str) -> None:
        """Step over an operator's name as `hyphenated` gave it."""
        self.at += 1 + 2 * name.count("-")

    def since(self, start: Span) -> Span:
        """From `start` to the last token that was stepped over."""
        return start.to(self.tokens[max(self.at - 1, 0)].span)

    def deeper(self) -> "Nesting":
        """One level of nesting; refuses what no person writes."""
        return self._nesting


class Nesting:
    """How deep we are: one deeper within `with`."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.depth = 0

    def __enter__(self) -> None:
        if self.depth >= DEEPEST:
            raise KqlError(f"the query is nested more than {DEEPEST} deep", self.cursor.token.span, kind="limit")
        self.depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.depth -= 1
