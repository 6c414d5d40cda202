"""A query and its KQL find the same rows, whatever is asked and whatever the cells hold."""

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchfloor.lake import selectors
from watchfloor.lake.contracts import Condition, Group, Operator, Query
from watchfloor.lake.services import append

from .conftest import DAY, NOON, mail

Op = Operator
SIGNS = ['"', "\\", ",", " ", "%", "a", "A", "b", "n", "é", "/", "[", ":", "'", "u", "0"]
TEXTS = ("Subject", "RecipientEmailAddress", "SenderDisplayName")
LISTED = ("ThreatTypes", "DetectionMethods", "ConfidenceLevel", "OverrideSources")
CLICKED = ("UrlClickEvents.Url", "UrlClickEvents.UrlChain", "EmailPostDeliveryEvents.ActionType")
FILES = ("FileName", "ThreatTypes", "ThreatNames", "DetectionMethods")

words = st.lists(st.sampled_from(SIGNS), max_size=3).map("".join)
wild = st.lists(st.sampled_from([*SIGNS, "*", "?"]), max_size=4).map("".join)


def texts_of(columns, *, regex=True):
    plain = [one for one in Operator if one not in (Op.GREATER, Op.LESS, Op.REGEX, Op.WILDCARD)]
    typed = st.builds(Condition, columns, st.sampled_from(plain), st.lists(words, max_size=2).map(tuple))
    wildcards = st.builds(Condition, columns, st.just(Op.WILDCARD), wild.map(lambda one: (one,)))
    found = st.one_of(typed, wildcards)
    patterns = st.sampled_from([("a+",), ("^b|é",), (r"\W",), ("[A-Z]",)])
    return found | st.builds(Condition, columns, st.just(Op.REGEX), patterns) if regex else found


numbers = st.builds(
    Condition,
    st.sampled_from(["UrlCount", "VerdictScore", "EmailClusterId"]),
    st.sampled_from([Op.GREATER, Op.LESS, Op.EQUAL_ANY, Op.EQUAL_NONE]),
    st.sampled_from([("0",), ("1",), ("-2", "2")]),
)
truths = st.builds(
    Condition, st.just("ForwardedMessage"), st.sampled_from([Op.EQUAL_ANY, Op.EQUAL_NONE]), st.just(("true",))
)
conditions = st.one_of(
    texts_of(st.sampled_from(TEXTS)),
    texts_of(st.sampled_from(LISTED), regex=False),
    texts_of(st.sampled_from(["EmailUrlInfo.Url", "EmailUrlInfo.UrlPath", "EmailUrlInfo.UrlDomain"])),
    texts_of(st.sampled_from(CLICKED), regex=False),
    texts_of(st.sampled_from(["LatestDeliveryLocation"])),
    numbers,
    truths,
)
parts = st.recursive(
    conditions,
    lambda inner: st.builds(Group, st.lists(inner, max_size=3).map(tuple), st.booleans(), st.booleans()),
    max_leaves=5,
)


