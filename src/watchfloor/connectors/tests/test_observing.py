"""What a connection saw is durable, comes in order, and goes when everybody has read it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.connectors import observing
from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind, OwnedFile, Share
from watchfloor.connectors.models import Observed
from watchfloor.connectors.observing import observe, observed_after, recall, register_observer, remember, trim_observed
from watchfloor.kernel.errors import BadInput
from watchfloor.runtime.services import move_cursor

AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
ADA = Account(
    "uuid-1",
    "OpenLDAP",
    name="ada",
    mail="ada@corp.example",
    other_mails=("a.l@corp.example",),
    enabled=False,
    created_at=AT,
    facts={"shell": "/bin/sh"},
)


def test_an_account_comes_back_as_it_was_told():
    said = ADA.as_json()
    assert said["enabled"] is False
    assert "department" not in said
    assert Account.from_json(said) == ADA


def test_a_file_keeps_its_shares():
    file = OwnedFile(
        "f1", "POSIX", "plan.ods", "/srv/plan.ods", "ada", changed_at=AT, shares=(Share("anyone", link=True),)
    )
    assert OwnedFile.from_json(file.as_json()) == file


@given(st.builds(DirectoryGroup, st.text(), st.text(), members=st.lists(st.text()).map(tuple), sensitive=st.booleans()))
def test_every_group_survives_the_way_through_json(group):
    assert DirectoryGroup.from_json(group.as_json()) == group


def test_a_field_nobody_knows_is_refused_by_name():
    with pytest.raises(BadInput, match="shoe_size"):
        Account.from_json({"key": "1", "provider": "CSV", "shoe_size": "42"})


@pytest.mark.django_db
def test_batches_come_in_order_and_by_kind():
    observe(kind=ObservedKind.ACCOUNTS, source="ldap", items=[ADA.as_json()], at=AT)
    observe(
        kind=ObservedKind.EVENTS, source="dovecot", table="IdentityLogonEvents", items=[{"Timestamp": AT}] * 2500, at=AT
    )
    batches = observed_after(0, kinds=[ObservedKind.EVENTS])
    assert [len(one.items) for one in batches] == [1000, 1000, 500]
    assert batches[0].table == "IdentityLogonEvents"
    assert batches[0].items[0] == {"Timestamp": AT.isoformat()}
    assert [one.source for one in observed_after(0, kinds=list(ObservedKind))] == ["ldap", *["dovecot"] * 3]
    assert observed_after(batches[-1].position, kinds=[ObservedKind.EVENTS]) == []


@pytest.mark.django_db
def test_what_cannot_be_stored_takes_its_position_back():
    observe(kind=ObservedKind.EVENTS, source="x", items=[{"a": 1}], alongside=lambda: remember("x", "log", {"at": 1}))
    assert recall("x", "log") == {"at": 1}

    def fail():
        remember("x", "log", {"at": 2})
        raise OSError("disk full")

    with pytest.raises(OSError):
        observe(kind=ObservedKind.EVENTS, source="x", items=[{"a": 2}], alongside=fail)
    assert recall("x", "log") == {"at": 1}
    assert recall("x", "other") == {}
    assert Observed.objects.count() == 1


@pytest.mark.django_db
def test_a_text_no_database_takes_is_made_storable():
    observe(kind=ObservedKind.EVENTS, source="x", items=[{"a": "nul\0 and half \ud800"}])
    assert observed_after(0, kinds=[ObservedKind.EVENTS])[0].items[0]["a"].startswith("nul")


@pytest.mark.django_db
def test_a_batch_goes_when_every_reader_of_its_kind_has_passed_it(monkeypatch):
    monkeypatch.setattr(observing, "_readers", {})
    register_observer("one", kinds=[ObservedKind.EVENTS])
    register_observer("two", kinds=[ObservedKind.EVENTS, ObservedKind.FILES])
    observe(kind=ObservedKind.EVENTS, source="x", items=[{"a": 1}])
    observe(kind=ObservedKind.GROUPS, source="x", items=[{"a": 1}])
    position = observed_after(0, kinds=[ObservedKind.EVENTS])[0].position
    move_cursor("one", position=position)
    assert trim_observed() == 0
    move_cursor("two", position=position)
    assert trim_observed() == 1
    assert [row.kind for row in Observed.objects.all()] == ["groups"]


@pytest.mark.django_db
def test_a_nul_is_gone_from_wherever_it_stood():
    deep = {"na\0me": ["a\0b", {"c": ("d\0", 1, None, AT)}], "spelt": "C:\\u0000 is a folder"}
    observe(kind=ObservedKind.EVENTS, source="x", items=[deep, {"whole": "as it is"}])
    batch = observed_after(0, kinds=[ObservedKind.EVENTS])[0]
    assert batch.items == (
        {"name": ["ab", {"c": ["d", 1, None, AT.isoformat()]}], "spelt": "C:\\u0000 is a folder"},
        {"whole": "as it is"},
    )


def test_a_time_without_a_zone_is_taken_as_utc():
    said = Account.from_json({"key": "1", "provider": "CSV", "password_set_at": "2026-11-02T08:30:00"})
    assert said.password_set_at == AT
