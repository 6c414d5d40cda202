"""The queries that come with the product: content/hunts, each with rows it finds and rows it passes over."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from watchfloor.kernel.content import content_folder
from watchfloor.kernel.errors import BadInput

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Sample:
    """One query. `finds` and `passes` are example rows by table, which only tests read."""

    slug: str
    name: str
    says: str
    query: str
    techniques: tuple[str, ...] = ()
    finds: Rows = field(default_factory=dict)
    passes: Rows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topic:
    title: str
    about: str
    samples: tuple[Sample, ...]
    order: int = 0


@cache
def topics() -> tuple[Topic, ...]:
    """Every file of content/hunts, in the order they give themselves. Raises BadInput naming the file and what is wrong with it."""
    read = (_topic(path.name, path.read_text(encoding="utf-8")) for path in _files())
    found = tuple(sorted(read, key=lambda topic: topic.order))
    slugs = [one.slug for topic in found for one in topic.samples]
    if double := {slug for slug in slugs if slugs.count(slug) > 1}:
        raise BadInput(f"two hunts are called {', '.join(sorted(double))}", place="content/hunts")
    return found


def _files() -> Sequence[Any]:
    return sorted(content_folder("hunts").glob("*.yaml"))


def _topic(place: str, text: str) -> Topic:
    data = yaml.safe_load(text)
    try:
        samples = tuple(_sample(one) for one in data["hunts"])
        return Topic(data["title"], data["about"], samples, int(data.get("order", 0)))
    except (KeyError, TypeError) as error:
        raise BadInput(f"a hunt lacks {error}", place=place) from None
    except BadInput as error:
        raise BadInput(error.message, place=place) from None


def _sample(data: Mapping[str, Any]) -> Sample:
    if not _SLUG.fullmatch(data["slug"]):
        raise BadInput(f"“{data['slug']}” is no slug of small letters, digits and hyphens")
    if not data["query"].strip() or not data["says"].strip():
        raise BadInput(f"the hunt “{data['slug']}” needs a query and a sentence")
    return Sample(
        slug=data["slug"],
        name=data["name"],
        says=data["says"].strip(),
        query=data["query"].strip(),
        techniques=tuple(data.get("techniques", ())),
        finds=data.get("finds", {}),
        passes=data.get("passes", {}),
    )


def sample(slug: str) -> Sample | None:
    """The query of this name, or None."""
    return next((one for topic in topics() for one in topic.samples if one.slug == slug), None)
