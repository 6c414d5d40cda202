"""Reads of the lake: rows, counts, charts, rankings, exports, cursors, and queries as words and addresses."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa
from django.conf import settings

from watchfloor.kernel.errors import NotFound
from watchfloor.lake import ask, charts, statistics, storage
from watchfloor.lake import tail as tails
from watchfloor.lake.arrivals import arrivals_after
from watchfloor.lake.arrow import fitted, to_rows, unpack
from watchfloor.lake.campaign_list import campaign_named, judged_campaigns, standing_of
from watchfloor.lake.catalogue import resolve, table, tables
from watchfloor.lake.charts import bucket_starts
from watchfloor.lake.contracts import (
    Batch,
    Bucketed,
    Column,
    Condition,
    EmailRecord,
    LateVerdict,
    Operator,
    Query,
    TableState,
)
from watchfloor.lake.enriching import client_of, warm
from watchfloor.lake.entries_met import entries_met
from watchfloor.lake.facts import tenant_facts
from watchfloor.lake.history import state as history_state
from watchfloor.lake.kql.reference import entries as kql_words
from watchfloor.lake.kql_answer import Answer
from watchfloor.lake.kql_check import Checked, check_files, check_query, complete_query
from watchfloor.lake.kql_many import Met, hunt_many
from watchfloor.lake.kql_run import hunt, hunt_stream
from watchfloor.lake.kql_tables import KqlTables, documented_order, views
from watchfloor.lake.lists import states as list_states
from watchfloor.lake.models import Email, HotBatch
from watchfloor.lake.models import LateVerdict as LateVerdictRow
from watchfloor.lake.named import emails_known_as
from watchfloor.lake.newly import Newly, Stretch, among, counted_in, different_rows, newly
from watchfloor.lake.place import lake_place
from watchfloor.lake.placing import place_of, whereabouts
from watchfloor.lake.query import address
from watchfloor.lake.query.address import encoded, group_of, parameters_of
from watchfloor.lake.query.compile import FOREVER
from watchfloor.lake.query.kusto import kql
from watchfloor.lake.query.memory import matching
from watchfloor.lake.query.values import normalised
from watchfloor.lake.query.words import condition_sentence, part_sentence, sentence
from watchfloor.lake.rejudging import changed_mails, rejudged
from watchfloor.lake.similar import campaign_of
from watchfloor.lake.statistics import Order, Tally, ValueCount, Values, tallied
from watchfloor.lake.summaries import BUCKET, summed
from watchfloor.lake.tail import Tail
from watchfloor.lake.text import by_threat, elements_of, values_in

__all__ = [
    "BUCKET",
    "Answer",
    "Checked",
    "KqlTables",
    "Met",
    "Newly",
    "Order",
    "Stretch",
    "Tail",
    "Tally",
    "ValueCount",
    "Values",
    "all_rows",
    "among",
    "arrivals_after",
    "bucket_starts",
    "by_threat",
    "campaign_named",
    "campaign_of",
    "changed_mails",
    "check_files",
    "check_query",
    "client_of",
    "complete_query",
    "condition_sentence",
    "count",
    "counted_in",
    "different_rows",
    "documented_order",
    "elements_of",
    "email",
    "emails_by_fingerprint",
    "emails_known_as",
    "encoded",
    "entries_met",
    "fingerprints_of",
    "group_of",
    "history_state",
    "hunt",
    "hunt_many",
    "hunt_stream",
    "inspection_of",
    "inspections_of",
    "judged_campaigns",
    "kql",
    "kql_words",
    "lake_place",
    "late_verdicts_after",
    "late_verdicts_of",
    "late_verdicts_on",
    "late_verdicts_since",
    "list_states",
    "matching",
    "newly",
    "normalised",
    "over_time",
    "parameters_of",
    "part_sentence",
    "place_of",
    "query_from_parameters",
    "rejudged",
    "rows",
    "sentence",
    "since",
    "standing_of",
    "stream",
    "stream_batches",
    "summed",
    "table",
    "table_states",
    "tables",
    "tail",
    "tail_position",
    "tallied",
    "tenant_facts",
    "top",
    "values",
    "values_in",
    "values_of",
    "views",
    "warm",
    "whereabouts",
]


def rows(
    query: Query,
    *,
    columns: Sequence[str] = (),
    order_by: str = "Timestamp",
    descending: bool = True,
    limit: int = 100,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """One page of rows; without `columns`, all of them. Latest locations are folded in."""
    page = ask.Page(order_by, descending, limit, offset)
    return ask.table_rows(query, columns=columns, page=page)


def all_rows(query: Query, *, limit: int = 20_000) -> list[dict[str, Any]]:
    """All rows of a query that finds few, such as those of some mails, oldest first and whole; `limit` bounds a flood."""
    return ask.all_rows(query, limit=limit)


def count(query: Query) -> int:
    """How many rows the query finds."""
    return ask.count(query)


def over_time(query: Query, *, pivot: str, step_seconds: int | None = None, top: int = 8) -> Bucketed:
    """Counts per time bucket and value of `pivot` (a column, or OtherTable.Column); without a step, 24 to 120 buckets.

    The `top` biggest values have their own series, the rest is one named OTHER; a listed column counts each element; rows
    without a value are the series "".
    """
    return charts.over_time(query, pivot=pivot, step_seconds=step_seconds, top=top)


def top(query: Query, *, column: str, limit: int = 10, distinct: str = "") -> list[tuple[str, int]]:
    """The most frequent values of `column` (of this or another table) with their rows, or distinct values of `distinct`."""
    owner, found = resolve(column, base=table(query.table))
    if owner.name == query.table:
        return charts.ranked(query, column=found, limit=limit, distinct=distinct)
    return charts.ranked(ask.seen_from(query, owner.name), column=found, limit=limit, distinct=distinct or "ReportId")


def values(
    query: Query,
    *,
    column: str,
    order: Order = statistics.MOST,
    limit: int = 50,
    offset: int = 0,
    splits: Sequence[Condition] = (),
    contains: str = "",
    without: Sequence[str] = statistics.NOTHING,
) -> Values:
    """One page of the values of `column` (of this or another table) with rows, first and last time, and rows per split.

    `splits` are conditions on columns of the table that owns `column`; `contains` keeps values with this text in them; those in
    `without` are counted as empty.
    """
    return statistics.values(
        query,
        column=column,
        order=order,
        limit=limit,
        offset=offset,
        splits=splits,
        contains=contains,
        without=without,
    )


def stream(query: Query, *, columns: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """All rows, newest first, in lists of a few thousand, with flat memory."""
    return ask.stream_rows(query, columns=columns)


def stream_batches(query: Query, *, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The same as Arrow batches, cells as the lake keeps them: for an export that writes column by column."""
    return ask.stream_batches(query, columns=columns)


