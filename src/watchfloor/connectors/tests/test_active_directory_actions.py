"""Locking, unlocking and resetting accounts of a domain, seen by who then tries to sign in. Against a real Samba."""

import re
import secrets

import ldap3
import pytest

from labs.samba import BASE, PASSWORD, STAFF, Samba
from watchfloor.connectors.contracts import AccountActions, AccountRef, AccountSystem, AccountVerb
from watchfloor.connectors.protocols.ldap_server import Answer
from watchfloor.connectors.protocols.ldap_settings import server_of
from watchfloor.connectors.systems.active_directory import SYSTEM
from watchfloor.connectors.systems.active_directory.acting import DomainAccounts
from watchfloor.connectors.systems.active_directory.refusals import SIGN_IN, sub_code, why_refused
from watchfloor.connectors.systems.active_directory.values import guid
from watchfloor.kernel.errors import NotConfigured

Verb = AccountVerb
USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
CONTROL, LOCKOUT, LAST_SET = (
    "bf967a68-0de6-11d0-a285-00aa003049e2",
    "28630ebf-41d5-11d1-a9c1-0000f80367c1",
    "bf967a0a-0de6-11d0-a285-00aa003049e2",
)
RESET = "00299570-246d-11d0-a768-00aa006e0529"
WRITING = tuple(f"(OA;CIIO;WP;{attribute};{USER};{{sid}})" for attribute in (CONTROL, LOCKOUT, LAST_SET))
RESETTING = f"(OA;CIIO;CR;{RESET};{USER};{{sid}})"

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def domain():
    """With the hour of grace that every domain has unless somebody shortened it."""
    with Samba(old_password_minutes=60) as running:
        running.helper = running.add_person("watchfloor")
        running.delegate(STAFF, to=running.helper, aces=(*WRITING, RESETTING))
        running.reader = running.add_person("reader")
        yield running


def settings_for(domain, **more):
    return {
        "host": domain.address,
        "port": "636",
        "security": "tls",
        "ca_file": str(domain.ca_file),
        "bind_dn": "watchfloor@corp.example",
        "password": PASSWORD,
        "base_dn": BASE,
    } | more


@pytest.fixture
def accounts(domain):
    return SYSTEM.accounts(settings_for(domain), name="ad")


@pytest.fixture
def ada(domain):
    """An account nobody else uses, and how it is named."""
    name = f"ada{secrets.token_hex(4)}"
    dn = domain.add_person(name)
    return AccountRef("ad", key_of(domain, dn), name=name, upn=f"{name}@corp.example", dn=dn)


def key_of(domain, dn):
    with domain.admin() as admin:
        admin.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["objectGUID"])
        return guid(admin.response[0]["raw_attributes"]["objectGUID"][0])


def change(domain, account, **values):
    with domain.admin() as admin:
        admin.modify(account.dn, {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in values.items()})


def answer_to(domain, account, password=PASSWORD):
    """ "" when the person gets in, else the sub-code of the refusal."""
    connection = domain.bound(account.upn, password)
    return "" if connection.bound else sub_code(Answer(49, "", connection.result["message"]))


def done(accounts, verb, account):
    return accounts.do(verb, account, before=accounts.before(verb, account))


def test_the_actions_have_the_shape_that_all_have(accounts):
    assert isinstance(SYSTEM, AccountSystem)
    shaped: AccountActions = accounts
    assert shaped.can == {Verb.SUSPEND, Verb.ENABLE, Verb.RESET_PASSWORD}
    assert shaped.serves(AccountRef("ad", "some key"))
    assert not shaped.serves(AccountRef("another", "some key"))


