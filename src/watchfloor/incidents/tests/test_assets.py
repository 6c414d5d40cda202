"""The assets of an incident: each person once, mailboxes apart, devices with who signed in to them."""

import pytest
from django.urls import get_resolver

from watchfloor.access.contracts import Actor, Permission
from watchfloor.incidents import assets as assets_module
from watchfloor.incidents.assets import assets, counts, register_asset_knowledge
from watchfloor.incidents.contracts import AssetFacts
from watchfloor.lake.services import append

pytestmark = pytest.mark.django_db
READER = Actor("ada", "Ada", frozenset({Permission.INCIDENT_READ, Permission.IDENTITY_READ}))
STRANGER = Actor("sam", "Sam", frozenset({Permission.INCIDENT_READ}))


class Directory:
    """Knows one person under two names."""

    kind = "users"
    heads = ("Risk level",)
    permission = Permission.IDENTITY_READ

    def tell(self, values, actor):
        names = {"ada@corp.example", "corp\\ada"}
        facts = AssetFacts("person:1", "Ada Lovelace", "/identities/1", "/identities/1/summary", (("High", "danger"),))
        return {value.lower(): facts for value in values if value.lower() in names}


@pytest.fixture(autouse=True)
def directory(monkeypatch):
    assert get_resolver().url_patterns  # which loads what the slices above register, before this one replaces it
    monkeypatch.setattr(assets_module, "_knowledge", {})
    register_asset_knowledge(Directory())


def test_a_person_stands_once_with_all_names_the_alerts_use_and_the_gravest_role(make, findings):
    alert = findings.raised(
        make.user("ada@corp.example"), make.user("CORP\\ada", "compromised"), make.mailbox("ada@corp.example")
    )
    [one], heads = assets(alert.incident_id, "users", actor=READER)
    assert (one.name, one.item.role, heads) == ("Ada Lovelace", "compromised", ("Risk level",))
    assert len({one.item.value, *one.also}) == 2


def test_a_mailbox_of_nobody_we_know_is_no_user_but_a_user_of_nobody_is(make, findings):
    alert = findings.raised(make.mailbox("x@else.example"), make.user("y@else.example"), make.mailbox())
    users = [one.item.value for one in assets(alert.incident_id, "users", actor=READER)[0]]
    assert sorted(users) == ["ada@corp.example", "y@else.example"]
    assert counts(alert.incident_id, actor=READER) == {
        "users": 2,
        "mailboxes": 2,
        "devices": 0,
        "applications": 0,
    }


def test_who_may_not_read_people_gets_the_names_alone(make, findings):
    alert = findings.raised(make.user())
    [one], heads = assets(alert.incident_id, "users", actor=STRANGER)
    assert (one.name, one.facts.href, heads) == ("ada@corp.example", "", ())


def test_users_lead_to_their_page_and_open_beside_the_list(make, findings, as_ada):
    alert = findings.raised(make.user(), make.mailbox())
    shown = as_ada.get(f"/incidents/{alert.incident_id}?tab=assets").content.decode()
    assert 'href="/identities/1"' in shown
    assert 'hx-get="/identities/1/summary"' in shown


def test_a_list_of_assets_is_exported_with_what_is_known(make, findings, as_ada):
    alert = findings.raised(make.user())
    lines = as_ada.get(f"/incidents/{alert.incident_id}/assets.csv?kind=users").content.decode().splitlines()
    assert lines[0].endswith('"Risk level"')
    assert lines[1].startswith('"Ada Lovelace","ada@corp.example"')


def test_a_device_shows_who_signed_in_to_it_around_the_incident(make, findings, as_ada):
    alert = findings.raised(["device", "pc-1", "", "impacted", "unknown"])
    row = {"Timestamp": make.start, "DeviceName": "PC-1", "AccountDomain": "CORP", "ActionType": "LogonSuccess"}
    append("DeviceLogonEvents", [row | {"AccountName": "<b>ada", "IsLocalAdmin": True, "ReportId": 1}])
    shown = as_ada.get(f"/incidents/{alert.incident_id}/device?name=pc-1").content.decode()
    assert "CORP\\&lt;b&gt;ada" in shown
    assert "Administrator" in shown
    assert "<b>ada" not in shown


def test_applications_have_a_tab_and_a_fly_out_and_join_nothing(findings, make, as_ada):
    """Everybody uses them, so an application in common says nothing (IN-34)."""
    application = ["cloudApplication", "Nextcloud", "", "contextual", "unknown"]
    one = findings.raised(make.user("ada@corp.example"), application)
    other = findings.raised(make.user("ben@corp.example"), application)
    assert one.incident_id != other.incident_id
    page = as_ada.get(f"/incidents/{one.incident_id}?tab=assets&kind=applications").content.decode()
    assert "Nextcloud" in page
    assert "CloudAppEvents" in page
    flyout = as_ada.get(f"/incidents/{one.incident_id}/entity?type=cloudApplication&value=Nextcloud")
    assert "1 other incident name" in flyout.content.decode()
    assert (
        f"/incidents/{other.incident_id}"
        not in as_ada.get(f"/incidents/{one.incident_id}?tab=similar").content.decode()
    )
