"""What somebody might try with the actions on people: take an account over, free themselves, aim at others than shown."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import actor_of
from watchfloor.identities.models import DirectoryPerson
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.response import queueing, services
from watchfloor.response.accounts import settings_view, systems
from watchfloor.response.contracts import People, RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.response.tests.small_directory import SmallDirectory, account
from watchfloor.response.tests.test_accounts_engine import carry_out, person

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ldap(monkeypatch):
    made = SmallDirectory("ldap", {name: account() for name in ("ann", "max", "ada", "a&person=9")})
    for module in (systems, settings_view):
        monkeypatch.setattr(module, "account_actions", lambda: {"ldap": made})
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)
    return made


@pytest.fixture
def ann(db):
    return person("Ann", "ldap")


def asked(by, action, *aimed, names=(), options=()) -> Remediation:
    return services.start(
        by=actor_of(by), name="Try", reason="because", action=action, at=NOW,
        targets=People(aimed, names=names, options=options),
    )  # fmt: skip


def of(somebody) -> int:
    """The person of the directory who signs in to Watchfloor as this one."""
    pk = person(somebody.name.split()[0], "ldap")
    DirectoryPerson.objects.filter(pk=pk).update(address=somebody.email)
    return pk


@pytest.mark.parametrize(("action", "options"), [("reset-password", ()), ("confirm-compromised", ("reset-password",))])
def test_the_password_of_an_administrator_of_the_directory_is_nobodys_alone(ann, max, action, options):
    assert asked(max, action, ann, options=options).status == RemediationStatus.STARTED
    DirectoryPerson.objects.filter(pk=ann).update(privileged=True)
    waiting = asked(max, action, ann, options=options)
    assert (waiting.status, waiting.second_person) == (RemediationStatus.PENDING, True)
    with pytest.raises(Forbidden, match="second person"):
        services.approve(by=actor_of(max), remediation_id=waiting.pk)
    assert asked(max, "suspend", ann).status == RemediationStatus.STARTED


def test_who_may_do_more_here_is_not_taken_over_by_who_may_do_less(max, eve):
    from watchfloor.access.models import Role

    rest = [one.value for one in Permission if one != Permission.PEOPLE_MANAGE]
    max.roles.set([Role.objects.create(name="Nearly all", permissions=rest)])
    pk = of(eve)
    assert asked(max, "reset-password", pk).status == RemediationStatus.STARTED
    eve.roles.add(Role.objects.create(name="Ranker", permissions=[Permission.PEOPLE_MANAGE.value]))
    assert asked(max, "reset-password", pk).status == RemediationStatus.PENDING
    DirectoryPerson.objects.filter(pk=pk).delete()  # no directory knows the address
    assert asked(max, "reset-password", names=(eve.email,)).status == RemediationStatus.PENDING
    assert asked(max, "suspend", names=(eve.email,)).status == RemediationStatus.STARTED


@pytest.mark.parametrize("action", ["enable", "dismiss-risk"])
def test_nobody_frees_themselves(max, ann, action):
    me = of(max)
    assert asked(max, action, ann).status == RemediationStatus.STARTED
    assert asked(max, action, me).status == RemediationStatus.PENDING
    assert asked(max, "suspend", me).status == RemediationStatus.STARTED  # in an emergency, one's own


def test_nobody_undoes_what_was_done_to_themselves(max, ldap):
    one = asked(max, "suspend", of(max))
    carry_out(one, systems.systems_of(one))
    undoing = services.undo(by=actor_of(max), remediation_id=one.pk)
    assert (undoing.status, undoing.second_person) == (RemediationStatus.PENDING, True)


def test_the_page_says_that_a_second_person_will_be_asked(as_max, ann):
    address = f"/actions/people/new?action=reset-password&person={ann}"
    assert "second person" not in as_max.get(address).content.decode()
    DirectoryPerson.objects.filter(pk=ann).update(privileged=True)
    assert "Without the reset it starts at once" in as_max.get(address).content.decode()


def test_an_undo_is_no_action_to_choose(as_max, max, ann):
    with pytest.raises(BadInput, match="cannot be chosen"):
        asked(max, "undo-account-change", ann)
    fields = {"action": "undo-account-change", "person": ann, "reason": "x", "do": "start", "confirmed": "yes"}
    assert as_max.get("/actions/people/new", fields).status_code == 400
    assert as_max.post("/actions/people/new/submit", fields).status_code == 400
    assert not Remediation.objects.exists()


def test_an_account_whose_key_looks_like_an_address_aims_at_nobody_else(as_max, db, ldap):
    pk = person("Ann", "ldap", key="a&person=9")
    page = as_max.get(f"/identities/{pk}/account-settings").content.decode()
    assert f"person={pk}&amp;account=ldap%7Ca%26person%3D9" in page
    assert "person=9&" not in page


@pytest.mark.parametrize("address", ["javascript:alert(1)//{mail}", "data:text/html,x", " javascript:x"])
def test_a_console_that_is_no_page_is_not_linked(as_max, ann, ldap, address):
    ldap.console = lambda ref: address
    page = as_max.get(f"/identities/{ann}/account-settings").content.decode()
    assert "Open its own console" not in page


def test_how_accounts_stand_is_told_to_those_who_may_read_people_only(ann, max, ldap, client):
    from watchfloor.access.models import Person, Role

    DirectoryPerson.objects.filter(pk=ann).update(privileged=True)
    waiting = asked(max, "reset-password", ann)
    clerk = Person.objects.create(email="clerk@corp.example", name="Clerk")
    clerk.roles.add(Role.objects.create(name="Clerk", permissions=[Permission.ACTION_CENTER_READ.value]))
    client.force_login(clerk)
    ldap.log.clear()
    assert client.get(waiting.href).status_code == 200
    assert ldap.log == []


@pytest.mark.parametrize("path", ["/actions/people/new/submit", "/actions/people/new/review"])
def test_nothing_is_submitted_by_a_link_or_by_another_site(max, ann, path):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(max)
    fields = {"action": "suspend", "person": ann, "reason": "x", "do": "start", "confirmed": "yes"}
    assert strict.get(path, fields).status_code == 405
    assert strict.post(path, fields).status_code == 403
    assert not Remediation.objects.exists()
