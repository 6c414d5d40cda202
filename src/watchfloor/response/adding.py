"""Adding messages to a proposal that waits for its decision (EA-40): its targets, its size and who answers for it."""

from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.errors import BadInput, Conflict
from watchfloor.response.catalogue import any_action_of
from watchfloor.response.contracts import RemediationStatus, Row, Targets
from watchfloor.response.dry_run import expected_count
from watchfloor.response.models import Remediation
from watchfloor.response.selectors import needs_second_person
from watchfloor.response.targets import row_of, sentence_of, target_rows

MOST_ADDED = 10_000
"""A proposal keeps its chosen messages by name; more than that is a proposal of its own."""
MOST_OFFERED = 50


def permission_to_propose(known: Remediation) -> Permission:
    """Who may propose the action may add to its proposal."""
    return any_action_of(known.action).propose_permission


def open_proposals(action: str) -> list[Remediation]:
    """Proposals of this action that more messages may be added to, newest first."""
    waiting = Remediation.objects.filter(status=RemediationStatus.PENDING.value, action=action, query="", undo_of=None)
    return list(waiting.exclude(rows=[]).order_by("-created_at")[:MOST_OFFERED])


def add_targets(one: Remediation, targets: Targets, *, by: Actor, now: datetime) -> int:
    """Add what is not there yet, in memory; returns how many messages. See `services.add_to_proposal` for what it raises."""
    if one.on_accounts or one.query or one.undo_of_id is not None:
        raise Conflict(f"“{one.name}” was not proposed for chosen messages: propose these on their own")
    known = set(one.targets.rows)
    fresh = [row for row in _rows(targets, now=now) if row not in known]
    if not fresh:
        raise BadInput("the proposal has all of these messages already", place="row")
    one.rows = [*one.rows, *map(str, fresh)]
    one.also = [*one.also, *(str(row) for row in targets.also if str(row) not in one.also)]
    one.sentence = sentence_of(one.targets, now=now)
    one.expected = expected_count(one.targets, now=now)
    one.additions = [*one.additions, {"by": by.id, "name": by.name, "at": now.isoformat(), "messages": len(fresh)}]
    one.second_person = one.second_person or needs_second_person(by.id, one.expected, now=now, action=one.action)
    return len(fresh)


def refuse_unseen(one: Remediation, seen: datetime | None) -> None:
    """Nobody approves messages they were not shown: raises Conflict when some were added since."""
    later = [each for each in one.additions if seen is not None and datetime.fromisoformat(each["at"]) >= seen]
    if later:
        number = sum(each["messages"] for each in later)
        raise Conflict(
            f"{later[-1]['name']} added {number:,} message{'' if number == 1 else 's'} to “{one.name}” since you looked: "
            "look at it again in the action center"
        )


def _rows(targets: Targets, *, now: datetime) -> list[Row]:
    if not targets.whole_query:
        return list(dict.fromkeys((*targets.rows, *targets.also)))
    found: dict[Row, None] = {}
    for rows in target_rows(targets, now=now):
        found |= dict.fromkeys(map(row_of, rows))
        if len(found) > MOST_ADDED:
            raise BadInput(
                f"at most {MOST_ADDED:,} messages are added to a proposal; propose these on their own", place="query"
            )
    return list(found)
