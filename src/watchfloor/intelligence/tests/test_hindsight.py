"""A new block entry or indicator looks back at stored mail and writes late verdicts, once."""

from datetime import timedelta

import pytest

from watchfloor.intelligence import hindsight
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.entries import add_entry, import_indicators
from watchfloor.intelligence.hindsight import look_back
from watchfloor.intelligence.models import Entry
from watchfloor.intelligence.policy import change_threshold, silence_reason
from watchfloor.lake.contracts import TooSlow
from watchfloor.lake.models import LateVerdict
from watchfloor.lake.services import append

from .conftest import NOW, TUNER

HASH = "ab" * 32


def row(number, **fields):
    return {
        "Timestamp": NOW - timedelta(hours=3),
        "NetworkMessageId": f"id-{number}",
        "SenderFromAddress": f"s{number}@d{number}.example",
        "SenderFromDomain": f"d{number}.example",
        "SenderIP": f"192.0.2.{number}",
    } | fields


@pytest.fixture
def lake(db, settings, tmp_path):
    settings.HOME = tmp_path
    append(
        "EmailEvents",
        [
            row(1),
            row(2, SenderFromDomain="mail.d1.example"),
            row(3, ThreatTypes=["Phish"], SenderFromDomain="d1.example"),
            row(4, OrgLevelAction="Allow", SenderFromDomain="d1.example"),
            row(5, Timestamp=NOW - timedelta(days=3), SenderFromDomain="d1.example"),
            row(6, SenderFromDomain="notd1.example"),
        ],
    )
    url = {"Timestamp": NOW - timedelta(hours=3), "UrlDomain": "www.evil.example"}
    append(
        "EmailUrlInfo",
        [
            {**url, "NetworkMessageId": "id-1", "Url": "https://www.evil.example/login"},
            {**url, "NetworkMessageId": "id-2", "Url": "https://www.evil.example/"},
        ],
    )
    append(
        "EmailAttachmentInfo",
        [{"Timestamp": NOW, "NetworkMessageId": "id-6", "SHA256": HASH} | {"Timestamp": url["Timestamp"]}],
    )


def add(kind, value, effect=Effect.BLOCK):
    add_entry(by=TUNER, kind=kind, effect=effect, value=value, now=NOW, note="seen")


def late():
    return {one.network_message_id: one.threat_types for one in LateVerdict.objects.all()}


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (Kind.SENDER, "s1@d1.example", {"id-1": ["Phish"]}),
        (Kind.DOMAIN, "d1.example", {"id-1": ["Phish"], "id-2": ["Phish"]}),
        (Kind.IP, "192.0.2.1", {"id-1": ["Spam"]}),
        (Kind.FILE, HASH, {"id-6": ["Malware"]}),
        (Kind.URL, "*.evil.example", {"id-2": ["Phish"]}),
        (Kind.URL, "evil.example", {"id-1": ["Phish"], "id-2": ["Phish"]}),
        (Kind.SENDER, "nobody@else.example", {}),
    ],
)
def test_a_new_entry_finds_harmless_mail_of_the_last_two_days(lake, kind, value, found):
    add(kind, value)
    assert look_back(now=NOW) == 1
    assert late() == found


def test_each_entry_looks_back_once_and_says_who_added_it(lake):
    add(Kind.SENDER, "s1@d1.example")
    look_back(now=NOW)
    assert look_back(now=NOW) == 0
    [one] = LateVerdict.objects.all()
    assert (one.source, one.confidence) == ("entry", "High")
    assert one.words == f"{TUNER.name} added the entry block sender:s1@d1.example: seen"


def test_a_mail_that_several_entries_meet_gets_one_verdict(lake):
    add(Kind.SENDER, "s1@d1.example")
    add(Kind.IP, "192.0.2.1")
    import_indicators(by=TUNER, text="evil.example/login", source="CERT", now=NOW)
    assert look_back(now=NOW) == 3
    assert late() == {"id-1": ["Phish"]}


def test_an_allow_entry_looks_at_nothing(lake):
    add(Kind.IP, "192.0.2.1", Effect.ALLOW)
    assert look_back(now=NOW) == 0
    assert Entry.objects.get().looked_back_at is None
    assert late() == {}


def test_an_indicator_says_of_stored_mail_no_more_than_of_new_mail(lake):
    add(Kind.SENDER, "s1@d1.example", Effect.INDICATOR)
    add(Kind.FILE, HASH, Effect.INDICATOR)
    look_back(now=NOW)
    assert {one.network_message_id: one.confidence for one in LateVerdict.objects.all()} == {
        "id-1": "Normal",
        "id-6": "High",
    }


def test_a_reason_that_is_silenced_or_below_the_threshold_finds_nothing(lake):
    silence_reason(by=TUNER, signal="indicator_sender", note="a bad feed", now=NOW)
    add(Kind.DOMAIN, "d1.example", Effect.INDICATOR)
    change_threshold(by=TUNER, threshold=8, now=NOW)
    add(Kind.URL, "evil.example", Effect.INDICATOR)
    assert look_back(now=NOW) == 2
    assert late() == {}


def test_an_entry_that_asks_too_much_does_not_stand_before_the_others(lake, monkeypatch, caplog):
    ask = hindsight.all_rows

    def slow(query, *, limit):
        if any("slow.example" in one.values for one in query.conditions):
            raise TooSlow("it took too long")
        return ask(query, limit=limit)

    monkeypatch.setattr(hindsight, "all_rows", slow)
    add(Kind.DOMAIN, "slow.example")
    add(Kind.DOMAIN, "d1.example")
    add(Kind.SENDER, "s6@d6.example")
    while look_back(now=NOW):
        pass
    assert set(late()) == {"id-1", "id-2", "id-6"}
    assert "slow.example could not be held against stored mail" in caplog.text
