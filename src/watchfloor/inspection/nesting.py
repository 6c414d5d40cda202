"""Where HTML grows too deep to be parsed, found without parsing it.

An HTML parser looks through all open elements at each tag, and opens formatting that was left open anew in every
block: 300 kB of nested tags take it seconds, 20 kB of open fonts gigabytes. So both costs are added up beforehand, from
above: a closing tag counts only when it closes the innermost open element, since what else a parser does with it
depends on scopes (`<div><object></div>` closes nothing). Comments, attributes and raw text are skipped as HTML's own
tokeniser does, for a closing tag in them closes nothing either.
Source: WHATWG HTML, sections 13.2.5 (tokenisation) and 13.2.6 (tree construction).
"""

import re

from watchfloor.inspection import limits
from watchfloor.kernel.markup import FLAT

_SPACE = r"[\t\n\f\r ]"
_ATTRIBUTE = (
    rf"[^\t\n\f\r />][^\t\n\f\r />=]*+(?:{_SPACE}*+={_SPACE}*+"
    r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r >"'][^\t\n\f\r >]*+)?+)?+"""
)
_TOKEN = re.compile(
    r"<(?:!--(?:-?>|.*?(?:--!?>|\Z))|[!?][^>]*+(?:>|\Z)|/(?![a-zA-Z])[^>]*+(?:>|\Z)"
    rf"|(/?)([a-zA-Z][^\t\n\f\r />]*+)((?:(?:{_SPACE}|/)++|{_ATTRIBUTE})*+)(?:>|\Z))",
    re.DOTALL,
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_RAW = frozenset(["iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"])
_FOREIGN = frozenset(["svg", "math", "plaintext", "noscript"])
"""In and after these, what is a tag depends on more than is followed here: no closing tag is believed any more."""
_FEW = 3_000
_SHORT = 64 << 10
"""So few tags in so few characters can cost little, however they are nested."""
_LONG_TAG = 1_000


def too_deep(source: str) -> tuple[int, str]:
    """Where `source` must be cut so that it can be parsed in a fraction of a second, and why: "" when it need not be."""
    if source.count("<") - source.count("</") <= _FEW and len(source) <= _SHORT:
        return len(source), ""
    stack: list[str] = []
    steps = copies = formatting = at = 0
    believing = True
    while token := _TOKEN.search(source, at):
        at = token.end()
        name = (token[2] or "").lower()
        if name and not token[1]:
            steps += len(stack) + _attribute_steps(token[3])
            copies += formatting
        if not name or name in FLAT:
            pass
        elif not token[1]:
            formatting += name in _FORMATTING
            stack.append(name)
            believing = believing and name not in _FOREIGN
            if believing and name in _RAW:
                end = _end_of_raw(source, at, name)
                believing = name != "script" or "<!--" not in source[at:end]
                at = end
        elif believing and stack and stack[-1] == name:
            stack.pop()
            formatting -= name in _FORMATTING
        if steps > limits.HTML_STEPS:
            return token.start(), "HTML cut where its nesting defeats parsers"
        if copies > limits.HTML_COPIES:
            return token.start(), "HTML cut where open formatting multiplies it"
    return len(source), ""


def _attribute_steps(attributes: str) -> int:
    """A parser compares each attribute of a tag with all before it."""
    if len(attributes) < _LONG_TAG:
        return 0
    count = sum(1 for _ in _ATTRIBUTES.finditer(attributes))
    return count * count // 2


def _end_of_raw(source: str, start: int, name: str) -> int:
    found = re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE).search(source, start)
    return found.start() if found else len(source)
