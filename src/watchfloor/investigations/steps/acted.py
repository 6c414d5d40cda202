"""About what was done to the mails already, by people and by the product."""

from collections import Counter

from watchfloor.investigations.case import Case, hunted, quoted
from watchfloor.investigations.contracts import Found, FoundEntity, Verdict, Wish, WishKind
from watchfloor.response import selectors as remediations
from watchfloor.response.contracts import RemediationStatus

MOST = 50
UNDECIDED = (RemediationStatus.PENDING, RemediationStatus.REJECTED, RemediationStatus.UNDONE)
GOOD = ("Success", "Already in destination", "Not found")


def what_was_done(case: Case) -> Found:
    """Each action of a person on these mails: approved by being begun, and followed like any recommendation (AI-22)."""
    lines = remediations.remediations_of_messages(case.seeds.messages[:MOST], by_hand=True)
    by_hand = [one for one in lines if one.remediation_status not in UNDECIDED]
    counted = Counter(one.remediation_id for one in by_hand)
    wishes = tuple(
        Wish(
            f"done:{one.remediation_id}",
            WishKind.MAIL,
            f"{one.action_label}: {one.name}",
            f"begun by hand by {one.by}",
            one.action,
            copies=counted[one.remediation_id],
            done=one.remediation_id,
        )
        for one in {one.remediation_id: one for one in by_hand}.values()
    )
    if not wishes:
        return Found("Nothing was done by hand.")
    return Found(f"{len(wishes):,} actions on {len(by_hand):,} copies.", wishes=wishes)


def where_it_stuck(case: Case) -> Found:
    """The mailboxes that a removal could not clear, by our own ledger and by what the lake was told (AI-39c)."""
    if not case.seeds.messages:
        return Found("There is no mail to look for.")
    question, rows = hunted(
        f"EmailPostDeliveryEvents\n| where NetworkMessageId in ({quoted(case.seeds.messages[:MOST])})\n"
        f'| where ActionResult !in ({quoted(GOOD)}) and ActionType != "User reported"\n'
        "| project Timestamp, RecipientEmailAddress, Action, ActionType, ActionResult\n| sort by Timestamp desc",
        now=case.now,
    )
    stuck = {str(row["RecipientEmailAddress"]): str(row["ActionResult"]) for row in reversed(rows)}
    failed = remediations.remediations_of_messages(case.seeds.messages[:MOST], failed=True)
    stuck |= {one.recipient: one.sentence or "it failed" for one in failed}
    entities = tuple(
        FoundEntity(
            "mailbox", who, verdict=Verdict.SUSPICIOUS, why=f"not removed: {why}", facts={"risk": "Not removed"}
        )
        for who, why in stuck.items()
    )
    if not stuck:
        return Found("No failed removal is known.", asked=(question,))
    names = ", ".join(f"{who} ({why})" for who, why in list(stuck.items())[:5])
    again = len({one.remediation_id for one in failed})
    answer = f"{len(stuck):,} mailboxes: {names}."
    answer += f" {again:,} actions can be tried again in the action center." if again else ""
    return Found(answer, Verdict.SUSPICIOUS, (question,), entities=entities)