def test_a_suspended_account_is_refused_everywhere_until_it_is_enabled(domain, accounts, ada):
    assert answer_to(domain, ada) == ""
    assert domain.kinit(ada.name, PASSWORD) == ""
    outcome = done(accounts, Verb.SUSPEND, ada)
    assert (outcome.status, outcome.verified) == ("done", True)
    assert outcome.words == ("userAccountControl 512 became 514",)
    assert "tickets" in outcome.warnings[0]
    assert answer_to(domain, ada) == "533"
    assert "revoked" in domain.kinit(ada.name, PASSWORD)
    assert accounts.state(ada).enabled is False
    outcome = done(accounts, Verb.ENABLE, ada)
    assert (outcome.status, outcome.verified) == ("done", True)
    assert outcome.words == ("userAccountControl 514 became 512",)
    assert answer_to(domain, ada) == ""
    assert domain.kinit(ada.name, PASSWORD) == ""


def test_a_second_time_changes_nothing(accounts, ada):
    assert done(accounts, Verb.ENABLE, ada).status == "already"
    assert done(accounts, Verb.SUSPEND, ada).status == "done"
    again = done(accounts, Verb.SUSPEND, ada)
    assert (again.status, again.verified) == ("already", True)


def test_undo_puts_back_how_it_stood_and_nothing_else(domain, accounts, ada):
    before = accounts.before(Verb.SUSPEND, ada)
    assert before["userAccountControl"] == "512"
    accounts.do(Verb.SUSPEND, ada, before=before)
    change(domain, ada, userAccountControl=str(514 | 0x10000))
    outcome = accounts.undo(Verb.SUSPEND, ada, before=before)
    assert outcome.words == (f"userAccountControl {514 | 0x10000} became {512 | 0x10000}",)
    assert answer_to(domain, ada) == ""


def test_undo_leaves_off_what_was_off_before(domain, accounts, ada):
    change(domain, ada, userAccountControl="514")
    before = accounts.before(Verb.ENABLE, ada)
    accounts.do(Verb.ENABLE, ada, before=before)
    assert answer_to(domain, ada) == ""
    assert accounts.undo(Verb.ENABLE, ada, before=before).verified
    assert answer_to(domain, ada) == "533"


def test_one_reset_alone_would_leave_the_old_password_good(domain, ada):
    with domain.admin() as admin:
        admin.extend.microsoft.modify_password(ada.dn, "An0ther-Pass!word")
    assert answer_to(domain, ada) == ""  # the pitfall that the next test's double reset closes


def test_a_reset_ends_the_old_password_at_once_and_asks_for_another(domain, accounts, ada):
    outcome = done(accounts, Verb.RESET_PASSWORD, ada)
    assert (outcome.status, outcome.verified) == ("done", True)
    assert outcome.words[0] == "the password was replaced twice, so that the old one ends now"
    assert outcome.secret not in repr(outcome)
    assert answer_to(domain, ada) == "52e"
    assert answer_to(domain, ada, outcome.secret) == "773"
    assert "incorrect" in domain.kinit(ada.name, PASSWORD)
    assert accounts.state(ada).must_change_password
    change(domain, ada, pwdLastSet="-1")
    assert answer_to(domain, ada, outcome.secret) == ""
    assert answer_to(domain, ada) == "52e"


def test_a_reset_that_was_interrupted_after_its_work_is_not_done_twice(domain, accounts, ada):
    before = accounts.before(Verb.RESET_PASSWORD, ada)
    first = accounts.do(Verb.RESET_PASSWORD, ada, before=before)
    again = accounts.do(Verb.RESET_PASSWORD, ada, before=before)
    assert (again.status, again.secret) == ("already", "")
    assert answer_to(domain, ada, first.secret) == "773"


def test_a_person_who_must_change_anyway_still_gets_a_new_password(domain, accounts, ada):
    change(domain, ada, pwdLastSet="0")
    outcome = done(accounts, Verb.RESET_PASSWORD, ada)
    assert outcome.status == "done"
    assert answer_to(domain, ada, outcome.secret) == "773"
    assert answer_to(domain, ada) == "52e"


def test_a_replaced_password_cannot_be_brought_back(accounts, ada):
    before = accounts.before(Verb.RESET_PASSWORD, ada)
    outcome = accounts.undo(Verb.RESET_PASSWORD, ada, before=before)
    assert outcome.status == "failed"
    assert "cannot be brought back" in outcome.why


