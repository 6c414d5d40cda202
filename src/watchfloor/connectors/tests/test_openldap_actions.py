"""Accounts of a real slapd are locked, unlocked and reset; each proved by somebody's sign-in."""

import pytest

from labs.openldap import ACCESS, SERVICE, SUFFIX, OpenLdap
from watchfloor.connectors.contracts import AccountRef, AccountSystem, AccountVerb, Capability
from watchfloor.connectors.models import Connection
from watchfloor.connectors.protocols.ldap_settings import server_of
from watchfloor.connectors.selectors import account_actions
from watchfloor.connectors.systems.openldap import SYSTEM
from watchfloor.connectors.systems.openldap.actions import temporary_password
from watchfloor.kernel.errors import NotConfigured, Unreachable

from .directories import usual

LOCKED, MUST_CHANGE = b"0\x03\x81\x01\x01", b"0\x03\x81\x01\x02"
SUSPEND, ENABLE, RESET = AccountVerb.SUSPEND, AccountVerb.ENABLE, AccountVerb.RESET_PASSWORD


@pytest.fixture
def slapd():
    with OpenLdap() as server:
        yield server


@pytest.fixture
def accounts(slapd):
    return SYSTEM.accounts(usual(slapd), name="corp")


@pytest.fixture
def ada(slapd):
    return _ref(slapd, "ada")


def _ref(slapd, uid):
    with server_of(slapd.settings()).open() as session:
        entry = session.entry(slapd.dn(uid), ("entryUUID",))
    return AccountRef("corp", entry.text("entryUUID"), "OpenLDAP", uid, mail=f"{uid}@corp.example", dn=entry.dn)


def _do(accounts, verb, account):
    return accounts.do(verb, account, before=accounts.before(verb, account))


def test_a_suspended_account_cannot_sign_in_and_an_enabled_one_can(slapd, accounts, ada):
    done = _do(accounts, SUSPEND, ada)
    assert (done.status, done.verified) == ("done", True)
    assert done.words == ("pwdAccountLockedTime (none) became 000001010000Z",)
    assert "stay open" in done.warnings[0]
    assert slapd.bind(ada.dn, "pw") == ("invalidCredentials", LOCKED)
    state = accounts.state(ada)
    assert (state.enabled, state.locked, state.must_change_password) == (False, True, False)
    back = _do(accounts, ENABLE, ada)
    assert (back.status, back.verified) == ("done", True)
    assert slapd.bind(ada.dn, "pw")[0] == "success"
    assert (accounts.state(ada).enabled, accounts.state(ada).locked) == (True, False)


def test_doing_it_twice_is_harmless(accounts, ada):
    assert [_do(accounts, SUSPEND, ada).status for _ in range(2)] == ["done", "already"]
    assert [_do(accounts, ENABLE, ada).status for _ in range(2)] == ["done", "already"]


def test_undo_puts_the_lock_back_as_it_was(slapd, accounts):
    eve = _ref(slapd, "eve")
    for _ in range(5):
        slapd.bind(eve.dn, "wrong")
    before = accounts.before(SUSPEND, eve)
    assert len(before["pwdAccountLockedTime"]) == 1  # slapd locked it after five failures
    assert accounts.do(SUSPEND, eve, before=before).status == "done"
    undone = accounts.undo(SUSPEND, eve, before=before)
    assert (undone.status, undone.verified) == ("done", True)
    assert accounts.before(SUSPEND, eve)["pwdAccountLockedTime"] == before["pwdAccountLockedTime"]
    assert accounts.undo(SUSPEND, eve, before=before).status == "already"


def test_undo_of_enable_locks_again(slapd, accounts, ada):
    _do(accounts, SUSPEND, ada)
    before = accounts.before(ENABLE, ada)
    accounts.do(ENABLE, ada, before=before)
    assert accounts.undo(ENABLE, ada, before=before).status == "done"
    assert slapd.bind(ada.dn, "pw") == ("invalidCredentials", LOCKED)


