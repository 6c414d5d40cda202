"""Files of rules as documents: each rule with its own text, what it says of itself, and the rules it speaks of."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from watchfloor.hunting.sigma.rules import Refused
from watchfloor.hunting.sigma.sources import File

BETWEEN = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
MOST_NODES = 20_000
"""Values of one document when its aliases are written out; a rule has some hundred."""
DEEPEST = 30
"""Lists in lists. libyaml builds its nodes by recursion and ends the process at some ten thousand, so depth is measured first."""
LONGEST_ID = 64
MAKES_A_RULE = {"detection", "correlation", "filter"}
TOGETHER = re.compile(r"^action\s*:", re.MULTILINE)
OLD_FORM = "“action” joins the documents of this file, which is no part of Sigma any more; write each rule out"


@dataclass(frozen=True, slots=True)
class Document:
    """One rule's text. `speaks_of` are ids and names of the rules that a correlation counts."""

    place: str
    text: str
    sigma_id: str
    title: str
    author: str = ""
    name: str = ""
    level: str = ""
    speaks_of: tuple[str, ...] = ()


@dataclass(slots=True)
class Brought:
    """What an import found: rules, texts that are none (`wrong`), and how many documents are YAML of another kind."""

    documents: dict[str, Document] = field(default_factory=dict)
    wrong: list[Refused] = field(default_factory=list)
    skipped: int = 0


def read(files: Iterable[File], *, seen: dict[str, str] | None = None) -> Brought:
    """Every document of every file; what is wrong with one does not stop the others.

    `seen` are ids of the same import and their places; those of these files are added.
    """
    brought, ids = Brought(), {} if seen is None else seen
    for name, data in files:
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\x00", "\ufffd")
        except UnicodeDecodeError:
            brought.wrong.append(Refused("", "", name, "the file is not UTF-8 text"))
            continue
        _read(name, text, brought, ids)
    return brought


def _read(name: str, text: str, brought: Brought, ids: dict[str, str]) -> None:
    if TOGETHER.search(text):
        brought.wrong.append(Refused("", "", name, OLD_FORM, "action"))
        return
    parts = [one for one in BETWEEN.split(text) if one.strip()]
    for number, part in enumerate(parts, 1):
        place = name if len(parts) == 1 else f"{name}, document {number}"
        found = _document(place, part)
        if found is None:
            brought.skipped += 1
        elif isinstance(found, Refused):
            brought.wrong.append(found)
        elif found.sigma_id in ids:
            words = f"another rule of this import has the same id: {ids[found.sigma_id]}"
            brought.wrong.append(Refused(found.title, found.sigma_id, place, words, "id"))
        else:
            ids[found.sigma_id] = place
            brought.documents[place] = found


def _document(place: str, text: str) -> Document | Refused | None:
    try:
        fields = _loaded(text)
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return Refused("", "", place, f"this is no YAML{line}: {error.problem}")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return Refused("", "", place, f"this is no YAML that can be read: {error}")
    if not isinstance(fields, Mapping) or not MAKES_A_RULE & set(fields):
        return None
    return _described(place, text.strip("\n") + "\n", fields)


def _loaded(text: str) -> Any:
    """The document as plain values. A text that is nested too deeply, or whose aliases write out to very much, is refused before."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
    documents = list(yaml.compose_all(text, yaml.CSafeLoader))
    if documents and _size(documents[0], {}) > MOST_NODES:
        raise ValueError(f"it holds more than {MOST_NODES:,} values")
    return next(iter(yaml.load_all(text, yaml.CSafeLoader)), None) if documents else None


def _size(node: Any, known: dict[int, int]) -> int:
    """Values below a node, aliases counted each time they are named; a node within itself counts as too many."""
    if id(node) not in known:
        known[id(node)] = MOST_NODES + 1
        below = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            below = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_size(one, known) for one in below)
    return known[id(node)]


def _described(place: str, text: str, fields: Mapping[Any, Any]) -> Document:
    title, author = _word(fields.get("title")), _word(fields.get("author"))
    given = _word(fields.get("id")).lower()
    # A rule may come without an id; the same title by the same author is then the same rule.
    made = str(uuid5(NAMESPACE_URL, f"sigma:{title}:{author}:{place if not title else ''}"))
    correlation = fields.get("correlation")
    spoken = correlation.get("rules") if isinstance(correlation, Mapping) else None
    return Document(
        place=place,
        text=text,
        sigma_id=given if 0 < len(given) <= LONGEST_ID else made,
        title=title[:300] or place,
        author=author,
        name=_word(fields.get("name"))[:200],
        level=_word(fields.get("level"))[:13],
        speaks_of=tuple(str(one) for one in spoken) if isinstance(spoken, list) else (),
    )


def _word(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
