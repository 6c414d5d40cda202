"""Remediations as the pages show them: words, tones and links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.mail.selectors import email_address
from watchfloor.response.catalogue import account_action_of, any_action_of
from watchfloor.response.contracts import DONE, LineStatus, Listing, RemediationStatus
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.selectors import SORTS, undone_lines, why_no_undo
from watchfloor.response.submissions.contracts import Said

MOST_IN_ADDRESS = 40
TONES = {
    RemediationStatus.PENDING: "warning",
    RemediationStatus.COMPLETED: "success",
    RemediationStatus.FAILED: "danger",
    RemediationStatus.REJECTED: "neutral",
    RemediationStatus.UNDONE: "neutral",
    RemediationStatus.STOPPED: "warning",
}
LINE_TONES = {
    LineStatus.MOVED: "success",
    LineStatus.DELETED: "success",
    LineStatus.CHANGED: "success",
    LineStatus.ALREADY: "neutral",
    LineStatus.MISSING: "warning",
    LineStatus.FAILED: "danger",
    LineStatus.SKIPPED: "neutral",
    LineStatus.PENDING: "info",
}
OPENED_WORDS: dict[bool | None, str] = {True: "Opened", False: "Unread", None: "Not known"}
LINE_LABELS = {
    LineStatus.PENDING: "Pending",
    LineStatus.MOVED: "Moved",
    LineStatus.DELETED: "Deleted",
    LineStatus.CHANGED: "Done",
    LineStatus.ALREADY: "Already there",
    LineStatus.MISSING: "Not found",
    LineStatus.FAILED: "Failed",
    LineStatus.SKIPPED: "Not touched",
}


@dataclass(frozen=True, slots=True)
class RemediationRow:
    """One row of the action center."""

    one: Remediation
    label: str
    icon: str
    tone: str
    status: str

    @classmethod
    def of(cls, one: Remediation) -> "RemediationRow":
        action = any_action_of(one.action)
        return cls(one, action.label, action.icon, tone_of(one), status_words(one))


def tone_of(one: Remediation) -> str:
    """How much the status asks for attention."""
    if one.status == RemediationStatus.COMPLETED and one.failed:
        return "warning"
    return TONES.get(RemediationStatus(one.status), "info")


def status_words(one: Remediation) -> str:
    """The status, with what the bare word would hide: “Completed, 3 failed” (EA-62)."""
    if one.status == RemediationStatus.COMPLETED and one.failed:
        return f"Completed, {one.failed:,} failed"
    return str(one.status)


def remediation_facts(one: Remediation) -> list[tuple[Any, ...]]:
    """Everything recorded about a remediation (EA-64), for the facts list; empty ones are left out."""
    decided = f"{one.decided_by_name}: {one.decision_reason}" if one.decision_reason else one.decided_by_name
    facts: list[tuple[Any, ...]] = [
        ("Action", any_action_of(one.action).label),
        ("Approval ID", one.approval_id),
        ("Reason", one.reason),
        ("Source", one.source),
        ("Created by", one.created_by_name),
        ("Created", one.created_at),
        ("Added", "; ".join(f"{add['messages']:,} by {add['name']}" for add in one.additions)),
        ("Decided by", decided or "nobody yet"),
        ("Decided", one.decided_at),
        ("Started", one.started_at),
        ("Ended", one.finished_at),
        ("Why it failed", one.why),
        ("Targets", one.sentence, explorer_href(one)),
        ("Verdict", Said(one.judgement).label if one.judgement else ""),
        ("Note", one.note),
        ("Asked again", f"{one.asks} times" if one.asks else ""),
    ]
    if one.on_accounts:
        ticked = account_action_of(one.action).chosen(one.aimed_at.options)
        facts.append(("With", ", ".join(option.label for option in ticked)))
    if one.undo_of is not None:
        facts.append(("Undoes", one.undo_of.name, one.undo_of.href))
    if one.incident_id:
        facts.append(("Incident", one.incident_id, f"/incidents/{one.incident_id}"))
    if one.alert_id:
        facts.append(("Alert", one.alert_id, f"/alerts/{one.alert_id}"))
    return [fact for fact in facts if fact[1] not in ("", None)]


def explorer_href(one: Remediation) -> str:
    """Explorer with what the remediation aimed at; for chosen messages, by their ids while they fit into an address."""
    if one.query:
        return f"/explorer?{one.query}"
    messages = sorted({row.network_message_id for row in one.targets.rows})
    if not messages or len(messages) > MOST_IN_ADDRESS:
        return ""
    chosen = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(messages))
    query = Query("EmailEvents", one.created_at - timedelta(days=400), one.created_at + timedelta(days=1), (chosen,))
    return f"/explorer?{lake.parameters_of(query)}"


def ledger_tabs(one: Remediation, current: str) -> list[tuple[str, str, str, int]]:
    """All, then each status that has lines: (key, label, href, count)."""
    counts = one.counts
    tabs = [("", "All", one.href, counts.total)]
    tabs += [
        (status.value, LINE_LABELS[status], f"{one.href}?{urlencode({'status': status.value})}", number)
        for status, number in counts
        if number or status.value == current
    ]
    return tabs


def progress_context(one: Remediation) -> dict[str, Any]:
    """What `response/progress.html` shows."""
    return {
        "one": one,
        "status_words": status_words(one),
        "tone": tone_of(one),
        "progress_words": f"{one.counts.done:,} of {one.total:,}",
        "tallies": [
            (status.value, LINE_LABELS[status], number, LINE_TONES[status]) for status, number in one.counts if number
        ],
    }


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line of the ledger's table."""

    network_message_id: str
    recipient: str
    subject: str
    sender: str
    label: str
    tone: str
    why: str
    found_where: str
    moved_where: str
    checked: bool
    at: datetime | None
    opened: str
    because: str
    row: str
    undoable: bool
    mail_href: str

    @classmethod
    def of(cls, line: LedgerLine, *, undoable: bool = False) -> "LedgerRow":
        status = LineStatus(line.status)
        return cls(
            line.network_message_id,
            line.recipient,
            line.subject,
            line.sender,
            LINE_LABELS[status],
            LINE_TONES[status],
            line.why,
            line.found_where,
            "" if status == LineStatus.DELETED else line.moved_where,
            line.verified and status in DONE,
            line.at,
            OPENED_WORDS[line.opened],
            line.because,
            str(line.row),
            undoable and status is LineStatus.MOVED,
            email_address(line.network_message_id, recipient=line.recipient, part="summary"),
        )