@pytest.fixture
def filled(lake):
    """Mails with URLs, clicks and later actions, their cells of odd signs; made from one seed."""
    dice = random.Random(20261122)

    def word():
        return "".join(dice.choices(SIGNS, k=dice.randrange(4)))

    def several():
        return [word() for _ in range(dice.randrange(3))]

    mails, urls, clicks, events, files = [], [], [], [], []
    for number in range(60):
        key = f"id-{number:03}"
        at = NOON + timedelta(minutes=number)
        methods = {dice.choice(["Phish", "Spam", word()]): several() for _ in range(dice.randrange(3))}
        grades = {dice.choice(["Phish", "Spam"]): word() for _ in range(dice.randrange(3))}
        odd = {name: word() for name in TEXTS} | {"ThreatTypes": several(), "DetectionMethods": methods}
        odd |= {"ConfidenceLevel": grades, "OverrideSources": several(), "ForwardedMessage": dice.random() < 0.5}
        odd |= {"VerdictScore": dice.choice([None, 0.0, 1.0, 2.0]), "EmailClusterId": dice.randrange(-2, 3)}
        mails.append(mail(number, NetworkMessageId=key, Timestamp=at, **odd))
        who = odd["RecipientEmailAddress"]
        for _ in range(dice.randrange(3)):
            link = f"{dice.choice(['http', 'https'])}://{word()}/"
            urls.append(
                {"Timestamp": at, "NetworkMessageId": key, "Url": link, "UrlPath": f"/{word()}/", "UrlDomain": word()}
            )
        if dice.random() < 0.4:
            clicks.append(
                {"Timestamp": at + DAY, "NetworkMessageId": key, "Url": f"http://{word()}", "UrlChain": several()}
            )
        if dice.random() < 0.4:
            kind = dice.choice(["Phish ZAP", "Manual remediation", ""])
            event = {
                "ActionType": kind,
                "DeliveryLocation": dice.choice(["Quarantine", ""]),
                "RecipientEmailAddress": who,
            }
            events.append({"Timestamp": at + DAY, "NetworkMessageId": key, **event})
        found = {"ThreatTypes": several(), "ThreatNames": several(), "DetectionMethods": methods, "FileName": word()}
        files.append({"Timestamp": at, "ReportId": key, **found})
    append("EmailEvents", mails)
    append("EmailUrlInfo", urls)
    append("UrlClickEvents", clicks)
    append("EmailPostDeliveryEvents", events)
    append("FileMaliciousContentInfo", files)


def compared(query, *, key):
    """The keys that Explorer's query finds, and those its KQL finds."""
    asked = sorted(str(row[key]) for row in selectors.rows(query, columns=(key,), limit=1000))
    answer = selectors.hunt(selectors.kql(query), now=NOON + 3 * DAY)
    place = [column[0] for column in answer.columns].index(key)
    return asked, sorted(str(row[place]) for row in answer.rows)


def check(strategy, *, table, key, examples):
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(strategy, max_size=3).map(tuple), st.booleans())
    def holds(asked, any_of):
        query = Query(table, NOON - DAY, NOON + DAY, asked, any_of)
        ours, theirs = compared(query, key=key)
        assert ours == theirs, selectors.kql(query)

    holds()


def test_mails_found_by_a_query_are_those_its_kql_finds(filled):
    everything, found = compared(Query("EmailEvents", NOON - DAY, NOON + DAY), key="NetworkMessageId")
    assert len(everything) == len(found) == 60
    check(parts, table="EmailEvents", key="NetworkMessageId", examples=150)


def test_clicks_found_by_a_query_are_those_its_kql_finds(filled):
    asked = st.one_of(
        texts_of(st.sampled_from(["Url", "UrlChain"]), regex=False),
        texts_of(st.sampled_from(["EmailEvents.Subject", "EmailEvents.SenderDisplayName"])),
    )
    check(asked, table="UrlClickEvents", key="NetworkMessageId", examples=40)


def test_documents_found_by_a_query_are_those_its_kql_finds(filled):
    check(texts_of(st.sampled_from(FILES), regex=False), table="FileMaliciousContentInfo", key="ReportId", examples=60)


def test_kql_of_a_query_is_what_an_analyst_would_write():
    query = Query(
        "EmailEvents",
        NOON - DAY,
        NOON,
        (
            Condition("SenderFromDomain", Op.EQUAL_ANY, ("evil.example",)),
            Group(
                (Condition("Subject", Op.CONTAINS_ANY, ("a", "b")), Condition("UrlCount", Op.GREATER, ("3",))),
                True,
                True,
            ),
        ),
        required=(Condition("ThreatTypes", Op.EQUAL_ANY, ("Phish",)),),
    )
    assert selectors.kql(query).splitlines() == [
        "EmailEvents",
        "| where Timestamp >= datetime(2026-11-20T12:00:00.000000Z) and Timestamp < datetime(2026-11-21T12:00:00.000000Z)",
        '| where strcat(", ", ThreatTypes, ", ") contains ", phish, "',
        '| where SenderFromDomain =~ "evil.example"',
        '| where not((Subject contains "a" or Subject contains "b") or UrlCount > 3)',
        "| sort by Timestamp desc",
    ]
