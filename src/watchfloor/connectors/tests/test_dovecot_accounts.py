"""Sessions, the deny file and Sieve scripts of people at a real Dovecot."""

import os
import time
from pathlib import Path

import pytest
from imapclient.exceptions import LoginError

from labs.dovecot import Dovecot
from watchfloor.connectors.contracts import AccountRef, AccountSystem, AccountVerb
from watchfloor.connectors.systems.dovecot import SYSTEM
from watchfloor.connectors.systems.dovecot.deny_file import DenyFile
from watchfloor.kernel.errors import NotConfigured, Unreachable

V = AccountVerb
ADA = "ada@corp.example"
REF = AccountRef(source="ldap", key="1", mail=ADA, upn="ada.l@corp.example", name="ada")
SIEVE = "plugin {\n  sieve = file:~/sieve;active=~/.dovecot.sieve\n}\n"
SCRIPT = 'require ["copy", "fileinto"];\nredirect :copy "thief@elsewhere.example";\nfileinto "RSS";\n'


@pytest.fixture(scope="module")
def server():
    with Dovecot(users=[ADA, "max@corp.example"], more=SIEVE) as one:
        yield one


@pytest.fixture
def accounts(server):
    return SYSTEM.accounts(settings_of(server), name="mail")


@pytest.fixture
def script(server, accounts):
    """Ada's script, as an intruder left it; nothing active afterwards."""
    accounts.doveadm.call("sievePut", user=ADA, scriptname="main", file=SCRIPT, activate=True)
    yield
    accounts.doveadm.call("sieveDeactivate", user=ADA)
    for name in [row["script"] for row in accounts.doveadm.call("sieveList", user=ADA)]:
        accounts.doveadm.call("sieveDelete", user=ADA, scriptname=[name])


def settings_of(server, **more):
    return {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "doveadm_url": f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1",
        "doveadm_key": server.api_key,
        "deny_file": str(server.folder / "denied"),
        **more,
    }


def done(accounts, verb, ref=REF):
    before = accounts.before(verb, ref)
    return before, accounts.do(verb, ref, before=before)


def test_it_is_an_account_system_and_says_what_it_can(server, accounts):
    assert isinstance(SYSTEM, AccountSystem)
    assert accounts.can == {V.SUSPEND, V.ENABLE, V.END_SESSIONS, V.STOP_RULES, V.STOP_FORWARDING}
    only_file = SYSTEM.accounts(settings_of(server, doveadm_url=""), name="mail")
    assert only_file.can == {V.SUSPEND, V.ENABLE}
    assert SYSTEM.accounts(settings_of(server, doveadm_url="", deny_file=""), name="mail") is None


def test_a_person_is_recognised_by_any_name_the_server_knows(server, accounts):
    assert accounts.serves(REF)
    assert accounts.serves(AccountRef(source="okta", key="x", upn="MAX@corp.example"))
    assert not accounts.serves(AccountRef(source="okta", key="x", mail="nobody@corp.example"))
    assert not accounts.serves(AccountRef(source="okta", key="x", mail="*"))
    narrow = SYSTEM.accounts(settings_of(server, domains="other.example"), name="mail")
    assert not narrow.serves(REF)


def test_a_live_session_ends_and_who_shows_nobody(server, accounts):
    first, second, other = server.login(ADA), server.login(ADA), server.login("max@corp.example")
    assert accounts.state(REF).sessions == 2
    before, outcome = done(accounts, V.END_SESSIONS)
    assert (before, outcome.status, outcome.verified) == ({"sessions": 2}, "done", True)
    assert outcome.words == ("2 sessions ended",)
    for session in (first, second):
        with pytest.raises((OSError, session.AbortError)):
            session.noop()
    other.noop()
    other.logout()
    assert done(accounts, V.END_SESSIONS)[1].status == "already"


def test_suspending_refuses_the_very_next_sign_in_and_enabling_takes_it_again(server, accounts):
    before, outcome = done(accounts, V.SUSPEND)
    assert (outcome.status, outcome.verified, before) == ("done", True, {"denied": False})
    with pytest.raises(LoginError):
        server.login(ADA)
    server.login("max@corp.example").logout()
    server.admin(ADA).logout()
    assert accounts.state(REF).enabled is False
    assert done(accounts, V.SUSPEND)[1].status == "already"
    assert done(accounts, V.ENABLE)[1].verified
    server.login(ADA).logout()
    assert accounts.state(REF).enabled is True


def test_an_undo_of_suspend_restores_what_was(server, accounts):
    before, _ = done(accounts, V.SUSPEND)
    assert accounts.undo(V.SUSPEND, REF, before=before).status == "done"
    server.login(ADA).logout()
    assert accounts.undo(V.SUSPEND, REF, before=before).status == "already"


def test_the_active_script_is_told_in_words(accounts, script):
    state = accounts.state(REF)
    assert state.forwarding == ("forwards to “thief@elsewhere.example” (script “main”)",)
    assert state.rules == ("moves into “RSS” (script “main”)",)
    assert accounts.plan(V.STOP_FORWARDING, REF) == state.forwarding


