"""`MailboxActions` over `<root>/<address>/Maildir/`."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from watchfloor.connectors.contracts import ActionOutcome, Fetched, Folder, Located, Target
from watchfloor.connectors.folders import FolderNames, same_folder
from watchfloor.connectors.protocols.imap_mailbox import searchable
from watchfloor.connectors.systems.maildir_store.store import Maildir
from watchfloor.kernel.errors import BadInput, Unreachable

Copies = tuple[Located, ...]
Act = Callable[[Maildir, Located], ActionOutcome]


@dataclass(frozen=True, slots=True)
class MaildirActions:
    root: Path
    names: FolderNames

    def serves(self, mailbox: str) -> bool:
        """Whether there is a Maildir of that address; an address that is no plain folder name is nobody's."""
        plain = bool(mailbox) and "/" not in mailbox and "\0" not in mailbox and not mailbox.startswith(".")
        return plain and (self.root / mailbox.lower() / "Maildir" / "cur").is_dir()

    def find(self, targets: Sequence[Target]) -> Iterator[tuple[Target, Copies]]:
        """Every copy; each Maildir is read once for all its targets."""
        self._reachable()
        boxes: dict[str, list[Target]] = defaultdict(list)
        for target in dict.fromkeys(targets):
            boxes[target.mailbox].append(target)
        for mailbox, some in boxes.items():
            yield from self._find_in(mailbox, some)

    def _find_in(self, mailbox: str, targets: list[Target]) -> Iterator[tuple[Target, Copies]]:
        ids = [target.message_id for target in targets if searchable(target.message_id)]
        try:
            found = list(self._box(mailbox).find(ids)) if ids and self.serves(mailbox) else []
        except OSError as error:
            why = str(error)
            yield from ((target, (Located(mailbox, "", 0, 0, target.message_id, why=why),)) for target in targets)
            return
        for target in targets:
            yield target, tuple(copy for copy in found if copy.message_id == target.message_id)

    def move(self, targets: Sequence[tuple[Target, Copies]], *, to: Folder) -> Iterator[tuple[Target, ActionOutcome]]:
        if to not in {Folder.INBOX, Folder.JUNK, Folder.DELETED, Folder.RECOVERABLE}:
            raise BadInput(f"mail cannot be moved to “{to}”", place="to")

        def act(box: Maildir, copy: Located) -> ActionOutcome:
            destination = box.destination(to)
            if same_folder(copy.path, destination):
                return _already(copy)
            return _checked(box, copy, box.move(copy, destination))

        return self._on_each_copy(targets, act)

    def erase(self, targets: Sequence[tuple[Target, Copies]]) -> Iterator[tuple[Target, ActionOutcome]]:
        def act(box: Maildir, copy: Located) -> ActionOutcome:
            if not box.erase(copy):
                return ActionOutcome(copy.mailbox, "missing", before=copy)
            return ActionOutcome(copy.mailbox, "deleted", before=copy, verified=box.file_of(copy) is None)

        return self._on_each_copy(targets, act)

    def restore(self, targets: Sequence[tuple[Target, Located]]) -> Iterator[tuple[Target, ActionOutcome]]:
        """Back to where `before` says, with its flags; found by its unique name, else by its Message-ID."""
        self._reachable()
        for target, before in targets:
            try:
                yield target, self._restore(target, before)
            except OSError as error:
                yield target, ActionOutcome(target.mailbox, "failed", before=before, why=str(error))

    def fetch(self, targets: Sequence[tuple[Target, Copies]]) -> Iterator[tuple[Target, tuple[Fetched, ...]]]:
        """The bytes of every copy."""
        self._reachable()
        for target, copies in targets:
            box = self._box(target.mailbox)
            yield target, tuple(_fetched(box, copy) for copy in copies if copy.uid)

    def put_back(
        self, targets: Sequence[tuple[Target, Located]], *, read: Callable[[Located], bytes]
    ) -> Iterator[tuple[Target, ActionOutcome]]:
        """Store erased copies again, unless one lies in the mailbox."""
        self._reachable()
        taken: set[tuple[str, str, int]] = set()
        for target, before in targets:
            try:
                yield target, self._put_back(target, before, read, taken)
            except OSError as error:
                yield target, ActionOutcome(target.mailbox, "failed", before=before, why=str(error))

    def _put_back(
        self, target: Target, before: Located, read: Callable[[Located], bytes], taken: set[tuple[str, str, int]]
    ) -> ActionOutcome:
        if not self.serves(target.mailbox):
            return ActionOutcome(target.mailbox, "failed", before=before, why="there is no such mailbox any more")
        _, copies = next(self._find_in(target.mailbox, [target]))
        for copy in copies:
            hidden = copy.folder is Folder.RECOVERABLE and before.folder is not Folder.RECOVERABLE
            if copy.uid and not hidden and (copy.mailbox, copy.path, copy.uid) not in taken:
                taken.add((copy.mailbox, copy.path, copy.uid))
                return _already(copy)
        box = self._box(target.mailbox)
        after = box.put(before, read(before))
        taken.add((after.mailbox, after.path, after.uid))
        verified = box.file_of(after) is not None
        return ActionOutcome(target.mailbox, "moved", before=before, after=after, verified=verified)

    def _restore(self, target: Target, before: Located) -> ActionOutcome:
        _, copies = next(self._find_in(target.mailbox, [target]))
        copies = tuple(copy for copy in copies if copy.uid)
        copy = min(copies, key=lambda copy: (copy.uid != before.uid, same_folder(copy.path, before.path)), default=None)
        if copy is None:
            return ActionOutcome(target.mailbox, "missing", before=before)
        if same_folder(copy.path, before.path):
            return _already(copy)
        box = self._box(target.mailbox)
        return _checked(box, copy, box.move(copy, before.path, flags=before.flags))

    def _on_each_copy(
        self, targets: Sequence[tuple[Target, Copies]], act: Act
    ) -> Iterator[tuple[Target, ActionOutcome]]:
        self._reachable()
        for target, copies in targets:
            try:
                yield from ((target, outcome) for outcome in self._act(target, copies, act))
            except OSError as error:
                known: list[Located | None] = [copy for copy in copies if copy.uid]
                for copy in known or [None]:
                    yield target, ActionOutcome(target.mailbox, "failed", before=copy, why=str(error))

    def _act(self, target: Target, told: Copies, act: Act) -> list[ActionOutcome]:
        """Act on the copies told; when one is no longer there, on those found now."""
        if not self.serves(target.mailbox):
            return [ActionOutcome(target.mailbox, "missing")]
        box = self._box(target.mailbox)
        copies = told
        if any(copy.kept and box.file_of(copy) is None for copy in told):
            why = "it lay elsewhere when it was to be erased; retry reads it there first"
            return [ActionOutcome(target.mailbox, "failed", before=copy, why=why) for copy in told]
        if not told or any(box.file_of(copy) is None for copy in told):
            copies = tuple(box.find([target.message_id])) if searchable(target.message_id) else ()
        outcomes = [act(box, copy) for copy in copies]
        origin = next((copy for copy in told if copy.uid), None)
        if origin and copies is not told:
            outcomes = [
                replace(outcome, before=origin) if outcome.status == "already" else outcome for outcome in outcomes
            ]
        return outcomes or [ActionOutcome(target.mailbox, "missing")]

    def _box(self, mailbox: str) -> Maildir:
        return Maildir(mailbox, self.root / mailbox.lower() / "Maildir", self.names)

    def _reachable(self) -> None:
        if not self.root.is_dir():
            raise Unreachable("the folder of Maildirs is not there", place=str(self.root))


def _fetched(box: Maildir, copy: Located) -> Fetched:
    try:
        raw = box.read(copy)
    except OSError as error:
        return Fetched(copy, why=str(error))
    return Fetched(copy, raw) if raw else Fetched(copy, why="it was no longer where it had been found; retry")


def _already(copy: Located) -> ActionOutcome:
    return ActionOutcome(copy.mailbox, "already", before=copy, after=copy, verified=True)


def _checked(box: Maildir, before: Located, after: Located | None) -> ActionOutcome:
    if after is None:
        return ActionOutcome(before.mailbox, "missing", before=before)
    verified = box.file_of(before) is None and box.file_of(after) is not None
    return ActionOutcome(before.mailbox, "moved", before=before, after=after, verified=verified)
