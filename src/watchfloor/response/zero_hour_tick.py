"""Zero-hour purge at work: late verdicts in order, each settled once.

What is decided, the remediation that carries it out and the cursor commit together; killed anywhere, the next round either sees
all of it or starts from the same verdicts. A remediation whose job was not asked for yet is found by `response.watch`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake
from watchfloor.response.contracts import ActionSource, RemediationStatus, Targets
from watchfloor.response.models import Remediation, ZeroHourDecision
from watchfloor.response.services import propose, start
from watchfloor.response.zero_hour import Plan, What
from watchfloor.response.zero_hour_left import tell_left
from watchfloor.response.zero_hour_plan import plans, unread_only
from watchfloor.response.zero_hour_policy import current
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import every, move_cursor

READER = "response.zero_hour"
BATCH = 500
MIND = system_actor("zero-hour purge", Permission.EMAIL_ACTION_MANAGE, Permission.EMAIL_ACTION_PROPOSE)


@every(3, name="response.zero_hour")
def purge() -> int:
    """Settle the late verdicts that came since."""
    return settle(now=utc_now())


def settle(*, now: datetime, limit: int = BATCH) -> int:
    """Settle up to `limit` late verdicts; returns how many. Those of threats the policy is off for are only told of."""
    position = cursor_position(READER)
    verdicts = lake.late_verdicts_after(position, limit=limit)
    if not verdicts:
        return 0
    # Mailboxes are asked before the transaction: they may take their time.
    policy = current()
    found = unread_only(plans(verdicts, policy=policy, at=lambda _: now))
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0  # somebody else settled them meanwhile
        for group in grouped(found):
            _carry_out(group, now)
        tell_left(verdicts, policy, now=now)
        move_cursor(READER, position=verdicts[-1].position)
    return len(verdicts)


def grouped(found: Iterable[Plan]) -> list[list[Plan]]:
    """Mails of one verdict together: a campaign is one decision in the action center, not one per mail."""
    groups: dict[tuple[str, str, str], list[Plan]] = {}
    for plan in found:
        groups.setdefault((plan.threat, plan.verdict.source, plan.verdict.words), []).append(plan)
    return list(groups.values())


def _carry_out(group: Sequence[Plan], now: datetime) -> None:
    aimed = [plan for plan in group if plan.aimed]
    trouble = ""
    remediation: Remediation | None = None
    if aimed:
        try:
            with transaction.atomic():
                remediation = _remediation(aimed, now)
        except WatchfloorError as error:
            trouble = error.message
    ZeroHourDecision.objects.bulk_create(
        [
            ZeroHourDecision(
                verdict=plan.verdict.position,
                at=now,
                network_message_id=plan.verdict.network_message_id,
                threat=plan.threat.value,
                words=(trouble if plan.aimed else "") or plan.why or _became(plan, remediation if plan.aimed else None),
                aimed=len(plan.aimed) if remediation else 0,
                left=[list(one) for one in plan.left],
                remediation=remediation if plan.aimed else None,
            )
            for plan in group
        ]
    )


def _remediation(group: Sequence[Plan], now: datetime) -> Remediation:
    """Propose or start what these plans aim at. Raises what those verbs raise."""
    first = group[0]
    verb = start if first.rule.what is What.ACT else propose
    made = verb(
        by=MIND,
        name=f"{first.threat.event_type}: {first.verdict.words}"[:200],
        reason=f"Verdict after delivery ({first.threat.value}): {first.verdict.words}",
        action=first.rule.action,
        targets=Targets(rows=tuple(row for plan in group for row in plan.aimed)),
        source=ActionSource.AUTOMATED,
        at=now,
    )
    # In the transaction that asks for its job, so that no event is written without it.
    made.event_type = first.threat.event_type
    made.save(update_fields=["event_type"])
    return made


def _became(plan: Plan, remediation: Remediation | None) -> str:
    if remediation is None:
        return "no mailbox was left to act in"
    return "waits for approval" if remediation.status == RemediationStatus.PENDING else "begun at once"
