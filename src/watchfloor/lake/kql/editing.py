"""What an editor asks: what is wrong in a text, and what may stand at a place in it. Reads the parser and the binder."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from watchfloor.lake.kql import reference
from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import Catalogue, Hosts
from watchfloor.lake.kql.tokens import Kind, Token, tokens_of


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Characters [start, end) of the text and what is wrong there; line and column from 1. `kind` as KqlError's, or `warning`."""

    words: str
    kind: str
    start: int
    end: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A word that may stand in the place of characters [start, end): `kind` is table, column, variable, function, aggregate,
    operator, plugin or keyword; `detail` explains; `of` names a column's table where it is plain."""

    name: str
    kind: str
    detail: str = ""
    of: str = ""
    start: int = 0
    end: int = 0

    @property
    def insert(self) -> str:
        """What is written for it: a function with its bracket."""
        return f"{self.name}(" if self.kind in ("function", "aggregate", "plugin") else self.name


def check(text: str, *, catalogue: Catalogue, now: datetime, hosts: Hosts | None = None) -> list[Diagnostic]:
    """The refusal of the query with its place, or warnings about lists nobody uploaded; nothing when all is well."""
    try:
        found = compile_query(text, catalogue=catalogue, now=now, hosts=hosts)
    except KqlError as error:
        line, column = error.position(text)
        end = max(error.span.end, min(error.span.start + 1, len(text)))
        return [Diagnostic(error.words, error.kind, error.span.start, end, line, column)]
    return [
        Diagnostic(f"nobody has uploaded the {name}; it counts as empty", "warning", 0, len(text), 1, 1)
        for name in found.missing
    ]


_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_-]*$|$")
_LET = re.compile(r"\blet\s+([A-Za-z_]\w*)\s*=")
_SOURCES = ("let", "union", "search", "find", "datatable", "print", "range", "externaldata")
_KEEPING = frozenset({"where", "filter", "extend", "sort", "order", "take", "limit", "serialize"})
"""Steps after which a table's own columns can still be named."""
MOST = 200


def completions(text: str, position: int, *, catalogue: Catalogue, now: datetime) -> list[Completion]:
    """Words that may stand at `position`, those that begin with what is typed there first, then those that have it in them."""
    before = text[:position]
    typed = _WORD.search(before)
    prefix = typed[0] if typed else ""
    place = before[: len(before) - len(prefix)]
    found: dict[str, Completion] = {}
    for one in _candidates(place, prefix, catalogue, now):
        if prefix.lower() in one.name.lower() and one.name not in found:
            found[one.name] = replace(one, start=len(place), end=position)
    ordered = sorted(found.values(), key=lambda one: not one.name.lower().startswith(prefix.lower()))
    return ordered[:MOST]


def _candidates(place: str, prefix: str, catalogue: Catalogue, now: datetime) -> Iterator[Completion]:
    try:
        tokens = tokens_of(place)[:-1]
    except KqlError:
        return
    if _in_comment(place, tokens) or (tokens and not prefix and _is_finished(tokens[-1])):
        return
    last = tokens[-1].text if tokens else ""
    if last == "|":
        yield from _words("operator")
        return
    if last == ".":
        return
    if last in ("", ";"):
        yield from _tables(catalogue)
        yield from (one for one in _words("operator") if one.name in _SOURCES)
        yield from (Completion(name, "variable") for name in _LET.findall(place))
        return
    yield from _inside(place, tokens, last, catalogue, now)


def _inside(place: str, tokens: list[Token], last: str, catalogue: Catalogue, now: datetime) -> Iterator[Completion]:
    """What may stand inside a step."""
    step = _step(tokens)
    if step == "evaluate":
        yield from _words("plugin")
    columns = list(_columns(place, tokens, catalogue, now))
    yield from columns
    for name in _LET.findall(place):
        yield Completion(name, "variable")
    if not columns or last in ("(", ",") or step in ("join", "lookup", "union"):
        yield from _tables(catalogue)
    if columns:
        if step in ("summarize", "make-series"):
            yield from _words("aggregate")
        yield from _words("keyword")
        yield from _words("function")


def _in_comment(place: str, tokens: list[Token]) -> bool:
    """Whether the caret stands behind `//`: comments are no tokens."""
    rest = place[tokens[-1].span.end if tokens else 0 :]
    return "//" in rest.rpartition("\n")[2]


def _is_finished(token: Token) -> bool:
    """Whether a value ends here, behind which a blank invites nothing."""
    if token.kind is not Kind.NAME:
        return token.kind is not Kind.PUNCT or token.text in ")]}"
    return reference.described(token.text) is None or token.text in ("true", "false")


def _tables(catalogue: Catalogue) -> Iterator[Completion]:
    return (Completion(name, "table") for name in catalogue.names())


def _words(kind: str) -> Iterator[Completion]:
    for entry in reference.entries(kind):
        yield Completion(entry.name, kind, f"{entry.call}: {entry.describe}")


def _pipes(tokens: list[Token]) -> tuple[int, list[int]]:
    """Where the pipeline that is being written begins, and its pipes, as indices of tokens."""
    depth = 0
    pipes: list[int] = []
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if token.kind is not Kind.PUNCT:
            continue
        depth += (token.text in ")]}") - (token.text in "([{")
        if depth < 0 and pipes:
            return index + 1, pipes
        if depth < 0:
            # An argument of a call belongs to the step around it.
            depth = 0
        elif depth == 0 and token.text == ";":
            return index + 1, pipes
        elif depth == 0 and token.text == "|":
            pipes.append(index)
    return 0, pipes


def _step(tokens: list[Token]) -> str:
    """The operator that is being written."""
    _, pipes = _pipes(tokens)
    words = tokens[pipes[0] + 1 : pipes[0] + 4] if pipes else []
    if len(words) == 3 and words[1].text == "-":
        return f"{words[0].text}-{words[2].text}"
    return words[0].text if words else ""


def _columns(place: str, tokens: list[Token], catalogue: Catalogue, now: datetime) -> Iterator[Completion]:
    """The columns the step that is being written may name; of a pipeline that does not bind, those of its table."""
    first, pipes = _pipes(tokens)
    if not pipes:
        return
    lets = ";".join(place.split(";")[:-1])
    begin = tokens[first].span.start
    pipeline = place[begin : tokens[pipes[0]].span.start]
    asked = f"{lets};{pipeline}" if lets and begin >= len(lets) else pipeline
    table = catalogue.table(tokens[first].text)
    try:
        found = compile_query(asked, catalogue=catalogue, now=now)
    except KqlError:
        kept = True
    else:
        kept = {tokens[at + 1].text for at in pipes[1:]} <= _KEEPING
        for name, kind in found.columns:
            yield Completion(name, "column", str(kind), table.name if table and kept else "")
    if table is not None and kept:
        yield from (Completion(one.name, "column", str(one.type), table.name) for one in table.columns)