def values_of(row: Mapping[str, Any], name: str, *, of: str = "EmailEvents") -> tuple[str, ...]:
    """The values in one cell of a row of table `of`: several for a listed column, in their order; none when empty."""
    return values_in(row.get(name), _column(of, name))


@cache
def _column(table_name: str, name: str) -> Column:
    """A column by its name, looked for once: detection asks for cells by the hundred thousand."""
    return table(table_name).column(name)


def query_from_parameters(parameters: Mapping[str, Any], *, now: datetime, table: str = "EmailEvents") -> Query:
    """The query an address names; see `parameters_of`. Raises BadInput naming the part that is wrong."""
    return address.query_from_parameters(parameters, now=now, table=table, time_zone=settings.TIME_ZONE)


def since(position: int, *, tables: Iterable[str], limit: int = 50) -> list[Batch]:
    """Hot batches of `tables` after `position`, in commit order. Register the reader, or batches may go before it reads."""
    found = HotBatch.objects.filter(id__gt=position, table__in=list(tables)).order_by("id")[:limit]
    return [Batch(batch.pk, batch.table, tuple(to_rows(fitted(batch.table, unpack(batch.data))))) for batch in found]


def tail_position(table: str) -> int:
    """Where `tail` begins to read from now on: what is committed later lies above it."""
    return tails.position(table)


def tail(query: Query, *, after: int, columns: Sequence[str] = (), limit: int = 100) -> Tail:
    """The rows that came in above the position `after` and for which the query holds; what lies below is not read.

    Hot batches stay a minute after they were flushed: who asks more seldom may miss some.
    """
    return tails.tail(query, after=after, columns=columns, limit=limit)


