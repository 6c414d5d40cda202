"""About people who may no longer be the only ones in their mailbox (AI-35, AI-39d)."""

from watchfloor.identities.selectors import people_of_names, risks_of
from watchfloor.incidents import selectors as incidents
from watchfloor.investigations.case import Case, hunted, is_, quoted
from watchfloor.investigations.clusters import looked_at
from watchfloor.investigations.contracts import (
    Asked,
    ClusterKind,
    Found,
    FoundCluster,
    FoundEntity,
    Verdict,
    Wish,
    WishKind,
)
from watchfloor.investigations.steps.similar import STILL_THERE, removal
from watchfloor.kernel.text import some
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


def their_risk(case: Case) -> Found:
    """How risky their accounts are held to be; of reporters it is told and counts nothing: to report is no reason (AI-32, AI-38)."""
    people = case.people[:MOST_PEOPLE]
    asked = tuple(dict.fromkeys((*people, *case.reporters[:MOST_PEOPLE])))
    if not asked:
        return NOBODY
    known = people_of_names(asked)
    risks = risks_of(known.values())
    told = {one: risks[pk] for one, pk in known.items() if pk in risks}
    entities = tuple(
        FoundEntity(
            "user",
            one,
            verdict=Verdict.SUSPICIOUS if one in people and _risky(risk.level, risk.state) else Verdict.UNKNOWN,
            why=f"the account's risk is {risk.level}",
            facts={"risk": f"Risk {risk.level}"},
        )
        for one, risk in told.items()
        if _risky(risk.level, risk.state)
    )
    words = ", ".join(f"{one} {risk.level} ({risk.score:.0f})" for one, risk in list(told.items())[:10])
    answer = f"{len(told):,} of {len(asked):,} accounts were scored{': ' if words else ''}{words}."
    bad = any(one.verdict is Verdict.SUSPICIOUS for one in entities)
    return Found(answer, Verdict.SUSPICIOUS if bad else Verdict.CLEAN, entities=entities)


def _risky(level: str, state: str) -> bool:
    return level == "high" or state == "confirmedCompromised"


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
            why=f"{some(row['Risky'], 'risky sign-in')} succeeded",
            facts={"risk": "Risky sign-in"},
        )
        for row in risky
    )
    seen = sum(row["SignIns"] for row in rows)
    answer = (
        f"{some(seen, 'sign-in')}, {sum(row['Risky'] for row in rows):,} of them risky and successful."
        if seen
        else "No sign-in is known."
    )
    wishes = tuple(
        Wish(
            f"require-sign-in:{row['AccountUpn']}",
            WishKind.ACCOUNTS,
            f"Require {row['AccountUpn']} to sign in again",
            f"{some(row['Risky'], 'risky sign-in')} succeeded",
            "require-sign-in",
            names=(str(row["AccountUpn"]),),
        )
        for row in risky
    )
    return Found(answer, Verdict.SUSPICIOUS if risky else Verdict.CLEAN, (question,), entities=entities, wishes=wishes)


SENT = Condition("EmailDirection", Operator.EQUAL_ANY, ("Outbound", "Intra-org"))
SURE = Condition("ConfidenceLevel", Operator.CONTAINS_ANY, ("High",))
UNSURE = Condition("ConfidenceLevel", Operator.CONTAINS_NONE, ("High",))


def _threat(*words: str) -> Condition:
    return Condition("ThreatTypes", Operator.EQUAL_ANY, words)


PARTS: dict[str, tuple[Condition, ...]] = {
    "malware": (_threat("Malware"),),
    "high-confidence phish": (_threat("Phish"), SURE),
    "spam and normal phish": (_threat("Phish", "Spam"), UNSURE),
    "clean": (Condition("ThreatTypes", Operator.EQUAL_NONE, ("Malware", "Phish", "Spam")),),
}
"""What a mailbox sent is shown apart: malicious, suspicious, and good mail that may carry something out (AI-35)."""