def test_a_reset_password_refuses_the_old_one_and_demands_a_new_one(slapd, accounts, ada):
    before = accounts.before(RESET, ada)
    done = accounts.do(RESET, ada, before=before)
    assert (done.status, done.verified) == ("done", True)
    assert done.secret not in repr(done)
    assert slapd.bind(ada.dn, "pw")[0] == "invalidCredentials"
    assert slapd.bind(ada.dn, done.secret) == ("success", MUST_CHANGE)
    assert accounts.state(ada).must_change_password
    # Hashed by slapd, not kept as it was sent.
    root = slapd.administrator()
    root.search(ada.dn, "(objectClass=*)", attributes=["userPassword"])
    assert root.response[0]["raw_attributes"]["userPassword"][0].startswith(b"{SSHA}")
    root.unbind()


def test_a_reset_that_was_cut_short_is_not_done_twice(slapd, accounts, ada):
    before = accounts.before(RESET, ada)
    secret = accounts.do(RESET, ada, before=before).secret
    again = accounts.do(RESET, ada, before=before)
    assert (again.status, again.secret) == ("already", "")
    assert slapd.bind(ada.dn, secret) == ("success", MUST_CHANGE)


def test_a_reset_cannot_be_undone_and_says_why(accounts, ada):
    before = accounts.before(RESET, ada)
    assert accounts.undo(RESET, ada, before=before).status == "already"  # nothing was done yet
    accounts.do(RESET, ada, before=before)
    undone = accounts.undo(RESET, ada, before=before)
    assert undone.status == "failed"
    assert "never tells the old password" in undone.why


def test_a_policy_that_does_not_insist_on_a_new_password_is_warned_of(slapd, accounts, ada):
    root = slapd.administrator()
    root.modify(f"cn=default,ou=policies,{SUFFIX}", {"pwdMustChange": [("MODIFY_REPLACE", ["FALSE"])]})
    root.unbind()
    assert any("does not insist" in words for words in accounts.plan(RESET, ada))
    assert any("does not insist" in words for words in _do(accounts, RESET, ada).warnings)


def test_a_lock_that_slapd_would_not_heed_is_refused(slapd, accounts, ada):
    root = slapd.administrator()
    root.modify(f"cn=default,ou=policies,{SUFFIX}", {"pwdLockout": [("MODIFY_REPLACE", ["FALSE"])]})
    refused = _do(accounts, SUSPEND, ada)
    assert refused.status == "failed"
    assert "pwdLockout is not TRUE" in refused.why
    assert "pwdLockout is not TRUE" in accounts.plan(SUSPEND, ada)[0]
    assert "- slapd heeds no lock" in _told(slapd)[1]
    # One set by somebody else locks nobody out, and is not shown as if it did.
    root.modify(ada.dn, {"pwdAccountLockedTime": [("MODIFY_ADD", ["000001010000Z"])]})
    root.unbind()
    assert slapd.bind(ada.dn, "pw")[0] == "success"
    assert (accounts.state(ada).enabled, accounts.state(ada).locked) == (True, False)


def test_a_lock_under_a_policy_nobody_can_read_is_not_called_verified(slapd, accounts, ada):
    root = slapd.administrator()
    root.delete(f"cn=default,ou=policies,{SUFFIX}")
    root.unbind()
    done = _do(accounts, SUSPEND, ada)
    assert (done.status, done.verified) == ("done", False)
    assert "cannot be told" in done.warnings[-1]
    assert "cannot be told" in accounts.plan(SUSPEND, _ref(slapd, "eve"))[-1]


def test_a_dry_run_tells_and_changes_nothing(slapd, accounts, ada):
    with server_of(slapd.settings()).open() as session:
        untouched = session.entry(ada.dn, ("*", "+"))
        said = {verb: accounts.plan(verb, ada) for verb in accounts.can}
        assert session.entry(ada.dn, ("*", "+")) == untouched
    assert "would become 000001010000Z" in said[SUSPEND][0]
    assert "nothing would change" in said[ENABLE][0]
    assert "temporary password" in said[RESET][0]
    _do(accounts, SUSPEND, ada)
    assert "nothing would change" in accounts.plan(SUSPEND, ada)[0]
    assert "would be removed" in accounts.plan(ENABLE, ada)[0]


