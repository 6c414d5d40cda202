"""The pages of a person as people open them: who may, what stands there, hostile names, what is asked of the database."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from watchfloor.access.contracts import Permission
from watchfloor.access.services import add_person, add_role
from watchfloor.identities.models import (
    Account,
    AccountAlias,
    DirectoryPerson,
    FileShare,
    Group,
    Membership,
    PersonRisk,
    RiskPoint,
    StoredFile,
)
from watchfloor.identities.page.devices import Device, joined
from watchfloor.identities.page.lines import Line, chosen
from watchfloor.identities.scoring.evidence import event_href
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append

pytestmark = pytest.mark.django_db
TABS = ("", "/incidents", "/alerts", "/observed", "/paths", "/timeline", "/files", "/mail", "/summary", "/organisation")
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOSTILE = '<img src=x onerror=alert(1)>"\u202efdp'


def person(address="ann@corp.example", name="Ann Lee", **given):
    return DirectoryPerson.objects.create(
        address=address, name=name, source="corp", imported_at=utc_now(), status="active", **given
    )


def account(who, *, source="ad", key="k1", names=(), **given):
    now = utc_now()
    wanted = {
        "provider": "ActiveDirectory",
        "upn": who.address,
        "mail": who.address,
        "first_seen_at": now,
        "seen_at": now,
    }
    row = Account.objects.create(person=who, source=source, key=key, **(wanted | given))
    for kind, value in names:
        AccountAlias.objects.create(account=row, kind=kind, value=value)
    return row


def seen(client, who, tab=""):
    answer = client.get(f"/identities/{who.pk}{tab}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("tab", TABS)
def test_each_part_opens_for_somebody_nothing_is_known_of(as_ada, tab):
    assert "Ann Lee" in seen(as_ada, person(), tab) or tab == "/paths"


@pytest.mark.parametrize("tab", [*TABS, "/timeline.csv"])
def test_nobody_without_the_right_sees_any_part(as_eve, tab):
    assert as_eve.get(f"/identities/{person().pk}{tab}").status_code == 403


@pytest.mark.parametrize("number", [999_999, 2**40])
def test_a_number_of_nobody_says_so(as_ada, number):
    assert as_ada.get(f"/identities/{number}").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_hostile_names_are_text_and_nothing_else(as_ada, tab):
    who = person(name=HOSTILE, title=HOSTILE, department=HOSTILE, office=HOSTILE, tags=[HOSTILE])
    row = account(who, flags=[HOSTILE], roles=[HOSTILE], joined={"by": "x", "words": HOSTILE})
    group = Group.objects.create(source="ad", key="g", name=HOSTILE, description=HOSTILE, seen_at=utc_now())
    Membership.objects.create(group=group, account=row)
    StoredFile.objects.create(
        source="s", key="f", name=HOSTILE, path=HOSTILE, owner=who.address, seen_at=utc_now(), url="javascript:alert(1)"
    )
    rows = {"Timestamp": utc_now() - timedelta(minutes=5), "AccountUpn": who.address, "Application": HOSTILE}
    append(
        "EntraIdSignInEvents", [rows | {"Country": HOSTILE, "City": HOSTILE, "DeviceName": HOSTILE, "ReportId": "1"}]
    )
    shown = seen(as_ada, who, tab)
    assert "<img" not in shown
    assert "javascript:" not in shown
    assert "\u202e" not in re.sub(
        r'="[^"]*"', "", shown
    )  # a filter's value and a copy button keep what is really there


def test_a_name_leads_to_the_page_whatever_name_it_is(as_ada):
    who = person()
    account(who, names=[("login", "corp\\ann"), ("object", "0f-1"), ("mail", "a.lee@corp.example")])
    for name in ("ann@corp.example", "ANN@corp.example", "a.lee@corp.example", "CORP\\ann", "0f-1"):
        assert as_ada.get(f"/identities/of/{name}").headers["Location"] == f"/identities/{who.pk}"


def test_an_unknown_address_is_shown_with_what_is_known_of_it(as_ada):
    row = {"Timestamp": utc_now() - timedelta(days=1), "RecipientEmailAddress": "ann@corp.example"}
    append("EmailEvents", [row | {"SenderFromAddress": "x@evil.example", "NetworkMessageId": "m", "ReportId": "r"}])
    answer = as_ada.get("/identities/of/x@evil.example")
    assert answer.status_code == 404
    assert "Mails that name it as sender" in answer.content.decode()


def test_a_person_who_was_merged_leads_to_the_one_they_became(as_ada):
    kept = person("a@corp.example")
    gone = person("b@corp.example", merged_into=kept)
    assert as_ada.get(f"/identities/{gone.pk}/timeline").headers["Location"] == f"/identities/{kept.pk}/timeline"


def test_the_overview_says_what_makes_somebody_exposed(as_ada):
    who = person(tags=["VIP"], privileged=True)
    account(
        who,
        roles=["Global Administrator"],
        flags=["Password not required"],
        password_set_at=utc_now() - timedelta(days=500),
    )
    shown = seen(as_ada, who)
    assert "Holds Global Administrator" in shown
    assert "the password is 500 days old" in shown
    assert "Priority account" in shown


def test_the_fly_out_has_threat_exposure_accounts_contact_organisation_and_the_way_to_the_page(as_ada):
    who = person(phone="+49 1", title="Clerk", department="Finance", manager="max@corp.example")
    account(who)
    PersonRisk.objects.create(person=who, score=70, percentile=95, level="high", state="atRisk", scored_at=utc_now())
    shown = seen(as_ada, who, "/summary")
    for words in (
        "Go to user page",
        "Current incidents",
        "Risk level",
        "Exposure",
        "ActiveDirectory",
        "+49 1",
        "Finance",
    ):
        assert words in shown


def test_numbers_in_the_fly_out_open_the_lists_they_count(as_ada):
    who = person()
    shown = seen(as_ada, who, "/summary")
    assert f"/identities/{who.pk}/incidents?status=active&amp;status=inProgress" in shown
    assert f"/identities/{who.pk}/alerts?status=new&amp;status=inProgress" in shown


def test_files_tell_how_far_they_are_shared(as_ada):
    who, other = person(), person("bo@corp.example", "Bo")
    own = StoredFile.objects.create(
        source="s", key="1", name="Pay.xlsx", path="/Pay.xlsx", owner=who.address, seen_at=utc_now()
    )
    FileShare.objects.create(file=own, whom="anyone", link=True)
    given = StoredFile.objects.create(
        source="s", key="2", name="Plan.docx", path="/Plan.docx", owner=other.address, seen_at=utc_now()
    )
    FileShare.objects.create(file=given, whom=who.address, right="write")
    FileShare.objects.create(file=given, whom="x@elsewhere.example", right="write")
    assert "Anyone who has the link can open it" in seen(as_ada, who, "/files")
    shared = seen(as_ada, who, "/files?view=shared")
    assert "Plan.docx" in shared
    assert "Pay.xlsx" not in shared
    assert "x@elsewhere.example from outside may change it" in shared


def test_groups_stand_with_the_way_that_leads_to_them_sensitive_ones_first(as_ada):
    who = person()
    row = account(who)
    inner = Group.objects.create(source="ad", key="1", name="Helpdesk", seen_at=utc_now())
    outer = Group.objects.create(source="ad", key="2", name="Domain Admins", sensitive=True, seen_at=utc_now())
    Membership.objects.create(group=inner, account=row)
    Membership.objects.create(group=outer, member_group=inner)
    shown = seen(as_ada, who, "/observed")
    assert shown.index("Domain Admins") < shown.index("directly")
    assert "through Helpdesk" in shown


def test_ways_to_what_is_sensitive_stand_as_a_graph_with_their_hops(as_ada):
    who = person()
    inner = Group.objects.create(source="ad", key="1", name="Helpdesk", seen_at=utc_now())
    outer = Group.objects.create(source="ad", key="2", name="Domain Admins", sensitive=True, seen_at=utc_now())
    Membership.objects.create(group=inner, account=account(who))
    Membership.objects.create(group=outer, member_group=inner)
    shown = seen(as_ada, who, "/paths?days=7")
    assert '"id": "group:Domain Admins"' in shown
    assert "Helpdesk is itself a member of Domain Admins" in shown


def test_places_and_devices_of_sign_ins_are_counted(as_ada):
    who = person()
    row = {
        "AccountUpn": who.address,
        "Country": "DE",
        "City": "Berlin",
        "DeviceName": "PC-1",
        "IPAddress": "203.0.113.7",
    }
    rows = [row | {"Timestamp": utc_now() - timedelta(hours=n), "ReportId": str(n)} for n in range(1, 4)]
    append(
        "EntraIdSignInEvents",
        [*rows, rows[0] | {"Country": "Nigeria", "City": "", "DeviceName": "pc-2", "ReportId": "9"}],
    )
    shown = seen(as_ada, who, "/observed")
    assert "Berlin, Germany" in shown
    assert "Nigeria" in shown
    assert '"name": "NG"' in shown
    assert "Most used: <strong>pc-1</strong> (3 sign-ins)" in shown


def test_the_export_has_the_columns_of_the_page_and_runs_no_formula(as_ada):
    who = person()
    row = {
        "Timestamp": utc_now() - timedelta(minutes=5),
        "AccountUpn": who.address,
        "Application": "=cmd()",
        "ReportId": "1",
    }
    append("EntraIdSignInEvents", [row])
    answer = as_ada.get(f"/identities/{who.pk}/timeline.csv?period=1d")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].startswith('"Time (UTC)","Type","Activity"')
    assert '"\'=cmd()"' in lines[1]
    some = as_ada.get(f"/identities/{who.pk}/timeline.csv?period=1d&column=Type&column=Points")
    head = b"".join(some.streaming_content).decode().splitlines()[0]
    assert head == '"Time (UTC)","Type","Activity","Description","Points","Why"'
    none = as_ada.get(f"/identities/{who.pk}/timeline.csv?period=1d&column=")
    assert b"".join(none.streaming_content).decode().splitlines()[0] == '"Time (UTC)","Activity","Description"'


def test_a_point_in_the_timeline_shows_its_number_and_the_reason(as_ada):
    who = person()
    at = utc_now() - timedelta(hours=2)
    append("EntraIdSignInEvents", [{"Timestamp": at, "AccountUpn": who.address, "ReportId": "abc"}])
    key = f"event:EntraIdSignInEvents:abc:new_country:{who.pk}:DE"
    RiskPoint.objects.create(
        person=who, key=key, kind="activity", what="new_country", at=at, points=12, words="First time in DE."
    )
    shown = seen(as_ada, who, "/timeline")
    assert "First time in DE." in shown


def test_somebody_who_may_see_people_but_no_mail_gets_no_mail(client):
    add_role(name="People", description="", permissions=[Permission.IDENTITY_READ], by=None)
    sam = add_person(
        email="sam@corp.example", name="Sam", password="correct horse battery staple", roles=["People"], by=None
    )
    client.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    who = person()
    assert client.get(f"/identities/{who.pk}/mail").status_code == 403
    assert client.get(f"/identities/{who.pk}/incidents").status_code == 403
    assert client.get(f"/identities/{who.pk}").status_code == 200


def test_the_overview_asks_no_more_of_the_database_for_a_person_of_many_accounts(as_ada):
    few, many = person("few@corp.example"), person("many@corp.example")
    account(few, key="one")
    for number in range(12):
        row = account(many, key=str(number), source=f"s{number}")
        group = Group.objects.create(source="ad", key=f"g{number}", name=f"G{number}", seen_at=utc_now())
        Membership.objects.create(group=group, account=row)

    def asked(who):
        seen(as_ada, who)
        with CaptureQueriesContext(
            connection,
        ) as told:
            seen(as_ada, who)
        return len(told)

    assert asked(many) <= asked(few) + 2


def test_the_incidents_users_are_the_people_its_alerts_name(as_ada):
    from watchfloor.identities.page.asset_knowledge import UsersOfAnIncident

    who = person(department="Finance", privileged=True)
    account(who, names=[("login", "corp\\ann")])
    PersonRisk.objects.create(person=who, score=70, percentile=95, level="high", state="atRisk", scored_at=utc_now())
    told = UsersOfAnIncident().tell(["ANN@corp.example", "corp\\ann", "nobody@else.example"], None)
    assert {one.key for one in told.values()} == {f"person:{who.pk}"}
    assert told["ann@corp.example"].cells == (("High", "danger"), ("Privileged", "danger"), ("Finance", "plain"))
    assert "nobody@else.example" not in told


def test_the_ways_replace_what_asked_for_them(as_ada):
    who = person()
    assert 'hx-trigger="load" hx-swap="outerHTML"' in seen(as_ada, who, "/observed")
    shown = seen(as_ada, who, "/paths?days=7")
    assert shown.startswith('<div id="person-paths"')
    assert shown.count('hx-swap="outerHTML"') == 4


def test_a_device_under_its_short_and_its_full_name_is_one(as_ada):
    who = person()
    account(who)
    at = utc_now() - timedelta(days=2)
    entra = {
        "Timestamp": at,
        "AccountUpn": who.address,
        "DeviceName": "HW-PC1",
        "ErrorCode": 0,
        "OSPlatform": "Windows",
    }
    logon = {"Timestamp": at, "AccountUpn": who.address, "DeviceName": "hw-pc1.corp.example", "ActionType": "Success"}
    append("EntraIdSignInEvents", [entra | {"ReportId": "1"}])
    append("IdentityLogonEvents", [logon | {"ReportId": "2"}])
    shown = seen(as_ada, who, "/observed")
    assert "and as hw-pc1, its short name" in shown
    assert "Least used" not in shown


def a_device(name, logons=1):
    return Device(name, logons, 0, utc_now(), utc_now(), "Interactive")


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("pc1", "pc1.corp.example"), ["pc1.corp.example"]),
        (("pc1", "pc1.a.example", "pc1.b.example"), ["pc1", "pc1.a.example", "pc1.b.example"]),
        (("10", "10.0.0.1"), ["10", "10.0.0.1"]),
        (("pc1", "pc2.corp.example"), ["pc1", "pc2.corp.example"]),
    ],
)
def test_only_a_short_name_with_one_full_name_is_joined(names, kept):
    assert [one.name for one in joined(tuple(map(a_device, names)))] == kept


def test_joined_devices_add_up():
    (one,) = joined((a_device("pc1", 3), a_device("pc1.corp.example", 4)))
    assert (one.logons, one.how, one.also) == (7, "Interactive", "pc1")


def test_the_evidence_of_a_point_is_marked_among_the_lines_of_its_second(as_ada):
    who = person()
    account(who)
    at = utc_now() - timedelta(days=1)
    row = {"Timestamp": at, "AccountUpn": who.address, "Application": "VPN", "ActionType": "LogonFailed"}
    append("IdentityLogonEvents", [row | {"ReportId": one} for one in ("other", "meant")])
    shown = as_ada.get(event_href(who.pk, table="IdentityLogonEvents", report="meant", at=at)).content.decode()
    assert shown.count('class="meant"') == 1
    assert "The evidence" in shown
    gone = as_ada.get(event_href(who.pk, table="IdentityLogonEvents", report="gone", at=at)).content.decode()
    assert "not among these lines" in gone
    assert 'class="meant"' not in gone


def test_a_cut_report_number_marks_what_starts_with_it():
    wanted = chosen(QueryDict(urlencode({"event": "T:" + "x" * 120})), now=utc_now())
    assert wanted.means(Line(utc_now(), "T:" + "x" * 130, "Sign-in", "Sign-in"))
    assert not wanted.means(Line(utc_now(), "U:" + "x" * 130, "Sign-in", "Sign-in"))
    assert not chosen(QueryDict("event=T:1"), now=utc_now()).means(Line(utc_now(), "T:12", "Sign-in", "Sign-in"))


def test_a_time_of_ones_own_keeps_its_seconds(as_ada):
    given = QueryDict("period=custom&from=2026-01-02T03:04:05&to=2026-01-02T03:04:07")
    again = chosen(QueryDict(chosen(given, now=NOON).address()), now=NOON)
    assert (again.start.second, again.end.second) == (5, 7)
