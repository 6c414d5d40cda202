"""About people who may no longer be the only ones in their mailbox (AI-35, AI-39d)."""

from typing import Any

from watchfloor.incidents import selectors as incidents
from watchfloor.investigations.case import Case, hunted, is_, quoted
from watchfloor.investigations.clusters import looked_at
from watchfloor.investigations.contracts import ClusterKind, Found, FoundEntity, Verdict, Wish, WishKind
from watchfloor.investigations.steps.similar import STILL_THERE
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MOST_PEOPLE = 20
GRAVE = ("high", "medium")
NOBODY = Found("There is no person to ask about.")


def their_alerts(case: Case) -> Found:
    """Other alerts that name them."""
    people = case.people[:MOST_PEOPLE]
    if not people:
        return NOBODY
    named = incidents.alerts_naming(people, start=case.start, end=case.end, limit=200)
    found = [one for one in named if one.alert_id not in case.alerts]
    grave = [one for one in found if one.severity in GRAVE]
    names = ", ".join(dict.fromkeys(one.title for one in grave[:5]))
    answer = f"{len(found):,} other alerts name them, {len(grave):,} of medium or high severity{': ' if names else ''}{names}."
    entities = tuple(FoundEntity("user", one) for one in people)
    return Found(answer, Verdict.SUSPICIOUS if grave else Verdict.CLEAN, entities=entities)


def their_sign_ins(case: Case) -> Found:
    """Sign-ins that the directory held to be risky."""
    people = case.people[:MOST_PEOPLE]
    if not people:
        return NOBODY
    text = (
        f"EntraIdSignInEvents\n| where Timestamp between (datetime({case.start.isoformat()}) .. datetime({case.end.isoformat()}))\n"
        f"| where AccountUpn in~ ({quoted(people)})\n"
        "| summarize SignIns = count(), Risky = countif(RiskLevelAggregated >= 50 and ErrorCode == 0), Countries = make_set(Country, 10), "
        "Last = max(Timestamp) by AccountUpn\n| sort by Risky desc"
    )
    question, rows = hunted(text, now=case.now)
    risky = [row for row in rows if row["Risky"]]
    entities = tuple(
        FoundEntity(
            "user",
            str(row["AccountUpn"]),
            verdict=Verdict.SUSPICIOUS,
            why=f"{row['Risky']:,} risky sign-ins succeeded",
            facts={"risk": "Risky sign-in"},
        )
        for row in risky
    )
    seen = sum(row["SignIns"] for row in rows)
    answer = (
        f"{seen:,} sign-ins, {sum(row['Risky'] for row in rows):,} of them risky and successful."
        if seen
        else "No sign-in is known."
    )
    wishes = tuple(
        Wish(
            f"require-sign-in:{row['AccountUpn']}",
            WishKind.ACCOUNTS,
            f"Require {row['AccountUpn']} to sign in again",
            f"{row['Risky']:,} risky sign-ins succeeded",
            "require-sign-in",
            names=(str(row["AccountUpn"]),),
        )
        for row in risky
    )
    return Found(answer, Verdict.SUSPICIOUS if risky else Verdict.CLEAN, (question,), entities=entities, wishes=wishes)


SETTINGS = {
    "Mail forwarding": ("stop-forwarding", "Turn off the forwarding of", "mail is sent on to somewhere else"),
    "New or changed inbox rule": ("stop-rules", "Switch off the inbox rules of", "an inbox rule was made or changed"),
    "Mailbox delegation": ("stop-delegation", "Remove the delegates of", "somebody else was let into the mailbox"),
}
"""AI-56, AI-57: what takes mail out of a mailbox, and the action that ends it."""
OUTWARD = ("forwardto", "redirectto", "forwardasattachment", "forwardingsmtpaddress", "deletemessage", "movetofolder")