def test_an_account_that_is_gone_is_missing_and_one_of_another_connection_is_not_served(slapd, accounts, ada):
    root = slapd.administrator()
    before = accounts.before(SUSPEND, ada)
    root.delete(ada.dn)
    root.unbind()
    assert accounts.state(ada) is None
    assert accounts.before(SUSPEND, ada) == {}
    assert {accounts.do(verb, ada, before=before).status for verb in accounts.can} == {"missing"}
    assert accounts.undo(SUSPEND, ada, before=before).status == "missing"
    assert "no such account" in accounts.plan(SUSPEND, ada)[0]
    assert accounts.serves(ada)
    assert not accounts.serves(AccountRef("elsewhere", ada.key))


def test_a_renamed_account_is_found_by_its_key(slapd, accounts, ada):
    root = slapd.administrator()
    root.modify_dn(ada.dn, "uid=countess")
    root.unbind()
    assert _do(accounts, SUSPEND, ada).status == "done"
    assert slapd.bind(slapd.dn("countess"), "pw") == ("invalidCredentials", LOCKED)


def test_a_key_of_a_stranger_is_no_filter(accounts):
    for key in ("*", "*)(uid=*", "x)(|(uid=ada", "\\2a"):
        assert accounts.state(AccountRef("corp", key)) is None


def test_without_the_right_nothing_happens_and_the_reason_names_it(slapd, ada):
    accounts = SYSTEM.accounts(usual(slapd, bind_dn=slapd.reader), name="corp")
    locked, reset = _do(accounts, SUSPEND, ada), _do(accounts, RESET, ada)
    assert (locked.status, reset.status, reset.secret) == ("failed", "failed", "")
    assert "pwdAccountLockedTime" in locked.why
    assert slapd.bind(ada.dn, "pw")[0] == "success"


def test_a_directory_that_is_down_is_unreachable_as_a_whole(slapd, accounts, ada):
    slapd.stop()
    with pytest.raises(Unreachable):
        accounts.do(SUSPEND, ada, before={})


def test_a_connection_offers_what_its_settings_allow(slapd):
    assert isinstance(SYSTEM, AccountSystem)
    assert Capability.ACT_ON_ACCOUNTS in SYSTEM.capabilities
    assert SYSTEM.accounts(usual(slapd, act="no"), name="corp") is None
    assert SYSTEM.accounts(usual(slapd, act="lock"), name="corp").can == {SUSPEND, ENABLE}
    # Open sessions are nothing a directory could end, so it does not offer to.
    assert SYSTEM.accounts(usual(slapd), name="corp").can == {SUSPEND, ENABLE, RESET}
    assert SYSTEM.actions(usual(slapd)) is None


def test_the_directorys_own_page_is_linked(slapd, ada):
    settings = usual(slapd, console="https://ldap.corp.example/edit?dn={dn}&u={uid}#{uuid}")
    there = SYSTEM.accounts(settings, name="corp").console(ada)
    assert (
        there == f"https://ldap.corp.example/edit?dn=uid%3Dada%2Cou%3Dpeople%2Cdc%3Dcorp%2Cdc%3Dexample&u=ada#{ada.key}"
    )
    assert SYSTEM.accounts(usual(slapd), name="corp").console(ada) == ""


def test_temporary_passwords_pass_quality_checks_and_never_repeat():
    made = {temporary_password() for _ in range(200)}
    assert len(made) == 200
    for one in made:
        assert len(one) == 23
        assert any(map(str.isdigit, one))
        assert any(map(str.islower, one))
        assert any(map(str.isupper, one))
        assert not set(one) & set("IlOo01")


# --- Test connection ------------------------------------------------------------------------------------------------


def _told(slapd, **more):
    report = SYSTEM.test(usual(slapd, **more))
    return report.ok, "\n".join(f"{'+' if ok else '-'} {words}" for ok, words in report.lines)


