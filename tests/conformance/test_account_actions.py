"""Every action on people keeps its promises: refused without the right, audited, harmless twice, undone, described, a button."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.response import queueing, selectors, services
from watchfloor.response.accounts.action import PHASES, VERB_LABELS
from watchfloor.response.accounts.engine import work_accounts
from watchfloor.response.accounts.freezing import freeze_accounts
from watchfloor.response.accounts.risk import OWN, OwnRisk
from watchfloor.response.catalogue import account_actions, actions
from watchfloor.response.contracts import People
from watchfloor.response.models import Remediation
from watchfloor.response.progress import begin, finish
from watchfloor.response.tests.small_directory import EVERYTHING, SmallDirectory, account
from watchfloor.ui.icons import icon_names

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OFFERED = [action for action in account_actions().values() if action.offered]
EVERY_RIGHT = Actor("person:1", "Max", frozenset(Permission))
each = pytest.mark.parametrize("action", OFFERED, ids=[action.key for action in OFFERED])


@pytest.fixture(autouse=True)
def unqueued(monkeypatch):
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)


@pytest.fixture
def ann(db):
    made = DirectoryPerson.objects.create(address="ann@corp.example", name="Ann", source="ldap", imported_at=NOW)
    Account.objects.create(
        person=made,
        source="ldap",
        key="ann",
        provider="OpenLDAP",
        mail="ann@corp.example",
        first_seen_at=NOW,
        seen_at=NOW,
    )
    return made.pk


@pytest.fixture
def ldap():
    return SmallDirectory("ldap", {"ann": account(locked=False)}, can=EVERYTHING)


def started(action, ann, *, by=EVERY_RIGHT, reason="a drill"):
    return services.start(by=by, name="Drill", reason=reason, action=action.key, targets=People((ann,)), at=NOW)


def carried_out(one: Remediation, ldap) -> Remediation:
    systems = {"ldap": ldap, OWN: OwnRisk(EVERY_RIGHT, "a drill", lambda: NOW)}
    begin(one.pk, now=NOW)
    one.refresh_from_db()
    freeze_accounts(one, systems=systems, now=NOW)
    while work_accounts(one, systems=systems, clock=lambda: NOW):
        pass
    return finish(one.pk, now=NOW)


@each
def test_it_describes_itself(action):
    assert re.fullmatch(r"[a-z-]+", action.key)
    assert action.description.endswith(".")
    assert action.icon in icon_names()
    assert action.key not in actions()
    assert all(verb in PHASES and verb in VERB_LABELS for verb in action.verbs({one.key for one in action.options}))


@each
def test_it_is_refused_without_its_right_and_that_is_on_record(action, ann, ldap):
    nobody = Actor("person:9", "Eve", frozenset(Permission) - action.rights())
    with pytest.raises(Forbidden):
        started(action, ann, by=nobody)
    assert AuditEntry.objects.get(verb="remediation.start").outcome == "refused"
    assert not Remediation.objects.exists()
    assert ldap.log == []


@each
def test_it_asks_for_a_reason_and_somebody(action, ann):
    with pytest.raises(BadInput, match="reason"):
        started(action, ann, reason="  ")
    with pytest.raises(BadInput, match="person"):
        services.start(by=EVERY_RIGHT, name="Drill", reason="a drill", action=action.key, targets=People())


@each
def test_it_stands_in_the_ledger_and_the_audit_log_when_it_is_done(action, ann, ldap):
    done = carried_out(started(action, ann), ldap)
    assert done.status == "Completed"
    assert done.total >= 1
    assert done.counts.pending == 0
    outcomes = AuditEntry.objects.filter(verb="remediation.start").order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == ["attempt", "success"]


@each
def test_a_second_time_finds_it_done_already_and_changes_nothing(action, ann, ldap):
    carried_out(started(action, ann), ldap)
    first = {key: dict(value) for key, value in ldap.accounts.items()}
    again = carried_out(started(action, ann), ldap)
    if not {"reset-password", "stop-rules", "stop-delegation"} & {verb.value for verb in action.steps}:
        assert {line.status for line in again.account_lines.all()} <= {"already", "skipped"}
        assert ldap.accounts == first


@each
def test_what_can_be_undone_is_and_what_cannot_says_so(action, ann, ldap):
    was = {key: dict(value) for key, value in ldap.accounts.items()}
    done = carried_out(started(action, ann), ldap)
    if not action.undoable:
        assert "cannot be undone" in selectors.why_no_undo(done)
        return
    if not done.changed:
        assert selectors.why_no_undo(done) == "it changed nothing"
        return
    back = carried_out(services.undo(by=EVERY_RIGHT, remediation_id=done.pk, reason="a drill"), ldap)
    assert not back.failed
    now = {key: {**value, "sessions": was[key]["sessions"]} for key, value in ldap.accounts.items()}
    assert {key: {name: value[name] for name in was[key]} for key, value in now.items()} == was


@each
def test_it_stands_in_the_reference(action):
    reference = Path(__file__).parents[2] / "docs" / "reference" / "actions.md"
    assert f"{action.label} (`{action.key}`)" in reference.read_text()
