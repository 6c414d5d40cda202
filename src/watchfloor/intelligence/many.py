"""The same for many entries at once: each is done, permitted and audited by its own verb, and what fails stops no other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.entries import add_entry, change_life, expire_entry, remove_entry, review_entry
from watchfloor.intelligence.lasting import Lasts, read
from watchfloor.intelligence.values import guess_kind
from watchfloor.kernel.errors import BadInput, Conflict, NotFound

MOST = 500
NOW, REMOVE, REVIEW = "now", "remove", "review"
"""What may be done besides letting entries last: end them, take them away, say that they are still needed."""


@dataclass(frozen=True, slots=True)
class Done:
    """The names of the entries done, and (what, why not) of the others."""

    names: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()


def add_entries(
    *,
    by: Actor,
    kind: Kind | None,
    effect: Effect,
    values: Sequence[str],
    now: datetime,
    life: Lasts | None,
    note: str,
    email: str = "",
) -> Done:
    """Add an entry for each value, all alike; without `kind`, what each is about is told from it.

    Raises Forbidden, and BadInput for more than 500.
    """
    authorise(by, Permission.DETECTION_TUNE)
    _refuse_too_many(values)
    names, refused = [], []
    for value in dict.fromkeys(values):
        try:
            names.append(
                add_entry(
                    by=by,
                    kind=kind or guess_kind(value),
                    effect=effect,
                    value=value,
                    now=now,
                    life=life,
                    note=note,
                    email=email,
                )
            )
        except (BadInput, Conflict) as error:
            refused.append((value, error.message))
    return Done(tuple(names), tuple(refused))


def change_entries(*, by: Actor, ids: Iterable[int], to: str, now: datetime) -> Done:
    """Let entries last as `to` says (a span or a day), or end, remove or review them. Raises Forbidden, and BadInput for nothing or too many."""
    authorise(by, Permission.DETECTION_TUNE)
    wanted = list(dict.fromkeys(ids))
    _refuse_too_many(wanted)
    if not wanted:
        raise BadInput("choose entries first", place="row")
    names, refused = [], []
    for id in wanted:
        try:
            names.append(change_entry(by=by, id=id, to=to, now=now))
        except (BadInput, NotFound) as error:
            refused.append((str(id), error.message))
    return Done(tuple(names), tuple(refused))


def change_entry(*, by: Actor, id: int, to: str, now: datetime) -> str:
    """One of them; the same words."""
    if to == REMOVE:
        return remove_entry(by=by, id=id, now=now)
    if to == NOW:
        return expire_entry(by=by, id=id, now=now)
    if to == REVIEW:
        return review_entry(by=by, id=id, now=now)
    return change_life(by=by, id=id, life=read(to), now=now)


def _refuse_too_many(wanted: Sequence[object]) -> None:
    if len(wanted) > MOST:
        raise BadInput(f"at most {MOST} at once; these are {len(wanted):,}", place="value")
