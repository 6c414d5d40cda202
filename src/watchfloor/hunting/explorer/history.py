"""The questions a person asked in Explorer as a tree: each under the one it was refined from, so that a finding can be retraced (TE-018)."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from django.http import QueryDict

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.hunting.explorer.state import ExplorerState, read_state
from watchfloor.hunting.models import ExplorerQuestion
from watchfloor.kernel.errors import BadInput

MOST = 300
DEEPEST = 8
"""Levels that are drawn further in; what is deeper stands at the last."""
DECIDING = frozenset({"view", "range", "from", "to", "match", "f"})
"""The parameters of an address that decide which rows a question finds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question in the tree; `level` says how far in it stands."""

    key: int
    sentence: str
    address: str
    found: int | None
    at: datetime
    level: int
    current: bool


def remember(state: ExplorerState, *, sentence: str, referer: str, by: Actor, now: datetime) -> None:
    """Keep the question, once a person; a new one stands under the question of the page that led to it."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    parameters = _deciding(state)
    own = ExplorerQuestion.objects.filter(person_id=by.id)
    if own.filter(key=_key(parameters)).update(asked_at=now, sentence=sentence):
        return
    before = _question_of(referer, now=now)
    parent = own.filter(key=_key(before)).first() if before else None
    kept = {"parameters": parameters, "sentence": sentence, "parent": parent, "asked_at": now}
    ExplorerQuestion.objects.get_or_create(person_id=by.id, key=_key(parameters), defaults=kept)
    oldest = own.order_by("-asked_at").values_list("asked_at", flat=True)[MOST : MOST + 1]
    if oldest:
        own.filter(asked_at__lte=oldest[0]).delete()


def count_found(state: ExplorerState, *, found: int, by: Actor) -> None:
    """Write how many rows the question found."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    ExplorerQuestion.objects.filter(person_id=by.id, key=_key(_deciding(state))).update(found=found)


def forget(*, key: int | None, by: Actor) -> None:
    """Delete one question, or with None all of this person's; what was refined from it stays."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    own = ExplorerQuestion.objects.filter(person_id=by.id)
    (own if key is None else own.filter(pk=key)).delete()


def tree(*, by: Actor, now: datetime, referer: str = "") -> tuple[Asked, ...]:
    """This person's questions: the newest line of thought first, inside it in the order they were asked. One question to the database."""
    kept = list(ExplorerQuestion.objects.filter(person_id=by.id).order_by("asked_at"))
    current = _key(_question_of(referer, now=now))
    under: dict[int | None, list[ExplorerQuestion]] = {}
    known = {one.pk for one in kept}
    for one in kept:
        under.setdefault(one.parent_id if one.parent_id in known else None, []).append(one)
    found: list[Asked] = []
    waiting = [(one, 0) for one in sorted(under.get(None, []), key=lambda one: _newest(one, under))]
    while waiting:
        one, level = waiting.pop()
        address = f"/explorer?{one.parameters}"
        at_level = min(level, DEEPEST)
        found.append(Asked(one.pk, one.sentence, address, one.found, one.asked_at, at_level, one.key == current))
        waiting += [(child, level + 1) for child in reversed(under.get(one.pk, []))]
    return tuple(found)


def last(*, by: Actor) -> ExplorerQuestion | None:
    """What this person asked last."""
    return ExplorerQuestion.objects.filter(person_id=by.id).order_by("-asked_at").first()


def _newest(one: ExplorerQuestion, under: dict[int | None, list[ExplorerQuestion]]) -> datetime:
    newest, waiting = one.asked_at, [one]
    while waiting:
        children = under.get(waiting.pop().pk, [])
        waiting += children
        newest = max([newest, *(child.asked_at for child in children)])
    return newest


def _deciding(state: ExplorerState) -> str:
    return urlencode([pair for pair in state.parameters() if pair[0] in DECIDING])


def _key(parameters: str) -> str:
    return sha256(parameters.encode("utf-8", "surrogatepass")).hexdigest()


def _question_of(referer: str, *, now: datetime) -> str:
    """What the page at this address asked; "" when it was not Explorer's."""
    parts = urlsplit(referer)
    if parts.path != "/explorer":
        return ""
    try:
        return _deciding(read_state(QueryDict(parts.query), now=now))
    except BadInput:
        return ""
