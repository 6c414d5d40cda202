"""The worker's rounds."""

import pytest
from dbos._dbos import _get_or_create_dbos_registry
from dbos._registrations import get_func_info

from watchfloor.config.slices import load
from watchfloor.config.ticking import JOBS_FIRST_S, first_look, pause


@pytest.mark.parametrize(("seconds", "idle", "expected"), [(0.3, 5, 0.3), (0.3, 31, 1.0), (60, 5, 60), (60, 900, 60)])
def test_what_has_nothing_to_do_looks_once_a_second(seconds, idle, expected):
    assert pause(seconds, idle=idle) == expected


@pytest.mark.parametrize(
    ("seconds", "share", "expected"),
    [(0.3, 0.5, 0.15), (5, 0.8, 4.0), (10, 0.0, 5.0), (30, 0.5, 7.5), (86_400, 1, 10.0)],
)
def test_first_looks_are_spread_and_upkeep_comes_last(seconds, share, expected):
    assert first_look(seconds, share) == pytest.approx(expected)


def test_jobs_that_wait_go_before_the_first_looks():
    assert first_look(0.3, 0, after=JOBS_FIRST_S) == JOBS_FIRST_S
    assert first_look(0.3, 0) == 0


def test_no_kind_of_job_is_given_up_because_its_worker_was_killed_often():
    load("jobs")
    limits = {
        name: get_func_info(function).max_recovery_attempts
        for name, function in _get_or_create_dbos_registry().workflow_info_map.items()
        if not name.startswith(("<temp>", "test.", "_dbos"))
    }
    assert {"investigations.investigate", "response.remediate"} <= set(limits)
    assert {name: most for name, most in limits.items() if most is not None} == {}
