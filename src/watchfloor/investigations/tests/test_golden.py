"""Every case of content/playbooks comes out as its file says: in the investigation, in real mailboxes and at real accounts."""

from dataclasses import replace

import pytest

from watchfloor.investigations.playbook import playbooks
from watchfloor.investigations.tests.golden import cases
from watchfloor.investigations.tests.golden_lab import held, lab

CASES = cases()


@pytest.fixture(scope="module")
def servers():
    with lab(CASES) as one:
        yield one


@pytest.fixture
def connected(db, queued, monkeypatch, servers):
    """The servers as connections of the product; the queue of response asked, and carried out by the case."""
    from watchfloor.response import queueing

    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)
    servers.connect()
    return servers


@pytest.mark.lab
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_comes_out_as_it_must(connected, case):
    assert held(case, connected) == []


@pytest.mark.lab
def test_what_stands_at_the_servers_otherwise_is_noticed(connected):
    case = next(one for one in CASES if one.name == "a mailbox that sends phish to colleagues")
    wrong = held(replace(case, name="silent of what came after", said={**case.said, "after": {}}), connected)
    words = " ".join(wrong)
    assert "k lies in “Recoverable” of p1." in words
    assert "session of ida." in words
    assert "risk of ida." in words
    assert "ends Remediated, not Pending action" in words


def test_every_playbook_has_a_case():
    assert {case.said["playbook"] for case in CASES} == set(playbooks())


def test_there_are_thirty_cases_and_a_third_of_them_recommend_nothing():
    assert len(CASES) >= 30
    assert sum(not case.said["recommends"] for case in CASES) >= len(CASES) / 3


def test_names_of_cases_differ():
    assert len({case.name for case in CASES}) == len(CASES)
