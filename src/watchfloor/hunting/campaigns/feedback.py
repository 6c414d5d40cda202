"""“Was this grouped correctly?”: people's words on a campaign, kept, audited, shown on the list, and a filter there (CA-17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.hunting.campaigns.known import campaign
from watchfloor.hunting.models import CampaignFeedback
from watchfloor.kernel.errors import BadInput

audit_verb("campaign.feedback", "{actor} said how well {target} was grouped")

LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Grouping:
    """How many people find a campaign's grouping right, and how many wrong."""

    right: int = 0
    wrong: int = 0

    @property
    def words(self) -> str:
        return f"{self.wrong} of {self.right + self.wrong} doubt it" if self.wrong else f"confirmed by {self.right}"

    @property
    def count(self) -> int:
        return self.wrong or self.right

    @property
    def icon(self) -> str:
        return "thumb-down" if self.wrong else "thumb-up"

    @property
    def tone(self) -> str:
        return "warning" if self.wrong else "success"


def say(*, key: int, correct: bool, note: str, by: Actor, now: datetime) -> CampaignFeedback:
    """Keep what one person says; their newest word replaces the one before. Raises NotFound, BadInput."""
    row = campaign(key)
    if len(note) > LONGEST_NOTE:
        raise BadInput(f"at most {LONGEST_NOTE:,} characters", place="note")
    with audited(
        by=by,
        permission=Permission.EMAIL_METADATA_READ,
        verb="campaign.feedback",
        target_type="campaign",
        target=str(row.pk),
    ) as result:
        said, _ = CampaignFeedback.objects.update_or_create(
            campaign=row.pk,
            person_id=by.id,
            defaults={"person_name": by.name, "correct": correct, "note": note.strip(), "at": now},
        )
        result["after"] = {"correct": correct, "note": note.strip()}
    return said


def said_about(key: int) -> list[CampaignFeedback]:
    """Everybody's word on one campaign, the newest first."""
    return list(CampaignFeedback.objects.filter(campaign=key).order_by("-at", "-pk"))


def spoken(keys: Iterable[int]) -> dict[int, Grouping]:
    """How the grouping of each of these was found, where anybody said so: one question."""
    counts: dict[int, list[int]] = {}
    rows = CampaignFeedback.objects.filter(campaign__in=list(keys)).values_list("campaign", "correct")
    for key, correct in rows:
        counts.setdefault(key, [0, 0])[0 if correct else 1] += 1
    return {key: Grouping(right, wrong) for key, (right, wrong) in counts.items()}
