"""Copies that people inside the organisation sent on: found in the lake by what ties one mail to another, offered in the wizard.

A mail by a recipient of the targets to a colleague, after the first of them came, is a copy when it answers or names a target in
its headers (In-Reply-To, References), bears its Message-ID, carries one of its files, or belongs to its cluster.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.contracts import Row, SentOn, Targets
from watchfloor.response.freezing import in_chunks
from watchfloor.response.targets import row_of, target_rows

MOST_MAILS = 200
"""So many different mails among the targets are followed; a campaign of more is better followed by its query."""
MOST_SENDERS = 2000
MOST_CANDIDATES = 2000
MOST_FOUND = 200
NEEDED = ("Timestamp", "NetworkMessageId", "InternetMessageId", "RecipientEmailAddress", "EmailClusterId")
CANDIDATE = (*NEEDED, "SenderFromAddress", "Subject", "LatestDeliveryLocation")
NAMING = {"in-reply-to", "references", "resent-message-id", "x-forwarded-message-id"}


@dataclass(slots=True)
class Traces:
    """What the targets can be recognised by in other mail."""

    rows: set[Row] = field(default_factory=set)
    messages: dict[str, None] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    clusters: set[int] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    people: dict[str, None] = field(default_factory=dict)
    first: datetime | None = None


def sent_on(targets: Targets, *, now: datetime) -> tuple[SentOn, ...]:
    """Copies of the targets that were sent on inside, newest first, at most MOST_FOUND; what is a target itself is none."""
    traces = _traces(targets, now=now)
    if traces.first is None:
        return ()
    found: dict[Row, SentOn] = {}
    for senders in in_chunks(list(traces.people)[:MOST_SENDERS], size=500):
        candidates = [row for row in _candidates(senders, traces, now=now) if row_of(row) not in traces.rows]
        summaries = lake.inspections_of({row["NetworkMessageId"] for row in candidates})
        for row in candidates:
            how = _how(row, summaries.get(row["NetworkMessageId"], {}), traces)
            if how:
                name = row_of(row)
                sender = (row["SenderFromAddress"] or "").lower()
                found.setdefault(name, SentOn(name, sender, row["Subject"] or "", row["Timestamp"], how))
    newest = sorted(found.values(), key=lambda one: one.at, reverse=True)
    return tuple(newest[:MOST_FOUND])


def _traces(targets: Targets, *, now: datetime) -> Traces:
    traces = Traces()
    for rows in target_rows(Targets(targets.rows, targets.query, targets.excepted), now=now, columns=NEEDED):
        for row in rows:
            _add(traces, row)
        if len(traces.messages) >= MOST_MAILS:
            break
    for summary in lake.inspections_of(list(traces.messages)[:MOST_MAILS]).values():
        traces.files |= _files(summary)
    return traces


def _add(traces: Traces, row: Mapping[str, Any]) -> None:
    name = row_of(row)
    traces.rows.add(name)
    traces.messages[name.network_message_id] = None
    traces.people[name.recipient] = None
    if row["InternetMessageId"]:
        traces.ids.add(row["InternetMessageId"].strip())
    if row["EmailClusterId"]:
        traces.clusters.add(int(row["EmailClusterId"]))
    traces.first = min(traces.first or row["Timestamp"], row["Timestamp"])


def _candidates(senders: Sequence[str], traces: Traces, *, now: datetime) -> list[dict[str, Any]]:
    """What these people sent to colleagues since."""
    own = tuple(sorted(lake.tenant_facts().own_domains)) or _domains(traces.people)
    conditions = (
        Condition("SenderFromAddress", Operator.EQUAL_ANY, tuple(senders)),
        Condition("RecipientDomain", Operator.EQUAL_ANY, own),
    )
    assert traces.first is not None
    query = Query("EmailEvents", traces.first, now + timedelta(days=1), conditions)
    return lake.rows(query, columns=CANDIDATE, limit=MOST_CANDIDATES)


def _domains(people: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({address.rpartition("@")[2] for address in people}))


def _how(row: Mapping[str, Any], summary: Mapping[str, Any], traces: Traces) -> str:
    """By what a mail is recognised as a copy; empty when it is none."""
    if (row["InternetMessageId"] or "").strip() in traces.ids:
        return "the same Message-ID"
    if any(identity in named for named in _named(summary) for identity in traces.ids):
        return "it answers or forwards it, by its headers"
    if _files(summary) & traces.files:
        return "the same attachment"
    return "the same cluster" if int(row["EmailClusterId"] or 0) in traces.clusters else ""


def _named(summary: Mapping[str, Any]) -> Iterator[str]:
    for header in summary.get("headers") or ():
        if str(header.get("name", "")).lower() in NAMING:
            yield str(header.get("value", ""))


def _files(summary: Mapping[str, Any]) -> set[str]:
    """Hashes of its attachments; pictures are left out, as a company's logo is in every mail."""
    named = [one for one in summary.get("attachments") or () if not str(one.get("file_type", "")).startswith("image/")]
    return {str(one["sha256"]) for one in named if one.get("sha256")}
