"""Whether an alert fits the conditions of a tuning rule. Pure.

Conditions stand in groups. With “all” every group must hold, and of a group any condition; with “any” one group, and of it
every condition. A condition names a kind of entity (or the title), values with * and ? as wildcards, and whether some entity
of that kind must fit or every one: a rule that hides newsletters should ask that every sender is the newsletter's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from watchfloor.detection.contracts import EvidenceType
from watchfloor.incidents.contracts import WORDS
from watchfloor.kernel.errors import BadInput

TITLE = "title"
TYPES = (TITLE, *(kind.value for kind in EvidenceType))
HOWS = {"every": "every", "some": "some"}
MATCHES = ("all", "any")
MOST_GROUPS, MOST_CONDITIONS, MOST_VALUES, LONGEST_VALUE = 10, 30, 200, 2000


@dataclass(frozen=True, slots=True)
class Fit:
    """One condition: `every` (or some) entity of `type` fits one of `values`."""

    type: str
    every: bool
    values: tuple[str, ...]

    @property
    def words(self) -> str:
        listed = " or ".join(f"“{one}”" for one in self.values[:5])
        more = f" or {len(self.values) - 5} more" if len(self.values) > 5 else ""
        name = "the title" if self.type == TITLE else WORDS[self.type].lower() if self.type != "ip" else "IP address"
        return f"{'' if self.type == TITLE else 'every ' if self.every else 'some '}{name} is {listed}{more}"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Groups of conditions; `match` as the module says."""

    match: str
    groups: tuple[tuple[Fit, ...], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """One line per group."""
        inside = " or " if self.match == "all" else " and "
        return tuple(inside.join(one.words for one in group) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is held against a rule: `entities` are (type, value); `omitted` says that there were more than are kept."""

    title: str
    entities: tuple[tuple[str, str], ...]
    omitted: bool = False


def holds(conditions: Conditions, subject: Subject) -> bool:
    """Whether an alert fits. No groups fit nothing."""
    if not conditions.groups:
        return False
    found: dict[str, list[str]] = {TITLE: [subject.title]}
    for kind, value in subject.entities:
        found.setdefault(kind, []).append(value)
    if conditions.match == "all":
        return all(any(_fits(one, found, subject) for one in group) for group in conditions.groups)
    return any(all(_fits(one, found, subject) for one in group) for group in conditions.groups)


def _fits(one: Fit, found: Mapping[str, Sequence[str]], subject: Subject) -> bool:
    values = found.get(one.type, ())
    if not values:
        return False
    if not one.every:
        return any(_any(one.values, value) for value in values)
    # Of entities that were left out nobody knows whether they fit too.
    return not (subject.omitted and one.type != TITLE) and all(_any(one.values, value) for value in values)


def _any(patterns: Iterable[str], value: str) -> bool:
    return any(like(pattern.lower(), value.lower()) for pattern in patterns)


def like(pattern: str, text: str) -> bool:
    """Whether the whole text fits, * standing for any text and ? for one character.

    Each stretch between two stars is looked for once, from where the one before it ended: nothing is tried in all ways.
    """
    first, *middle = _stretches(pattern)
    begins = first.match(text)
    if not middle:
        return first.fullmatch(text) is not None
    if begins is None:
        return False
    at = begins.end()
    for one in middle[:-1]:
        found = one.search(text, at)
        if found is None:
            return False
        at = found.end()
    # What follows the last star ends the text; all its characters are counted, so there is one place where it can stand.
    last, rest = middle[-1], len(pattern) - pattern.rfind("*") - 1
    return len(text) - rest >= at and last.fullmatch(text, len(text) - rest) is not None


@lru_cache(maxsize=4096)
def _stretches(pattern: str) -> tuple[re.Pattern[str], ...]:
    """The stretches between the stars, as expressions without repetition."""
    bare = pattern.split("*")
    return tuple(
        re.compile("".join("." if sign == "?" else re.escape(sign) for sign in one), re.DOTALL) for one in bare
    )


def read(data: Mapping[str, Any]) -> Conditions:
    """From JSON, as stored or as a form made it. Raises BadInput for what cannot be a rule."""
    match = data.get("match", "all")
    if match not in MATCHES:
        raise BadInput("groups are joined by all or any", place="match")
    groups = tuple(tuple(_read_fit(one) for one in group) for group in data.get("groups", ()) if group)
    if not groups:
        raise BadInput("write at least one condition; a rule without any would fit nothing", place="conditions")
    if len(groups) > MOST_GROUPS or sum(map(len, groups)) > MOST_CONDITIONS:
        raise BadInput(f"at most {MOST_GROUPS} groups and {MOST_CONDITIONS} conditions", place="conditions")
    return Conditions(match, groups)


def _read_fit(data: Mapping[str, Any]) -> Fit:
    kind, values = data.get("type"), data.get("values", ())
    if kind not in TYPES:
        raise BadInput(f"“{kind}” is no kind of evidence", place="conditions")
    cleaned = tuple(dict.fromkeys(str(one).replace("\x00", "").strip()[:LONGEST_VALUE] for one in values))
    found = tuple(one for one in cleaned if one)
    if not found or len(found) > MOST_VALUES:
        raise BadInput(f"a condition has between 1 and {MOST_VALUES} values", place="conditions")
    if any(not one.strip("*? ") for one in found):
        raise BadInput("a value of wildcards alone would fit everything", place="conditions")
    return Fit(str(kind), data.get("how", "every") == "every", found)


def written(conditions: Conditions) -> dict[str, Any]:
    """As JSON that `read` reads."""
    groups = [
        [{"type": one.type, "how": "every" if one.every else "some", "values": list(one.values)} for one in group]
        for group in conditions.groups
    ]
    return {"match": conditions.match, "groups": groups}
