"""`MailboxActions` over IMAP: one short session per mailbox, many mailboxes at once.

Before a change each copy is looked at (still there, same Message-ID, its flags and date), afterwards both folders are: the copy
is gone from the one and present in the other. Only then is an outcome `verified`.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import BoundedSemaphore
from typing import TypeVar

from imapclient.exceptions import IMAPClientError

from watchfloor.connectors.contracts import ActionOutcome, Fetched, Folder, Located, Target
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols import imap_bytes
from watchfloor.connectors.protocols import imap_errands as errands
from watchfloor.connectors.protocols.imap_mailbox import Mailbox, searchable
from watchfloor.connectors.protocols.imap_wire import Endpoint, Refused, Session
from watchfloor.kernel.errors import BadInput, Unreachable

Copies = tuple[Located, ...]
Item = TypeVar("Item")
Result = TypeVar("Result")
DESTINATIONS = (Folder.INBOX, Folder.JUNK, Folder.DELETED, Folder.RECOVERABLE)


def everybody(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class ImapMailboxes:
    """`sign_in` gives the command that opens a mailbox; `find_all` and `move_all` reach many mailboxes at once where the server can.

    They answer for some targets at a time; what they leave unanswered is done mailbox by mailbox.
    `serves` says whether a mailbox is one of this server's.
    """

    endpoint: Endpoint
    sign_in: Callable[[str], bytes]
    names: FolderNames = field(default_factory=FolderNames)
    workers: int = 16
    find_all: Callable[[Sequence[Target]], Iterator[dict[Target, Copies]]] | None = None
    move_all: Callable[[dict[Target, Located], Folder], Iterator[tuple[Target, ActionOutcome]]] | None = None
    serves: Callable[[str], bool] = everybody
    _free: BoundedSemaphore = field(init=False, repr=False, compare=False)
    _hands: ThreadPoolExecutor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """`workers` sessions at once, also while one caller finds and another acts; their threads stay until nobody holds us."""
        object.__setattr__(self, "_free", BoundedSemaphore(self.workers))
        object.__setattr__(self, "_hands", ThreadPoolExecutor(self.workers, thread_name_prefix="mailbox"))

    def find(self, targets: Sequence[Target]) -> Iterator[tuple[Target, Copies]]:
        """Every copy of each target, in any folder."""
        yield from ((target, ()) for target in targets if not searchable(target.message_id))
        left = {target: None for target in targets if searchable(target.message_id)}
        for found in self.find_all(list(left)) if self.find_all else ():
            for target in found:
                del left[target]
            yield from found.items()
        yield from self._each(list(left), lambda target: target, errands.find, _unasked)

    def move(self, targets: Sequence[tuple[Target, Copies]], *, to: Folder) -> Iterator[tuple[Target, ActionOutcome]]:
        """Move every copy; one outcome per copy, one `missing` per target without any."""
        if to not in DESTINATIONS:
            raise BadInput(f"mail cannot be moved to “{to}”", place="to")
        moved = set()
        for target, outcome in self.move_all(_alone(targets), to) if self.move_all else ():
            moved.add(target)
            yield target, outcome
        left = [item for item in targets if item[0] not in moved]
        yield from self._each(left, _target, lambda box, items: errands.move(box, items, to), _undone)

    def erase(self, targets: Sequence[tuple[Target, Copies]]) -> Iterator[tuple[Target, ActionOutcome]]:
        """Expunge every copy, wherever it lies."""
        return self._each(targets, _target, errands.erase, _undone)

    def restore(self, targets: Sequence[tuple[Target, Located]]) -> Iterator[tuple[Target, ActionOutcome]]:
        """Put each copy back where `before` says it lay, with its flags."""
        return self._each(targets, lambda item: item[0], errands.restore, _unrestored)

    def fetch(self, targets: Sequence[tuple[Target, Copies]]) -> Iterator[tuple[Target, tuple[Fetched, ...]]]:
        """The bytes of every copy; nothing is changed, not even \\Seen."""
        return self._each(targets, _target, imap_bytes.fetch, _unread)

    def put_back(
        self, targets: Sequence[tuple[Target, Located]], *, read: Callable[[Located], bytes]
    ) -> Iterator[tuple[Target, ActionOutcome]]:
        """Store erased copies again, unless they lie in the mailbox."""
        return self._each(
            targets, lambda item: item[0], lambda box, items: imap_bytes.put_back(box, items, read=read), _unrestored
        )

    def _each(
        self,
        items: Sequence[Item],
        target_of: Callable[[Item], Target],
        errand: Callable[[Mailbox, list[Item]], list[Result]],
        trouble: Callable[[Item, str], list[Result]],
    ) -> Iterator[Result]:
        """Run an errand per mailbox in parallel; a mailbox that fails gives what `trouble` makes of its items."""
        boxes: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            boxes[target_of(item).mailbox].append(item)
        if not boxes:
            return
        Session(self.endpoint).close()  # raises Unreachable for the server as a whole, before anything is touched

        def run(mailbox: str, some: list[Item]) -> list[Result]:
            try:
                return self._run_errand(mailbox, some, errand)
            except (Refused, Unreachable, ValueError) as error:
                why = getattr(error, "message", str(error))
                return [result for item in some for result in trouble(item, why)]
            except (IMAPClientError, LookupError, TypeError, AttributeError) as error:
                # One mailbox's nonsense must not end what is done in the others.
                why = f"the server's answer could not be understood: {error}"
                return [result for item in some for result in trouble(item, why)]

        waiting, answers = deque(boxes.items()), SimpleQueue[list[Result] | BaseException]()

        def work() -> None:
            """Mailbox after mailbox: a future for each would cost more than its answer's way to the reader."""
            with suppress(IndexError):
                while True:
                    mailbox, some = waiting.popleft()
                    try:
                        answers.put(run(mailbox, some))
                    except BaseException as error:
                        answers.put(error)

        hands = [self._hands.submit(work) for _ in range(min(self.workers, len(boxes)))]
        try:
            for _ in boxes:
                answer = answers.get()
                if isinstance(answer, BaseException):
                    raise answer
                yield from answer
        finally:
            waiting.clear()
            wait([hand for hand in hands if not hand.cancel()])

    def _run_errand(
        self, mailbox: str, items: list[Item], errand: Callable[[Mailbox, list[Item]], list[Result]]
    ) -> list[Result]:
        """Open the mailbox and run; a connection that breaks is tried once more, as every errand looks before it acts."""
        for last in (False, True):
            try:
                with self._free, Session(self.endpoint) as session:
                    return errand(Mailbox(session, mailbox, self.sign_in(mailbox), self.names), items)
            except Unreachable:
                if last:
                    raise
        raise AssertionError("the second try returns or raises")