def test_a_reset_says_what_it_does_not_reach(domain, accounts, ada):
    change(domain, ada, userAccountControl=str(514 | 0x10000))
    outcome = done(accounts, Verb.RESET_PASSWORD, ada)
    assert any("never expires" in warning for warning in outcome.warnings)
    assert any("switched off" in warning for warning in outcome.warnings)
    assert not accounts.state(ada).must_change_password


def test_a_password_the_domain_s_policy_refuses_is_a_failure_in_words(domain, ada):
    weak = DomainAccounts(server_of(settings_for(domain)), "ad", password=lambda: "weak")
    outcome = done(weak, Verb.RESET_PASSWORD, ada)
    assert outcome.status == "failed"
    assert "password policy" in outcome.why
    assert answer_to(domain, ada) == ""


def test_enabling_lifts_the_lock_of_too_many_wrong_passwords(domain, accounts, ada):
    with domain.admin() as admin:
        admin.modify(BASE, {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, ["3"])]})
    try:
        for _ in range(4):
            answer_to(domain, ada, "wrong")
        assert answer_to(domain, ada) == "775"
        assert accounts.state(ada).locked
        assert "wrong passwords" in accounts.plan(Verb.ENABLE, ada)[0]
        outcome = done(accounts, Verb.ENABLE, ada)
        assert (outcome.status, outcome.verified) == ("done", True)
        assert outcome.words == ("the lock after too many wrong passwords was lifted",)
        assert answer_to(domain, ada) == ""
    finally:
        with domain.admin() as admin:
            admin.modify(BASE, {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, ["0"])]})


def test_an_account_is_found_after_it_was_renamed_and_moved(domain, accounts, ada):
    with domain.admin() as admin:
        admin.modify_dn(ada.dn, f"CN=renamed {ada.name}")
    assert done(accounts, Verb.SUSPEND, ada).status == "done"
    assert answer_to(domain, ada) == "533"


def test_an_account_that_is_not_there_is_missing(accounts):
    nobody = AccountRef("ad", "00000000-0000-0000-0000-000000000001")
    assert accounts.state(nobody) is None
    assert accounts.before(Verb.SUSPEND, nobody) == {}
    assert accounts.do(Verb.SUSPEND, nobody, before={}).status == "missing"
    assert accounts.undo(Verb.SUSPEND, nobody, before={}).status == "missing"
    assert accounts.plan(Verb.SUSPEND, nobody) == ("The directory has no such account, or hides it.",)


def test_what_the_directory_cannot_do_it_says(accounts, ada):
    assert "cannot" in accounts.do(Verb.STOP_RULES, ada, before={}).why
    assert accounts.plan(Verb.STOP_RULES, ada) == ("Active Directory cannot “stop-rules”.",)


def test_a_plan_says_what_would_happen_and_changes_nothing(domain, accounts, ada):
    said = accounts.plan(Verb.SUSPEND, ada)
    assert said[0] == "userAccountControl 512 becomes 514: every sign-in is refused."
    assert accounts.plan(Verb.ENABLE, ada) == ("The account is switched on already.",)
    assert "twice" in accounts.plan(Verb.RESET_PASSWORD, ada)[0]
    assert answer_to(domain, ada) == ""


def test_without_the_right_it_is_refused_and_foretold(domain, ada):
    powerless = SYSTEM.accounts(settings_for(domain, bind_dn="reader@corp.example"), name="ad")
    assert powerless.plan(Verb.SUSPEND, ada)[-1] == (
        "The directory will refuse this: the account used may not write userAccountControl here."
    )
    for verb in (Verb.SUSPEND, Verb.RESET_PASSWORD):
        outcome = done(powerless, verb, ada)
        assert outcome.status == "failed"
        assert "no right" in outcome.why
    assert answer_to(domain, ada) == ""


