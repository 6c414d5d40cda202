"""Shared folders of a real Dovecot: read, taken away and given back by access lists."""

import pytest
from imapclient.exceptions import IMAPClientError

from labs.dovecot import SHARING, Dovecot
from watchfloor.connectors.contracts import AccountRef, AccountVerb
from watchfloor.connectors.systems.dovecot import SYSTEM
from watchfloor.connectors.systems.dovecot.delegations import Grant

STOP = AccountVerb.STOP_DELEGATION
ADA, MAX, EVE = "ada@corp.example", "max@corp.example", "eve@corp.example"
REF = AccountRef(source="ldap", key="1", mail=ADA)


@pytest.fixture(scope="module")
def server():
    with Dovecot(users=[ADA, MAX, EVE], more=SHARING) as one:
        yield one


@pytest.fixture
def accounts(server):
    return SYSTEM.accounts(settings_of(server), name="mail")


@pytest.fixture
def shared(server):
    """Ada's inbox and a folder of hers, opened to others by herself."""
    session = server.login(ADA)
    if not session.folder_exists("Prüfung"):
        session.create_folder("Prüfung")
    session.setacl("Prüfung", MAX, "lrswi")
    session.setacl("Prüfung", EVE, "l")
    session.logout()
    admin = server.admin(ADA)
    admin.setacl("INBOX", MAX, "lr")
    admin.logout()


def settings_of(server, **more):
    return {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "test_mailbox": ADA,
        "delegation": "yes",
        **more,
    }


def opens(server, folder):
    session = server.login(MAX)
    try:
        session.select_folder(folder)
    except IMAPClientError:
        return False
    finally:
        session.logout()
    return True


def done(accounts, ref=REF):
    before = accounts.before(STOP, ref)
    return before, accounts.do(STOP, ref, before=before)


@pytest.mark.usefixtures("shared")
def test_delegates_are_told_in_sentences_without_owner_administrator_and_us(accounts):
    assert accounts.can == {STOP}
    assert (
        sorted(accounts.state(REF).delegates)
        == [
            f"{EVE} may see “Prüfung”",
            f"{MAX} may mark mail in and read “Prüfung”",
            f"{MAX} may read “INBOX”",
        ]
        or accounts.state(REF).delegates
    )
    assert f"No longer: {MAX} may read “INBOX”." in accounts.plan(STOP, REF)


@pytest.mark.usefixtures("shared")
def test_a_removed_delegate_no_longer_opens_the_mailbox_and_an_undo_lets_him_in_again(server, accounts):
    assert opens(server, f"shared/{ADA}/Prüfung")
    before, outcome = done(accounts)
    assert (outcome.status, outcome.verified, len(outcome.words)) == ("done", True, 3)
    assert accounts.state(REF).delegates == ()
    assert not opens(server, f"shared/{ADA}/Prüfung")
    session = server.login(ADA)
    session.select_folder("Prüfung")
    session.logout()
    assert done(accounts)[1].status == "already"
    undone = accounts.undo(STOP, REF, before=before)
    assert (undone.status, undone.verified, len(undone.words)) == ("done", True, 3)
    assert opens(server, f"shared/{ADA}/Prüfung")
    assert accounts.before(STOP, REF) == before
    assert accounts.undo(STOP, REF, before=before).status == "already"


def test_a_mailbox_that_is_shared_with_nobody_stands_so_already(accounts):
    ref = AccountRef(source="ldap", key="2", mail=EVE)
    assert accounts.state(ref).delegates == ()
    assert accounts.plan(STOP, ref) == ("Nobody else is let in.",)
    assert done(accounts, ref)[1].status == "already"


def test_a_mailbox_we_are_kept_from_fails_with_the_servers_words(server):
    accounts = SYSTEM.accounts(settings_of(server, master_password="wrong"), name="mail")
    assert accounts.state(REF).delegates is None
    before, outcome = done(accounts)
    assert (before, outcome.status) == ({}, "failed")
    assert "keeps the master user out" in outcome.why


def test_the_test_says_whether_lists_can_be_read(server):
    assert "can read who else opens a mailbox" in str(SYSTEM.test(settings_of(server)).lines)
    with Dovecot(users=[ADA]) as plain:
        report = SYSTEM.test(settings_of(plain))
        assert not report.ok
        assert "has no access lists" in str(report.lines)
        without = SYSTEM.accounts(settings_of(plain), name="mail")
        assert without.state(REF).delegates is None
        assert done(without)[1].status == "already"


def test_it_is_only_done_where_the_connection_allows_it(server):
    assert SYSTEM.accounts(settings_of(server, delegation="no"), name="mail") is None


@pytest.mark.parametrize(
    ("whom", "rights", "says"),
    [
        ("$sales", "lr", "the group sales may read “X”"),
        ("anyone", "lr", "everybody may read “X”"),
        ("max", "lrswipkxtea", "max may administrate “X”"),
        ("max", "l", "max may see “X”"),
    ],
)
def test_a_grant_is_a_sentence(whom, rights, says):
    assert Grant("X", whom, rights).sentence == says