def ledger_rows(one: Remediation, lines: Iterable[LedgerLine]) -> list[LedgerRow]:
    """Lines as the table shows them; those an undo can put back one by one have their button (EA-50)."""
    shown = list(lines)
    back = set() if why_no_undo(one, partly=True) else {line.pk for line in shown} - undone_lines(one, shown)
    return [LedgerRow.of(line, undoable=line.pk in back) for line in shown]


def hunt_href(one: Remediation) -> str:
    """Advanced hunting over what it wrote into the lake (AC-03)."""
    if one.on_accounts or not one.frozen_at:
        return ""
    query = f"EmailPostDeliveryEvents\n| where ReportId startswith '{one.pk}-'"
    return f"/hunting?{urlencode({'query': query, 'run': 1})}"


COLUMNS = (
    ("name", "Name", False),
    ("action", "Action", False),
    ("status", "Status", False),
    ("expected", "Messages", False),
    ("created_at", "Created", False),
    ("created_by_name", "Created by", False),
    ("decided_by_name", "Decided by", False),
    ("source", "Source", False),
    ("finished_at", "Ended", True),
    ("approval_id", "Approval ID", True),
    ("targets", "Targets", True),
    ("reason", "Reason", True),
)


def column_heads(parameters: QueryDict, listing: Listing) -> list[tuple[str, str, str, str, bool]]:
    """The action center's heads: (name, label, address that sorts by it, aria-sort, off at first).

    Who decided is off where nobody has yet.
    """
    links = sort_links(parameters, listing)
    undecided = {"decided_by_name"} if listing.tab == "pending" else set()
    return [(name, label, *links.get(name, ("", "")), off or name in undecided) for name, label, off in COLUMNS]


def sort_links(parameters: QueryDict, listing: Listing) -> dict[str, tuple[str, str]]:
    """Per column: the address that sorts by it (again: the other way round), and its aria-sort."""
    links = {}
    for name in SORTS:
        current = listing.sort.lstrip("-") == name
        falling = listing.sort.startswith("-")
        kept = parameters.copy()
        kept.pop("page", None)
        kept["sort"] = name if (current and falling) else f"-{name}"
        aria = ("descending" if falling else "ascending") if current else "none"
        links[name] = (f"/action-center?{kept.urlencode()}", aria)
    return links