def _alone(items: Sequence[tuple[Target, Copies]]) -> dict[Target, Located]:
    """The copies in mailboxes where each target has but one: what is more tangled a session shall see."""
    tangled = {target.mailbox for target, copies in items if len(copies) != 1 or not copies[0].uid}
    return {target: copies[0] for target, copies in items if target.mailbox not in tangled}


def _target(item: tuple[Target, Copies]) -> Target:
    return item[0]


def _unasked(target: Target, why: str) -> list[tuple[Target, Copies]]:
    return [(target, (Located(target.mailbox, "", 0, 0, target.message_id, why=why),))]


def _unread(item: tuple[Target, Copies], why: str) -> list[tuple[Target, tuple[Fetched, ...]]]:
    target, copies = item
    return [(target, tuple(Fetched(copy, why=why) for copy in copies))]


def _undone(item: tuple[Target, Copies], why: str) -> list[tuple[Target, ActionOutcome]]:
    target, copies = item
    known: list[Located | None] = [copy for copy in copies if copy.uid]
    return [(target, ActionOutcome(target.mailbox, "failed", before=copy, why=why)) for copy in known or [None]]


def _unrestored(item: tuple[Target, Located], why: str) -> list[tuple[Target, ActionOutcome]]:
    target, before = item
    return [(target, ActionOutcome(target.mailbox, "failed", before=before, why=why))]
