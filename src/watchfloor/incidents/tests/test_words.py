"""Names, reasons, graphs and rows: what is made from evidence reads as people would say it."""

from datetime import UTC, datetime

import pytest

from watchfloor.detection.contracts import Evidence, EvidenceType
from watchfloor.incidents.contracts import DETERMINATIONS, WORDS, Classification, Correlation
from watchfloor.incidents.correlation import Candidate, Shared, decide, entity_key, is_ubiquitous, reason_words, score
from watchfloor.incidents.filters import entity_keys
from watchfloor.incidents.naming import Content, incident_name
from watchfloor.incidents.story import entity_graph, last_day

RULES = Correlation()


def content(**changes):
    fields = {
        "titles": ["Malicious mail delivered"],
        "techniques": frozenset({"T1566"}),
        "subject": "Your mailbox is full",
        "people": 3,
        "actors": [],
        "senders": [],
    }
    return Content(**fields | changes)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Phishing mail “Your mailbox is full” reaching 3 people"),
        ({"people": 14}, "Phishing campaign “Your mailbox is full” reaching 14 people"),
        (
            {"people": 1, "techniques": frozenset({"T1204.002"})},
            "Malware mail “Your mailbox is full” reaching 1 person",
        ),
        ({"people": 2000}, "Phishing campaign “Your mailbox is full” reaching 2,000 people"),
        ({"subject": ""}, "Malicious mail delivered"),
        ({"people": 0}, "Malicious mail delivered: “Your mailbox is full”"),
        ({"actors": ["a@c", "b@c"]}, "Phishing mail “Your mailbox is full” reaching 3 people, of whom 2 clicked"),
        ({"people": 1, "actors": ["a@c"]}, "Phishing mail “Your mailbox is full” reaching 1 person, who clicked"),
        (
            {"titles": ["A", "B"], "actors": ["a@c", "b@c"], "senders": ["a@c"]},
            "Mailbox a@c sends “Your mailbox is full” to 3 people, of whom 1 clicked",
        ),
        ({"actors": ["a@c"], "senders": ["a@c"], "subject": ""}, "Mailbox a@c sends malicious mail to 3 people"),
        ({"subject": "a \n\t b"}, "Phishing mail “a b” reaching 3 people"),
    ],
)
def test_an_incident_is_named_by_what_is_in_it(changes, name):
    assert incident_name(content(**changes)) == name


def test_a_name_is_cut_where_a_subject_is_endless():
    name = incident_name(content(subject="x" * 100_000))
    assert len(name) <= 300
    assert "…" in name


def shared(kind, value, *, acted=False, label="", title="First"):
    return Shared(EvidenceType(kind), value, label, acted, title)


def test_an_entity_counts_once_however_many_alerts_have_it():
    assert score([shared("sender", "a@x"), shared("sender", "a@x", title="Second")], RULES) == 3


def test_a_hundred_shared_mailboxes_are_not_enough():
    assert score([shared("mailbox", f"p{n}@c") for n in range(100)], RULES) == 1


def test_an_account_that_acted_counts_fully_even_if_it_also_received():
    assert score([shared("mailbox", "a@c"), shared("mailbox", "a@c", acted=True)], RULES) == 3


def test_the_best_incident_wins_and_a_tie_goes_to_the_latest():
    low = Candidate(1, 9.0, (shared("sender", "a@x"),))
    high = Candidate(2, 1.0, (shared("analyzedMessage", "m"), shared("url", "u")))
    assert decide([low, high], RULES).incident == 2
    twin = Candidate(3, 10.0, (shared("sender", "a@x"),))
    assert decide([low, twin], RULES).incident == 3
    assert decide([low, twin], RULES) == decide([twin, low], RULES)
    assert decide([], RULES).incident is None


def test_a_reason_counts_what_it_does_not_name():
    items = [shared("url", f"https://x.example/{n}") for n in range(5)]
    words = reason_words(items)
    assert words.count("https://") == 3
    assert "and 2 more with the alert “First”" in words


def test_a_reason_names_a_file_by_its_name():
    assert "the file “Invoice.docm”" in reason_words([shared("file", "ab", label="Invoice.docm")])


def test_a_mailbox_and_its_user_are_one_account_and_case_does_not_matter():
    assert entity_key("mailbox", "Ada@corp.example") == entity_key("user", "ada@corp.example ")
    assert entity_key("sender", "ada@corp.example") != entity_key("user", "ada@corp.example")
    assert entity_key("url", "https://x.example/A") != entity_key("url", "https://x.example/a")
    assert entity_key("url", "https://x.example/A") in entity_keys("https://x.example/A")


@pytest.mark.parametrize(
    ("kind", "value", "everywhere"),
    [
        ("ip", "127.0.0.1", True),
        ("ip", "fe80::1", True),
        ("ip", "8.8.4.4", False),
        ("ip", "203.0.113.9", False),
        ("url", "http://www.w3.org/1999/xhtml", True),
        ("url", "docs.google.com", True),
        ("url", "https://docs.google.com/forms/d/abc", False),
        ("url", "https://login.x.example/", False),
        ("url", "http://[broken", False),
        ("sender", "somebody@gmail.com", False),
    ],
)
def test_what_is_everywhere_is_known(kind, value, everywhere):
    assert is_ubiquitous(Evidence(EvidenceType(kind), value)) is everywhere


def test_the_graph_draws_mails_of_one_subject_and_crowds_as_one_node(findings, make):
    boxes = [make.mailbox(f"p{number}@corp.example") for number in range(30)]
    alert = findings.raised(*[make.message(number) for number in range(9)], make.sender(), *boxes)
    graph = entity_graph(alert.incident_id)
    names = [node["name"] for node in graph["nodes"]]
    assert names.count("9 × Your mailbox is full") == 1
    assert "27 more users" in names
    columns = {node["group"]: node["column"] for node in graph["nodes"]}
    assert (columns["Sender"], columns["Alert"], columns["User"]) == (0, 1, 2)
    known = {node["id"] for node in graph["nodes"]}
    assert all(link["source"] in known and link["target"] in known for link in graph["links"])


def test_the_last_day_has_twenty_four_hours(findings, make):
    findings.raised(make.message(1))
    chart = last_day(now=datetime(2026, 11, 2, 9, 30, tzinfo=UTC))
    assert len(chart["categories"]) == 24
    assert [sum(series["values"]) for series in chart["series"]] == [1, 1]


def test_every_stored_value_has_its_words():
    for kind, determinations in DETERMINATIONS.items():
        assert kind.value in WORDS
        assert all(value in WORDS for value in determinations)
    assert all(kind.value in WORDS for kind in EvidenceType)
    assert set(DETERMINATIONS) == set(Classification)


def test_a_mail_that_one_alert_names_without_its_subject_is_one_node(findings, make):
    named = findings.raised(make.message(1), make.mailbox())
    findings.raised(make.message(1, subject=""), make.mailbox(), title="Email reported by user")
    graph = entity_graph(named.incident_id)
    identities = [node["id"] for node in graph["nodes"]]
    assert len(identities) == len(set(identities))
    assert sum(node["group"] == "Mail message" for node in graph["nodes"]) == 1
