"""A query laid out as people read it: one operator a line, what stands in parentheses with bars of its own a step further in."""

import re
from collections.abc import Iterator

INDENT = "    "
_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*)"
    r"|(?P<fenced>```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z))"
    r"|(?P<string>[hH]?@\"(?:[^\"]|\"\")*\"?|[hH]?@'(?:[^']|'')*'?|[hH]?\"(?:[^\"\\\n]|\\.)*\"?|[hH]?'(?:[^'\\\n]|\\.)*'?)"
    r"|(?P<space>\s+)"
    r"|(?P<other>[A-Za-z_$][\w$]*|\d[\w.]*|.)",
    re.DOTALL,
)
_OPEN, _CLOSE = "([{", ")]}"


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each piece; together they are the whole text."""
    for found in _TOKEN.finditer(text):
        yield found.lastgroup or "other", found.group()


def formatted(text: str) -> str:
    """The same query with lines and indents of its own; nothing but blanks between pieces changes."""
    pieces = list(tokens(text.strip()))
    barred = _barred(pieces)
    made: list[str] = []
    depth: list[bool] = []
    before = -1
    for place, (kind, piece) in enumerate(pieces):
        if kind == "space":
            continue
        had_bars = depth.pop() if kind == "other" and piece in _CLOSE and depth else False
        if had_bars or (kind == "other" and piece == "|"):
            gap = f"\n{INDENT * sum(depth)}"
        else:
            gap = _blanks(pieces, place, made, sum(depth), opened=bool(depth) and before in barred)
        made += [gap if made else "", piece]
        before = place
        if kind == "other" and piece in _OPEN:
            depth.append(place in barred)
    return "".join(made)


def _blanks(pieces: list[tuple[str, str]], place: int, made: list[str], steps: int, *, opened: bool) -> str:
    """What stands before a piece: a line end stays one, a bar has one blank after it, a statement has its own line.

    `opened` says that the piece just before is a bracket that holds bars.
    """
    blank = pieces[place - 1][1] if place and pieces[place - 1][0] == "space" else ""
    last = made[-1] if made else ""
    if last == "|":
        return " "
    if last == ";":
        return "\n\n" if blank.count("\n") > 1 else "\n"
    if opened:
        return f"\n{INDENT * steps}"
    if "\n" not in blank:
        return " " if blank else ""
    return f"\n{INDENT * (steps if last.startswith('//') else steps + 1)}"


def _barred(pieces: list[tuple[str, str]]) -> set[int]:
    """The places of opening brackets that hold a bar of their own, not one of a bracket within."""
    found: set[int] = set()
    opened: list[int] = []
    for place, (kind, piece) in enumerate(pieces):
        if kind != "other":
            continue
        if piece in _OPEN:
            opened.append(place)
        elif piece in _CLOSE and opened:
            opened.pop()
        elif piece == "|" and opened:
            found.add(opened[-1])
    return found
