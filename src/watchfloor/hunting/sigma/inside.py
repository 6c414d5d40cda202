r"""A path through objects and lists of JSON as one regular expression of RE2.

It reads the JSON from its first sign, string by string, so that nothing inside a string is taken for structure. Steps are `key`,
`key[]` (a list, any element) and `key[name=VALUE]` (a list, the element whose `name` is VALUE). What stands beside the path may be
nested DEPTH levels deep; deeper documents are not found.
"""

import json
import re
from collections.abc import Sequence

from watchfloor.hunting.sigma.texts import escaped, quoted

DEPTH = 6
STRING = r'"(?:[^"\\]|\\.)*"'
_STEP = re.compile(r"(?P<key>[^\[\]]+)(?:\[(?:(?P<name>[^=\]]+)=(?P<value>[^\]]+))?\])?")
PATH = re.compile(r"[^.\[\]]+(?:\[[^\]]*\])?")


def _level(depth: int) -> str:
    """Signs of JSON with brackets at most `depth` levels deep, each of them closed."""
    inner = rf'[^"\[\]{{}}]|{STRING}'
    if depth:
        inner += rf"|[\[{{]{_level(depth - 1)}[\]}}]"
    return f"(?:{inner})*"


BESIDE = "\0"
"""Stands in a pattern for what may stand beside the path; NAME is what a query calls it."""
NAME = "Beside"
LET = f"let {NAME} = {quoted(_level(DEPTH))};"
"""What a query that looks inside lists begins with: the pattern is long, and stands in the query once."""


def element(steps: Sequence[str], scalar: str, *, flags: str = "") -> str:
    """KQL's regular expression of a document that has, at the end of these steps, what `scalar` matches."""
    first, *rest = steps
    opened = r"^\s*\{" if first != "[]" else r"^\s*\[" + BESIDE + r"\{"
    whole = flags + opened + _steps(steps if first != "[]" else rest, scalar)
    return f"strcat({f', {NAME}, '.join(map(quoted, whole.split(BESIDE)))})"


def with_pattern(query: str) -> str:
    """The query, begun with what it calls by name."""
    return f"{LET}\n{query}" if f", {NAME}, " in query else query


def _steps(steps: Sequence[str], scalar: str) -> str:
    match = _STEP.fullmatch(steps[0])
    assert match is not None
    key = BESIDE + _key(match["key"])
    if len(steps) == 1:
        return key + scalar
    if "[" not in steps[0]:
        return key + r"\{" + _steps(steps[1:], scalar)
    opened = key + r"(?:\[" + BESIDE + r")?\{"
    if not match["name"]:
        return opened + _steps(steps[1:], scalar)
    named = _key(match["name"]) + escaped(json.dumps(match["value"]))
    wanted = _steps(steps[1:], scalar)
    return opened + f"(?:{BESIDE}{named}{wanted}|{wanted}{BESIDE}{named})"


def _key(name: str) -> str:
    return escaped(json.dumps(name, ensure_ascii=False)) + r"\s*:\s*"
