"""From an incident's users and from the list of people to an action on all who are ticked."""

import re

import pytest

from watchfloor.response import queueing
from watchfloor.response.models import Remediation
from watchfloor.response.tests.test_accounts_engine import person


@pytest.fixture(autouse=True)
def unqueued(monkeypatch):
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)


def test_ticked_people_of_the_list_go_into_one_action(as_max, db):
    ann, bob = person("Ann", "ldap"), person("Bob", "ldap")
    listed = as_max.get("/identities").content.decode()
    assert "/identities/selected?do=suspend" in listed
    answer = as_max.get("/identities/selected", {"do": "suspend", "row": [str(ann), str(bob)]})
    assert re.fullmatch(rf"/actions/people/new\?action=suspend&person={ann}&person={bob}", answer["Location"])
    page = as_max.get(answer["Location"])
    assert "Ann, Bob" in page.content.decode()


def test_an_action_from_an_incident_carries_the_incident_along(as_max, db):
    ann = person("Ann", "ldap")
    chosen = {"name": "ann@corp.example", "incident_id": "12"}
    page = as_max.post("/actions/people/new", chosen).content.decode()
    assert 'name="incident_id" value="12"' in page
    as_max.post(
        "/actions/people/new/submit",
        {**chosen, "action": "suspend", "reason": "see the incident", "confirmed": "yes", "do": "start"},
    )
    one = Remediation.objects.get()
    assert (one.incident_id, one.aimed_at.people) == ("12", (ann,))
    assert 'href="/incidents/12"' in as_max.get(one.href).content.decode()


def test_the_page_of_a_person_shows_what_was_done_to_them_and_leads_to_the_ledger(as_max, db):
    from datetime import UTC, datetime

    from watchfloor.response.accounts.freezing import freeze_accounts
    from watchfloor.response.tests.small_directory import SmallDirectory, account

    ann = person("Ann", "ldap")
    assert "Actions taken" not in as_max.get(f"/identities/{ann}").content.decode()
    as_max.post(
        "/actions/people/new/submit",
        {"person": ann, "action": "suspend", "reason": "phished", "confirmed": "yes", "do": "start"},
    )
    one = Remediation.objects.get()
    freeze_accounts(one, systems={"ldap": SmallDirectory("ldap", {"ann": account()})}, now=datetime.now(UTC))
    page = as_max.get(f"/identities/{ann}").content.decode()
    assert "Actions taken" in page
    assert f'href="{one.href}"' in page
    assert "End sessions" in page


def test_the_buttons_on_a_persons_page_open_the_action(as_max, db):
    ann = person("Ann", "ldap")
    page = as_max.get(f"/identities/{ann}").content.decode()
    for key in ("suspend", "confirm-compromised", "require-sign-in"):
        assert f"/actions/people/new?action={key}&amp;person={ann}" in page
    assert f"/identities/{ann}/account-settings" in page
