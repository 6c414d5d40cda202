"""Reading Sieve scripts (RFC 5228) far enough to say what they do to mail, and to take the forwarding out.

Only the shape is understood: commands, their tags and strings. What a condition asks for is left as it stands.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from watchfloor.kernel.errors import BadInput

_TOKEN = re.compile(
    r"""
    (?P<space>\s+ | \#[^\n]* | /\*.*?\*/)
  | (?P<text>text:[ \t]*(?:\#[^\n]*)?\r?\n(?:.*?\n)??\.\r?(?:\n|\Z))
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<tag>:[A-Za-z_]\w*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>\d+[KMGkmg]?)
  | (?P<mark>[;,{}()\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {
    "redirect": "forwards to {}",
    "fileinto": "moves into {}",
    "reject": "rejects, saying {}",
    "ereject": "rejects, saying {}",
    "discard": "throws away",
    "vacation": "answers by itself",
    "notify": "notifies {}",
    "setflag": "marks as {}",
    "addflag": "marks as {}",
    "include": "includes the script {}",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its name, tags and strings, and where it stands in the text (end behind its “;” or before its block)."""

    name: str
    tags: frozenset[str]
    strings: tuple[str, ...]
    start: int
    end: int


def commands(script: str) -> Iterator[Command]:
    """Every command, those inside blocks included. Raises BadInput for what is no Sieve."""
    name, start, tags, strings = "", 0, set[str](), list[str]()
    for kind, text, at in _tokens(script):
        if kind == "mark" and text in ";{}":
            if name:
                end = at + (text == ";")
                yield Command(name, frozenset(tags), tuple(strings), start, end)
            name, tags, strings = "", set(), []
        elif not name and kind == "word":
            name, start = text.lower(), at
        elif not name:
            raise BadInput("a command was expected", place=f"character {at}")
        elif kind == "tag":
            tags.add(text.lower())
        elif kind in {"string", "text"}:
            strings.append(_unquoted(kind, text))
    if name:
        raise BadInput("the last command has no end", place=f"character {start}")


def sentences(script: str) -> tuple[str, ...]:
    """What the script does to mail, a sentence for each action; conditions are not told."""
    found = (one for one in commands(script) if one.name in _WORDS)
    return tuple(_WORDS[one.name].format(f"“{(one.strings or ('?',))[-1][:200]}”") for one in found)


def forwards(script: str) -> tuple[str, ...]:
    """The addresses it forwards to, in order."""
    return tuple(one.strings[-1] for one in commands(script) if one.name == "redirect" and one.strings)


def includes(script: str) -> tuple[str, ...]:
    """Other scripts it includes."""
    return tuple(name for one in commands(script) if one.name == "include" for name in one.strings)


def without_forwarding(script: str) -> str:
    """The same script with each `redirect` taken out: kept where it would have gone away only, dropped where it was a copy."""
    for one in reversed([one for one in commands(script) if one.name == "redirect"]):
        script = script[: one.start] + ("" if ":copy" in one.tags else "keep;") + script[one.end :]
    return script


def _tokens(script: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while at < len(script):
        found = _TOKEN.match(script, at)
        if found is None:
            raise BadInput("this is no Sieve", place=f"character {at}")
        if found.lastgroup != "space":
            yield str(found.lastgroup), found.group(), at
        at = found.end()


def _unquoted(kind: str, text: str) -> str:
    if kind == "text":
        return "\n".join(text.splitlines()[1:-1])
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