def their_mailbox_settings(case: Case) -> Found:
    """Forwarding, inbox rules and delegation set in the time looked at."""
    people = case.people[:MOST_PEOPLE]
    if not people:
        return NOBODY
    text = (
        f"CloudAppEvents\n| where Timestamp between (datetime({case.start.isoformat()}) .. datetime({case.end.isoformat()}))\n"
        f"| where ActivityType in ({quoted(SETTINGS)})\n"
        f"| where AccountId in~ ({quoted(people)})\n"
        "| project Timestamp, AccountId, ActivityType, ActionType, ObjectName, IPAddress, Details = tostring(RawEventData)\n| sort by Timestamp desc"
    )
    question, rows = hunted(text, now=case.now)
    telling = [row for row in rows if _matters(row)]
    wishes = {}
    for row in telling:
        action, words, why = SETTINGS[row["ActivityType"]]
        person = str(row["AccountId"])
        wishes[action, person] = Wish(
            f"{action}:{person}", WishKind.ACCOUNTS, f"{words} {person}", why, action, names=(person,)
        )
    entities = tuple(
        FoundEntity(
            "mailbox", one, verdict=Verdict.SUSPICIOUS, why="mail can leave it", facts={"risk": "Settings changed"}
        )
        for one in dict.fromkeys(str(row["AccountId"]) for row in telling)
    )
    answer = (
        f"{len(rows):,} changes of forwarding, rules or delegates, {len(telling):,} of them let mail out or hide it."
    )
    verdict = Verdict.SUSPICIOUS if telling else Verdict.CLEAN
    return Found(answer, verdict, (question,), entities=entities, wishes=tuple(wishes.values()))


def _matters(row: dict[str, Any]) -> bool:
    """A rule counts when it sends mail on, deletes or hides it; forwarding and delegates always do."""
    if row["ActivityType"] != "New or changed inbox rule":
        return True
    return any(word in str(row["Details"]).lower() for word in OUTWARD)


def their_sent_mail(case: Case) -> Found:
    """What the mailbox itself sent, judged as a cluster, and how much more than usual (AI-35, AI-45)."""
    people = case.people[:MOST_PEOPLE]
    if not people:
        return NOBODY
    sent = Condition("EmailDirection", Operator.EQUAL_ANY, ("Outbound", "Intra-org"))
    found, questions, wishes = [], [], []
    for person in people:
        query = case.within(is_("SenderFromAddress", person), sent)
        cluster, question = looked_at(
            ClusterKind.SENT, person, query, limits=case.thresholds[ClusterKind.SENT], now=case.now
        )
        questions.append(question)
        if not cluster.counters.copies:
            continue
        found.append(cluster)
        if cluster.verdict is Verdict.MALICIOUS:
            wishes += _after_malicious(person, query, cluster.why)
    bad = [one for one in found if one.verdict is Verdict.MALICIOUS]
    more = [one.anomaly for one in found if one.anomaly]
    copies = sum(one.counters.copies for one in found)
    answer = f"{copies:,} copies sent, {sum(one.counters.malicious for one in found):,} malicious{'; ' if more else ''}{'; '.join(more)}."
    verdict = Verdict.MALICIOUS if bad else Verdict.SUSPICIOUS if more else Verdict.CLEAN
    return Found(answer, verdict, tuple(questions), tuple(found), wishes=tuple(wishes))


def _after_malicious(person: str, query: Query, why: str) -> list[Wish]:
    """Take back the malicious mails that lie in our own mailboxes; lock whoever sends them out of the account (AI-39d)."""
    bad = Condition("ThreatTypes", Operator.EQUAL_ANY, ("Malware", "Phish"))
    aimed = Query(query.table, query.start, query.end, (*query.conditions, bad, STILL_THERE))
    wishes = [
        Wish(
            f"confirm:{person}",
            WishKind.ACCOUNTS,
            f"Confirm {person} compromised",
            why,
            "confirm-compromised",
            names=(person,),
        ),
        Wish(
            f"require-sign-in:{person}",
            WishKind.ACCOUNTS,
            f"Require {person} to sign in again",
            why,
            "require-sign-in",
            names=(person,),
        ),
    ]
    if there := lake.count(aimed):
        title = f"Soft delete {there:,} malicious cop{'y' if there == 1 else 'ies'} sent by {person}"
        wishes.append(
            Wish(
                f"sent:{person}",
                WishKind.MAIL,
                title,
                why,
                "soft-delete",
                query=lake.parameters_of(aimed),
                copies=there,
                share=100.0,
            )
        )
    return wishes
