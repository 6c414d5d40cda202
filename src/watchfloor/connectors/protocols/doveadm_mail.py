"""Finding and moving mail by doveadm: one command for some hundred mailboxes, where a session for each costs several times as much.

What it moved it looks for again, and tells only what it saw in the new place; all else is left to a session in the mailbox.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from watchfloor.connectors.contracts import ActionOutcome, Folder, Located, Target
from watchfloor.connectors.folders import FolderNames, same_folder
from watchfloor.connectors.protocols.doveadm import CannotDo, Command, Doveadm
from watchfloor.connectors.protocols.doveadm_masks import Mask, bundles, masks_for
from watchfloor.connectors.protocols.imap_mailbox import same_id
from watchfloor.connectors.protocols.imap_wire import uid_set
from watchfloor.kernel.errors import NotConfigured, Unreachable

log = logging.getLogger(__name__)

FIELDS = ["user", "mailbox", "mailbox-guid", "uid", "flags", "date.received.unixtime", "hdr.message-id"]
IDS_PER_QUESTION = 25
QUESTIONS_AT_ONCE = 2
"""One would fall behind those that act on what it finds."""
FEW_MAILBOXES = 20
MOST_MASKS = 50
OPENED_PER_SESSION = 4
LISTED_PER_SESSION = 1000
"""Mailboxes a command goes through, and users the server lists for it, at the price of one session (measured, see docs/benchmarks.md)."""
MOST_FOLDERS = 200_000
"""So many folders' GUIDs are remembered, some 50 MB; then all are forgotten, and mail is moved by sessions until it is found again."""
TROUBLE = (Unreachable, NotConfigured, LookupError, TypeError, ValueError, AttributeError)

Row = dict[str, str]
Found = dict[Target, tuple[Located, ...]]
Moves = dict[Target, Located]
Boxes = dict[str, list[Target]]