def test_the_test_tells_the_rights_of_a_least_privileged_account(slapd):
    ok, told = _told(slapd)
    assert ok, told
    assert f"+ can sign in as {SERVICE} over LDAPS" in told
    assert "+ can read 3 people" in told
    assert "+ may lock and unlock accounts (write pwdAccountLockedTime, tried on" in told
    assert "+ may demand a new password (write pwdReset" in told
    assert "+ may set a temporary password (write userPassword" in told
    assert "+ may not change mail, cn, manager of people, and need not" in told
    assert "+ can read the password policy cn=default" in told


def test_the_test_changes_no_entry(slapd):
    with server_of(slapd.settings()).open() as session:
        untouched = list(session.search("(objectClass=*)", ("*", "+")))
        _told(slapd)
        after = list(session.search("(objectClass=*)", ("*", "+")))
    # The account's own last sign-in is all that moved.
    assert [one for one in untouched if one.dn != SERVICE] == [one for one in after if one.dn != SERVICE]


def test_the_test_names_each_right_that_is_missing(slapd):
    ok, told = _told(slapd, bind_dn=slapd.reader)
    assert not ok
    for words in ("may not lock and unlock", "may not demand a new password", "may not set a temporary password"):
        assert f"- {words}" in told
    assert _told(slapd, bind_dn=slapd.reader, act="no")[0]  # who only reads needs none of them


def test_the_test_tells_of_rights_that_are_too_many():
    greedy = f'access to *  by dn.exact="{SERVICE}" write  by anonymous auth  by users read'
    with OpenLdap(access=greedy) as slapd:
        ok, told = _told(slapd)
    assert not ok
    assert "- can read password hashes" in told
    assert "- may also change mail and cn and manager of people" in told


def test_the_test_tells_what_may_not_be_read():
    hiding = f'access to attrs=title,authTimestamp  by dn.exact="{SERVICE}" none  by users read\n'
    with OpenLdap(access=hiding + ACCESS) as slapd:
        ok, told = _told(slapd)
    assert not ok
    assert "- may not read title" in told
    assert "- may not read authTimestamp: when somebody last signed in" in told


def test_the_test_tells_a_directory_without_people(slapd):
    ok, told = _told(slapd, people="(uid=nobody)")
    assert not ok
    assert "- can read 0 people" in told


@pytest.mark.parametrize(
    ("wrong", "words"), [({"password": "x"}, "refuses the name or the password"), ({"port": "1"}, "reached")]
)
def test_the_test_says_why_it_cannot_sign_in(slapd, wrong, words):
    ok, told = _told(slapd, **wrong)
    assert not ok
    assert words in told


def test_a_wrong_authority_is_refused_before_the_password_is_sent(slapd):
    accounts = SYSTEM.accounts(usual(slapd, security="starttls", port=str(slapd.port), ca_file=""), name="corp")
    with pytest.raises(NotConfigured, match="not trusted"):
        accounts.state(AccountRef("corp", "x"))


@pytest.mark.django_db
def test_the_form_tests_and_connects_a_directory(slapd, as_max):
    form = as_max.get("/settings/connections/add/openldap").content.decode()
    assert "department=departmentnumber|ou" in form
    tried = as_max.post("/settings/connections/test/openldap", {"name": "corp", **usual(slapd)}).content.decode()
    assert "can read 3 people" in tried
    assert "may lock and unlock accounts" in tried
    assert as_max.post("/settings/connections/add/openldap", {"name": "corp", **usual(slapd)}).status_code == 302
    assert "corp" in account_actions()
    assert slapd.service_password not in str(Connection.objects.get().settings)


@pytest.mark.django_db
def test_who_moves_a_connection_to_another_server_enters_the_password_again(slapd, as_max):
    as_max.post("/settings/connections/add/openldap", {"name": "corp", **usual(slapd)})
    moved = usual(slapd, host="ldap.elsewhere.example", password="")
    answer = as_max.post(f"/settings/connections/{Connection.objects.get().pk}", moved)
    assert answer.status_code == 400
    assert "enter “Password” again" in answer.content.decode()
