"""Which masks to ask doveadm with, so that it looks into the wanted mailboxes, few others, and answers some at a time.

doveadm takes one mask with wildcards per question, and lists every user anew for each: masks are prefixes, and few.
"""

import os.path
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

MOST_MASKS = 20
MAILBOXES_AT_ONCE = 200
"""So many mailboxes are asked about together: their mail can be acted on while the next are asked about."""


@dataclass(frozen=True, slots=True)
class Mask:
    """All users whose name begins with `prefix`: `users` as the server writes them, `wanted` of them are asked for."""

    prefix: str
    users: tuple[str, ...]
    wanted: int

    @property
    def text(self) -> str:
        return f"{self.prefix}*"


def masks_for(
    users: Collection[str], wanted: Collection[str], *, size: int = MAILBOXES_AT_ONCE, most: int = MOST_MASKS
) -> list[Mask]:
    """Masks that together cover every wanted user (lower-case) the server has, largest no bigger than it must be.

    `most` holds when all users are wanted; the fewer are, the more dearly each listing of all users is bought.
    """
    limit = max(1, most * len(wanted) // max(1, len(users)))
    first = _mask(users, wanted)
    whole = [first] if first else []
    final: list[Mask] = []
    while whole:
        largest = max(whole, key=lambda mask: mask.wanted)
        whole.remove(largest)
        parts = _parts(largest, wanted) if largest.wanted > size else []
        if parts and len(whole) + len(final) + len(parts) <= limit:
            whole += parts
        else:
            final.append(largest)
    return sorted(final, key=lambda mask: mask.prefix)


def bundles(masks: Sequence[Mask], *, size: int = MAILBOXES_AT_ONCE) -> Iterator[list[Mask]]:
    """Neighbouring masks together, until they cover `size` wanted mailboxes."""
    held: list[Mask] = []
    for mask in masks:
        if held and sum(one.wanted for one in held) + mask.wanted > size:
            yield held
            held = []
        held.append(mask)
    if held:
        yield held


def _mask(users: Collection[str], wanted: Collection[str]) -> Mask | None:
    """The longest prefix of all wanted among these users, with everybody it also covers."""
    asked = [user for user in users if user.lower() in wanted]
    if not asked:
        return None
    prefix = os.path.commonprefix(asked)  # noqa: RUF071 (letter by letter is what a mask is)
    return Mask(prefix, tuple(user for user in users if user.startswith(prefix)), len(asked))


def _parts(mask: Mask, wanted: Collection[str]) -> list[Mask]:
    """The mask cut at its next letter; nothing where a wanted name ends there, as only the mask itself covers that."""
    letters: dict[str, list[str]] = defaultdict(list)
    for user in mask.users:
        letters[user[len(mask.prefix) :][:1]].append(user)
    if any(user.lower() in wanted for user in letters.pop("", ())):
        return []
    return [part for users in letters.values() if (part := _mask(users, wanted))]
