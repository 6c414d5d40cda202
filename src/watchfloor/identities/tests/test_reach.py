"""Ways to sensitive accounts: through groups and over devices, each edge with its fact."""

from datetime import timedelta

import pytest

from benchmarks.users_parts.people import NOW, build_people
from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.identities.models import Account, DirectoryPerson, Group, Membership
from watchfloor.identities.page.attack_paths import PathsOfAnIncident
from watchfloor.identities.selectors import paths_to_sensitive
from watchfloor.lake.services import append

READER = system_actor("test", Permission.IDENTITY_READ, Permission.INCIDENT_READ)


@pytest.fixture
def people(db):
    return build_people(60, risks=False)  # the eighth is an administrator


def logon(number: int, device: str, *, admin: bool = False, days: int = 1, action: str = "LogonSuccess") -> None:
    row = {
        "Timestamp": NOW - timedelta(days=days),
        "DeviceName": device,
        "ActionType": action,
        "AccountDomain": "CORP",
        "AccountName": f"p{number}",
        "AccountSid": f"S-1-5-21-1-2-3-{1000 + number}",
        "IsLocalAdmin": admin,
    }
    append("DeviceLogonEvents", [row])


def ways(pk: int, **more):
    return paths_to_sensitive(pk, actor=READER, now=NOW, **more)


def test_who_has_no_way_gets_none(people):
    assert ways(people[1]) == ()
    assert ways(0) == ()


def test_nested_groups_lead_to_a_sensitive_one_edge_by_edge(people):
    Membership.objects.create(
        group=Group.objects.get(name="Domain Admins"), member_group=Group.objects.get(name="Team 1")
    )
    (way,) = ways(people[55])
    assert (way.target, way.target_kind, way.hops, way.why) == ("Domain Admins", "group", 2, "RID 512")
    assert [edge.words for edge in way.edges] == [
        "p55@corp.example (corp) is a member of Team 1",
        "Team 1 is itself a member of Domain Admins",
    ]


def test_a_circle_of_groups_does_not_hang(people):
    Membership.objects.create(group=Group.objects.get(name="Team 0"), member_group=Group.objects.get(name="Everyone"))
    assert ways(people[1]) == ()


def test_rights_on_a_device_where_an_administrator_signed_in_are_a_way(people):
    logon(1, "PC-1", admin=True)
    logon(7, "pc-1")
    (way,) = ways(people[1])
    assert (way.target_kind, way.href, way.hops, way.certain) == ("person", f"/identities/{people[7]}", 2, True)
    assert "has administrator’s rights on pc-1" in way.edges[0].words
    assert "signed in to pc-1 on 2026-11-21" in way.edges[1].words


def test_a_mere_sign_in_beside_an_administrator_is_an_uncertain_way(people):
    logon(1, "pc-1")
    logon(7, "pc-1")
    (way,) = ways(people[1])
    assert not way.certain
    assert "administrator’s rights there were not seen" in way.edges[0].words


def test_credentials_of_a_colleague_lead_on_to_a_second_device(people):
    logon(1, "pc-1", admin=True)
    logon(2, "pc-1")
    logon(2, "pc-2", admin=True)
    logon(7, "pc-2")
    (way,) = ways(people[1])
    assert way.hops == 4
    assert [edge.to_name for edge in way.edges][::2] == ["pc-1", "pc-2"]


def test_failed_and_old_sign_ins_are_no_way(people):
    logon(1, "pc-1", admin=True)
    logon(7, "pc-1", action="LogonFailed")
    logon(7, "pc-1", days=10)
    assert ways(people[1], days=2) == ()
    assert len(ways(people[1], days=30)) == 1


def test_a_person_tagged_sensitive_is_a_target_too(people):
    DirectoryPerson.objects.filter(pk=people[3]).update(tags=["Sensitive"])
    logon(1, "pc-1", admin=True)
    logon(3, "pc-1")
    assert [way.why for way in ways(people[1])] == ["Tagged as sensitive"]


def test_without_the_right_to_device_events_only_groups_are_looked_at(people):
    logon(1, "pc-1", admin=True)
    logon(7, "pc-1")
    reader = system_actor("test", Permission.IDENTITY_READ)
    assert paths_to_sensitive(people[1], actor=reader, now=NOW) == ()


def test_a_deleted_account_leads_nowhere(people):
    Membership.objects.create(group=Group.objects.get(name="Domain Admins"), account=Account.objects.get(name="p1"))
    assert len(ways(people[1])) == 1
    Account.objects.filter(name="p1").update(deleted_at=NOW)
    assert ways(people[1]) == ()


def test_an_incident_is_told_the_ways_of_the_people_behind_its_accounts(people):
    Membership.objects.create(
        group=Group.objects.get(name="Domain Admins"), member_group=Group.objects.get(name="Team 1")
    )
    (path,) = PathsOfAnIncident().paths(("p55@corp.example", "nobody@else.example"), READER, NOW)
    assert (path.entry[0], path.target[:2], path.criticality, path.certain) == (
        *("person", ("group", "Domain Admins"), "RID 512"),
        True,
    )
    assert len(path.edges) == 2