def test_forwarding_stops_by_a_copy_and_comes_back_by_undo(server, accounts, script):
    before, outcome = done(accounts, V.STOP_FORWARDING)
    assert (outcome.status, outcome.verified) == ("done", True)
    assert "thief@elsewhere.example" in outcome.words[0]
    state = accounts.state(REF)
    assert state.forwarding == ()
    assert state.rules == ("moves into “RSS” (script “main without forwarding”)",)
    assert done(accounts, V.STOP_FORWARDING)[1].status == "already"
    back = accounts.undo(V.STOP_FORWARDING, REF, before=before)
    assert (back.status, back.verified) == ("done", True)
    assert accounts.doveadm.call("sieveList", user=ADA) == [{"script": "main", "active": "ACTIVE"}]
    assert accounts.doveadm.call("sieveGet", user=ADA, scriptname="main")[0]["sieve script"] == SCRIPT


def test_rules_are_switched_off_kept_and_switched_on_again(accounts, script):
    before, outcome = done(accounts, V.STOP_RULES)
    assert (outcome.status, outcome.verified) == ("done", True)
    assert accounts.state(REF).rules == ()
    assert done(accounts, V.STOP_RULES)[1].status == "already"
    assert accounts.undo(V.STOP_RULES, REF, before=before).verified


def test_both_are_undone_in_the_opposite_order(accounts, script):
    first, _ = done(accounts, V.STOP_FORWARDING)
    second, _ = done(accounts, V.STOP_RULES)
    accounts.undo(V.STOP_RULES, REF, before=second)
    accounts.undo(V.STOP_FORWARDING, REF, before=first)
    assert accounts.doveadm.call("sieveList", user=ADA) == [{"script": "main", "active": "ACTIVE"}]


def test_a_script_that_was_deleted_meanwhile_is_put_back_from_what_was_kept(accounts, script):
    before, _ = done(accounts, V.STOP_RULES)
    accounts.doveadm.call("sieveDelete", user=ADA, scriptname=["main"])
    assert accounts.undo(V.STOP_RULES, REF, before=before).verified
    assert accounts.doveadm.call("sieveGet", user=ADA, scriptname="main")[0]["sieve script"] == SCRIPT


def test_somebody_without_a_mailbox_is_missing(accounts):
    nobody = AccountRef(source="ldap", key="2", mail="nobody@corp.example")
    assert accounts.state(nobody) is None
    assert accounts.do(V.END_SESSIONS, nobody, before={}).status == "missing"
    assert accounts.undo(V.STOP_RULES, nobody, before={}).status == "missing"
    assert accounts.plan(V.SUSPEND, nobody) == ("The mail server has no such mailbox.",)


def test_a_server_that_is_gone_is_unreachable_and_a_wrong_key_says_so(server):
    gone = SYSTEM.accounts(settings_of(server, doveadm_url="http://127.0.0.1:9/doveadm/v1"), name="mail")
    with pytest.raises(Unreachable):
        gone.serves(REF)
    wrong = SYSTEM.accounts(settings_of(server, doveadm_key="no"), name="mail")
    with pytest.raises(NotConfigured, match="doveadm_api_key"):
        wrong.before(V.END_SESSIONS, REF)


def test_the_test_of_the_connection_says_that_it_can_suspend(server):
    report = SYSTEM.test(settings_of(server))
    assert (True, "can suspend mailboxes through the deny file") in report.lines
    missing = SYSTEM.test(settings_of(server, deny_file="/nowhere/denied"))
    assert any(not ok and "mailboxes cannot be suspended" in line for ok, line in missing.lines)


def test_the_console_is_the_operators_own_page(server):
    accounts = SYSTEM.accounts(settings_of(server, page="https://mail.corp.example/admin/{mail}"), name="mail")
    assert accounts.console(REF) == "https://mail.corp.example/admin/ada%40corp.example"


def test_the_deny_file_keeps_its_other_lines_its_mode_and_waits_until_dovecot_looks(tmp_path):
    path, waited = tmp_path / "denied", []
    path.write_text("# kept by hand\nold@corp.example:nologin")
    path.chmod(0o640)
    file = DenyFile(path, waited.append)
    file.add(ADA)
    file.add(ADA)
    assert path.read_text() == f"# kept by hand\nold@corp.example:nologin\n{ADA}:\n"
    assert file.holds("ADA@corp.example")
    file.remove("Old@corp.example")
    assert path.read_text() == f"# kept by hand\n{ADA}:\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert waited == [1.1, 1.1, 1.1]
    assert sorted(os.listdir(tmp_path)) == [".denied.lock", "denied"]


def test_a_deny_file_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(NotConfigured, match="cannot be read"):
        DenyFile(Path("/nowhere/denied")).holds(ADA)


def test_ending_a_session_takes_less_than_a_second(server, accounts):
    session = server.login(ADA)
    begun = time.monotonic()
    done(accounts, V.END_SESSIONS)
    assert time.monotonic() - begun < 5
    with pytest.raises((OSError, session.AbortError)):
        session.noop()