def their_sent_mail(case: Case) -> Found:
    """What the mailbox itself sent, judged as a cluster and in its parts, and how much more than usual (AI-35, AI-45)."""
    people = case.people[:MOST_PEOPLE]
    if not people:
        return NOBODY
    found, questions, wishes, entities = [], [], [], []
    for person in people:
        query = case.within(is_("SenderFromAddress", person), SENT)
        whole, question = _sent(case, person, query)
        questions.append(question)
        if not whole.counters.copies:
            continue
        found.append(whole)
        parts = _parts(case, person, query) if whole.counters.malicious or whole.counters.suspicious else {}
        found += parts.values()
        if whole.verdict is not Verdict.MALICIOUS:  # too few to speak of the account; the mails go all the same
            wishes += [wish for name, part in parts.items() for wish in removal(part, _part(query, name))]
        else:
            wishes += _after_malicious(person, query, whole.why)
            entities.append(
                FoundEntity(
                    "user", person, verdict=Verdict.MALICIOUS, why=whole.why, facts={"risk": "Sent malicious mail"}
                )
            )
    return Found(
        _sent_words([one for one in found if one.value in people]),
        _sent_verdict(found),
        tuple(questions),
        tuple(found),
        tuple(entities),
        tuple(wishes),
    )


def _sent(case: Case, value: str, query: Query) -> tuple[FoundCluster, Asked]:
    return looked_at(ClusterKind.SENT, value, query, limits=case.thresholds[ClusterKind.SENT], now=case.now)


def _parts(case: Case, person: str, query: Query) -> dict[str, FoundCluster]:
    """Its parts that hold anything, by name."""
    parts = {name: _sent(case, f"{person} · {name}", _part(query, name))[0] for name in PARTS}
    return {name: one for name, one in parts.items() if one.counters.copies}


def _part(query: Query, name: str) -> Query:
    return Query(query.table, query.start, query.end, (*query.conditions, *PARTS[name]))


def _sent_words(whole: list[FoundCluster]) -> str:
    copies, bad = (sum(getattr(one.counters, name) for one in whole) for name in ("copies", "malicious"))
    return (
        "; ".join(
            [
                f"{some(copies, 'copy', 'copies')} sent, {bad:,} malicious",
                *(one.anomaly for one in whole if one.anomaly),
            ]
        )
        + "."
    )


def _sent_verdict(found: list[FoundCluster]) -> Verdict:
    if any(one.verdict is Verdict.MALICIOUS for one in found):
        return Verdict.MALICIOUS
    return Verdict.SUSPICIOUS if any(one.anomaly for one in found) else Verdict.CLEAN


def _after_malicious(person: str, query: Query, why: str) -> list[Wish]:
    """Take back the malicious mails that lie in our own mailboxes; lock whoever sends them out of the account (AI-39d)."""
    bad = _threat("Malware", "Phish")
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


def who_must_stop(case: Case) -> Found:
    """Who sends malicious mail is locked out at once; whoever sends much of their own is asked (AI-19, AI-39d)."""
    people = case.people[:MOST_PEOPLE]
    bad = [one for one in people if case.suspects.get(one) is Verdict.MALICIOUS]
    wishes = [
        Wish(
            f"suspend:{one}",
            WishKind.ACCOUNTS,
            f"Suspend {one} until the account is its owner's again",
            "it sends malicious mail, and went beyond what a person sends",
            "suspend",
            names=(one,),
        )
        for one in bad
    ]
    wishes += [
        Wish(
            f"mailing:{one}",
            WishKind.GUIDANCE,
            f"Ask {one} whether the mails are theirs, then let them send again",
            "what was sent is not malicious",
            names=(one,),
        )
        for one in people
        if one not in bad
    ]
    if not people:
        return NOBODY
    words = f"{len(bad):,} of {len(people):,} send malicious mail and must be stopped."
    return Found(words, Verdict.MALICIOUS if bad else Verdict.CLEAN, wishes=tuple(wishes))
