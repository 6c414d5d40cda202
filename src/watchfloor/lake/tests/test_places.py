"""A folder's log: every commit is seen at once, also when the file system's clock stood still between two of them."""

import os
import time

import pytest

from watchfloor.lake.engines.places import RESTED_NS, DiskShelf

LONG_AGO = time.time_ns() - 10 * RESTED_NS


@pytest.fixture
def shelf(tmp_path):
    shelf = DiskShelf(tmp_path)
    shelf.log.mkdir()
    commit(shelf, 0)
    return shelf


def commit(shelf, version):
    (shelf.log / f"{version:020}.json").touch()


def changed_at(shelf, moment):
    os.utime(shelf.log, ns=(moment, moment))


def moved_on(shelf, version=0):
    return shelf.moved_on(version, seconds=0)


def test_a_commit_after_a_long_rest_is_seen(shelf):
    changed_at(shelf, LONG_AGO)
    assert not moved_on(shelf)
    assert not moved_on(shelf)
    commit(shelf, 1)
    assert moved_on(shelf)
    assert not moved_on(shelf, version=1)


def test_a_commit_that_was_dropped_is_seen(shelf):
    changed_at(shelf, LONG_AGO)
    assert not moved_on(shelf)
    (shelf.log / f"{0:020}.json").unlink()
    assert moved_on(shelf)


def test_a_commit_in_the_same_tick_of_a_coarse_clock_is_seen(shelf):
    tick = time.time_ns()
    changed_at(shelf, tick)
    assert not moved_on(shelf)
    commit(shelf, 1)
    changed_at(shelf, tick)
    assert moved_on(shelf)


def test_a_rested_folder_is_not_looked_through(shelf, monkeypatch):
    changed_at(shelf, LONG_AGO)
    assert not moved_on(shelf)
    monkeypatch.setattr(DiskShelf, "_has_entry", lambda *_: pytest.fail("its entries were looked for"))
    assert not moved_on(shelf)


def test_a_folder_that_is_gone_is_another_state(shelf):
    for path in (*shelf.log.iterdir(), shelf.log):
        path.rmdir() if path.is_dir() else path.unlink()
    assert moved_on(shelf)
