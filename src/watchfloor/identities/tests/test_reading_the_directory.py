"""What directories tell becomes people, accounts and groups, whatever comes first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.users_parts.people import said_of
from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.contracts import AccountFlag, DirectoryGroup, ObservedKind, OwnedFile, Share
from watchfloor.connectors.services import observe
from watchfloor.identities.directory_reading import CURSOR, read_directory
from watchfloor.identities.directory_rows import snapshot_all
from watchfloor.identities.models import Account, Awaited, DirectoryPerson, FileShare, Group, Membership, StoredFile
from watchfloor.identities.selectors import accounts_of, person_by_id, person_of_name
from watchfloor.lake.contracts import Query
from watchfloor.lake.selectors import all_rows
from watchfloor.runtime.selectors import cursor_position

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN = Said(
    key="a1", provider="ActiveDirectory", name="ann", upn="ann@corp.example", mail="ann@corp.example",
    display_name="Ann Lee", manager="CN=Bo,DC=corp", dn="CN=Ann,DC=corp", sid="S-1-5-21-9-1", domain="corp.example",
)  # fmt: skip
BO = Said(
    key="b1", provider="ActiveDirectory", name="bo", mail="bo@corp.example", display_name="Bo Diaz", dn="CN=Bo,DC=corp"
)


def tell(kind: ObservedKind, *items: Any, source: str = "corp", at: datetime = NOW) -> None:
    observe(kind=kind, source=source, items=[one.as_json() for one in items], at=at)


def take(*accounts: Said, source: str = "corp", at: datetime = NOW) -> None:
    tell(ObservedKind.ACCOUNTS, *accounts, source=source, at=at)
    read_directory(now=at)


def group(*groups: DirectoryGroup, source: str = "corp", at: datetime = NOW) -> None:
    tell(ObservedKind.GROUPS, *groups, source=source, at=at)
    read_directory(now=at)


def who(name: str) -> DirectoryPerson:
    return DirectoryPerson.objects.get(pk=person_of_name(name))


def events(name: str = "IdentityDirectoryEvents") -> list[dict[str, Any]]:
    return all_rows(Query(name, NOW - timedelta(days=300), NOW + timedelta(days=300)))


def test_an_account_becomes_a_person_with_all_its_names(db):
    take(ANN)
    person = who("CORP\\ann")
    assert (person.name, person.address, person.domain) == ("Ann Lee", "ann@corp.example", "corp.example")
    assert person.leading == "ActiveDirectory corp a1"
    (line,) = accounts_of(person.pk)
    assert (line.joined_by, line.joined_words) == ("first", "The first account seen of this person")


@pytest.mark.parametrize("order", [(ANN, BO), (BO, ANN)])
def test_a_manager_named_by_distinguished_name_is_found_whoever_comes_first(db, order):
    for one in order:
        take(one)
    assert who("ann").manager == "bo@corp.example"


def test_a_manager_in_the_same_batch_is_found(db):
    take(ANN, BO)
    assert who("ann").manager == "bo@corp.example"


@pytest.mark.parametrize("first", ["accounts", "groups"])
def test_a_member_named_before_its_account_is_known_joins_later(db, first):
    team = DirectoryGroup(key="g1", name="Finance", members=("CN=Ann,DC=corp", "b1"))
    steps = [lambda: take(ANN, BO), lambda: group(team)]
    for step in steps if first == "accounts" else reversed(steps):
        step()
    assert Membership.objects.count() == 2
    assert not Awaited.objects.exists()
    assert who("ann").groups == who("bo").groups == ["Finance"]


def test_groups_that_an_account_names_itself_are_joined_whichever_came_first(db):
    take(replace(ANN, groups=("g1",)))
    assert Awaited.objects.count() == 1
    group(DirectoryGroup(key="g1", name="Finance"))
    take(replace(BO, groups=("g1",)))
    assert {one.account.name for one in Membership.objects.all() if one.account} == {"ann", "bo"}
    take(BO)
    assert {one.account.name for one in Membership.objects.all() if one.account} == {"ann"}


def test_a_group_nests_in_another_that_comes_later(db):
    group(DirectoryGroup(key="all", name="All", members=("team",)))
    group(DirectoryGroup(key="team", name="Team"))
    nested = Membership.objects.get()
    assert (nested.group.name, nested.member_group and nested.member_group.name) == ("All", "Team")


def test_who_leaves_a_group_is_no_longer_in_it_and_the_change_is_an_event(db):
    take(ANN, BO)
    group(DirectoryGroup(key="g1", name="Domain Admins", members=("a1", "b1"), sensitive=True, why_sensitive="RID 512"))
    assert who("ann").privileged
    group(DirectoryGroup(key="g1", name="Domain Admins", members=("b1",), sensitive=True, why_sensitive="RID 512"))
    assert not who("ann").privileged
    assert who("bo").privileged
    (event,) = [one for one in events() if one["ActionType"] == "Group Membership changed"]
    assert event["TargetAccountUpn"] == "ann@corp.example"
    assert '"FROM.GROUP": "Domain Admins"' in event["AdditionalFields"]


def test_who_sits_in_a_group_nested_in_a_sensitive_one_is_privileged_even_in_a_circle(db):
    take(ANN, BO)
    group(
        DirectoryGroup(key="g1", name="Domain Admins", members=("g2",), sensitive=True),
        DirectoryGroup(key="g2", name="Helpdesk", members=("g3", "g1")),
        DirectoryGroup(key="g3", name="Trainees", members=("a1", "g2")),
    )
    assert who("ann").privileged
    assert not who("bo").privileged


def test_a_deleted_account_stays_as_deleted_and_comes_back(db):
    take(ANN)
    take(Said(key="a1", provider="ActiveDirectory", deleted=True), at=NOW + timedelta(hours=1))
    person = DirectoryPerson.objects.get()
    assert (person.status, person.name, person.deleted_at) == ("deleted", "Ann Lee", NOW + timedelta(hours=1))
    take(ANN, at=NOW + timedelta(hours=2))
    assert (who("ann").status, who("ann").deleted_at) == ("active", None)
    assert [one["ActionType"] for one in events()] == ["Account deleted", "Account restored"]


def test_a_deletion_of_an_account_never_heard_of_is_nothing(db):
    take(Said(key="x", provider="OpenLDAP", deleted=True))
    assert not Account.objects.exists()


def test_changes_become_events_with_before_and_after(db):
    take(replace(ANN, password_set_at=NOW - timedelta(days=90)))
    later = NOW + timedelta(days=1)
    locked = replace(
        ANN, enabled=False, flags=(AccountFlag.LOCKED.value,), manager="b1", password_set_at=later, title="Controller"
    )
    take(locked, at=later)
    found = {one["ActionType"]: one for one in events()}
    assert set(found) == {
        *(
            "Account disabled",
            "Account Password changed",
            "Account locked",
            "Account Manager changed",
            "User Title changed",
        )
    }
    assert '"Before": "enabled", "After": "disabled"' in found["Account disabled"]["AdditionalFields"]
    assert found["User Title changed"]["Application"] == "Active Directory"


def test_an_account_made_lately_is_an_event_and_an_old_one_of_a_new_source_is_none(db):
    take(replace(ANN, created_at=NOW - timedelta(days=1)), replace(BO, created_at=NOW - timedelta(days=900)))
    (event,) = events()
    assert (event["ActionType"], event["TargetAccountUpn"]) == ("Account created", "ann@corp.example")
    take(replace(BO, key="c1", mail="cy@corp.example", name="cy"), at=NOW + timedelta(days=2))
    assert [one["TargetAccountUpn"] for one in events()] == ["ann@corp.example", "cy@corp.example"]


def test_every_change_writes_a_snapshot_and_a_mere_sign_in_does_not(db):
    take(ANN)
    take(replace(ANN, last_sign_in_at=NOW), at=NOW + timedelta(minutes=5))
    assert who("ann").last_seen_at == NOW
    (row,) = events("IdentityInfo")
    assert (row["AccountUpn"], row["OnPremSid"], row["Type"]) == ("ann@corp.example", "S-1-5-21-9-1", "User")
    assert row["IdentityEnvironment"] == "OnPremises"


def test_once_a_day_everybody_is_written_down(db):
    take(ANN, BO)
    tomorrow = NOW + timedelta(days=1)
    assert snapshot_all(now=tomorrow) == 2
    assert snapshot_all(now=tomorrow) == 0
    assert snapshot_all(now=tomorrow) == 0
    assert len(events("IdentityInfo")) == 4
    assert snapshot_all(now=tomorrow + timedelta(days=1)) == 2


def test_reading_again_what_is_known_changes_nothing(db):
    take(ANN, BO)
    written = who("ann").imported_at
    take(ANN, BO, at=NOW + timedelta(hours=1))
    assert who("ann").imported_at == written
    assert len(events("IdentityInfo")) == 2


def test_with_nothing_new_a_reading_asks_two_questions(db, django_assert_max_num_queries):
    take(ANN)
    with django_assert_max_num_queries(2):
        assert read_directory(now=NOW) == 0


def test_the_cursor_moves_with_what_was_read_and_not_without(db, monkeypatch):
    tell(ObservedKind.ACCOUNTS, ANN)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("watchfloor.identities.directory_reading.write_rows", broken)
        with pytest.raises(RuntimeError):
            read_directory(now=NOW)
    assert cursor_position(CURSOR) == 0
    assert not Account.objects.exists()
    assert read_directory(now=NOW) == 1
    assert cursor_position(CURSOR) > 0


def test_an_item_of_a_strange_shape_is_said_and_does_not_stop_the_others(db):
    observe(kind=ObservedKind.ACCOUNTS, source="corp", items=[{"shoe": 38}, ANN.as_json()], at=NOW)
    assert read_directory(now=NOW) == 2
    assert Account.objects.count() == 1


def test_files_are_kept_with_their_shares_and_go_when_they_are_deleted(db):
    plan = OwnedFile(
        "f1", "Nextcloud", "Plan.docx", "/Plan.docx", "Ann@corp.example", shares=(Share("anyone", link=True),)
    )
    tell(ObservedKind.FILES, plan, source="cloud")
    read_directory(now=NOW)
    assert StoredFile.objects.get().owner == "ann@corp.example"
    tell(ObservedKind.FILES, replace(plan, shares=(Share("bo@corp.example", right="write"),)), source="cloud")
    read_directory(now=NOW)
    assert [(one.whom, one.right) for one in FileShare.objects.all()] == [("bo@corp.example", "write")]
    tell(ObservedKind.FILES, replace(plan, deleted=True), source="cloud")
    read_directory(now=NOW)
    assert not StoredFile.objects.exists()


def test_a_deleted_group_keeps_its_row_and_loses_its_members(db):
    take(ANN)
    group(DirectoryGroup(key="g1", name="Finance", members=("a1",)))
    group(DirectoryGroup(key="g1", name="Finance", deleted=True))
    assert Group.objects.get().deleted_at == NOW
    assert who("ann").groups == []


def test_a_thousand_people_come_in_with_few_queries_and_again_with_fewer(db, django_assert_max_num_queries):
    people = [said_of(number) for number in range(1000)]
    tell(ObservedKind.ACCOUNTS, *people)
    with django_assert_max_num_queries(400):
        read_directory(now=NOW)
    tell(ObservedKind.ACCOUNTS, *people)
    with django_assert_max_num_queries(30):
        read_directory(now=NOW)


def test_who_is_a_guest_is_external(db):
    take(replace(ANN, guest=True), BO)
    found = person_by_id(who("ann").pk)
    assert found is not None
    assert found.affiliation == "External"
    assert not who("bo").external


def too_long(row: Any) -> list[str]:
    """Columns of a row that hold more than a strict database takes."""
    texts = [one for one in row._meta.get_fields() if getattr(one, "max_length", None)]
    return [one.name for one in texts if len(getattr(row, one.name)) > one.max_length]


def test_one_value_longer_than_its_column_keeps_nobody_out(db):
    long = "x" * 3000
    names = ("name", "upn", "mail", "dn", "sid", "display_name", "manager", "department", "title", "phone", "company")
    whole = Said(key=long, provider=long, **dict.fromkeys(names, f"{long}@corp.example"), roles=(long,), groups=(long,))
    take(ANN, whole, replace(whole, key=f"{long}2", name="", mail=""))
    share = Share(long, right=long)
    file = OwnedFile(long, long, long, long, long, sha256=long, label=long, changed_by=long, shares=(share,))
    tell(ObservedKind.FILES, file, replace(file, key=f"{long}2"))
    group(DirectoryGroup(long, long, dn=long, sid=long, mail=long, why_sensitive=long, members=(f"{long}2",)))
    assert [too_long(row) for row in (*Account.objects.all(), *DirectoryPerson.objects.all())] == [[]] * 5
    assert not any(too_long(row) for kind in (Group, StoredFile, FileShare, Awaited) for row in kind.objects.all())
    assert (Account.objects.count(), StoredFile.objects.count(), FileShare.objects.count()) == (3, 2, 2)
    assert Membership.objects.filter(group=Group.objects.get()).count() == 2
    take(replace(whole, deleted=True))
    tell(ObservedKind.FILES, replace(file, deleted=True))
    read_directory(now=NOW)
    assert (Account.objects.filter(deleted_at=None).count(), StoredFile.objects.count()) == (2, 1)


def test_two_accounts_whose_keys_differ_in_case_alone_are_two_people(db):
    take(*(Said(key=key, provider="Okta", name="x") for key in ("aB", "ab", "AB")))
    assert DirectoryPerson.objects.count() == 3
