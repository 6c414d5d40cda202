"""The words of the language as data, for the page of the reference and for completion."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from watchfloor.lake.kql import vocabulary

_WORDS = ("operator", "keyword")


@dataclass(frozen=True, slots=True)
class Entry:
    """One word: `kind` is function, aggregate, operator, plugin or keyword; `aliases` mean the same or belong together with it."""

    name: str
    kind: str
    arguments: str
    result: str
    describe: str
    aliases: tuple[str, ...] = ()

    @property
    def call(self) -> str:
        """How it is written."""
        return f"{self.name} {self.arguments}".rstrip() if self.kind in _WORDS else f"{self.name}({self.arguments})"


_LISTS = {
    "function": vocabulary.SCALARS,
    "aggregate": vocabulary.AGGREGATES,
    "operator": vocabulary.OPERATORS,
    "plugin": vocabulary.PLUGINS,
    "keyword": vocabulary.KEYWORDS,
}


@cache
def entries(kind: str = "") -> tuple[Entry, ...]:
    """Every word, or those of one kind, by name."""
    kinds = [kind] if kind else list(_LISTS)
    return tuple(sorted((entry for one in kinds for entry in _read(one)), key=lambda entry: entry.name))


def _read(kind: str) -> Iterator[Entry]:
    for line in _LISTS[kind].strip().splitlines():
        names, arguments, result, describe = (part.strip() for part in line.split("|"))
        every = names.split()
        for name in every:
            yield Entry(name, kind, arguments, result, describe, tuple(other for other in every if other != name))


@cache
def described(name: str) -> Entry | None:
    """What a word means, the first of its kinds; None for one that is not known."""
    return next((entry for entry in entries() if entry.name == name), None)
