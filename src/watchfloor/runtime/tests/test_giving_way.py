"""Ticks that have used their share of the processor let the other threads of the worker go on."""

import threading
import time

import pytest

from watchfloor.runtime import giving_way as module
from watchfloor.runtime.giving_way import LONGEST_S, giving_way


@pytest.fixture
def called(monkeypatch):
    """How long a tick rested that used so many seconds, found so much, in a thread of this name."""

    def called(*, used, done=1, thread="detection"):
        clock = iter([10.0, 10.0 + used])
        rests: list[float] = []
        tick = giving_way(lambda: done, name="detection", rest=rests.append)
        told = []
        with monkeypatch.context() as patched:
            patched.setattr(module.time, "thread_time", lambda: next(clock))
            running = threading.Thread(target=lambda: told.append(tick()), name=thread)
            running.start()
            running.join()
        assert told == [done]
        return rests

    return called


def test_a_tick_that_used_its_share_rests_as_long_as_it_worked(called):
    assert called(used=0.8) == [pytest.approx(0.8)]


def test_a_long_one_does_not_keep_the_worker_from_ending(called):
    assert called(used=60) == [LONGEST_S]


@pytest.mark.parametrize(
    "how",
    [{"used": 0.1}, {"used": 5, "done": 0}, {"used": 5, "thread": "MainThread"}],
    ids=["short", "idle", "elsewhere"],
)
def test_none_rests_that_took_little_or_found_nothing_or_whose_caller_has_no_others_to_wait_for(called, how):
    assert called(**how) == []


def test_what_waits_costs_no_share():
    rests = []
    thread = threading.Thread(target=giving_way(lambda: time.sleep(0.35) or 1, name="t", rest=rests.append), name="t")
    thread.start()
    thread.join()
    assert rests == []
