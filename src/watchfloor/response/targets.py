"""From what was chosen to rows of the lake: by hand, the whole query, or the whole query less some rows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import QueryDict

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.contracts import Row, Targets

COLUMNS = (
    "Timestamp",
    "NetworkMessageId",
    "InternetMessageId",
    "RecipientEmailAddress",
    "Subject",
    "SenderFromAddress",
    "EmailDirection",
    "LatestDeliveryLocation",
    "ThreatTypes",
    "DetectionMethods",
)
CHUNK = 500
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def read_targets(parameters: QueryDict, *, now: datetime) -> Targets:
    """What a form or URL aims at: repeated `row`, or `scope=query` with the Explorer's parameters and repeated `except`.

    Later steps carry the whole query in one field `query`. Raises BadInput when nothing is aimed at.
    """
    rows = tuple(dict.fromkeys(Row.parse(text) for text in parameters.getlist("row")))
    if carried := parameters.get("query", ""):
        query = lake.parameters_of(query_of(carried, now=now))
    elif parameters.get("scope") == "query":
        query = lake.parameters_of(lake.query_from_parameters(parameters, now=now))
    else:
        query = ""
    if not rows and not query:
        raise BadInput("choose at least one message", place="row")
    excepted = tuple(dict.fromkeys(Row.parse(text) for text in parameters.getlist("except"))) if query else ()
    also = tuple(dict.fromkeys(Row.parse(text) for text in parameters.getlist("also")))
    sender_copy = parameters.get("sender_copy") == "yes"
    return Targets(() if query else rows, query, excepted, also, sender_copy)


def query_of(parameters: str, *, now: datetime) -> Query:
    """The lake's query of a stored parameter string."""
    return lake.query_from_parameters(QueryDict(parameters), now=now)


def sentence_of(targets: Targets, *, now: datetime) -> str:
    """What is aimed at, in words a person can check (LM-09)."""
    words = f"{len(targets.rows):,} chosen message{'' if len(targets.rows) == 1 else 's'}"
    if targets.whole_query:
        words = lake.sentence(query_of(targets.query, now=now))
    if targets.excepted:
        words += f", except {len(targets.excepted):,} chosen"
    if targets.also:
        words += (
            f", and {len(targets.also):,} cop{'y' if len(targets.also) == 1 else 'ies'} sent on inside the organisation"
        )
    return words + (", and the sender's copy" if targets.sender_copy else "")


def target_rows(targets: Targets, *, now: datetime, columns: Sequence[str] = COLUMNS) -> Iterator[list[dict[str, Any]]]:
    """The lake's rows of EmailEvents, in batches of some hundred. A chosen row the lake does not know is left out.

    Copies sent on come last.
    """
    yield from _first_rows(targets, now=now, columns=columns)
    if also := [row for row in targets.also if row not in set(targets.rows)]:
        yield from _chosen(also, now=now, columns=columns)


def _first_rows(targets: Targets, *, now: datetime, columns: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    if not targets.whole_query:
        yield from _chosen(targets.rows, now=now, columns=columns)
        return
    left_out = {*targets.excepted, *targets.also}
    for batch in lake.stream(query_of(targets.query, now=now), columns=columns):
        kept = [row for row in batch if row_of(row) not in left_out] if left_out else batch
        if kept:
            yield kept


def sender_of_ours(row: Mapping[str, Any]) -> str:
    """The address of who sent a message from inside, whose Sent folder holds a copy; "" for mail from outside."""
    sender = (row.get("SenderFromAddress") or "").strip().lower()
    return sender if "@" in sender and row.get("EmailDirection") in {"Outbound", "Intra-org"} else ""


def row_of(row: Mapping[str, Any]) -> Row:
    return Row(row["NetworkMessageId"], row["RecipientEmailAddress"] or "")


def _chosen(rows: Sequence[Row], *, now: datetime, columns: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """One question per some hundred rows. Not `lake.stream`: over years it asks day by day, and these rows are few."""
    for start in range(0, len(rows), CHUNK):
        wanted = set(rows[start : start + CHUNK])
        messages = Condition(
            "NetworkMessageId", Operator.EQUAL_ANY, tuple(sorted({r.network_message_id for r in wanted}))
        )
        people = Condition("RecipientEmailAddress", Operator.EQUAL_ANY, tuple(sorted({r.recipient for r in wanted})))
        query = Query("EmailEvents", BEGINNING, now + timedelta(days=1), (messages, people))
        found = lake.rows(query, columns=columns, limit=CHUNK * CHUNK)
        # The same message seen through two doors may stand twice; it is one message in one mailbox.
        if kept := list({row_of(row): row for row in found if row_of(row) in wanted}.values()):
            yield kept