@dataclass(slots=True)
class DoveadmMail:
    """The mail of all mailboxes of one server, its special folders called by `names`."""

    doveadm: Doveadm
    names: FolderNames = field(default_factory=FolderNames)
    _guids: dict[tuple[str, str], str] = field(default_factory=dict, init=False)
    """Of each folder something was found in, by mailbox and path."""

    def find(self, targets: Sequence[Target]) -> Iterator[Found]:
        """Every copy of the targets, those of some mailboxes at a time, so that mail can be acted on meanwhile.

        Ends with targets unanswered when asking each mailbox would be cheaper, or doveadm does not answer.
        """
        boxes = _by_mailbox(targets)
        pool = ThreadPoolExecutor(QUESTIONS_AT_ONCE, thread_name_prefix="doveadm")
        try:
            asked = []
            for masks in bundles(self._worth_asking(boxes, ids={target.message_id for target in targets})):
                # Neighbours stay neighbours, so that few masks cover them when they are acted on.
                some = [target for mailbox in sorted(_covered(masks) & boxes.keys()) for target in boxes.pop(mailbox)]
                asked.append((some, pool.submit(self._ask, masks, some)))
            for some, answer in asked:
                yield self._by_target(some, answer.result())
        except TROUBLE as error:
            log.warning("finding by doveadm failed, asking each mailbox by IMAP instead: %s", error)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def move(self, moves: Moves, to: Folder) -> Iterator[tuple[Target, ActionOutcome]]:
        """Move copies that were found, each the only one of its target, and tell those seen to have arrived.

        A copy is named by its folder's GUID and its UID and must bear the Message-ID: nothing else is touched, whatever the command's
        mask covers. All that is not told (it lies elsewhere by now, the folder is missing, doveadm does not answer) is for a session to look at.
        """
        destination = self.names.usual(to)
        if not destination:
            return
        held = Counter(copy.path for copy in moves.values())
        tangled = {
            target.mailbox.lower()
            for target, copy in moves.items()
            if held[copy.path] < FEW_MAILBOXES or same_folder(copy.path, destination) or not self._guid_of(copy)
        }
        moves = {target: copy for target, copy in moves.items() if target.mailbox.lower() not in tangled}
        boxes = _by_mailbox(moves)
        try:
            for masks in bundles(self._worth_acting(boxes, moves)):
                some = [target for mailbox in _covered(masks) & boxes.keys() for target in boxes[mailbox]]
                yield from self._move(masks, {target: moves[target] for target in some}, destination, to)
        except TROUBLE as error:
            log.warning("moving by doveadm failed, opening each mailbox by IMAP instead: %s", error)

    def _worth_asking(self, boxes: Boxes, *, ids: Collection[str]) -> list[Mask]:
        """The masks to ask with; none where one IMAP session per mailbox is cheaper."""
        if len(boxes) < FEW_MAILBOXES:
            return []
        masks = masks_for(self.doveadm.named().values(), boxes.keys())
        # A question reads about ten mailboxes in the time one IMAP session opens one (measured, see docs/benchmarks.md).
        read = sum(len(mask.users) for mask in masks) * _questions(ids)
        return masks if read <= 10 * len(boxes) else []

    def _worth_acting(self, boxes: Boxes, moves: Moves) -> list[Mask]:
        """The masks to move with; none where sessions are cheaper."""
        if len(boxes) < FEW_MAILBOXES:
            return []
        users = self.doveadm.named().values()
        commands = len({copy.path for copy in moves.values()}) + _questions({target.message_id for target in moves})

        def sessions(masks: Sequence[Mask]) -> float:
            """As many sessions cost what these masks do: each command opens folders of all whom its mask covers, and lists all users."""
            covered = sum(len(mask.users) for mask in masks)
            return commands * (covered / OPENED_PER_SESSION + len(masks) * len(users) / LISTED_PER_SESSION)

        choices = [masks_for(users, boxes.keys(), size=size, most=MOST_MASKS) for size in (len(boxes), len(boxes) // 5)]
        masks = min(choices, key=sessions)
        return masks if sessions(masks) <= len(boxes) else []

    def _ask(self, masks: Sequence[Mask], targets: Iterable[Target]) -> list[Row]:
        return [row for rows in self.doveadm.call_all(_looks(masks, targets, ["*"])) for row in rows]

    def _move(
        self, masks: Sequence[Mask], moves: Moves, destination: str, to: Folder
    ) -> Iterator[tuple[Target, ActionOutcome]]:
        """In one request: the moves, then a look at both ends."""
        paths = sorted({copy.path for copy in moves.values()})
        commands = [
            command for mask in masks for path in paths if (command := self._command(mask, path, moves, destination))
        ]
        looks = _looks(masks, moves, [*paths, destination])
        looked = self.doveadm.answers([*commands, *looks])[len(commands) :]  # what a move says of itself is not asked
        if failed := next((answer for answer in looked if isinstance(answer, CannotDo)), None):
            raise failed
        rows = [row for rows in looked for row in rows]
        for target, copies in self._by_target(list(moves), rows).items():
            if len(copies) == 1 and same_folder(copies[0].path, destination):
                after = replace(copies[0], folder=to)
                yield target, ActionOutcome(target.mailbox, "moved", moves[target], after, verified=True)

    def _command(self, mask: Mask, path: str, moves: Moves, destination: str) -> Command | None:
        """The move of all copies in folders of that name, of the mailboxes that `mask` covers."""
        covered = _covered([mask])
        uids: dict[str, set[int]] = {}
        for target, copy in moves.items():
            guid = self._guid_of(copy)
            if guid and copy.path == path and target.mailbox.lower() in covered:
                uids.setdefault(guid, set()).add(copy.uid)
        if not uids:
            return None
        terms = [
            word
            for guid, some in uids.items()
            for word in ("or", "(", "mailbox-guid", guid, "uid", uid_set(list(some)).decode(), ")")
        ]
        # Looked at once more, as a session would: a folder made anew has the UIDs of the old one, and its GUID may be known already.
        ids = _any_of("header Message-ID", sorted({target.message_id for target in moves}))
        query = ["mailbox", path, "(", *terms[1:], ")", "(", *ids, ")"]
        return "move", {"user": mask.text, "destinationMailbox": destination, "query": query}

    def _guid_of(self, copy: Located) -> str | None:
        return self._guids.get((copy.mailbox.lower(), copy.path))

    def _by_target(self, targets: Sequence[Target], rows: Sequence[Row]) -> Found:
        """The copies among those rows; servers search for substrings, so each is held against its target."""
        boxes = _by_mailbox(targets)
        found: dict[Target, list[Located]] = {target: [] for target in targets}
        places = {path: self.names.location_of(path) for path in {row["mailbox"] for row in rows}}
        if len(self._guids) > MOST_FOLDERS:
            self._guids.clear()
        for row in rows:
            mailbox, header = row["username"].lower(), row["hdr.message-id"].strip()
            self._guids[mailbox, row["mailbox"]] = row["mailbox-guid"]
            for target in boxes.get(mailbox, ()):
                if same_id(header, target.message_id):
                    found[target].append(_located(target, row, places[row["mailbox"]]))
        return {target: tuple(copies) for target, copies in found.items()}


def _by_mailbox(targets: Iterable[Target]) -> Boxes:
    boxes: Boxes = defaultdict(list)
    for target in targets:
        boxes[target.mailbox.lower()].append(target)
    return dict(boxes)


def _covered(masks: Iterable[Mask]) -> set[str]:
    return {user.lower() for mask in masks for user in mask.users}


def _questions(ids: Collection[str]) -> int:
    return -(-len(ids) // IDS_PER_QUESTION)


def _looks(masks: Sequence[Mask], targets: Iterable[Target], paths: Sequence[str]) -> list[Command]:
    """Questions for every copy of the targets in folders of those names; `*` is all."""
    ids = sorted({target.message_id for target in targets})
    places = ["(", *_any_of("mailbox", paths), ")"]
    queries = [
        [*places, "(", *_any_of("header Message-ID", ids[start:][:IDS_PER_QUESTION]), ")"]
        for start in range(0, len(ids), IDS_PER_QUESTION)
    ]
    return [("fetch", {"user": mask.text, "field": FIELDS, "query": query}) for query in queries for mask in masks]


def _any_of(key: str, values: Iterable[str]) -> list[str]:
    """A search for any of the values, as doveadm reads it word by word."""
    return [word for value in values for word in ("or", *key.split(), value)][1:]


def _located(target: Target, row: Row, folder: Folder) -> Located:
    flags = tuple(sorted(flag for flag in row["flags"].split() if flag.lower() != "\\recent"))
    received = datetime.fromtimestamp(int(row["date.received.unixtime"]), UTC)
    return Located(target.mailbox, row["mailbox"], int(row["uid"]), 0, target.message_id, flags, received, folder)
