"""A mail's bytes out of a mailbox and back into it, in one open mailbox: read, look first, store, look again."""

import re
from collections.abc import Callable, Sequence

from watchfloor.connectors.contracts import ActionOutcome, Fetched, Folder, Located, Target
from watchfloor.connectors.protocols.imap_errands import already, find
from watchfloor.connectors.protocols.imap_mailbox import Mailbox, is_me, located, same_id
from watchfloor.connectors.protocols.imap_wire import Refused
from watchfloor.connectors.protocols.mail_bytes import header_values

Copies = tuple[Located, ...]
Read = Callable[[Located], bytes]
GONE = "it was no longer where it had been found; retry"


def fetch(box: Mailbox, items: Sequence[tuple[Target, Copies]]) -> list[tuple[Target, tuple[Fetched, ...]]]:
    """The bytes of each copy; those that lie elsewhere by now are searched for once more."""
    results = []
    for target, copies in items:
        got = [_fetched(box, target, copy) for copy in copies if copy.uid]
        if any(one.why == GONE for one in got):
            ((_, again),) = find(box, [target])
            got = [_fetched(box, target, copy) for copy in again]
        results.append((target, tuple(got)))
    return results


def _fetched(box: Mailbox, target: Target, copy: Located) -> Fetched:
    try:
        raw = box.read(copy.path, copy.uid)
    except Refused as error:
        return Fetched(copy, why=error.message)
    mine = any(same_id(value.strip(), target.message_id) for value in header_values(raw, b"message-id"))
    return Fetched(copy, raw) if mine else Fetched(copy, why=GONE)


def put_back(
    box: Mailbox, items: Sequence[tuple[Target, Located]], *, read: Read
) -> list[tuple[Target, ActionOutcome]]:
    """Store each erased copy in its folder again; one that lies in the mailbox already stands for it."""
    there = {target: list(copies) for target, copies in find(box, list({target: None for target, _ in items}))}
    outcomes = []
    for target, before in items:
        lying = next((copy for copy in there[target] if _stands_for(copy, before)), None)
        if lying is not None:
            there[target].remove(lying)
            outcomes.append((target, already(lying)))
            continue
        try:
            outcomes.append((target, _stored(box, target, before, read(before))))
        except Refused as error:
            outcomes.append((target, ActionOutcome(box.name, "failed", before=before, why=error.message)))
    return outcomes


def _stands_for(copy: Located, before: Located) -> bool:
    """What people cannot see does not stand for what they are to have again."""
    return copy.folder is not Folder.RECOVERABLE or before.folder is Folder.RECOVERABLE


def _stored(box: Mailbox, target: Target, before: Located, raw: bytes) -> ActionOutcome:
    text = re.sub(rb"\r?\n", b"\r\n", raw)
    _, uid = box.append(before.path, text, flags=before.flags, at=before.internal_date)
    after = _seen(box, target, before, uid)
    return ActionOutcome(box.name, "moved", before=before, after=after, verified=after is not None)


def _seen(box: Mailbox, target: Target, before: Located, uid: int) -> Located | None:
    if not uid:  # a server without UIDPLUS
        ((_, copies),) = find(box, [target])
        return next((copy for copy in copies if copy.path == before.path), None)
    uidvalidity, seen = box.look(before.path, [uid], change=False)
    if not is_me(seen.get(uid), target.message_id):
        return None
    folder = box.names.location_of(before.path)
    return located(box.name, before.path, uid, uidvalidity, target.message_id, seen[uid], folder)
