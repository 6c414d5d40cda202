"""What Microsoft 365 tells is read page by page, once, and after a crash from where it broke off."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from labs.graph import START, Graph, stamp
from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind, OwnedFile, Share
from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.observing import recall
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.protocols.rounds import Rounds, patiently
from watchfloor.connectors.systems.microsoft365.access import feed_of, graph_of
from watchfloor.connectors.systems.microsoft365.activity import Feed
from watchfloor.connectors.systems.microsoft365.files import Drives
from watchfloor.connectors.systems.microsoft365.logs import AUDITS, DETECTIONS, RISKY_USERS, SIGN_INS, GraphLogs
from watchfloor.connectors.systems.microsoft365.people import Directory
from watchfloor.connectors.systems.microsoft365.system import parts_of
from watchfloor.connectors.tests.entra import items, settings_for
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable
from watchfloor.runtime.selectors import health

pytestmark = pytest.mark.django_db
NAME = "tenant"


@pytest.fixture
def graph():
    with Graph() as server:
        yield server


@pytest.fixture
def waited():
    return []


@pytest.fixture
def rest(graph, waited):
    with graph_of(settings_for(graph), pause=waited.append) as rest:
        yield rest


def accounts() -> dict[str, Account]:
    """The newest word on each account, by display name or key."""
    found = [Account.from_json(item) for item in items(ObservedKind.ACCOUNTS)]
    return {one.display_name or one.key: one for one in found}


def groups() -> dict[str, DirectoryGroup]:
    return {one.name or one.key: one for one in map(DirectoryGroup.from_json, items(ObservedKind.GROUPS))}


def people(graph, count=7):
    return [graph.tenant.add_user(f"p{number}") for number in range(count)]


def test_every_page_of_people_and_groups_is_read(graph, rest):
    keys = people(graph)
    graph.tenant.set_manager(keys[1], keys[0])
    graph.tenant.change_user(
        keys[0],
        department="Sales",
        jobTitle="Boss",
        proxyAddresses=["SMTP:p0@corp.example", "smtp:boss@corp.example", "x500:/o=x"],
        businessPhones=["+43 1"],
        userType="Guest",
        passwordPolicies="DisablePasswordExpiration",
        onPremisesSyncEnabled=True,
        accountEnabled=False,
    )
    graph.tenant.add_group("Staff", keys)
    graph.tenant.add_group("Rulers", keys[:1], isAssignableToRole=True)
    graph.tenant.grant("Global Administrator", keys[2])
    directory = Directory(NAME, rest)
    directory.read_roles()
    directory.read()
    found = accounts()
    assert len(found) == 7
    boss = found["P0"]
    assert (boss.department, boss.title, boss.other_mails, boss.phone) == (
        "Sales",
        "Boss",
        ("boss@corp.example",),
        "+43 1",
    )
    assert (boss.guest, boss.enabled, boss.flags) == (True, False, ("Password never expires",))
    assert boss.facts == {"Synchronised from Active Directory": "yes"}
    assert found["P1"].manager == keys[0]
    assert found["P2"].roles == ("Global Administrator",)
    assert sorted(groups()["Staff"].members) == sorted(keys)
    assert groups()["Rulers"].sensitive


def test_the_second_look_reads_only_what_changed(graph, rest):
    keys = people(graph)
    staff = graph.tenant.add_group("Staff", keys[:2])
    graph.tenant.set_manager(keys[1], keys[0])
    directory = Directory(NAME, rest)
    directory.read()
    before = len(items(ObservedKind.ACCOUNTS)), len(items(ObservedKind.GROUPS))
    directory.read_roles()
    directory.read()
    assert (len(items(ObservedKind.ACCOUNTS)), len(items(ObservedKind.GROUPS))) == before
    graph.tenant.change_user(keys[1], department="Moved")
    graph.tenant.remove(keys[3])
    graph.tenant.join(staff, keys[5])
    graph.tenant.grant("Helpdesk Administrator", keys[4])
    directory.read()
    directory.read_roles()
    news = [Account.from_json(one) for one in items(ObservedKind.ACCOUNTS)[before[0] :]]
    assert {one.key: one.deleted for one in news} == {keys[1]: False, keys[3]: True, keys[4]: False}
    assert accounts()["P1"].department == "Moved"
    assert accounts()["P1"].manager == keys[0], "a change of something else does not lose the manager"
    assert accounts()["P4"].roles == ("Helpdesk Administrator",)
    assert sorted(groups()["Staff"].members) == sorted([keys[0], keys[1], keys[5]])


def test_a_crash_between_two_pages_goes_on_at_the_page_it_broke_off(graph, waited):
    people(graph, 9)
    graph.faults.fail("/users/delta", status=503, times=99, after=2)
    with graph_of(settings_for(graph), pause=waited.append, attempts=2) as rest, pytest.raises(Unreachable):
        Directory(NAME, rest).read()
    assert len(items(ObservedKind.ACCOUNTS)) == 6
    graph.faults.coming.clear()
    graph.asked.clear()
    with graph_of(settings_for(graph)) as rest:
        Directory(NAME, rest).read()
    assert len(items(ObservedKind.ACCOUNTS)) == 9
    assert graph.count("/users/delta") == 1


def test_a_forgotten_position_starts_from_the_beginning(graph, rest):
    people(graph)
    directory = Directory(NAME, rest)
    directory.read()
    graph.tenant.forget_before = 10_000
    directory.read()
    assert len(items(ObservedKind.ACCOUNTS)) == 14


def test_a_permission_for_roles_that_is_taken_away_takes_no_role_from_anybody(graph, rest):
    keys = people(graph)
    graph.tenant.grant("Global Administrator", keys[2])
    directory = Directory(NAME, rest)
    directory.read_roles()
    graph.tenant.roles.discard("RoleManagement.Read.Directory")
    graph.issuer.expire()
    with pytest.raises(NotConfigured):
        directory.read_roles()
    directory.read()
    assert accounts()["P2"].roles == ("Global Administrator",)


def test_a_permission_that_is_granted_later_is_used_at_once(graph, rest):
    graph.tenant.roles.discard("User.Read.All")
    graph.tenant.roles.discard("User.ReadWrite.All")
    with pytest.raises(NotConfigured, match="Insufficient privileges"):
        rest.get("/v1.0/users")
    graph.tenant.roles.add("User.Read.All")
    assert rest.get("/v1.0/users").status == 200


def test_throttling_is_waited_out_for_as_long_as_the_server_says(graph, rest, waited):
    people(graph)
    graph.faults.throttle("/users/delta", times=2, seconds=7)
    graph.faults.hang_up("/groups/delta")
    Directory(NAME, rest).read()
    assert waited[:2] == [7.0, 7.0]
    assert len(waited) == 3
    assert len(accounts()) == 7


def test_a_server_that_wants_us_gone_for_hours_is_left_alone(graph, rest):
    graph.faults.throttle(times=1, seconds=7200)
    with pytest.raises(Unreachable, match="429"):
        rest.get("/v1.0/users")


def test_a_token_that_ends_in_mid_run_is_fetched_anew(graph, rest):
    people(graph)
    rest.get("/v1.0/users")
    graph.issuer.expire()
    Directory(NAME, rest).read()
    assert len(accounts()) == 7
    assert graph.issuer.issued == 2


def test_a_revoked_secret_is_no_endless_loop(graph, rest):
    rest.get("/v1.0/users")
    graph.issuer.expire()
    graph.tenant.client_secret = "another"
    with pytest.raises(NotConfigured, match="AADSTS7000215"):
        rest.get("/v1.0/users")


# --- logs -----------------------------------------------------------------------------------------------------------


def sign_in(number: int, at: datetime) -> dict:
    return {
        "id": f"s{number}",
        "createdDateTime": stamp(at),
        "userPrincipalName": "ada@corp.example",
        "appDisplayName": "Portal",
        "ipAddress": "203.0.113.7",
        "status": {"errorCode": 0},
    }


def logs(rest, now: datetime, **more) -> GraphLogs:
    return GraphLogs(NAME, rest, timedelta(hours=12), lambda: now, **more)


def ids(table="EntraIdSignInEvents") -> list[str]:
    return [one["ReportId"] for one in items(ObservedKind.EVENTS, table)]


def test_sign_ins_come_once_however_often_they_are_asked_for(graph, rest):
    graph.tenant.sign_ins = [sign_in(number, START + timedelta(minutes=number)) for number in range(10)]
    logs(rest, START + timedelta(hours=1)).read(SIGN_INS)
    logs(rest, START + timedelta(hours=1, minutes=1)).read(SIGN_INS)
    assert sorted(ids()) == sorted(f"s{number}" for number in range(10))


def test_a_sign_in_that_graph_shows_late_is_read_all_the_same(graph, rest):
    graph.tenant.sign_ins = [sign_in(1, START)]
    logs(rest, START + timedelta(minutes=30)).read(SIGN_INS)
    graph.tenant.sign_ins.append(sign_in(2, START + timedelta(minutes=25)))
    logs(rest, START + timedelta(minutes=31)).read(SIGN_INS)
    assert ids() == ["s1", "s2"]
    graph.tenant.sign_ins.append(sign_in(3, START - timedelta(minutes=70)))
    logs(rest, START + timedelta(minutes=32)).read(SIGN_INS)
    assert ids() == ["s1", "s2"], "not every look goes so far back"
    logs(rest, START + timedelta(minutes=46)).read(SIGN_INS)
    assert ids() == ["s1", "s2", "s3"]


def test_catching_up_asks_for_no_hour_twice(graph, rest):
    logs(rest, START).read(SIGN_INS)
    assert graph.count("/signIns") == 12


def test_a_crash_between_two_pages_of_a_log_reads_nothing_twice_and_loses_nothing(graph, waited):
    graph.tenant.sign_ins = [sign_in(number, START + timedelta(minutes=number)) for number in range(20)]
    now = START + timedelta(hours=2)
    for after in (3, 1, 4):
        graph.faults.fail("/signIns", times=99, after=after)
        with graph_of(settings_for(graph), pause=waited.append, attempts=1) as rest, pytest.raises(Unreachable):
            logs(rest, now).read(SIGN_INS)
        graph.faults.coming.clear()
    with graph_of(settings_for(graph)) as rest:
        logs(rest, now).read(SIGN_INS)
    assert len(ids()) == 20
    assert set(ids()) == {f"s{number}" for number in range(20)}


def test_marks_of_long_ago_are_forgotten(graph, rest):
    graph.tenant.sign_ins = [sign_in(number, START + timedelta(minutes=number)) for number in range(10)]
    logs(rest, START + timedelta(hours=1)).read(SIGN_INS)
    assert len(recall(NAME, "sign-ins")["seen"]) == 10
    logs(rest, START + timedelta(hours=9)).read(SIGN_INS)
    assert recall(NAME, "sign-ins")["seen"] == {}


def test_audits_and_risk_become_rows(graph, rest):
    ada = graph.tenant.add_user("ada")
    at = START + timedelta(minutes=5)
    graph.tenant.audits = [
        {
            "id": "a1",
            "activityDisplayName": "Add member to role",
            "activityDateTime": stamp(at),
            "targetResources": [],
            "initiatedBy": {},
        }
    ]
    graph.tenant.detections = [
        {
            "id": "d1",
            "riskEventType": "leakedCredentials",
            "riskState": "atRisk",
            "detectedDateTime": stamp(at),
            "userPrincipalName": "ada@corp.example",
        }
    ]
    graph.tenant.set_risk(ada, "high", "atRisk", at=at)
    logs(rest, START + timedelta(hours=1)).read(AUDITS, DETECTIONS, RISKY_USERS)
    graph.tenant.set_risk(ada, "none", "remediated", at=at + timedelta(minutes=52))
    logs(rest, START + timedelta(hours=1, minutes=1)).read(AUDITS, DETECTIONS, RISKY_USERS)
    changes = items(ObservedKind.EVENTS, "IdentityDirectoryEvents")
    assert [one["ActionType"] for one in changes] == [
        "Add member to role",
        "Account risk changed",
        "Account risk changed",
    ]
    assert [one["AdditionalFields"].get("RiskState") for one in changes[1:]] == ["atRisk", "remediated"]
    assert len(items(ObservedKind.EVENTS, "BehaviorInfo")) == 1


def test_records_that_cannot_be_read_are_counted_and_the_others_kept(graph, rest):
    graph.tenant.sign_ins = [
        sign_in(1, START),
        sign_in(2, START) | {"userPrincipalName": {"deep": ["x"] * 5000}, "status": [[]], "location": 7},
        sign_in(3, START) | {"appDisplayName": "x" * 1_000_000},
        {"id": "s4", "createdDateTime": stamp(START), "what": "is this"},
        sign_in(5, START) | {"id": {"not": "a text"}},
    ]
    reader = logs(rest, START + timedelta(minutes=10))
    warning = reader.read(SIGN_INS)
    assert warning == "1 record could not be read; see the dead letters"
    assert len(ids()) == 4
    assert reader.read(SIGN_INS) == "", "it is not told again"
    (letter,) = DeadLetter.objects.all()
    assert (letter.place, letter.attempts) == ("sign-ins: record", 1)
    assert "no sign-in, audit or risk record" in letter.reason


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"value": 7}', b'{"value": [1, null, "x"]}', b"[" * 100_000])
def test_an_answer_of_the_wrong_shape_is_no_crash(graph, rest, body):
    graph.faults.fail("/signIns", status=200, times=1, body=body)
    graph.faults.fail("/users/delta", status=200, times=1, body=body)
    logs(rest, START + timedelta(minutes=10)).read(SIGN_INS)
    Directory(NAME, rest).read()
    assert ids() == []


def test_a_link_to_another_server_is_not_followed_with_our_token(graph, rest):
    graph.faults.fail(
        "/users/delta", status=200, body=json.dumps({"value": [], "@odata.nextLink": "https://evil.example/x"}).encode()
    )
    with pytest.raises(BadInput, match="another server"):
        Directory(NAME, rest).read()


# --- unified audit log ----------------------------------------------------------------------------------------------


def audit(number: int, **more) -> dict:
    return {
        "CreationTime": "2026-11-02T08:30:15",
        "Id": f"u{number}",
        "Operation": "FileDownloaded",
        "Workload": "OneDrive",
        "UserId": "ada@corp.example",
        "RecordType": 6,
        **more,
    }


def feed(graph, now, rest=None, **more) -> Feed:
    rest = rest or feed_of(settings_for(graph))
    return Feed(NAME, rest, graph.tenant.id, timedelta(days=1), lambda: now, **more)


def test_the_audit_log_is_subscribed_to_and_each_blob_read_once(graph):
    for number in range(8):
        graph.tenant.publish("Audit.SharePoint", [audit(number)], at=START + timedelta(minutes=number))
    graph.tenant.publish("Audit.Exchange", [audit(100, Operation="New-InboxRule", Workload="Exchange")], at=START)
    now = START + timedelta(hours=1)
    assert feed(graph, now).read() == ""
    assert graph.tenant.subscribed == {"Audit.Exchange", "Audit.SharePoint", "Audit.General"}
    feed(graph, now + timedelta(minutes=1)).read()
    assert len(ids("CloudAppEvents")) == len(set(ids("CloudAppEvents"))) == 9
    graph.tenant.publish("Audit.SharePoint", [audit(9)], at=START + timedelta(minutes=30))
    feed(graph, now + timedelta(minutes=2)).read()
    assert len(ids("CloudAppEvents")) == 10


def test_a_crash_between_two_blobs_reads_nothing_twice(graph):
    for number in range(6):
        graph.tenant.publish("Audit.SharePoint", [audit(number), "rubbish"], at=START + timedelta(minutes=number))
    graph.faults.fail("/audit/", times=99, after=3)
    now = START + timedelta(hours=1)
    slow = Rest(f"{graph.url}/manage", feed_of(settings_for(graph))._token, pause=lambda seconds: None, attempts=1)
    with slow, pytest.raises(Unreachable):
        feed(graph, now, slow).read()
    graph.faults.coming.clear()
    assert "3 records could not be read" in feed(graph, now).read()
    assert DeadLetter.objects.get().place == "unified audit log: record"
    assert sorted(ids("CloudAppEvents")) == [f"u{number}" for number in range(6)]


def test_content_that_has_expired_is_passed_over(graph):
    key = graph.tenant.publish("Audit.General", [audit(1)], at=START)
    del graph.tenant.blobs[key]
    assert feed(graph, START + timedelta(hours=1)).read() == ""


# --- files ----------------------------------------------------------------------------------------------------------


def files() -> dict[str, OwnedFile]:
    return {one.name: one for one in map(OwnedFile.from_json, items(ObservedKind.FILES))}


def test_files_come_with_owner_shares_and_links(graph, rest):
    ada = graph.tenant.add_user("ada")
    graph.tenant.add_user("max")
    graph.tenant.add_file(ada, "quiet.txt")
    graph.tenant.add_file(
        ada,
        "plan.xlsx",
        permissions=[
            {"id": "1", "roles": ["owner"], "grantedToV2": {"user": {"email": "ada@corp.example"}}},
            {"id": "2", "roles": ["write"], "grantedToV2": {"user": {"email": "Max@corp.example"}}},
            {
                "id": "3",
                "roles": ["read"],
                "link": {"scope": "anonymous", "type": "edit"},
                "expirationDateTime": "2026-12-01T00:00:00Z",
            },
            {"id": "4", "roles": ["read"], "link": {"scope": "organization", "type": "view"}},
            {
                "id": "5",
                "roles": ["read"],
                "link": {"scope": "users", "type": "view"},
                "grantedToIdentitiesV2": [{"user": {"email": "x@else.example"}}],
            },
            {"id": "6", "roles": ["read"], "grantedToV2": {"group": {"displayName": "Staff"}}},
        ],
    )
    assert Drives(NAME, rest).read() == ""
    plan = files()["plan.xlsx"]
    assert (plan.owner, plan.path, plan.sha256) == ("ada@corp.example", "/Documents/plan.xlsx", "ab" * 32)
    assert plan.shares == (
        Share("max@corp.example", "write"),
        Share("anyone", "write", link=True, expires_at=datetime(2026, 12, 1, tzinfo=UTC)),
        Share("organisation", link=True),
        Share("x@else.example", link=True),
        Share("Staff", group=True),
    )
    assert files()["quiet.txt"].shares == ()
    assert graph.count("/permissions") == 2, "two pages, for the shared file alone"


def test_the_second_look_at_a_drive_reads_only_what_changed(graph, rest):
    ada = graph.tenant.add_user("ada")
    keys = [graph.tenant.add_file(ada, f"f{number}.txt") for number in range(7)]
    drives = Drives(NAME, rest, ("ada@corp.example",))
    drives.read()
    graph.tenant.remove_file(ada, keys[2])
    drives.read()
    assert len(items(ObservedKind.FILES)) == 8
    assert files()["f2.txt"].deleted
    graph.tenant.forget_before = 10_000
    drives.read()
    assert len(items(ObservedKind.FILES)) == 15


def test_a_drive_is_read_anew_each_week_as_shares_can_change_unseen(graph, rest):
    ada = graph.tenant.add_user("ada")
    graph.tenant.add_file(ada, "plan.txt")
    Drives(NAME, rest, ("ada@corp.example",), now=lambda: START).read()
    Drives(NAME, rest, ("ada@corp.example",), now=lambda: START + timedelta(days=6)).read()
    assert len(items(ObservedKind.FILES)) == 1
    Drives(NAME, rest, ("ada@corp.example",), now=lambda: START + timedelta(days=8)).read()
    assert len(items(ObservedKind.FILES)) == 2


# --- running --------------------------------------------------------------------------------------------------------


def told() -> tuple[str, str]:
    (one,) = [one for one in health() if one.part == f"connection {NAME}"]
    return one.state, one.sentence


def test_one_parts_trouble_does_not_keep_the_others_waiting(graph):
    people(graph)
    graph.tenant.roles -= {"AuditLog.Read.All"}
    settings = settings_for(graph, risk="no", files="no")
    with graph_of(settings) as rest, feed_of(settings) as audit_feed:
        rounds = Rounds(NAME, parts_of(settings, NAME, rest, audit_feed, lambda: False), lambda: False)
        rounds.once()
        assert len(accounts()) == 7
        state, sentence = told()
        assert state == "warning"
        assert "sign-ins cannot be read" in sentence
        graph.tenant.roles.add("AuditLog.Read.All")
        rounds.once()
        assert told()[0] == "ok"


def test_a_pause_ends_when_the_connection_is_to_stop():
    with pytest.raises(Unreachable, match="stopped"):
        patiently(lambda: True)(60)
