"""The facts of judging: complete, kept while nothing changes, new at once when something does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from watchfloor.intelligence.contracts import Effect, Kind, Life
from watchfloor.intelligence.entries import add_entry, expire_entry, import_indicators, remove_entry
from watchfloor.intelligence.facts import facts_at, take_people_from
from watchfloor.intelligence.models import Entry
from watchfloor.intelligence.policy import change_threshold, restore_reason, silence_reason

from .conftest import NOW, TUNER

pytestmark = pytest.mark.django_db


def block(value="bo@evil.example", **more):
    add_entry(by=TUNER, kind=Kind.SENDER, effect=Effect.BLOCK, value=value, now=NOW, **more)


def test_the_operators_options_stand_without_anything_else():
    found = facts_at(NOW)
    assert found.own_domains == {"corp.example"}
    assert (found.blocked, found.threshold, found.people) == (frozenset(), 0.0, ())


def test_everything_known_is_in_the_facts():
    block()
    add_entry(by=TUNER, kind=Kind.IP, effect=Effect.ALLOW, value="192.0.2.1", now=NOW)
    import_indicators(by=TUNER, text="evil.example,High", source="CERT", now=NOW)
    silence_reason(by=TUNER, signal="shortener", note="our newsletter", now=NOW)
    change_threshold(by=TUNER, threshold=6, now=NOW)
    found = facts_at(NOW)
    assert found.blocked == {"sender:bo@evil.example"}
    assert found.allowed == {"ip:192.0.2.1"}
    assert found.indicators == {"domain:evil.example": "CERT, High confidence"}
    assert (found.silenced, found.threshold) == ({"shortener"}, 6.0)


def test_asking_again_costs_one_query_and_gives_the_same_object(monkeypatch):
    monkeypatch.setattr("watchfloor.intelligence.facts._people", [])  # another slice's people ask for themselves
    block()
    first = facts_at(NOW)
    with CaptureQueriesContext(connection) as queries:
        assert facts_at(NOW + timedelta(seconds=1)) is first
    assert len(queries) == 1


def test_every_change_shows_at_once():
    block()
    assert facts_at(NOW).blocked
    expire_entry(by=TUNER, id=Entry.objects.get().pk, now=NOW)
    assert not facts_at(NOW).blocked
    block()
    remove_entry(by=TUNER, id=Entry.objects.get().pk, now=NOW)
    assert not facts_at(NOW).blocked
    silence_reason(by=TUNER, signal="shortener", note="why", now=NOW)
    assert facts_at(NOW).silenced
    restore_reason(by=TUNER, signal="shortener", now=NOW)
    assert not facts_at(NOW).silenced


def test_an_entry_ends_by_itself():
    block(life=Life.DAYS_1)
    block("cy@evil.example")
    assert len(facts_at(NOW + timedelta(hours=23)).blocked) == 2
    assert facts_at(NOW + timedelta(days=1)).blocked == {"sender:cy@evil.example"}


def test_people_are_read_anew_when_their_version_changes():
    class Directory:
        def __init__(self):
            self.known = (("Ann Lee", "ann@corp.example"),)
            self.read = 0

        def version(self):
            return self.known

        def people(self):
            self.read += 1
            return self.known

    directory = Directory()
    take_people_from(directory)
    assert facts_at(NOW).people == (("Ann Lee", "ann@corp.example"),)
    facts_at(NOW)
    assert directory.read == 1
    directory.known = ()
    assert facts_at(NOW).people == ()
