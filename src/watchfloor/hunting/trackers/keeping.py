"""Saved queries of Explorer: kept, copied, changed, deleted; each needs the right to save queries and is audited (TT-01, TT-02, TT-06)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.hunting.campaigns.state import CampaignsState, read_campaigns_state
from watchfloor.hunting.explorer.catalogue import VIEWS
from watchfloor.hunting.explorer.rights import asked_by
from watchfloor.hunting.explorer.state import ExplorerState, read_state, written
from watchfloor.hunting.models import Tracker
from watchfloor.kernel.errors import BadInput, NotFound

audit_verb("tracker.save", "{actor} saved the Explorer query {target}")
audit_verb("tracker.delete", "{actor} deleted the saved Explorer query {target}")

MOST_DAYS = 30
DEFAULT_DAYS = 7
LONGEST = 16_000
MOST_PARAMETERS = 500
"""Far fewer than Django reads of one address: a shared query that it refuses would break everybody's page."""
MOST_KEPT = 300
"""Saved queries of one person; each tracked one is counted every quarter of an hour."""
TIME = frozenset({"range", "from", "to", "page", "pick", "except", "tracker", "live", "edit", "into"})
"""Parameters of Explorer that belong to one look at it, not to the query."""
CAMPAIGNS = "campaigns"
"""The view of a query of the campaigns page."""
UNSAVED_VIEWS = frozenset({"content-malware"})
"""Documents are not mail: TT-01 leaves them out."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person asks to keep. Either `relative_days`, or `start` and `end`, says the time."""

    name: str
    parameters: str
    relative_days: int | None = DEFAULT_DAYS
    start: datetime | None = None
    end: datetime | None = None
    shared: bool = False
    tracked: bool = False

    def check(self) -> None:
        """Raises BadInput naming the field."""
        if not self.name.strip():
            raise BadInput("give the query a name", place="name")
        if len(self.parameters) > LONGEST or self.parameters.count("&") >= MOST_PARAMETERS:
            raise BadInput("the query is too long to be kept", place="parameters")
        if view_of(self.parameters) in UNSAVED_VIEWS:
            raise BadInput("queries of the view Content malware cannot be saved", place="parameters")
        if self.relative_days is not None and not 1 <= self.relative_days <= MOST_DAYS:
            raise BadInput(f"between 1 and {MOST_DAYS} days", place="days")
        if self.relative_days is None and not (self.start and self.end and self.start < self.end):
            raise BadInput("the end must come after the start", place="start")


def without_time(parameters: QueryDict) -> str:
    """An address of Explorer as it is kept: without its time and without what belongs to one look only."""
    return urlencode([(name, value) for name, values in parameters.lists() for value in values if name not in TIME])


def view_of(parameters: str) -> str:
    """The key of the view a kept query is about."""
    asked = dict(parse_qsl(parameters)).get("view", "")
    return asked if asked == CAMPAIGNS or asked in {one.key for one in VIEWS} else VIEWS[0].key


def view_label(parameters: str) -> str:
    """The same as people read it."""
    labels = {CAMPAIGNS: "Campaigns", **{one.key: one.label for one in VIEWS}}
    return labels[view_of(parameters)]


def readable(by: Actor) -> "QuerySet[Tracker]":
    """One's own and the shared ones."""
    return Tracker.objects.filter(Q(shared=True) | Q(owner_id=by.id))


def tracker_of(key: int, *, by: Actor) -> Tracker:
    """One that this person may read. Raises NotFound."""
    found = readable(by).filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such saved query, or it is somebody's own")
    return found


