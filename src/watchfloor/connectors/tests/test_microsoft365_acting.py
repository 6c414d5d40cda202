"""Each action on an account of Entra ID is planned, done, seen at the source, and undone where Entra has a way back."""

import pytest

from labs.graph import START, Graph
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.contracts import AccountRef, AccountSystem, AccountVerb, Capability
from watchfloor.connectors.protocols.passwords import new_password
from watchfloor.connectors.selectors import account_actions
from watchfloor.connectors.services import add_connection
from watchfloor.connectors.systems.microsoft365 import SYSTEM
from watchfloor.connectors.systems.microsoft365.acting import DEEDS
from watchfloor.connectors.systems.microsoft365.acting_risk import SetRisk
from watchfloor.connectors.tests.entra import settings_for
from watchfloor.kernel.errors import Unreachable

NAME = "tenant"


@pytest.fixture
def graph():
    with Graph() as server:
        yield server


@pytest.fixture
def ada_there(graph):
    return graph.tenant.add_user("ada")


@pytest.fixture
def ref(ada_there):
    return AccountRef(NAME, ada_there, provider="EntraID", upn="ada@corp.example")


@pytest.fixture
def actions(graph):
    return SYSTEM.accounts(settings_for(graph, act="yes"), name=NAME)


def run(actions, verb, ref):
    """As the ledger does it: what undo needs is kept first."""
    before = actions.before(verb, ref)
    return actions.do(verb, ref, before=before), before


@pytest.mark.parametrize(("verb", "on"), [(AccountVerb.SUSPEND, False), (AccountVerb.ENABLE, True)])
def test_an_account_is_switched_and_switched_back(graph, actions, ref, verb, on):
    graph.tenant.change_user(ref.key, accountEnabled=not on)
    assert "accountEnabled becomes" in actions.plan(verb, ref)[0]
    done, before = run(actions, verb, ref)
    assert (done.status, done.verified) == ("done", True)
    assert graph.tenant.users[ref.key]["accountEnabled"] is on
    assert actions.state(ref).enabled is on
    assert actions.do(verb, ref, before=before).status == "already"
    assert "already" in actions.plan(verb, ref)[0]
    assert actions.undo(verb, ref, before=before).status == "done"
    assert graph.tenant.users[ref.key]["accountEnabled"] is not on


def test_an_account_that_active_directory_rules_carries_a_warning(graph, actions, ref):
    graph.tenant.change_user(ref.key, onPremisesSyncEnabled=True)
    assert any("Active Directory" in words for words in actions.plan(AccountVerb.SUSPEND, ref))
    done, _ = run(actions, AccountVerb.SUSPEND, ref)
    assert "Active Directory" in done.warnings[0]
    assert "Active Directory" in run(actions, AccountVerb.RESET_PASSWORD, ref)[0].warnings[0]


def test_sessions_are_ended_for_good(graph, actions, ref):
    done, before = run(actions, AccountVerb.END_SESSIONS, ref)
    assert (done.status, done.verified) == ("done", True)
    assert graph.tenant.users[ref.key]["signInSessionsValidFromDateTime"] > before["signInSessionsValidFromDateTime"]
    assert "up to an hour" in done.warnings[0]
    assert actions.undo(AccountVerb.END_SESSIONS, ref, before=before).status == "failed"


def test_a_reset_password_is_random_set_and_shown_once(graph, actions, ref):
    done, before = run(actions, AccountVerb.RESET_PASSWORD, ref)
    assert (done.status, done.verified) == ("done", True)
    assert graph.tenant.passwords[ref.key] == done.secret
    assert done.secret not in repr(done)
    assert actions.undo(AccountVerb.RESET_PASSWORD, ref, before=before).status == "failed"
    assert len({new_password() for _ in range(50)}) == 50


def test_risk_is_confirmed_and_taken_back_by_dismissing(graph, actions, ref):
    done, before = run(actions, AccountVerb.CONFIRM_COMPROMISED, ref)
    assert (done.status, done.verified, before) == ("done", True, {"riskState": "none"})
    assert graph.tenant.risky[ref.key]["riskState"] == "confirmedCompromised"
    assert actions.state(ref).facts["Risk state at Entra"] == "confirmedCompromised"
    assert actions.do(AccountVerb.CONFIRM_COMPROMISED, ref, before=before).status == "already"
    assert actions.undo(AccountVerb.CONFIRM_COMPROMISED, ref, before=before).status == "done"
    assert graph.tenant.risky[ref.key]["riskState"] == "dismissed"


def test_a_dismissal_is_undone_only_where_entra_has_a_way_back(graph, actions, ref):
    graph.tenant.set_risk(ref.key, "high", "atRisk", at=START)
    done, before = run(actions, AccountVerb.DISMISS_RISK, ref)
    assert done.status == "done"
    assert "atRisk" in actions.undo(AccountVerb.DISMISS_RISK, ref, before=before).why
    assert actions.undo(AccountVerb.DISMISS_RISK, ref, before={"riskState": "confirmedCompromised"}).status == "done"


def test_a_risk_that_entra_still_works_on_is_told_as_not_verified(graph, actions, ref):
    waits = []
    deed = SetRisk("dismiss", "confirmedSafe", waits.append)
    done = deed.do(actions.graph, ref, {"riskState": "none"})
    assert (done.status, done.verified, len(waits)) == ("done", False, 5)


