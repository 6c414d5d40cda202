"""Google Workspace's people, audits and actions, against a server in the shapes of its documentation."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from labs.workspace import ADMIN, SCOPE, Workspace
from watchfloor.connectors.contracts import Account, AccountRef, AccountVerb, DirectoryGroup, ObservedKind
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.protocols.rounds import Rounds
from watchfloor.connectors.systems.google_workspace import SYSTEM
from watchfloor.connectors.systems.google_workspace.access import READ, ServiceAccount, token_of
from watchfloor.connectors.systems.google_workspace.reading import Audits, Directory
from watchfloor.connectors.systems.google_workspace.system import parts_of
from watchfloor.connectors.tests.entra import items
from watchfloor.kernel.errors import NotConfigured, Unreachable

NAME = "google"
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def google():
    with Workspace() as server:
        yield server


def settings_for(google, **more) -> dict[str, str]:
    return {
        "credentials": google.credentials,
        "admin": ADMIN,
        "url": google.url,
        "token_url": f"{google.url}/token",
        "act": "no",
        **more,
    }


@pytest.fixture
def rest(google):
    with Rest(google.url, token_of(settings_for(google), READ), pause=lambda seconds: None) as rest:
        yield rest


@pytest.fixture
def actions(google):
    return SYSTEM.accounts(settings_for(google, act="yes"), name=NAME)


def activity(number: int, at: datetime, name: str = "login_success") -> dict:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "kind": "admin#reports#activity",
        "id": {"time": stamp, "uniqueQualifier": str(number), "applicationName": "login", "customerId": "C1"},
        "actor": {"email": "ada@corp.example", "profileId": "10001"},
        "ipAddress": "203.0.113.9",
        "events": [{"type": "login", "name": name}],
    }


@pytest.mark.django_db
def test_people_and_groups_are_read_whole_and_only_differences_handed_on(google, rest):
    ada = google.add_user(
        "ada",
        isAdmin=True,
        aliases=["a@corp.example"],
        organizations=[{"title": "Old"}, {"primary": True, "title": "Clerk", "department": "Sales", "name": "Corp"}],
        relations=[{"type": "manager", "value": "Max@corp.example"}],
        phones=[{"type": "work", "value": "+43 1"}],
        externalIds=[{"type": "organization", "value": "E7"}],
        isEnrolledIn2Sv=False,
    )
    keys = [google.add_user(f"p{number}") for number in range(5)]
    google.add_group("staff", ada, *keys)
    directory = Directory(NAME, rest)
    assert directory.read() == ""
    found = {one.key: one for one in map(Account.from_json, items(ObservedKind.ACCOUNTS))}
    assert (found[ada].title, found[ada].department, found[ada].manager) == ("Clerk", "Sales", "max@corp.example")
    assert (found[ada].roles, found[ada].employee_id, found[ada].last_sign_in_at) == (
        ("Super Administrator",),
        "E7",
        None,
    )
    assert found[ada].facts == {"2-Step Verification": "not enrolled"}
    assert DirectoryGroup.from_json(items(ObservedKind.GROUPS)[0]).members == (ada, *keys)
    directory.read()
    assert len(items(ObservedKind.ACCOUNTS)) == 6
    google.users[ada]["suspended"] = True
    del google.users[keys[0]]
    directory.read()
    news = [Account.from_json(one) for one in items(ObservedKind.ACCOUNTS)[6:]]
    assert [(one.key, one.enabled, one.deleted) for one in news] == [(ada, False, False), (keys[0], True, True)]


def audits(rest, now=NOW) -> Audits:
    return Audits(NAME, rest, ("login",), timedelta(days=1), lambda: now, lambda: False)


def ids() -> list[str]:
    return [one["ReportId"] for one in items(ObservedKind.EVENTS, "CloudAppEvents")]


@pytest.mark.django_db
def test_activities_come_once_even_late_ones_and_after_a_crash(google, rest):
    google.activities["login"] = [activity(number, NOW - timedelta(minutes=number)) for number in range(1, 15)]
    google.faults.fail("/activity/", times=99, after=5)
    impatient = Rest(google.url, token_of(settings_for(google), READ), attempts=1)
    with impatient, pytest.raises(Unreachable):
        audits(impatient).read()
    google.faults.coming.clear()
    audits(rest, NOW + timedelta(minutes=1)).read()
    google.activities["login"].append(activity(99, NOW - timedelta(hours=5), "login_failure"))
    audits(rest, NOW + timedelta(minutes=20)).read()
    assert len(ids()) == len(set(ids())) == 15
    kinds = [one["ActionType"] for one in items(ObservedKind.EVENTS, "IdentityLogonEvents")]
    assert kinds.count("LogonFailed") == 1


@pytest.mark.django_db
def test_a_page_token_that_never_ends_ends(google, rest):
    google.faults.fail("/users", status=200, times=50, body=b'{"users": [], "nextPageToken": "again"}')
    with rest:
        Directory(NAME, rest).read()
    assert google.count("/directory/v1/users") == 2


@pytest.mark.django_db
def test_the_parts_run_in_turn(google, rest):
    google.add_user("ada")
    Rounds(NAME, parts_of({"days": "1"}, NAME, rest, lambda: False), lambda: False).once()
    assert len(items(ObservedKind.ACCOUNTS)) == 1
    asked = {path.partition("?")[0].rsplit("/", 1)[-1] for _, path in google.asked if "/activity/" in path}
    assert asked == {"login", "admin", "token", "user_accounts", "drive"}


def ref(key: str) -> AccountRef:
    return AccountRef(NAME, key, provider="GoogleWorkspace")


def run(actions, verb, key):
    before = actions.before(verb, ref(key))
    return actions.do(verb, ref(key), before=before), before


def test_an_account_is_suspended_and_brought_back(google, actions):
    ada = google.add_user("ada")
    assert "suspended" in actions.plan(AccountVerb.SUSPEND, ref(ada))[0]
    done, before = run(actions, AccountVerb.SUSPEND, ada)
    assert (done.status, done.verified, google.users[ada]["suspended"]) == ("done", True, True)
    assert run(actions, AccountVerb.SUSPEND, ada)[0].status == "already"
    assert actions.undo(AccountVerb.SUSPEND, ref(ada), before=before).status == "done"
    assert actions.state(ref(ada)).enabled is True


def test_sessions_end_and_a_password_is_reset(google, actions):
    ada = google.add_user("ada")
    done, before = run(actions, AccountVerb.END_SESSIONS, ada)
    assert (done.status, done.verified, google.signed_out) == ("done", False, [ada])
    assert actions.undo(AccountVerb.END_SESSIONS, ref(ada), before=before).status == "failed"
    done, _ = run(actions, AccountVerb.RESET_PASSWORD, ada)
    assert (done.status, done.verified, google.passwords[ada]) == ("done", True, done.secret)
    assert actions.state(ref(ada)).must_change_password
    assert run(actions, AccountVerb.SUSPEND, "999")[0].status == "missing"
    assert actions.console(ref(ada)) == f"https://admin.google.com/ac/users/{ada}"


def test_the_test_names_the_scope_that_is_not_delegated(google):
    assert SYSTEM.test(settings_for(google, act="yes")).ok
    google.delegated.discard(f"{SCOPE}.reports.audit.readonly")
    said = [words for ok, words in SYSTEM.test(settings_for(google)).lines if not ok]
    assert said[0].startswith(f"no {SCOPE}.reports.audit.readonly")
    assert not SYSTEM.test(settings_for(google, admin="eve@corp.example")).ok


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"private_key": "x", "client_email": "y"}', '{"private_key": 7}'])
def test_a_key_file_that_is_none_says_so(google, broken):
    with pytest.raises(NotConfigured, match="key file"):
        ServiceAccount.of(settings_for(google, credentials=broken))
    assert not SYSTEM.test(settings_for(google, credentials=broken)).ok


def test_a_key_is_never_printed(google):
    assert "PRIVATE" not in repr(ServiceAccount.of(settings_for(google)))
    assert "PRIVATE" in json.loads(google.credentials)["private_key"]
