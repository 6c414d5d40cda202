"""Signing people out at an OpenID provider: a real one's tokens, before Keycloak's Admin API and before addresses of one's own."""

import time

import pytest

from labs.oidc import OpenIdProvider
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.contracts import AccountRef, AccountSystem, AccountVerb
from watchfloor.connectors.services import add_connection, change_connection
from watchfloor.connectors.systems.oidc import SYSTEM
from watchfloor.connectors.systems.oidc.addresses import addresses_in
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable

V = AccountVerb
ADA = "ada@corp.example"
REF = AccountRef(source="ldap", key="1", mail=ADA, upn="ada.l@corp.example", name="ada")
UNHELD = {"api": "addresses", "listed": "/people/{mail}/tokens"}
LISTED = UNHELD | {"token_client": "mailer", "token_secret": "mailer-secret"}
TOLD = {"api": "addresses", "end": "POST /people/{mail}/logout"}


@pytest.fixture(scope="module")
def provider():
    with OpenIdProvider(people=[ADA, "max@corp.example", "kim@corp.example"]) as one:
        yield one


@pytest.fixture
def accounts(provider):
    return SYSTEM.accounts(provider.settings(), name="sso")


def done(accounts, verb, ref=REF):
    before = accounts.before(verb, ref)
    return before, accounts.do(verb, ref, before=before)


def test_the_test_says_what_this_client_may(provider):
    assert isinstance(SYSTEM, AccountSystem)
    report = SYSTEM.test(provider.settings())
    assert report.ok, report.lines
    assert [words for _, words in report.lines][:2] == [f"speaks for {provider.issuer}", "this client is given a token"]
    wrong = SYSTEM.test(provider.settings(client_secret="no"))
    assert not wrong.ok
    assert "refuses this client" in wrong.lines[-1][1]
    assert not SYSTEM.test(provider.settings(issuer=f"{provider.host}/realms/other")).ok
    assert "lacks" not in str(SYSTEM.test(provider.settings(**LISTED)).lines)
    assert not SYSTEM.test(provider.settings(api="addresses")).ok


def test_ended_sessions_are_inactive_at_the_source_and_cannot_be_refreshed(provider, accounts):
    ours, other = provider.sign_in("ada"), provider.sign_in("max")
    assert provider.active(ours["access_token"])
    assert accounts.state(REF).sessions == 1
    assert accounts.plan(V.END_SESSIONS, REF)[0] == "1 open session would end"
    began = time.monotonic()
    before, outcome = done(accounts, V.END_SESSIONS)
    assert time.monotonic() - began < 5
    assert (before["sessions"], outcome.status, outcome.verified) == (1, "done", True)
    assert outcome.words == ("1 session ended",)
    assert not provider.active(ours["access_token"])
    assert not provider.active(ours["refresh_token"])
    assert provider.refresh(ours["refresh_token"])["error"] == "invalid_grant"
    assert provider.active(other["access_token"])
    assert done(accounts, V.END_SESSIONS)[1].status == "already"
    assert provider.active(provider.sign_in("ada")["access_token"])


def test_offline_tokens_which_outlive_sessions_are_revoked_too(provider, accounts):
    ref = AccountRef(source="ldap", key="3", mail="kim@corp.example")
    accounts.rest.ask("POST", f"{provider.issuer}/people/kim@corp.example/offline")
    assert (
        accounts.plan(V.END_SESSIONS, ref)[0] == "no open sessions would end, and the offline tokens of 1 application"
    )
    _, outcome = done(accounts, V.END_SESSIONS, ref)
    assert (outcome.status, outcome.verified, outcome.words) == (
        "done",
        True,
        ("the offline tokens of mailer are revoked",),
    )


def test_a_suspended_account_gets_no_token_until_it_is_enabled(provider, accounts):
    held = provider.sign_in("ada")
    before, outcome = done(accounts, V.SUSPEND)
    assert (before["enabled"], outcome.status, outcome.verified) == (True, "done", True)
    assert "error" in provider.sign_in("ada")
    assert accounts.state(REF).enabled is False
    assert done(accounts, V.SUSPEND)[1].status == "already"
    done(accounts, V.END_SESSIONS)
    assert "error" in provider.refresh(held["refresh_token"])
    undone = accounts.undo(V.SUSPEND, REF, before=before)
    assert (undone.status, undone.verified) == ("done", True)
    assert "access_token" in provider.sign_in("ada")
    assert done(accounts, V.ENABLE)[1].status == "already"