def test_rules_that_forward_delete_or_hide_are_disabled_and_only_these_come_back(graph, actions, ref):
    tenant = graph.tenant
    bad = tenant.add_rule(ref.key, "Invoices", forwardTo=["x@evil.example"])
    gone = tenant.add_rule(ref.key, "Gone", delete=True)
    off = tenant.add_rule(ref.key, "Old", enabled=False, redirectTo=["y@evil.example"])
    good = tenant.add_rule(ref.key, "Colour", assignCategories=True)
    plan = actions.plan(AccountVerb.STOP_RULES, ref)
    assert plan[0] == "disables the inbox rule “Invoices: forwards to x@evil.example”"
    assert "Exchange admin centre" in plan[-1]
    assert "forwards to x@evil.example" in actions.state(ref).forwarding[0]
    done, before = run(actions, AccountVerb.STOP_RULES, ref)
    assert (done.status, done.verified) == ("done", True)
    assert [tenant.rules[ref.key][key]["isEnabled"] for key in (bad, gone, off, good)] == [False, False, False, True]
    assert run(actions, AccountVerb.STOP_RULES, ref)[0].status == "already"
    assert actions.undo(AccountVerb.STOP_RULES, ref, before=before).status == "done"
    assert [tenant.rules[ref.key][key]["isEnabled"] for key in (bad, gone, off, good)] == [True, True, False, True]


def test_stopping_forwarding_leaves_other_rules_alone_and_says_what_graph_cannot_see(graph, actions, ref):
    forwards = graph.tenant.add_rule(ref.key, "Out", redirectTo=["x@evil.example"])
    deletes = graph.tenant.add_rule(ref.key, "Gone", permanentDelete=True)
    done, _ = run(actions, AccountVerb.STOP_FORWARDING, ref)
    rules = graph.tenant.rules[ref.key]
    assert (rules[forwards]["isEnabled"], rules[deletes]["isEnabled"]) == (False, True)
    assert "ForwardingSmtpAddress" in done.warnings[-1]


def test_a_read_only_rule_is_said_to_be_one(graph, actions, ref):
    graph.tenant.add_rule(ref.key, "Fixed", read_only=True, forwardTo=["x@evil.example"])
    assert "read-only" in actions.plan(AccountVerb.STOP_RULES, ref)[0]
    done, _ = run(actions, AccountVerb.STOP_RULES, ref)
    assert (done.status, "read-only" in done.warnings[0]) == ("failed", True)


@pytest.mark.parametrize("verb", sorted(DEEDS))
def test_an_account_that_is_gone_is_missing_and_no_error(actions, graph, ref, verb):
    graph.tenant.remove(ref.key)
    done, _ = run(actions, verb, ref)
    assert done.status == "missing"
    assert "no such account" in actions.plan(verb, ref)[0]
    assert actions.state(ref) is None


def test_what_the_application_may_not_do_is_a_failure_that_says_so(graph, actions, ref):
    graph.tenant.roles -= {"User.ReadWrite.All", "User.RevokeSessions.All"}
    before = {"signInSessionsValidFromDateTime": None}
    done = actions.do(AccountVerb.END_SESSIONS, ref, before=before)
    assert (done.status, "Insufficient privileges" in done.why) == ("failed", True)


def test_a_tenant_that_does_not_answer_is_no_outcome(graph, actions, ref):
    actions.state(ref)
    graph.faults.throttle(times=1, seconds=600)
    with pytest.raises(Unreachable):
        run(actions, AccountVerb.SUSPEND, ref)


def test_it_serves_its_own_accounts_alone(actions, ref):
    assert actions.serves(ref)
    assert not actions.serves(AccountRef("other", ref.key, provider="EntraID"))
    assert not actions.serves(AccountRef(NAME, ref.key, provider="Okta"))
    assert not actions.serves(AccountRef(NAME, "../groups/1", provider="EntraID"))
    assert actions.console(ref).startswith("https://entra.microsoft.com/")
    assert ref.key in actions.console(ref)


@pytest.mark.django_db
def test_a_connection_acts_only_when_its_settings_say_so(graph, max):
    settings = {name: value for name, value in settings_for(graph).items() if value}
    add_connection(by=actor_of(max), name="reads", kind="microsoft365", settings=settings)
    add_connection(by=actor_of(max), name="acts", kind="microsoft365", settings=settings | {"act": "yes"})
    assert list(account_actions()) == ["acts"]
    assert isinstance(SYSTEM, AccountSystem)
    assert Capability.ACT_ON_ACCOUNTS in SYSTEM.capabilities


def test_the_test_says_what_each_missing_permission_costs(graph, ada_there):
    full = SYSTEM.test(settings_for(graph, act="yes", risk="yes", files="yes"))
    assert full.ok
    graph.tenant.roles -= {"AuditLog.Read.All", "MailboxSettings.ReadWrite"}
    poor = SYSTEM.test(settings_for(graph, act="yes", risk="yes", files="yes"))
    said = [words for ok, words in poor.lines if not ok]
    assert said == [
        "no sign-ins and directory audits: grant AuditLog.Read.All to the application",
        "no stopping inbox rules and the forwarding they do: grant MailboxSettings.ReadWrite to the application",
    ]
    assert SYSTEM.test(settings_for(graph, sign_ins="no")).ok, "what is not asked for is not missed"


def test_the_test_names_a_wrong_secret_and_a_wrong_address(graph):
    wrong = SYSTEM.test(settings_for(graph, client_secret="wrong"))
    assert "AADSTS7000215" in wrong.lines[0][1]
    plain = SYSTEM.test(settings_for(graph, graph_url="http://graph.example"))
    assert "https://" in plain.lines[0][1]
    assert not plain.ok
