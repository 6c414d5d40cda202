"""Okta's people, log and actions, against a server in the shapes of its documentation."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from labs.okta import Okta
from watchfloor.connectors.contracts import Account, AccountRef, AccountVerb, DirectoryGroup, ObservedKind
from watchfloor.connectors.protocols.access_token import lasting
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.protocols.rounds import Rounds
from watchfloor.connectors.systems.okta import SYSTEM
from watchfloor.connectors.systems.okta.reading import Directory, SystemLog
from watchfloor.connectors.systems.okta.system import parts_of
from watchfloor.connectors.tests.entra import items
from watchfloor.kernel.errors import BadInput, Unreachable

NAME = "okta"
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def okta():
    with Okta() as server:
        yield server


@pytest.fixture
def waited():
    return []


@pytest.fixture
def rest(okta, waited):
    with Rest(okta.url, lasting(okta.token, scheme="SSWS"), pause=waited.append) as rest:
        yield rest


@pytest.fixture
def actions(okta):
    return SYSTEM.accounts({"url": okta.url, "token": okta.token, "act": "yes"}, name=NAME)


def accounts() -> list[Account]:
    return [Account.from_json(item) for item in items(ObservedKind.ACCOUNTS)]


def groups() -> list[DirectoryGroup]:
    return [DirectoryGroup.from_json(item) for item in items(ObservedKind.GROUPS)]


def event(number: int, at: datetime, **more) -> dict:
    return {
        "uuid": f"e{number}",
        "published": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "eventType": "user.session.start",
        "actor": {"id": "00uada", "type": "User", "alternateId": "ada@corp.example"},
        "outcome": {"result": "SUCCESS"},
        **more,
    }


@pytest.mark.django_db
def test_people_roles_and_groups_are_read_whole_and_only_differences_handed_on(okta, rest):
    ada = okta.add_user("ada", department="Sales", managerId="00umax", title="Clerk")
    rest_of_us = [okta.add_user(f"p{number}") for number in range(5)]
    okta.add_user("shut", status="SUSPENDED")
    okta.add_user("old", status="PASSWORD_EXPIRED")
    okta.add_group("staff", ada, *rest_of_us)
    okta.roles[ada] = ["Super Administrator"]
    directory = Directory(NAME, rest)
    assert directory.read() == ""
    found = {one.key: one for one in accounts()}
    assert len(found) == 8
    assert (found[ada].department, found[ada].manager, found[ada].roles) == (
        "Sales",
        "00umax",
        ("Super Administrator",),
    )
    assert (found["00ushut"].enabled, found["00uold"].flags) == (False, ("Must change password",))
    assert groups()[0].members == (ada, *rest_of_us)
    directory.read()
    assert len(accounts()) == 8, "nothing changed, nothing is told again"
    okta.users[ada]["status"] = "LOCKED_OUT"
    del okta.users["00ushut"]
    okta.members["00gstaff"].pop()
    directory.read()
    assert [(one.key, one.deleted, one.flags) for one in accounts()[8:]] == [
        (ada, False, ("Locked",)),
        ("00ushut", True, ()),
    ]
    assert len(groups()) == 2


@pytest.mark.django_db
def test_a_list_cut_short_removes_nobody(okta, rest):
    okta.add_user("ada")
    directory = Directory(NAME, rest)
    directory.read()
    okta.users.clear()
    with pytest.raises(BadInput, match="nothing is removed"):
        directory.read()
    assert [one.deleted for one in accounts()] == [False]


@pytest.mark.django_db
def test_a_token_that_may_not_ask_for_roles_reads_people_all_the_same(okta, rest):
    okta.roles[okta.add_user("ada")] = ["Super Administrator"]
    directory = Directory(NAME, rest)
    directory.read()
    okta.may_read_roles = False
    assert "administrator roles are not read" in directory.read()
    assert [one.roles for one in accounts()] == [("Super Administrator",)], "nobody loses a role by that"


def log_of(rest, now=NOW) -> SystemLog:
    return SystemLog.of(NAME, rest, timedelta(hours=6), lambda: now, lambda: False)


def ids() -> list[str]:
    return [one["ReportId"] for one in items(ObservedKind.EVENTS, "CloudAppEvents")]


@pytest.mark.django_db
def test_events_come_once_even_after_a_crash_between_two_pages(okta, rest, waited):
    okta.log = [event(number, NOW - timedelta(minutes=number)) for number in range(20)]
    okta.faults.fail("/logs", times=99, after=6)
    impatient = Rest(okta.url, lasting(okta.token, scheme="SSWS"), pause=waited.append, attempts=1)
    with impatient, pytest.raises(Unreachable):
        log_of(impatient).read()
    okta.faults.coming.clear()
    log_of(rest, NOW + timedelta(minutes=1)).read()
    log_of(rest, NOW + timedelta(minutes=2)).read()
    assert sorted(ids()) == sorted(f"e{number}" for number in range(20))
    assert len(items(ObservedKind.EVENTS, "IdentityLogonEvents")) == 20


@pytest.mark.django_db
def test_events_that_make_no_sense_are_counted_and_the_rest_is_kept(okta, rest):
    okta.log = [
        event(1, NOW),
        {"published": "2026-11-02T11:00:00.000Z"},
        event(3, NOW, client=[[]], actor=7, target="x"),
    ]
    assert "1 record could not be read" in log_of(rest, NOW + timedelta(minutes=1)).read()
    assert len(ids()) == 2


def test_oktas_own_way_of_saying_wait_is_understood(okta, rest, waited):
    okta.faults.throttle("/users", times=1)
    okta.faults.coming[0].headers = {"X-Rate-Limit-Reset": str(int(time.time()) + 9)}
    rest.get("/api/v1/users")
    assert 7 <= waited[0] <= 11


@pytest.mark.django_db
def test_the_parts_run_in_turn(okta, rest):
    okta.add_user("ada")
    rounds = Rounds(NAME, parts_of({"days": "1"}, NAME, rest, lambda: False), lambda: False)
    rounds.once()
    assert len(accounts()) == 1


def ref(key: str) -> AccountRef:
    return AccountRef(NAME, key, provider="Okta")


def run(actions, verb, key):
    before = actions.before(verb, ref(key))
    return actions.do(verb, ref(key), before=before), before


def test_an_account_is_suspended_and_brought_back(okta, actions):
    ada = okta.add_user("ada")
    assert "becomes SUSPENDED" in actions.plan(AccountVerb.SUSPEND, ref(ada))[0]
    done, before = run(actions, AccountVerb.SUSPEND, ada)
    assert (done.status, done.verified, okta.users[ada]["status"]) == ("done", True, "SUSPENDED")
    assert actions.state(ref(ada)).enabled is False
    assert run(actions, AccountVerb.SUSPEND, ada)[0].status == "already"
    assert actions.undo(AccountVerb.SUSPEND, ref(ada), before=before).status == "done"
    assert okta.users[ada]["status"] == "ACTIVE"


def test_sessions_end_and_a_temporary_password_is_shown_once(okta, actions):
    ada = okta.add_user("ada")
    done, before = run(actions, AccountVerb.END_SESSIONS, ada)
    assert (done.status, done.verified, okta.sessions[ada]) == ("done", False, 0)
    assert actions.undo(AccountVerb.END_SESSIONS, ref(ada), before=before).status == "failed"
    done, _ = run(actions, AccountVerb.RESET_PASSWORD, ada)
    assert (done.status, done.verified, done.secret) == ("done", True, okta.passwords[ada])


def test_what_okta_does_not_allow_is_a_failure_in_its_words(okta, actions):
    locked = okta.add_user("locked", status="LOCKED_OUT")
    assert "only accounts that are ACTIVE" in actions.plan(AccountVerb.SUSPEND, ref(locked))[1]
    assert "current status" in run(actions, AccountVerb.SUSPEND, locked)[0].why
    assert run(actions, AccountVerb.SUSPEND, "00unobody")[0].status == "missing"
    assert actions.state(ref("00unobody")) is None
    assert not actions.serves(ref("../groups"))


def test_the_test_says_what_the_token_may_read(okta):
    okta.add_user("ada")
    settings = {"url": okta.url, "token": okta.token, "act": "no"}
    assert SYSTEM.test(settings).ok
    wrong = SYSTEM.test(settings | {"token": "wrong"})
    assert [ok for ok, _ in wrong.lines] == [False] * 3
    assert "Invalid token" in wrong.lines[0][1]
    assert SYSTEM.accounts(settings, name=NAME) is None


def test_the_console_is_the_organisations_own():
    from watchfloor.connectors.systems.okta.acting import OktaAccounts

    rest = Rest("https://corp.okta.com", lasting("x", scheme="SSWS"))
    assert OktaAccounts(NAME, rest).console(ref("00u1")) == "https://corp-admin.okta.com/admin/user/profile/view/00u1"
