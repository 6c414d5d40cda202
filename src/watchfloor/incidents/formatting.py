"""A comment's Markdown as safe HTML: everything is escaped first, then a few marks become elements of ours (IN-16).

Headings, bold, italic, struck, code, fenced code, lists, quotes, rules, links. No HTML, no pictures of others: a picture's
address is shown as a link, because loading it would tell a stranger who reads. Time grows with the length, not faster.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from urllib.parse import urlsplit

from django.utils.safestring import SafeString, mark_safe

from watchfloor.kernel.text import visible_lines

LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\(([^()\s<>\"]{1,2000})\)")
ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]`]{3,2000}")
CODE = re.compile(r"`([^`\n]{1,2000})`")
MARKS = (
    (re.compile(r"\*\*(?=\S)([^*\n]{1,2000}?)(?<=\S)\*\*"), "strong"),
    (re.compile(r"__(?=\S)([^_\n]{1,2000}?)(?<=\S)__"), "strong"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,2000}?)(?<=\S)\*(?![\w*])"), "em"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]{1,2000}?)(?<=\S)_(?![\w_])"), "em"),
    (re.compile(r"~~(?=\S)([^~\n]{1,2000}?)(?<=\S)~~"), "s"),
)
PIECES = re.compile("|".join(part.pattern for part in (CODE, LINK, ADDRESS)))
ITEM = re.compile(r"^\s{0,6}(?:[-*+]|(\d{1,6})[.)])\s+(.*)$")
HEADING = re.compile(r"^(#{1,6})\s+(\S.*)$")
RULE = re.compile(r"^\s*(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$")
FENCE = re.compile(r"^\s{0,3}```")
INCIDENT = re.compile(r"(?<![\w&#/])#(\d{1,9})\b")


def formatted(text: str) -> SafeString:
    """HTML of a comment; nothing in it runs, loads or leaves the comment."""
    lines = visible_lines(text).split("\n")
    return mark_safe("\n".join(_blocks(lines)))  # noqa: S308 - built of escaped text and elements of ours


def _blocks(lines: Sequence[str], depth: int = 0) -> Iterator[str]:
    place = 0
    while place < len(lines):
        line = lines[place]
        if FENCE.match(line):
            end = next((at for at in range(place + 1, len(lines)) if FENCE.match(lines[at])), len(lines))
            yield f"<pre><code>{escape(chr(10).join(lines[place + 1 : end]))}</code></pre>"
            place = end + 1
        elif not line.strip():
            place += 1
        elif RULE.match(line):
            yield "<hr>"
            place += 1
        elif heading := HEADING.match(line):
            words = (
                heading[2].rstrip().rstrip("#").rstrip() or heading[2]
            )  # in the expression this took the square of the time
            yield f"<p><strong>{_inline(words)}</strong></p>"
            place += 1
        elif line.startswith(">") and depth < 3:
            end = _while(lines, place, lambda one: one.startswith(">"))
            inner = [one[1:].removeprefix(" ") for one in lines[place:end]]
            yield "<blockquote>{}</blockquote>".format("\n".join(_blocks(inner, depth + 1)))
            place = end
        elif ITEM.match(line):
            end = _while(lines, place, lambda one: ITEM.match(one) is not None)
            yield _list(lines[place:end])
            place = end
        else:
            end = max(_while(lines, place, _plain), place + 1)
            yield "<p>{}</p>".format("<br>".join(map(_inline, lines[place:end])))
            place = end


def _while(lines: Sequence[str], start: int, holds: Callable[[str], bool]) -> int:
    return next((at for at in range(start, len(lines)) if not holds(lines[at])), len(lines))


def _plain(line: str) -> bool:
    return bool(line.strip()) and not (
        FENCE.match(line) or RULE.match(line) or HEADING.match(line) or ITEM.match(line) or line.startswith(">")
    )


def _list(lines: Sequence[str]) -> str:
    found = [ITEM.match(line) for line in lines]
    numbered = found[0] is not None and found[0][1]
    items = "".join(f"<li>{_inline(one[2])}</li>" for one in found if one)
    if numbered:
        return f'<ol start="{int(numbered)}">{items}</ol>'
    return f'<ul class="bullets">{items}</ul>'


def _inline(line: str) -> str:
    """Code, links and addresses keep what is in them; what lies between gets its marks."""
    parts, last = [], 0
    for found in PIECES.finditer(line):
        parts += [_marked(line[last : found.start()]), _piece(found.group())]
        last = found.end()
    return "".join([*parts, _marked(line[last:])])


def _piece(text: str) -> str:
    if text.startswith("`"):
        return f"<code>{escape(text[1:-1])}</code>"
    if link := LINK.fullmatch(text):
        return _link(link[2], link[1]) or escape(text)
    stripped = text.rstrip(".,;:!?")
    return (_link(stripped, stripped) or escape(stripped)) + escape(text[len(stripped) :])


def _link(address: str, words: str) -> str:
    """A link to a page of ours, or of others by http(s) in a new tab that learns nothing of us; else nothing."""
    if address.startswith("/") and not address.startswith(("//", "/\\")):
        return f'<a href="{escape(address)}">{escape(words)}</a>'
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    if not right:
        return ""
    where = "" if words == address else f' <span class="quiet">({escape(parts.hostname or "")})</span>'
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{escape(words)}</a>{where}'


def _marked(text: str) -> str:
    text = escape(text)
    for pattern, element in MARKS:
        text = pattern.sub(rf"<{element}>\1</{element}>", text)
    return INCIDENT.sub(r'<a href="/incidents/\1">#\1</a>', text)
