"""Which lines of the ledger a batch takes, mailbox by mailbox: ten mails of one campaign in a mailbox are one visit, not ten."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q, QuerySet

from watchfloor.response.contracts import LineStatus
from watchfloor.response.models import LedgerLine, Remediation

FIRST = 1_000
"""Lines whose copies are looked for while the others are still read, in batches behind the first: that begins as its lines are written."""


def in_order(lines: Iterable[LedgerLine]) -> list[LedgerLine]:
    """New lines that ask for something, mailbox by mailbox as a batch takes them."""
    pending = (line for line in lines if line.status == LineStatus.PENDING)
    return sorted(pending, key=lambda line: line.recipient)


def next_lines(remediation: Remediation, made: Sequence[LedgerLine], size: int) -> Iterator[list[LedgerLine]]:
    """A batch of pending lines, `size` at most.

    Of the lines `made` a moment ago only the numbers are read. Others come in two parts, so that copies of the first are
    looked for while the rest is read: lines behind them by name, not by number, as late arrivals may come in between.
    """
    pending = LedgerLine.objects.filter(remediation=remediation, status=LineStatus.PENDING.value)
    pending = pending.order_by("recipient", "id")
    if made and (lines := numbered(made, pending[:size])):
        yield lines
        return
    first = list(pending[: min(size, FIRST)])
    yield first
    if len(first) == FIRST:
        last = first[-1]
        behind = Q(recipient__gt=last.recipient) | Q(recipient=last.recipient, id__gt=last.pk)
        yield list(pending.filter(behind)[: size - len(first)])


def numbered(made: Iterable[LedgerLine], stored: "QuerySet[LedgerLine]") -> list[LedgerLine]:
    """The stored lines as they were made, which saves reading all of their columns; none when one of them was made elsewhere."""
    known = {(line.network_message_id, line.recipient): line for line in made}
    lines = []
    for number, message, recipient in stored.values_list("id", "network_message_id", "recipient"):
        line = known.get((message, recipient))
        if line is None:
            return []
        line.pk = number
        lines.append(line)
    return lines