def save(*, draft: Draft, by: Actor, now: datetime, key: int | None = None) -> Tracker:
    """Keep a new query, or change the one with this `key`: one's own, or a shared one. Raises BadInput, NotFound."""
    name = " ".join(draft.name.replace("\x00", "").split())[:200]
    with audited(
        by=by, permission=Permission.QUERY_SAVE, verb="tracker.save", target_type="query", target=name
    ) as result:
        draft.check()
        asked_by(read_state(QueryDict(draft.parameters), now=now), by)
        row = tracker_of(key, by=by) if key else Tracker(owner_id=by.id, owner_name=by.name, created_at=now)
        if not key and Tracker.objects.filter(owner_id=by.id).count() >= MOST_KEPT:
            raise BadInput(f"at most {MOST_KEPT} saved queries each; delete one first", place="name")
        if readable(by).filter(name__iexact=name).exclude(pk=row.pk).exists():
            raise BadInput(f"there is a saved query named “{name}” already", place="name")
        if key and row.owner_id != by.id and not draft.shared:
            raise BadInput("somebody else shared this query; only they can make it private", place="shared")
        if key:
            result["before"] = _kept(row)
        row.name, row.parameters, row.shared, row.tracked = name, draft.parameters, draft.shared, draft.tracked
        row.relative_days, row.start, row.end = draft.relative_days, draft.start, draft.end
        row.changed_at, row.changed_by, row.next_at = now, by.name, now
        row.days, row.last_at, row.last_state, row.last_words = [], None, "", ""
        row.save()
        result["after"] = _kept(row)
    return row


def _kept(row: Tracker) -> dict[str, Any]:
    """What the audit log keeps of a saved query."""
    time = f"last {row.relative_days} days" if row.relative_days else f"{row.start} to {row.end}"
    return {"query": row.parameters[:4000], "time": time, "shared": row.shared, "tracked": row.tracked}


def delete(*, key: int, by: Actor) -> None:
    """Delete it, with its counts. Raises NotFound."""
    row = tracker_of(key, by=by)
    with audited(
        by=by,
        permission=Permission.QUERY_SAVE,
        verb="tracker.delete",
        target_type="query",
        target=row.name,
        before=_kept(row),
    ):
        row.delete()


def execute(*, key: int, by: Actor, now: datetime) -> str:
    """Explorer's address of a saved query as of now; notes that it was run. Raises NotFound."""
    row = tracker_of(key, by=by)
    Tracker.objects.filter(pk=row.pk).update(executed_at=now)
    return address_of(row, now=now)


def address_of(row: Tracker, *, now: datetime) -> str:
    """Explorer, or the campaigns page, with the query, its time fixed as of now; and in Explorer the query's key, so that it
    can be saved again there."""
    start, end = time_of(row, now=now)
    said = [("from", written(start)), ("to", written(end))]
    pairs = parse_qsl(row.parameters, keep_blank_values=True)
    if view_of(row.parameters) == CAMPAIGNS:
        return f"/campaigns?{urlencode([*(pair for pair in pairs if pair[0] != 'view'), *said])}"
    return f"/explorer?{urlencode([*pairs, *said, ('tracker', str(row.pk))])}"


def time_of(row: Tracker, *, now: datetime) -> tuple[datetime, datetime]:
    """The time a saved query asks for, as of now; relative days end with the running minute."""
    if row.relative_days is None and row.start is not None and row.end is not None:
        return row.start, row.end
    full = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return full - timedelta(days=row.relative_days or DEFAULT_DAYS), full


def state_of(row: Tracker, *, start: datetime, end: datetime, now: datetime) -> ExplorerState:
    """Explorer's state of a saved query for another time; of one of campaigns, the part that is Explorer's."""
    return read_state(_timed(row, start, end), now=now)


def campaigns_state_of(row: Tracker, *, start: datetime, end: datetime, now: datetime) -> CampaignsState:
    """The state of the campaigns page of a saved query, for another time."""
    return read_campaigns_state(_timed(row, start, end), now=now)


def _timed(row: Tracker, start: datetime, end: datetime) -> QueryDict:
    given = QueryDict(row.parameters, mutable=True)
    given["from"], given["to"] = written(start), written(end)
    return given