def test_a_temporary_password_replaces_the_old_one(provider, accounts):
    ref = AccountRef(source="ldap", key="2", mail="max@corp.example")
    _, outcome = done(accounts, V.RESET_PASSWORD, ref)
    assert (outcome.status, outcome.verified) == ("done", True)
    assert "error" in provider.sign_in("max")
    assert "access_token" in provider.sign_in("max", outcome.secret)
    assert accounts.state(ref).must_change_password is True
    assert accounts.undo(V.RESET_PASSWORD, ref, before={"enabled": True}).status == "failed"


def test_login_names_count_only_where_the_connection_says_so(provider, accounts):
    named = AccountRef(source="ad", key="9", name="ADA")
    assert not accounts.serves(named)
    assert SYSTEM.accounts(provider.settings(match="login"), name="sso").serves(named)
    stranger = AccountRef(source="ad", key="9", mail="nobody@corp.example")
    assert accounts.state(stranger) is None
    assert accounts.plan(V.SUSPEND, stranger) == ("nothing: the provider has no such account",)
    assert accounts.before(V.SUSPEND, stranger) == {}
    assert done(accounts, V.SUSPEND, stranger)[1].status == "missing"


def test_the_console_is_the_accounts_page_of_the_realm(provider, accounts):
    assert accounts.console(REF) == f"{provider.host}/admin/corp/console/#/corp/users/id-1/settings"


def test_listed_tokens_are_revoked_one_by_one_and_looked_at(provider):
    accounts = SYSTEM.accounts(provider.settings(**LISTED), name="sso")
    done(accounts, V.END_SESSIONS)
    held = [provider.sign_in("ada") for _ in range(2)]
    assert accounts.state(REF).sessions == 2
    before, outcome = done(accounts, V.END_SESSIONS)
    assert (before, outcome.status, outcome.verified) == ({"sessions": 2}, "done", True)
    assert outcome.words[1] == "2 tokens were revoked; the provider says they are no longer active"
    for one in held:
        assert not provider.active(one["refresh_token"])
        assert not provider.active(one["access_token"])
    assert done(accounts, V.END_SESSIONS)[1].status == "already"
    assert not accounts.serves(AccountRef(source="x", key="1", mail="nobody@corp.example"))


def test_tokens_that_another_client_was_given_are_not_called_revoked(provider):
    accounts = SYSTEM.accounts(provider.settings(**UNHELD), name="sso")
    held = provider.sign_in("ada")
    _, outcome = done(accounts, V.END_SESSIONS)
    assert (outcome.status, outcome.verified) == ("failed", False)
    assert "was another client given them" in outcome.why
    assert provider.active(held["access_token"])


def test_an_unlisted_end_is_done_but_not_called_verified(provider):
    accounts = SYSTEM.accounts(provider.settings(**TOLD, domains="corp.example"), name="sso")
    held = provider.sign_in("ada")
    _, outcome = done(accounts, V.END_SESSIONS)
    assert (outcome.status, outcome.verified) == ("done", False)
    assert "could not be looked at" in outcome.warnings[0]
    assert not provider.active(held["access_token"])
    assert not accounts.serves(AccountRef(source="x", key="1", mail="a@elsewhere.example"))
    assert not accounts.serves(AccountRef(source="x", key="1", name="ada"))
    assert SYSTEM.accounts(provider.settings(api="addresses"), name="sso") is None
    assert accounts.undo(V.END_SESSIONS, REF, before={}).status == "failed"


@pytest.mark.parametrize("line", ["GET /x/{mail}", "POST /nobody", "POST /x/{surname}", "POST /a {mail} b"])
def test_a_request_that_cannot_be_right_is_refused_with_its_line(line):
    with pytest.raises(BadInput):
        addresses_in(line, setting="end")


def test_a_provider_that_is_gone_or_refuses_is_told_from_an_account_that_is(provider):
    gone = SYSTEM.accounts(provider.settings(issuer="http://127.0.0.1:9/realms/corp"), name="sso")
    with pytest.raises(Unreachable):
        gone.state(REF)
    wrong = SYSTEM.accounts(provider.settings(client_secret="no"), name="sso")
    with pytest.raises(NotConfigured):
        wrong.state(REF)


@pytest.mark.django_db
@pytest.mark.parametrize("changed", ["end", "listed"])
def test_who_does_not_know_the_secret_names_no_other_requests_for_it(max, changed):
    """The stored client may do more at the provider than end sessions."""
    given = {"issuer": "https://login.corp.example", "client_id": "w", "client_secret": "s3cret", "api": "addresses"}
    add_connection(by=actor_of(max), name="Login", kind="oidc", settings=given | {"end": "POST /x/{mail}/logout"})
    moved = given | {"end": "POST /x/{mail}/logout", changed: "DELETE /admin/users/{mail}", "client_secret": ""}
    with pytest.raises(BadInput, match="again, as it would be sent to another place"):
        change_connection(by=actor_of(max), name="Login", settings=moved)
