"""Verbs of the lake: append rows, register a reader, change how long a table is kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import bringing, campaign_verdicts, hot, lists, placing, storage, upkeep
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Brought, LateVerdict, Refused
from watchfloor.lake.facts import take_facts_from
from watchfloor.lake.judging import judged
from watchfloor.lake.keeping import keep_apart
from watchfloor.lake.kql_given import give_rows
from watchfloor.lake.models import LateVerdict as LateVerdictRow
from watchfloor.lake.models import Reader, RetentionSetting
from watchfloor.lake.moving import move
from watchfloor.lake.moving_home import move_home
from watchfloor.lake.place import check_place
from watchfloor.lake.snapshot import cold
from watchfloor.lake.unfiltered import leave_unfiltered
from watchfloor.runtime.services import keep_order

audit_verb("retention.change", "{actor} changed how long {target} is kept")
audit_verb("list.upload", "{actor} uploaded the list {target}")
audit_verb("table.compact", "{actor} had {target} compacted")
audit_verb("rows.append", "{actor} brought rows of {target} in a file")
audit_verb("list.remove", "{actor} removed the list {target}")

__all__ = [
    "append",
    "append_file",
    "ask_to_compact",
    "check_place",
    "flow_to_campaign",
    "give_rows",
    "judged",
    "keep_apart",
    "leave_unfiltered",
    "move",
    "move_home",
    "note_late_verdicts",
    "register_reader",
    "remove_list",
    "set_retention",
    "take_facts_from",
    "upload_list",
]

LONGEST_DAYS = 3650


def append(table: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Store rows as one durable batch, in the caller's transaction when there is one; visible once that commits.

    Missing columns get defaults, list columns take lists, folded ones become lower case. Returns the batch's position, 0
    when there are no rows. Raises BadInput for an unknown table or column, or a time without zone.
    """
    if not rows:
        return 0
    arrow = to_arrow(table_named(table), rows)
    return hot.insert(table=table, rows=arrow, now=utc_now(), watermark=cold(table).watermark())


def register_reader(name: str, *, tables: Iterable[str] = ()) -> None:
    """Keep hot batches of `tables` (none named: all) until the runtime cursor `name` has passed them, a week at most."""
    Reader.objects.update_or_create(name=name, defaults={"tables": sorted(tables)})


def note_late_verdicts(found: Sequence[LateVerdict]) -> None:
    """Write down verdicts on mail that was judged otherwise, in the caller's transaction; positions are given here.

    The mails' campaigns learn of those of people and entries: a person's confident word on one mail counts for all.
    """
    with transaction.atomic():
        keep_order(campaign_verdicts.QUEUE)
        LateVerdictRow.objects.bulk_create(
            LateVerdictRow(
                at=one.at,
                network_message_id=one.network_message_id,
                threat_types=list(one.threat_types),
                confidence=one.confidence,
                source=one.source,
                words=one.words,
            )
            for one in found
        )
        campaign_verdicts.heed(found)


def flow_to_campaign(late: LateVerdict) -> int:
    """Spread a verdict that was noted for one mail to the other mails of its campaign, and to those still to come.

    Each mail that was taken for something less (for a harmless verdict: for a threat) gets a late verdict of source
    "campaign"; mails older than the option `campaign_hours` and allowed ones get none. Returns how many did.
    """
    return campaign_verdicts.flow(late)


def set_retention(*, table: str, days: int, by: Actor) -> None:
    """Keep `table` for `days` days, 1 to 3650; older days go with the next maintenance."""
    kept = table_named(table)
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(f"keep between 1 and {LONGEST_DAYS} days", place="days")
    before = storage.retention_days(kept)
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="retention.change",
        target_type="table",
        target=table,
        before={"days": before},
    ) as result:
        RetentionSetting.objects.update_or_create(table=table, defaults={"days": days})
        result["after"] = {"days": days}


def ask_to_compact(*, table: str, now: datetime, by: Actor) -> None:
    """Have the worker merge the files of every day of `table` and delete what nobody reads, within the next minute."""
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="table.compact",
        target_type="table",
        target=table_named(table).name,
    ):
        upkeep.ask(table=table, by=by, now=now)


def append_file(
    *,
    table: str,
    path: Path,
    now: datetime,
    by: Actor,
    skip: Iterable[str] = (),
    again: bool = False,
    refused: Callable[[Refused], None] = lambda one: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Brought:
    """Store the rows of a CSV, JSON or Parquet file; `skip` names columns to leave out, `again` takes a known file once more.

    Rows that do not fit are told to `refused` with their place. Raises BadInput for a table or file that cannot be.
    """
    with audited(
        by=by, permission=Permission.CONNECTION_MANAGE, verb="rows.append", target_type="table", target=table
    ) as result:
        brought = bringing.bring(
            table=table,
            path=path,
            now=now,
            append=append,
            skip=frozenset(skip),
            again=again,
            refused=refused,
            progress=progress,
        )
        said = {"rows": brought.accepted, "known": brought.known, "refused": brought.refused}
        result["after"] = {"file": path.name, "sha256": brought.sha256, **said}
    return brought


def upload_list(*, alias: str, file_name: str, data: bytes, address: str = "", now: datetime, by: Actor) -> int:
    """Keep a CSV for `_GetWatchlist(alias)`, and for externaldata of `address` when one is given; returns its rows.

    Raises BadInput naming what is wrong with alias, address or file.
    """
    with audited(
        by=by, permission=Permission.CONNECTION_MANAGE, verb="list.upload", target_type="list", target=alias
    ) as result:
        kept = lists.store(alias=alias, address=address, file_name=file_name, data=data, by=by.name, now=now)
        placing.forget()
        result["after"] = {"rows": kept.length, "columns": kept.columns, "address": address, "file": file_name}
    return kept.length


def remove_list(*, alias: str, by: Actor) -> None:
    """Forget a list; queries that name it are refused from now on. Raises NotFound."""
    with audited(by=by, permission=Permission.CONNECTION_MANAGE, verb="list.remove", target_type="list", target=alias):
        lists.remove(alias)
        placing.forget()
