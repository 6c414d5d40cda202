"""The words recipients read, in the digest mail and on their page: a file of content/quarantine/ for each language.

To add a language, add its file; a test compares its keys and blanks with those of the English one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from watchfloor.kernel.content import content_folder

FIRST = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its own name, the words of page and mail, and those for why and how a mail is held."""

    code: str
    name: str
    words: Mapping[str, str]
    reasons: Mapping[str, str]
    states: Mapping[str, str]


@cache
def languages() -> Mapping[str, Language]:
    """Every language by its code, English first, the others by name."""
    found = [_read(path.stem, path.read_text("utf-8")) for path in content_folder("quarantine").glob("*.yaml")]
    return {one.code: one for one in sorted(found, key=lambda one: (one.code != FIRST, one.name))}


def _read(code: str, text: str) -> Language:
    told: dict[str, Any] = yaml.safe_load(text)
    return Language(code, told["name"], told["words"], told["reasons"], told["states"])


def words_of(language: str) -> Mapping[str, str]:
    """All words of a language, English for one we do not speak."""
    return _of(language).words


def reason_in(language: str, reason: str) -> str:
    return _of(language).reasons.get(reason, reason)


def state_in(language: str, status: str) -> str:
    return _of(language).states.get(status, status)


def _of(language: str) -> Language:
    return languages().get(language) or languages()[FIRST]
