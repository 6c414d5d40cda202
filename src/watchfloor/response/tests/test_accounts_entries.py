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