def test_the_test_says_that_everything_needed_is_there(domain):
    report = SYSTEM.test(settings_for(domain, test_account="reader"))
    said = [words for _, words in report.lines]
    assert report.ok, said
    assert "may suspend and enable accounts, as reader" in said
    assert "may replace the password of reader" in said
    assert any(re.fullmatch(r"can read \d+ accounts and \d+ groups of the domain CORP", words) for words in said)
    assert "sees no deleted objects: deletions are noticed when everything is read again" in said


def test_the_test_names_each_right_that_is_missing(domain):
    report = SYSTEM.test(settings_for(domain, bind_dn=domain.reader, test_account="watchfloor"))
    wrong = [words for ok, words in report.lines if not ok]
    assert wrong == [
        "may not suspend and enable accounts, as watchfloor: lacks the right “Write userAccountControl”",
        "may not lift a lock after too many wrong passwords: lacks the right “Write lockoutTime”",
        "may not replace the password of watchfloor: lacks the right “Reset Password”",
        "may not have the person choose a new password: lacks the right “Write pwdLastSet”",
    ]


def test_a_right_that_is_half_there_is_told_apart(domain):
    half = domain.add_person("half")
    domain.delegate(STAFF, to=half, aces=WRITING)
    report = SYSTEM.test(settings_for(domain, bind_dn="CORP\\half", test_account="reader"))
    assert [words for ok, words in report.lines if not ok] == [
        "may not replace the password of reader: lacks the right “Reset Password”"
    ]


def test_the_test_warns_of_accounts_that_are_guarded(domain):
    boss = domain.add_person("boss", where=f"CN=Users,{BASE}")
    with domain.admin() as admin:
        admin.modify(boss, {"adminCount": [(ldap3.MODIFY_REPLACE, ["1"])]})
    report = SYSTEM.test(settings_for(domain))
    assert "will be refused on accounts that administer the domain, as boss: AdminSDHolder guards them" in [
        words for _, words in report.lines
    ]


def test_an_administrator_sees_deletions_and_may_all(domain):
    leaver = domain.add_person("leaver")
    with domain.admin() as admin:
        admin.delete(leaver)
    report = SYSTEM.test(settings_for(domain, bind_dn=domain.admin_user, password=domain.admin_password))
    assert report.ok
    assert (True, "sees deleted accounts at once") in report.lines


def test_a_connection_that_only_reads_needs_no_right_to_act(domain):
    settings = settings_for(domain, bind_dn="reader@corp.example", act="no")
    assert SYSTEM.accounts(settings, name="ad") is None
    assert SYSTEM.test(settings).ok


def test_an_account_named_for_the_test_that_is_not_there_is_said(domain):
    report = SYSTEM.test(settings_for(domain, test_account="no*body)("))
    assert [words for ok, words in report.lines if not ok] == [
        "finds no account no*body)( to ask about rights; name another one for the test"
    ]


def test_passwords_are_never_set_over_an_open_line(domain):
    with pytest.raises(NotConfigured, match="LDAPS or StartTLS"):
        SYSTEM.accounts(settings_for(domain, security="none"), name="ad")


def test_the_console_s_address_carries_the_account(domain, ada):
    page = "https://admin.corp.example/?u={name}&dn={dn}"
    accounts = SYSTEM.accounts(settings_for(domain, console=page), name="ad")
    assert (
        accounts.console(ada)
        == f"https://admin.corp.example/?u={ada.name}&dn=CN%3D{ada.name}%2COU%3DStaff%2CDC%3Dcorp%2CDC%3Dexample"
    )
    assert SYSTEM.accounts(settings_for(domain), name="ad").console(ada) == ""


@pytest.mark.parametrize("code", sorted(SIGN_IN))
def test_every_sub_code_has_its_words(code):
    answer = Answer(49, "invalidCredentials", f"80090308: LdapErr: DSID-0C0903A9, comment: error, data {code}, v1db1")
    assert why_refused(answer).startswith(SIGN_IN[code])
