"""One batch of a release: held copies go back into their folders, or through the server that delivers released mail.

What a copy becomes is stored with its line of the ledger, in one transaction; before anything is given, `ReleaseHandover` says
that it is about to be. Killed anywhere, the next run finds out what was done (see `handing`) and does the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from watchfloor.connectors.contracts import ActionOutcome, Folder, Located, MailboxActions, ReleaseServer, Target
from watchfloor.connectors.selectors import mailbox_actions, raw_mail, release_server
from watchfloor.kernel.errors import NotConfigured, NotFound, WatchfloorError
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import LineStatus, Row
from watchfloor.response.engine import Ledger, stop_asked
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.places import as_json, from_json, paths_of
from watchfloor.response.quarantine.contracts import HELD
from watchfloor.response.quarantine.handing import INTENDED, NOT_KEPT, Handed, Hands, Results, Wanted
from watchfloor.response.quarantine.locking import lock_copies
from watchfloor.response.quarantine.models import QuarantinedCopy, ReleaseHandover, ReleaseOrder
from watchfloor.response.quarantine.selectors import BUSY

BATCH = 50
NOT_HELD = "it is not in quarantine any more"
Clock = Callable[[], datetime]


def release_batch(
    remediation: Remediation,
    *,
    clock: Clock,
    size: int = BATCH,
    mailboxes: Callable[[], MailboxActions] = mailbox_actions,
) -> int:
    """Release what the next `size` pending lines name; returns how many lines were settled.

    Raises Unreachable when a server as a whole does not answer, NotConfigured when there is none that could take the mail;
    what was done until then is in the ledger.
    """
    lines = list(remediation.lines.filter(status=LineStatus.PENDING.value).order_by("id")[:size])
    if not lines or stop_asked(remediation):
        return 0
    ledger = Ledger(remediation, action_of(remediation.action), clock)
    batch = Batch(remediation, ledger, clock, _if_any(mailboxes))
    try:
        batch.work(lines)
    finally:
        batch.close()
        batch.ledger.write()
    return batch.ledger.settled


class Batch:
    """The lines in hand, and what they need: the mailboxes, the server, what was ordered beside it."""

    def __init__(
        self, remediation: Remediation, ledger: Ledger, clock: Clock, mailboxes: MailboxActions | None
    ) -> None:
        self.remediation, self.ledger, self.clock, self.mailboxes = remediation, ledger, clock, mailboxes
        self.order = ReleaseOrder.objects.filter(remediation=remediation).first() or ReleaseOrder()
        self._server: ReleaseServer | None = None

    def work(self, lines: Sequence[LedgerLine]) -> None:
        held = self._held(lines)
        home: list[tuple[LedgerLine, QuarantinedCopy]] = []
        away: list[tuple[LedgerLine, QuarantinedCopy]] = []
        for line in lines:
            copies = held.get(line.row, [])
            if not copies:
                self.ledger.put([line], LineStatus.SKIPPED, NOT_HELD)
            elif copies[-1].places and not self.order.only_copy:
                home.append((line, copies[-1]))
            else:
                away.append((line, copies[-1]))
        if away:
            self._hand(away)
        if home:
            self._put_back(home)

    def close(self) -> None:
        """Say goodbye to the server, if one was spoken to."""
        if self._server is not None:
            self._server.close()

    def _held(self, lines: Sequence[LedgerLine]) -> dict[Row, list[QuarantinedCopy]]:
        """The held copies of these lines, marked as being released by this remediation."""
        found: dict[Row, list[QuarantinedCopy]] = defaultdict(list)
        wanted = QuarantinedCopy.objects.filter(
            mail__network_message_id__in={line.network_message_id for line in lines},
            recipient__in={line.recipient for line in lines},
            status__in=[status.value for status in HELD],
        )
        rows = {line.row for line in lines}
        with transaction.atomic():
            for copy in lock_copies(wanted.values_list("pk", flat=True)):
                row = Row(copy.mail.network_message_id, copy.recipient)
                if copy.status in HELD and row in rows and not self._is_others(copy):
                    found[row].append(copy)
            mine = [copy.pk for copies in found.values() for copy in copies]
            QuarantinedCopy.objects.filter(pk__in=mine).update(release=self.remediation)
        return found

    def _is_others(self, copy: QuarantinedCopy) -> bool:
        """Whether another release has it in hand."""
        return copy.release is not None and copy.release.status in BUSY and copy.release_id != self.remediation.pk

    # --- by a mail server ---------------------------------------------------------------------------------------

    def _hand(self, away: Sequence[tuple[LedgerLine, QuarantinedCopy]]) -> None:
        """Hand these over one after another; a line is settled when all of its addresses are."""
        others = self._others([copy for _, copy in away])
        results, trouble = self._given(
            [Wanted(copy, address) for _, copy in away for address in self._addresses(copy, others)]
        )
        for line, copy in away:
            own = {address: results.get((copy.pk, address)) for address in self._addresses(copy, others)}
            if all(own.values()):
                self._settle_away(line, copy, {address: one for address, one in own.items() if one})
        if trouble is not None:
            raise trouble

    def _given(self, wanted: Sequence[Wanted]) -> tuple[Results, WatchfloorError | None]:
        hands = Hands(self.remediation, self._release_server(), self.mailboxes, self.clock)
        return hands.give(wanted), hands.trouble

    def _settle_away(self, line: LedgerLine, copy: QuarantinedCopy, results: Mapping[str, Handed]) -> None:
        if any(one.why == NOT_KEPT for one in results.values()):
            self.ledger.put([line], LineStatus.FAILED, NOT_KEPT)
        elif why := _whose_failed(results):
            self.ledger.put([line], LineStatus.FAILED, why)
        elif self.order.only_copy:
            self.ledger.put([line], LineStatus.CHANGED, f"{' and '.join(self.order.copy_to)} got a copy; it stays held")
        else:
            self._settle(line, results[copy.recipient])

    def _others(self, copies: Sequence[QuarantinedCopy]) -> frozenset[int]:
        """The copies with which whoever else is to have the mail gets it: each mail's first of this release."""
        if not self.order.copy_to:
            return frozenset()
        mails = {copy.mail_id for copy in copies}
        first = QuarantinedCopy.objects.filter(release=self.remediation, mail__in=mails).order_by()
        return frozenset(first.values("mail").annotate(first=Min("pk")).values_list("first", flat=True))

    def _addresses(self, copy: QuarantinedCopy, others: Collection[int]) -> list[str]:
        """Who gets this copy: its recipient, and with one of `others` whoever else is to have the mail."""
        also = list(self.order.copy_to) if copy.pk in others else []
        return also if self.order.only_copy else [copy.recipient, *also]

    def _settle(self, line: LedgerLine, first: Handed) -> None:
        where = first.found
        line.origin = as_json([where]) if where else [{"folder": Folder.INBOX.value}]
        line.moved_where = where.path if where else ""
        seen = "" if where else f"Taken by the mail server, not seen in the mailbox: {first.words}"
        self.ledger.put([line], LineStatus.ALREADY if first.already else LineStatus.MOVED, seen)
        line.verified = where is not None

    def _release_server(self) -> ReleaseServer:
        if self._server is None:
            self._server = release_server()
        return self._server

    # --- in place -----------------------------------------------------------------------------------------------

    def _put_back(self, home: list[tuple[LedgerLine, QuarantinedCopy]]) -> None:
        if self.mailboxes is None:
            raise NotConfigured("no connection may act on mailboxes, so what was taken out of them cannot be put back")
        begun = self._intend([copy for _, copy in home])
        items: list[tuple[Target, Located]] = []
        by_target: dict[Target, list[tuple[LedgerLine, QuarantinedCopy]]] = defaultdict(list)
        for line, copy in home:
            if not _is_kept(copy):
                self.ledger.put([line], LineStatus.FAILED, NOT_KEPT)
                continue
            target = Target(copy.recipient, copy.mail.internet_message_id)
            if target not in by_target:
                items += [(target, place) for place in from_json(copy.places)]
            by_target[target].append((line, copy))
        heard: dict[Target, list[ActionOutcome]] = defaultdict(list)
        for target, outcome in self.mailboxes.put_back(items, read=lambda place: raw_mail(place.kept)):
            heard[target].append(outcome)
        for target, some in by_target.items():
            for line, copy in some:
                self._settle_home(line, copy, heard[target], begun=copy.pk in begun)

    def _intend(self, copies: Sequence[QuarantinedCopy]) -> set[int]:
        """Commit what is about to be put back; returns the copies of which an earlier run said so already."""
        begun = set()
        for copy in copies:
            one, new = ReleaseHandover.objects.get_or_create(
                remediation=self.remediation,
                copy=copy,
                address=copy.recipient,
                defaults={"state": INTENDED, "at": self.clock(), "attempts": 1},
            )
            if not new and one.state == INTENDED:
                begun.add(copy.pk)
        return begun

    def _settle_home(
        self, line: LedgerLine, copy: QuarantinedCopy, outcomes: Sequence[ActionOutcome], *, begun: bool
    ) -> None:
        after = [outcome.after for outcome in outcomes if outcome.after]
        line.origin, line.moved_where = as_json(after), paths_of(as_json(after))
        mine = begun or any(outcome.status == "moved" for outcome in outcomes)
        why = _trouble(outcomes) or self._copies_beside(copy)
        went_well = LineStatus.MOVED if mine else LineStatus.ALREADY
        self.ledger.put([line], LineStatus.FAILED if why else went_well, why)

    def _copies_beside(self, copy: QuarantinedCopy) -> str:
        """Hand the mail to whoever else is to have it; returns why that failed, or nothing."""
        also = [address for address in self._addresses(copy, self._others([copy])) if address != copy.recipient]
        if not also:
            return ""
        try:
            results, trouble = self._given([Wanted(copy, address) for address in also])
        except NotConfigured as error:
            return error.message
        if trouble is not None:
            raise trouble
        return _whose_failed({address: results[copy.pk, address] for address in also})


def _whose_failed(results: Mapping[str, Handed]) -> str:
    return "; ".join(f"{address}: {one.why}" for address, one in results.items() if one.why)


def _if_any(mailboxes: Callable[[], MailboxActions]) -> MailboxActions | None:
    try:
        return mailboxes()
    except NotConfigured:
        return None


def _is_kept(copy: QuarantinedCopy) -> bool:
    try:
        return all(raw_mail(place["kept"]) for place in copy.places)
    except NotFound:
        return False


def _trouble(outcomes: Sequence[ActionOutcome]) -> str:
    if not outcomes:
        return "the mail system gave no answer for this mailbox; retry"
    failed = [outcome.why or "no reason was given" for outcome in outcomes if outcome.status == "failed"]
    unseen = [o for o in outcomes if o.status == "moved" and not o.verified]
    return (
        failed[0] if failed else "stored, but not seen in the mailbox afterwards; retry looks again" if unseen else ""
    )
