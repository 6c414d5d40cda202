"""A lone administrator: told what to do, and let through by a command at the server that is written down."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry, Person
from watchfloor.access.selectors import actor_of
from watchfloor.identities.models import DirectoryPerson
from watchfloor.kernel.errors import BadInput, Conflict, NotFound
from watchfloor.response import queueing, services
from watchfloor.response.accounts import systems
from watchfloor.response.contracts import People, RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.response.tests.small_directory import SmallDirectory, account
from watchfloor.response.tests.test_accounts_engine import person

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
REASON = "nobody else on duty"


@pytest.fixture(autouse=True)
def ldap(monkeypatch):
    made = SmallDirectory("ldap", {"ann": account()})
    monkeypatch.setattr(systems, "account_actions", lambda: {"ldap": made})
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)


@pytest.fixture
def ann(db):
    """Somebody who administers the directory."""
    pk = person("Ann", "ldap")
    DirectoryPerson.objects.filter(pk=pk).update(privileged=True)
    return pk


@pytest.fixture
def alone(max):
    """Max is the only one who may sign in."""
    Person.objects.exclude(pk=max.pk).update(is_active=False)
    return max


def asked(by, ann, action="reset-password") -> Remediation:
    return services.start(
        by=actor_of(by), name="Reset Ann", reason="because", action=action, at=NOW, targets=People((ann,))
    )


def test_the_page_says_what_a_lone_administrator_can_do(as_max, alone, ann):
    page = as_max.get(f"/actions/people/review?action=reset-password&person={ann}").content.decode()
    if "approve-action" not in page:
        page = as_max.get(f"/actions/people/new?action=reset-password&person={ann}").content.decode()
    assert "watchfloor approve-action" in page
    assert "written to the audit log" in page


def test_with_somebody_else_there_the_page_speaks_of_them_only(as_max, max, ann, ada):
    ada.roles.set(max.roles.all())
    page = as_max.get(f"/actions/people/new?action=reset-password&person={ann}").content.decode()
    assert "approve-action" not in page


def test_the_command_lets_it_run_in_the_name_of_who_proposed_it_and_writes_that_down(alone, ann):
    waiting = asked(alone, ann)
    assert waiting.status == RemediationStatus.PENDING
    done = services.approve_at_server(name="Reset Ann", reason=REASON, at=NOW)
    assert (done.pk, done.status) == (waiting.pk, RemediationStatus.STARTED)
    assert (done.decided_by, done.decision_reason) == (actor_of(alone).id, f"Approved at the server: {REASON}")
    entry = AuditEntry.objects.filter(verb="remediation.rescue", outcome="success").get()
    assert entry.actor_name == "The command line"
    assert entry.reason == REASON
    with pytest.raises(NotFound):
        services.approve_at_server(name="Reset Ann", reason=REASON, at=NOW)


def test_it_is_refused_while_somebody_else_may_approve(max, ada, ann):
    ada.roles.set(max.roles.all())
    asked(max, ann)
    with pytest.raises(Conflict, match="may approve"):
        services.approve_at_server(name="Reset Ann", reason=REASON, at=NOW)
    assert AuditEntry.objects.filter(verb="remediation.rescue", outcome="failure").exists()
    assert Remediation.objects.get().status == RemediationStatus.PENDING


def test_a_reason_and_a_waiting_action_are_needed(alone, ann):
    with pytest.raises(BadInput, match="reason"):
        services.approve_at_server(name="Reset Ann", reason=" ", at=NOW)
    with pytest.raises(NotFound, match="waits for approval"):
        services.approve_at_server(name="Reset Ann", reason=REASON, at=NOW)
    assert Permission.IDENTITY_ACTION_MANAGE in actor_of(alone).permissions
