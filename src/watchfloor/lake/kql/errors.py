"""Refusals: every one names the place in the query and what to do."""

from dataclasses import dataclass

from watchfloor.kernel.errors import BadInput


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the query's text."""

    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """From the start of this to the end of `other`."""
        return Span(self.start, max(self.end, other.end))


NOWHERE = Span(0, 0)
AT = "at"
"""Under this name a node of a tree keeps its place in the query, for engines that must refuse it later: (start, end)."""


class KqlError(BadInput):
    """A query that is refused. `kind` is syntax, name, type, unsupported or limit; `span` is where."""

    def __init__(self, words: str, span: Span = NOWHERE, *, kind: str = "syntax") -> None:
        super().__init__(words, place="query")
        self.words = words
        self.span = span
        self.kind = kind

    def position(self, text: str) -> tuple[int, int]:
        """Line and column in `text`, both from 1."""
        before = text[: self.span.start]
        return before.count("\n") + 1, self.span.start - (before.rfind("\n") + 1) + 1


def unsupported(what: str, span: Span) -> KqlError:
    """Something KQL has and we do not."""
    return KqlError(f"{what} is not supported here", span, kind="unsupported")
