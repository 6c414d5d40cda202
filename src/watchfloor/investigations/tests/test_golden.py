"""Every case of content/playbooks comes out as its file says."""

import pytest

from watchfloor.investigations.playbook import playbooks
from watchfloor.investigations.tests.golden import cases, differences, lay, walk

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_comes_out_as_it_must(db, queued, case):
    lay(case)
    assert differences(case, walk(case)) == []


def test_every_playbook_has_a_case():
    assert {case.said["playbook"] for case in CASES} == set(playbooks())


def test_a_third_of_the_cases_recommend_nothing():
    assert sum(not case.said["recommends"] for case in CASES) >= len(CASES) / 3


def test_names_of_cases_differ():
    assert len({case.name for case in CASES}) == len(CASES)