def late_verdicts_after(position: int, *, limit: int) -> list[LateVerdict]:
    """Verdicts that came after their mail was stored, in order, after the cursor `position`."""
    return [_late(row) for row in LateVerdictRow.objects.filter(id__gt=position).order_by("id")[:limit]]


def late_verdicts_of(network_message_id: str) -> list[LateVerdict]:
    """The verdicts that came later on one email, oldest first; the last is the one that counts."""
    return [_late(row) for row in LateVerdictRow.objects.filter(network_message_id=network_message_id).order_by("id")]


def late_verdicts_on(network_message_ids: Iterable[str]) -> list[LateVerdict]:
    """The verdicts that came later on any of these emails, oldest first: one question."""
    wanted = LateVerdictRow.objects.filter(network_message_id__in=list(network_message_ids))
    return [_late(row) for row in wanted.order_by("id")]


def late_verdicts_since(at: datetime, *, limit: int) -> list[LateVerdict]:
    """The newest `limit` verdicts that came later, since `at`, oldest first."""
    newest = LateVerdictRow.objects.filter(at__gte=at).order_by("-id")[:limit]
    return [_late(row) for row in reversed(newest)]


def _late(row: LateVerdictRow) -> LateVerdict:
    return LateVerdict(
        row.at,
        row.network_message_id,
        tuple(row.threat_types),
        row.confidence,
        row.source,
        row.words,
        position=row.pk,
    )


def email(network_message_id: str) -> EmailRecord | None:
    """One email with its rows per recipient, URLs, attachments and what happened to it since."""
    known = Email.objects.filter(pk=network_message_id.lower()).first()
    if known is None:
        return None
    only = Condition("NetworkMessageId", Operator.EQUAL_ANY, (known.network_message_id,))
    start, end = known.received_at, known.last_at + timedelta(microseconds=1)

    def found(name: str, until: datetime) -> tuple[dict[str, Any], ...]:
        return tuple(all_rows(Query(name, start, until, (only,))))

    return EmailRecord(
        network_message_id=known.network_message_id,
        fingerprint=known.fingerprint,
        sha256=known.sha256,
        received_at=known.received_at,
        summary=unpacked_summary(known.summary),
        rows=found("EmailEvents", end),
        urls=_once(found("EmailUrlInfo", end), "Url", "UrlLocation"),
        attachments=_once(found("EmailAttachmentInfo", end), "SHA256", "FileName"),
        events=found("EmailPostDeliveryEvents", FOREVER),
    )


def emails_by_fingerprint(fingerprints: Iterable[str]) -> dict[str, str]:
    """The NetworkMessageId of each of these emails that is stored, by fingerprint: one question."""
    wanted = [one for one in fingerprints if one]
    return dict(Email.objects.filter(fingerprint__in=wanted).values_list("fingerprint", "pk")) if wanted else {}


def fingerprints_of(network_message_ids: Iterable[str]) -> dict[str, str]:
    """The fingerprint of each of these emails, by NetworkMessageId: one question."""
    wanted = list(network_message_ids)
    return dict(Email.objects.filter(pk__in=wanted).values_list("pk", "fingerprint")) if wanted else {}


def inspection_of(network_message_id: str) -> dict[str, Any]:
    """The inspection's summary as plain values: headers, reasons, authentication, limits. Raises NotFound."""
    data = Email.objects.filter(pk=network_message_id.lower()).values_list("summary", flat=True).first()
    if data is None:
        raise NotFound(f"there is no email {network_message_id}")
    return unpacked_summary(data)


def inspections_of(network_message_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The same of many emails in one question, by id; those not known are left out."""
    found = Email.objects.filter(pk__in=list(network_message_ids)).values_list("pk", "summary")
    return {pk: unpacked_summary(data) for pk, data in found}


def unpacked_summary(data: bytes | memoryview) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(zlib.decompress(data))
    return summary


def _once(found: Iterable[dict[str, Any]], *keys: str) -> tuple[dict[str, Any], ...]:
    """One of the rows that say the same thing for each recipient."""
    return tuple({tuple(row[key] for key in keys): row for row in found}.values())


def table_states(*, now: datetime) -> tuple[TableState, ...]:
    """How much each table holds and how far the cold tier lags behind."""
    return storage.states(now=now)


def emails_known() -> int:
    """How many different emails were ever stored; a second copy of one is none."""
    return Email.objects.count()
