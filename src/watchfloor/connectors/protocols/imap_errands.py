"""What is done in one open mailbox with the copies handed in: move, erase, restore, each looked at before and after."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from watchfloor.connectors.contracts import ActionOutcome, Folder, Located, Target
from watchfloor.connectors.folders import same_folder
from watchfloor.connectors.protocols.imap_mailbox import (
    Mailbox,
    Moved,
    flags_of,
    is_me,
    located,
    searchable,
)
from watchfloor.connectors.protocols.imap_wire import Refused

Copies = tuple[Located, ...]
Outcomes = list[tuple[Target, ActionOutcome]]
Held = list[tuple[Target, Located]]
Act = Callable[[str, Held], Outcomes]
ELSEWHERE = "it lay elsewhere when it was to be erased; retry reads it there first"


def find(box: Mailbox, targets: Sequence[Target]) -> list[tuple[Target, Copies]]:
    """Every copy of each target in this mailbox."""
    ids = sorted({target.message_id for target in targets if searchable(target.message_id)})
    found = box.find(ids) if ids else {}
    return [(target, tuple(found.get(target.message_id, ()))) for target in targets]


def move(box: Mailbox, items: Sequence[tuple[Target, Copies]], to: Folder) -> Outcomes:
    """Move every copy to a special folder."""
    destination = box.special(to)

    def act(path: str, held: Held) -> Outcomes:
        if same_folder(path, destination):
            return [(target, already(copy)) for target, copy in held]
        return _move_between(box, destination, to, held)

    return _on_each_copy(box, items, act)


def erase(box: Mailbox, items: Sequence[tuple[Target, Copies]]) -> Outcomes:
    """Expunge every copy. Of what was read to be kept no other copy is erased: nobody has its bytes."""

    def act(_: str, held: Held) -> Outcomes:
        uids = [copy.uid for _, copy in held]
        box.expunge(uids)
        left = box.left(uids)
        return [
            (target, still_here(copy) if copy.uid in left else ActionOutcome(box.name, "deleted", copy, verified=True))
            for target, copy in held
        ]

    read = [one for one in items if any(copy.kept for copy in one[1])]
    others = [one for one in items if one not in read]
    return [*_on_each_copy(box, others, act), *_told_as_failed(_on_each_copy(box, read, act, search_again=False))]


def _told_as_failed(outcomes: Outcomes) -> Outcomes:
    return [
        (target, replace(one, status="failed", why=ELSEWHERE) if one.status == "missing" else one)
        for target, one in outcomes
    ]


def restore(box: Mailbox, items: Sequence[tuple[Target, Located]]) -> Outcomes:
    """Put copies back to `before.path` with `before.flags`; a copy that lies there already stays."""
    found = {target: list(copies) for target, copies in find(box, list({target: None for target, _ in items}))}
    outcomes: Outcomes = []
    trips: dict[tuple[str, str], list[tuple[Target, Located, Located]]] = defaultdict(list)
    for target, before in items:
        copy = _best_for(before, found[target])
        if copy is None:
            outcomes.append((target, ActionOutcome(box.name, "missing", before=before)))
        elif same_folder(copy.path, before.path):
            outcomes.append((target, already(copy)))
        else:
            trips[copy.path, before.path].append((target, copy, before))
    for (path, home), some in trips.items():
        try:
            outcomes += _bring_home(box, path, home, some)
        except Refused as error:
            outcomes += failed([(target, copy) for target, copy, _ in some], error.message)
    return outcomes


def already(copy: Located) -> ActionOutcome:
    return ActionOutcome(copy.mailbox, "already", before=copy, after=copy, verified=True)


def still_here(copy: Located) -> ActionOutcome:
    return ActionOutcome(
        copy.mailbox, "failed", before=copy, why="the server said yes, but the mail is still where it was"
    )


def _on_each_copy(
    box: Mailbox, items: Sequence[tuple[Target, Copies]], act: Act, *, search_again: bool = True
) -> Outcomes:
    """Look at each copy, act on those that are as told, search the mailbox once more for the others."""
    outcomes: Outcomes = []
    lost = [target for target, copies in items if not any(copy.uid for copy in copies)]
    for path, held in _by_path(items).items():
        try:
            present = _present(box, path, held)
            still = {copy.uid for _, copy in present}
            lost += [target for target, copy in held if copy.uid not in still]
            if present:
                outcomes += act(path, present)
        except Refused as error:
            outcomes += failed(held, error.message)
    if lost and search_again:
        told = dict(items)
        again = _on_each_copy(box, _search_again(box, lost, outcomes), act, search_again=False)
        outcomes += [(target, _with_origin(outcome, told.get(target, ()))) for target, outcome in again]
    elif lost:
        outcomes += [(target, ActionOutcome(box.name, "missing")) for target in lost]
    return outcomes


def _by_path(items: Sequence[tuple[Target, Copies]]) -> dict[str, Held]:
    paths: dict[str, Held] = defaultdict(list)
    for target, copies in items:
        for copy in copies:
            if copy.uid:
                paths[copy.path].append((target, copy))
    return paths


def _present(box: Mailbox, path: str, held: Held) -> Held:
    """Those copies that are in `path` now and are the message told, as they are now; the folder is then open."""
    uidvalidity, seen = box.look(path, [copy.uid for _, copy in held], change=True)
    return [
        (
            target,
            located(box.name, path, copy.uid, uidvalidity, target.message_id, seen[copy.uid], copy.folder),
        )
        for target, copy in held
        if copy.uidvalidity in {0, uidvalidity} and is_me(seen.get(copy.uid), target.message_id)
    ]


def _search_again(box: Mailbox, lost: Sequence[Target], outcomes: Outcomes) -> list[tuple[Target, Copies]]:
    """Copies of the lost targets, without those just moved."""
    done = {(outcome.after.path, outcome.after.uid) for _, outcome in outcomes if outcome.after}
    found = find(box, list(dict.fromkeys(lost)))
    return [(target, tuple(copy for copy in copies if (copy.path, copy.uid) not in done)) for target, copies in found]


def _with_origin(outcome: ActionOutcome, told: Copies) -> ActionOutcome:
    """A copy that was moved since it was found keeps where it had been, so that an undo knows its home."""
    origin = next((copy for copy in told if copy.uid), None)
    return replace(outcome, before=origin) if outcome.status == "already" and origin else outcome


def _move_between(box: Mailbox, destination: str, to: Folder, held: Held) -> Outcomes:
    """Move from the open folder and check both ends."""
    uids = [copy.uid for _, copy in held]
    pairs = box.move(uids, destination)
    ends = box.check_move(uids, destination, pairs.values())
    return [
        (
            target,
            still_here(copy)
            if copy.uid in ends.left
            else _moved(copy, _after(box, destination, ends, pairs.get(copy.uid, 0), to, target.message_id)),
        )
        for target, copy in held
    ]


def _after(box: Mailbox, path: str, ends: Moved, uid: int, folder: Folder, message_id: str) -> Located | None:
    """The copy under its new UID; None when it is not there, or the mail there carries another Message-ID."""
    data = ends.seen.get(uid)
    if data is None or not is_me(data, message_id):
        return None
    return located(box.name, path, uid, ends.uidvalidity, message_id, data, folder)


def _moved(copy: Located, after: Located | None) -> ActionOutcome:
    return ActionOutcome(copy.mailbox, "moved", before=copy, after=after, verified=after is not None)


def _best_for(before: Located, copies: list[Located]) -> Located | None:
    """Take, out of the list, the copy that most likely is the one moved: away from home, of the same date, hidden."""

    def rank(copy: Located) -> tuple[bool, bool, bool]:
        return (
            same_folder(copy.path, before.path),
            copy.internal_date != before.internal_date,
            copy.folder is not Folder.RECOVERABLE,
        )

    best = min(copies, key=rank, default=None)
    if best is not None:
        copies.remove(best)
    return best


def _bring_home(box: Mailbox, path: str, home: str, trips: list[tuple[Target, Located, Located]]) -> Outcomes:
    """Move from `path` to `home`, set the flags of before, and check."""
    uids = [copy.uid for _, copy, _ in trips]
    box.look(path, uids, change=True)
    pairs = box.move(uids, home)
    ends = box.check_move(uids, home, pairs.values(), change=True)
    changed = False
    for _, copy, before in trips:
        new = pairs.get(copy.uid, 0)
        if new in ends.seen and flags_of(ends.seen[new]) != before.flags:
            box.set_flags(new, before.flags)
            changed = True
    if changed:
        ends = replace(ends, seen=box.look(home, pairs.values(), change=False)[1])
    folder = box.names.location_of(home)
    outcomes: Outcomes = []
    for target, copy, before in trips:
        after = _after(box, home, ends, pairs.get(copy.uid, 0), folder, target.message_id)
        outcome = still_here(copy) if copy.uid in ends.left else _moved(copy, after)
        if outcome.after and outcome.after.flags != before.flags:
            outcome = replace(outcome, verified=False)
        outcomes.append((target, outcome))
    return outcomes


def failed(held: Held, why: str) -> Outcomes:
    return [(target, ActionOutcome(copy.mailbox, "failed", before=copy, why=why)) for target, copy in held]
