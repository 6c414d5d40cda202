"""All acting connections as one: each mailbox is asked of the first connection that serves it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from watchfloor.connectors.contracts import ActionOutcome, Fetched, Folder, Located, MailboxActions, Target

Item = TypeVar("Item")
Result = TypeVar("Result")
Copies = tuple[Located, ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """`MailboxActions` over several connections; a mailbox that none serves holds no copy, so acting on it is `missing`."""

    connections: tuple[MailboxActions, ...]

    def serves(self, mailbox: str) -> bool:
        return any(connection.serves(mailbox) for connection in self.connections)

    def find(self, targets: Sequence[Target]) -> Iterator[tuple[Target, Copies]]:
        return self._each(targets, lambda target: target, lambda to, some: to.find(some), lambda target: (target, ()))

    def move(self, targets: Sequence[tuple[Target, Copies]], *, to: Folder) -> Iterator[tuple[Target, ActionOutcome]]:
        return self._each(targets, _target, lambda connection, some: connection.move(some, to=to), _missing)

    def erase(self, targets: Sequence[tuple[Target, Copies]]) -> Iterator[tuple[Target, ActionOutcome]]:
        return self._each(targets, _target, lambda connection, some: connection.erase(some), _missing)

    def restore(self, targets: Sequence[tuple[Target, Located]]) -> Iterator[tuple[Target, ActionOutcome]]:
        return self._each(
            targets,
            lambda item: item[0],
            lambda connection, some: connection.restore(some),
            lambda item: (item[0], ActionOutcome(item[0].mailbox, "missing", before=item[1])),
        )

    def fetch(self, targets: Sequence[tuple[Target, Copies]]) -> Iterator[tuple[Target, tuple[Fetched, ...]]]:
        return self._each(targets, _target, lambda connection, some: connection.fetch(some), lambda item: (item[0], ()))

    def put_back(
        self, targets: Sequence[tuple[Target, Located]], *, read: Callable[[Located], bytes]
    ) -> Iterator[tuple[Target, ActionOutcome]]:
        return self._each(
            targets,
            lambda item: item[0],
            lambda connection, some: connection.put_back(some, read=read),
            lambda item: (
                item[0],
                ActionOutcome(item[0].mailbox, "failed", before=item[1], why="no connection serves this mailbox"),
            ),
        )

    def _each(
        self,
        items: Sequence[Item],
        target_of: Callable[[Item], Target],
        ask: Callable[[MailboxActions, list[Item]], Iterator[Result]],
        nobody: Callable[[Item], Result],
    ) -> Iterator[Result]:
        routes: dict[int, list[Item]] = defaultdict(list)
        chosen: dict[str, int] = {}
        for item in items:
            mailbox = target_of(item).mailbox
            if mailbox not in chosen:
                chosen[mailbox] = self._route(mailbox)
            if chosen[mailbox] < 0:
                yield nobody(item)
            else:
                routes[chosen[mailbox]].append(item)
        for number, some in routes.items():
            yield from ask(self.connections[number], some)

    def _route(self, mailbox: str) -> int:
        return next((n for n, connection in enumerate(self.connections) if connection.serves(mailbox)), -1)


def _target(item: tuple[Target, Copies]) -> Target:
    return item[0]


def _missing(item: tuple[Target, Copies]) -> tuple[Target, ActionOutcome]:
    return item[0], ActionOutcome(item[0].mailbox, "missing")
