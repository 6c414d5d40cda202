"""Reporters are told how the investigation of their report ended (AI-83), marked by Automation.

Only an end that says something is passed on: malicious and remediated, harmless, or spam. What a person marked stands; what is
only suspicious, rejected or half done is for a person to answer. An answer teaches the filters nothing: nobody looked.
"""

from datetime import datetime

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.investigations.aftercare.models import Aftercare, AftercarePolicy
from watchfloor.investigations.contracts import Level, Status, Verdict
from watchfloor.investigations.models import Investigation
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.submissions.contracts import Mark
from watchfloor.response.submissions.selectors import unmarked_groups
from watchfloor.response.submissions.services import mark_and_notify

AUTOMATION = system_actor("Automation", Permission.EMAIL_ACTION_PROPOSE)
MOST_GROUPS = 50
SPAM = "Spam"


def answer_reporters(one: Investigation, care: Aftercare, *, policy: AftercarePolicy, now: datetime) -> int:
    """Mark the cards of its reported mails and tell the reporters; returns how many answers went to the outbox.

    A card is marked once. A report that joined later is answered with the run that looked into it.
    """
    if one.playbook != "reported-phish":
        return 0
    mark = mark_of(one)
    if mark is None or not wanted(mark, policy):
        return 0
    answers, words = 0, []
    for group in unmarked_groups(_mails_of(one, mark), limit=MOST_GROUPS):
        try:
            _, sent = mark_and_notify(
                by=AUTOMATION, group_id=group, mark=mark, note="", notify=True, learn=False, now=now
            )
            answers += sent
            words.append(f"report {group}: {mark.value}, {sent} told")
        except WatchfloorError as error:
            words.append(f"report {group}: {error.message}")
    if words or care.answered_at is None:
        said = "; ".join(words) or "a person had answered already"
        care.answered_at, care.answer = now, f"{care.answer}; {said}" if care.answer else said
    return answers


def _mails_of(one: Investigation, mark: Mark) -> tuple[str, ...]:
    """The mails that a mark is true of: harmless ones that were looked into with a phish are for a person to answer."""
    if mark not in (Mark.PHISH, Mark.MALWARE):
        return one.seeded.messages
    bad = one.evidence.filter(type="analyzedMessage", verdict=Verdict.MALICIOUS.value).values_list("value", flat=True)
    return tuple(set(one.seeded.messages) & set(bad))


def mark_of(one: Investigation) -> Mark | None:
    """What the end of an investigation says about the report, None when a person has to say it."""
    if one.level in (Level.PASSIVE, Level.OFF):
        return None
    if one.status == Status.REMEDIATED and one.verdict == Verdict.MALICIOUS:
        return Mark.MALWARE if _malware(one) else Mark.PHISH
    if one.status == Status.NO_THREATS:
        return Mark.CLEAN
    if one.verdict == Verdict.SUSPICIOUS and one.status == Status.PARTIALLY_INVESTIGATED and _only_spam(one):
        return Mark.SPAM
    return None


def _malware(one: Investigation) -> bool:
    """Whether what was removed carried malware rather than lures."""
    counted = [cluster.counted for cluster in one.clusters.filter(verdict=Verdict.MALICIOUS.value)]
    return sum(each.malware for each in counted) > sum(each.phish + each.sure_phish for each in counted)


def _only_spam(one: Investigation) -> bool:
    """Whether spam is all that was found, and nobody decided anything."""
    if one.recommendations.exclude(status="Guidance").exists() or one.steps.filter(run=one.run, failed=True).exists():
        return False
    counted = [cluster.counted for cluster in one.clusters.all()]
    return any(each.spam for each in counted) and not any(
        each.phish or each.sure_phish or each.malware for each in counted
    )


def wanted(mark: Mark, policy: AftercarePolicy) -> bool:
    """Whether the settings let this result be sent without a person."""
    return {
        Mark.PHISH: policy.answer_threats,
        Mark.MALWARE: policy.answer_threats,
        Mark.SPAM: policy.answer_spam,
        Mark.CLEAN: policy.answer_clean,
    }[mark]
