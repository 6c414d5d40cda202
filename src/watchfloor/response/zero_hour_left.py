"""Mail that a late verdict found malicious and that stays where it is because zero-hour purge is off for it: told, so that an alert
policy may raise it (AP-14)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from watchfloor.connectors.contracts import Folder
from watchfloor.detection.contracts import OwnActivity
from watchfloor.detection.services import tell_activities
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, LateVerdict, Operator, Query
from watchfloor.response.zero_hour import WINDOW, Policy, Rule, Threat, What, threat_of

VERB = "zero_hour.off"
GRAVE = (Threat.MALWARE, Threat.SURE_PHISH, Threat.PHISH)
MOST = 2000


def tell_left(verdicts: Sequence[LateVerdict], policy: Policy, *, now: datetime) -> None:
    """One activity for each copy in an inbox, in the caller's transaction."""
    left = {one.network_message_id: one for one in verdicts if _off(one, policy)}
    if not left:
        return
    mails = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(left))
    lies = Condition("LatestDeliveryLocation", Operator.EQUAL_ANY, (Folder.INBOX.value,))
    columns = ("NetworkMessageId", "RecipientEmailAddress", "Subject")
    query = Query("EmailEvents", now - WINDOW, now + timedelta(days=1), (mails, lies))
    tell_activities(
        _activity(left[row["NetworkMessageId"]], row["RecipientEmailAddress"], row["Subject"], now)
        for row in lake.rows(query, columns=columns, limit=MOST)
    )


def _off(verdict: LateVerdict, policy: Policy) -> bool:
    threat = threat_of(verdict)
    return threat in GRAVE and policy.rules.get(threat, Rule()).what is What.OFF


def _activity(verdict: LateVerdict, recipient: str, subject: str, now: datetime) -> OwnActivity:
    threat = threat_of(verdict)
    return OwnActivity(
        id=f"zero-hour-off-{verdict.position}-{recipient}"[:300],
        at=now,
        verb=VERB,
        object=subject,
        object_id=verdict.network_message_id,
        object_type=threat.value if threat else "",
        account=recipient,
        more={"verdict": verdict.words, "by": verdict.source},
    )
