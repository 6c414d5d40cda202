"""What a recipient says of a mail that quarantine holds for them: a report as any other, that it is no threat (SU-15).

It brings no mail along, since ours is the original; and asks for no answer, since the release is one.
"""

from datetime import datetime

from watchfloor.response.submissions.contracts import Reason, ReportState, Via
from watchfloor.response.submissions.models import UserReport
from watchfloor.response.submissions.policy import current
from watchfloor.response.submissions.settling import settle
from watchfloor.response.submissions.texts import storable

NO_ANSWER = "what becomes of the release is the answer"


def report_held(*, recipient: str, copy: int, network_message_id: str, comment: str = "", now: datetime) -> bool:
    """Note that the recipient of a held copy (by its id) wants it: “No threats”. False when it was noted before, or not named yet."""
    if not network_message_id:
        return False
    report, made = UserReport.objects.get_or_create(
        position=-copy,  # those of mail are positive; a copy is reported once
        part=0,
        defaults={
            "state": ReportState.MATCHED.value,
            "reporter": recipient.lower()[:320],
            "reported_at": now,
            "read_at": now,
            "via": Via.QUARANTINE.value,
            "reported_from": "Quarantine",
            "reason": Reason.CLEAN.value,
            "comment": storable(comment).strip()[:2000],
            "form": "held",
            "network_message_id": network_message_id,
            "matched_by": "its copy in quarantine",
            "no_answer": NO_ANSWER,
        },
    )
    if made:
        settle(report, policy=current(), now=now)
    return made
