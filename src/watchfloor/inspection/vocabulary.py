"""Finds the phrases of `vocabulary.toml` in a folded text: one walk over its words for all families and languages.

A search of many patterns reads the text once for each. Here all phrases are one automaton over words, made
deterministic as texts need it: each word of a text costs two look-ups, however many phrases there are.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchfloor.inspection.folding import fold

_WORD = re.compile(r"[^\W_]+(?:'[a-z]{1,2}\b)?|[%$€£]")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_APART = re.compile(r"(?<![^\W_])(?:[a-z][ .\-_*]{1,2}){3,20}[a-z](?![^\W_])")
_STEM = 4
_WORDS = 4_000
_EACH = 6
_LONGEST = 12
_STATES = 5_000
_CLASSES = 20_000
_ANY = ("_",)

Found = Mapping[str, tuple[str, ...]]
"""Family -> the distinct phrases of it that stand in a text, in order."""


@dataclass(slots=True, eq=False)
class _Node:
    """A place inside phrases: `edges` lead on by what the next word may be, `families` end here."""

    edges: "dict[str, list[_Node]]" = field(default_factory=dict)
    families: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _State:
    """All places the words read so far may be at."""

    nodes: tuple[_Node, ...]
    families: tuple[str, ...]
    after: "dict[tuple[str, ...], _State]" = field(default_factory=dict)


class Phrases:
    """The automaton of all phrases of a vocabulary."""

    def __init__(self, rows: Mapping[str, list[str]]) -> None:
        """`rows` holds each family's phrases in the notation that the vocabulary's head explains."""
        self._root = _Node()
        self._exact: set[str] = set()
        self._stems: dict[str, list[str]] = {}
        for family, phrases in rows.items():
            for phrase in phrases:
                self._plant(phrase.split(), family)
        self._classes: dict[str, tuple[str, ...]] = {}
        self._forget()

    def find(self, words: list[str]) -> Found:
        """The phrases that stand in `words`, at most six distinct ones of a family."""
        found: dict[str, dict[str, None]] = {}
        kinds = [self._classes.get(word) or self._classify(word) for word in words]
        state = self._start
        for at, kind in enumerate(kinds):
            state = state.after.get(kind) or self._step(state, kind)
            for family in state.families:
                held = found.setdefault(family, {})
                if len(held) < _EACH:
                    held[" ".join(words[self._begin(kinds, at, family) : at + 1])] = None
        return {family: tuple(held) for family, held in found.items()}

    def _begin(self, kinds: list[tuple[str, ...]], end: int, family: str) -> int:
        """Where the longest phrase of `family` that ends at `end` begins."""
        for start in range(max(0, end - _LONGEST), end):
            nodes = [self._root]
            for kind in kinds[start : end + 1]:
                nodes = _follow(nodes, kind)
                if not nodes:
                    break
            if any(family in node.families for node in nodes):
                return start
        return end

    def _step(self, state: _State, kind: tuple[str, ...]) -> _State:
        if self._made > _STATES:
            self._forget()
        nodes = tuple(dict.fromkeys((self._root, *_follow(state.nodes, kind))))
        known = self._known.get(nodes)
        if known is None:
            families = tuple(dict.fromkeys(family for node in nodes for family in node.families))
            known = self._known[nodes] = _State(nodes, families)
            self._made += 1
        state.after[kind] = known
        return known

    def _forget(self) -> None:
        """Begin anew, so that the texts of a long life do not fill the memory."""
        self._start = _State((self._root,), ())
        self._known: dict[tuple[_Node, ...], _State] = {self._start.nodes: self._start}
        self._made = 0

    def _classify(self, word: str) -> tuple[str, ...]:
        """What the edges may call a word: itself, its stems, a number, any word."""
        kind = [word] if word in self._exact else []
        kind += [f"{stem}*" for stem in self._stems.get(word[:_STEM], ()) if word.startswith(stem)]
        kind += ["#"] if word[0].isdigit() else []
        if not kind:
            return _ANY
        if len(self._classes) > _CLASSES:
            self._classes.clear()
        return self._classes.setdefault(word, (*kind, "_"))

    def _plant(self, row: list[str], family: str) -> None:
        at = [self._root]
        for group in row:
            node = _Node()
            for choice in group.rstrip("?").split("|"):
                self._lead(at, choice, node)
            at = [node, *at] if group.endswith("?") else [node]
        for node in at:
            if node is not self._root:
                node.families.append(family)

    def _lead(self, start: list[_Node], choice: str, end: _Node) -> None:
        """Edges from all of `start` to `end`; a written word may be several (`sign-in`)."""
        keys = (
            [choice]
            if choice in ("_", "#")
            else [f"{fold(choice[:-1])}*"]
            if choice.endswith("*")
            else words_of(fold(choice))
        )
        if not keys:
            raise ValueError(f"the vocabulary holds {choice!r}, which is no word")
        for key in keys[:-1]:
            between = _Node()
            self._edge(start, key, between)
            start = [between]
        self._edge(start, keys[-1], end)

    def _edge(self, start: list[_Node], key: str, end: _Node) -> None:
        if key.endswith("*"):
            stems = self._stems.setdefault(key[:_STEM], [])
            if key[:-1] not in stems:
                stems.append(key[:-1])
        else:
            self._exact.add(key)
        for node in start:
            node.edges.setdefault(key, []).append(end)


def _follow(nodes: "tuple[_Node, ...] | list[_Node]", kind: tuple[str, ...]) -> list[_Node]:
    return [after for node in nodes for key in kind for after in node.edges.get(key, ())]


def find(folded: str) -> Found:
    """The phrases of the vocabulary that stand in a folded text; not those of link texts and display names."""
    return _found(_TEXT, _TEXT_CHARACTERS, folded)


def presses(folded: str) -> bool:
    """Whether a folded link text wants to be pressed."""
    return bool(_found(_PRESS, _PRESS_CHARACTERS, folded))


def speaks_for_an_office(folded: str) -> bool:
    """Whether a folded display name is that of an office rather than of a person."""
    return bool(_OFFICE.find(words_of(folded)))


def _found(phrases: "Phrases", characters: Sequence[tuple[str, str]], folded: str) -> Found:
    found = dict(phrases.find(words_of(folded)))
    if _WIDE.search(folded):
        for phrase, family in characters:
            if phrase in folded:
                found[family] = (*found.get(family, ()), phrase)
    return found


def words_of(folded: str) -> list[str]:
    """The words of a folded text, one that was spelled apart (`c a s i n o`) as one; at most 4,000."""
    return _WORD.findall(_APART.sub(_join, folded))[:_WORDS]


def spelled_apart(folded: str) -> str:
    """The first word written with gaps between its letters, as it stands; "" when none is."""
    found = _APART.search(folded)
    return found[0] if found and len(_letters(found[0])) >= 5 else ""


def _join(match: re.Match[str]) -> str:
    return f" {_letters(match[0])} "


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text)


def _read(table: Mapping[str, Mapping[str, list[str]]]) -> tuple[Phrases, tuple[tuple[str, str], ...]]:
    """The automaton of some families, and their phrases of scripts without blanks, each with its family."""
    rows = {
        family: [phrase for language, phrases in languages.items() if language != "characters" for phrase in phrases]
        for family, languages in table.items()
    }
    characters = tuple((fold(phrase), family) for family, of in table.items() for phrase in of.get("characters", ()))
    return Phrases(rows), characters


# Read with the module: a worker that says it is ready has it, and no mail waits for it.
_FAMILIES = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text("utf-8"))
_APART_FROM_TEXT = ("press", "office")
_TEXT, _TEXT_CHARACTERS = _read({name: of for name, of in _FAMILIES.items() if name not in _APART_FROM_TEXT})
_PRESS, _PRESS_CHARACTERS = _read({"press": _FAMILIES["press"]})
_OFFICE, _ = _read({"office": _FAMILIES["office"]})
