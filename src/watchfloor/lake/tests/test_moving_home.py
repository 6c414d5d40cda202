"""A lake in an object store comes home whole, or stays where it is."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Conflict, NotConfigured, Unreachable
from watchfloor.lake import moving_home, services, storage
from watchfloor.lake.engines import object_store
from watchfloor.lake.place import check_place, lake_folder
from watchfloor.lake.snapshot import cold

from .conftest import mail
from .movable import MAILS, fill, seen

SETTINGS = "watchfloor.config.settings"


@pytest.fixture
def filled(lake, in_store):
    """A lake in the store; what it holds."""
    in_store()
    fill()
    return seen()


def come_home(settings) -> None:
    """What the operator does last."""
    settings.WATCHFLOOR = replace(settings.WATCHFLOOR, lake_location="")


def test_every_row_is_found_as_before_and_the_lake_lives_on_here(filled, settings):
    watermark, heard = cold("EmailEvents").snapshot().watermark, []
    moved = {one.name: one for one in services.move_home(progress=lambda *told: heard.append(told))}
    assert (moved["EmailEvents"].rows, moved["UrlClickEvents"].rows) == (40, 4)
    assert heard[-1][1] == heard[-1][2] > 0
    with pytest.raises(NotConfigured, match="take lake_location out"):
        check_place()
    come_home(settings)
    check_place()
    assert seen() == filled
    assert cold("EmailEvents").snapshot().watermark == watermark
    with storage.only_writer():
        assert storage.flush(MAILS, now=utc_now()) == 5
        assert storage.flush(MAILS, now=utc_now()) == 0
    assert seen() == filled
    assert not (lake_folder() / "arriving").exists()


def test_bringing_it_home_again_does_nothing_and_moving_there_again_takes_it_back(filled, settings):
    assert len(list(services.move_home())) == 2
    assert list(services.move_home()) == []
    assert {one.name for one in services.move()} == {"EmailEvents", "UrlClickEvents"}
    check_place()
    assert seen() == filled


def test_a_line_that_broke_is_taken_up_again_without_fetching_twice(filled, settings, monkeypatch):
    fetch, fetched = object_store.Bucket.fetch, []

    def failing(self, key, target):
        if len(fetched) == 2:
            raise Unreachable("the line broke")
        size = fetch(self, key, target)
        fetched.append(key)
        return size

    with monkeypatch.context() as patch:
        patch.setattr(moving_home, "AT_ONCE", 1)
        patch.setattr(object_store.Bucket, "fetch", failing)
        with pytest.raises(Unreachable):
            list(services.move_home())
    assert not (lake_folder() / "EmailEvents").exists()
    again = []
    monkeypatch.setattr(object_store.Bucket, "fetch", lambda *given: (again.append(given[1]), fetch(*given))[1])
    assert len(list(services.move_home())) == 2
    data = [key for key in fetched if key.endswith(".parquet")]
    assert data
    assert not set(data) & set(again)
    come_home(settings)
    assert seen() == filled


def test_what_an_earlier_attempt_left_of_an_older_state_does_not_come_along(filled, settings):
    folder = lake_folder() / "arriving/EmailEvents/day=2020-01-01"
    folder.mkdir(parents=True)
    (folder / "old.parquet").write_bytes(b"old")
    list(services.move_home())
    assert not list((lake_folder() / "EmailEvents").rglob("old.parquet"))


def test_a_copy_that_differs_is_not_taken(filled, monkeypatch):
    fetch = object_store.Bucket.fetch

    def lossy(self, key, target):
        size = fetch(self, key, target)
        if key.endswith(".parquet") and "/day=" in key:
            target.truncate(size - 1)
        return size

    monkeypatch.setattr(object_store.Bucket, "fetch", lossy)
    with pytest.raises(Conflict, match="not the same here as there"):
        list(services.move_home())
    assert not (lake_folder() / "EmailEvents").exists()


def test_another_table_that_stands_here_and_a_disk_that_is_too_small_are_told(filled, settings, monkeypatch):
    there = settings.WATCHFLOOR
    monkeypatch.setattr(moving_home, "SPARE", 1 << 60)
    with pytest.raises(Conflict, match="make room and run this again"):
        list(services.move_home())
    come_home(settings)
    services.append("EmailEvents", [mail(500)])
    with storage.only_writer():
        storage.flush(MAILS, now=utc_now())
    settings.WATCHFLOOR = there
    with pytest.raises(Conflict, match="another table EmailEvents lies here already"):
        list(services.move_home())


def test_nothing_comes_home_while_the_server_runs_or_from_nowhere(lake, in_store):
    import fcntl

    with pytest.raises(NotConfigured, match="names no object store"):
        next(services.move_home())
    in_store()
    with (lake / "worker.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="the server runs; stop it"):
            next(services.move_home())


KILLED = """
import os, signal, sys
import django
django.setup()
from watchfloor.lake import services
from watchfloor.lake.engines.object_store import Bucket
fetch, left = Bucket.fetch, [int(sys.argv[1])]
def dying(self, key, target):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return fetch(self, key, target)
Bucket.fetch = dying
list(services.move_home())
"""


def test_a_process_killed_twice_leaves_a_lake_that_comes_home_whole(filled, settings, s3, lake):
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environ = kept | s3.options(lake.name) | {"WATCHFLOOR_HOME": str(lake), "DJANGO_SETTINGS_MODULE": SETTINGS}
    for files in (3, 6):
        assert subprocess.run([sys.executable, "-c", KILLED, str(files)], env=environ).returncode == -signal.SIGKILL
    assert list(services.move_home())
    come_home(settings)
    assert seen() == filled


@pytest.mark.parametrize("name", ["../../settings.json", "/etc/passwd", "_delta_log/../../x", "."])
def test_no_name_in_the_store_leads_out_of_the_tables_folder(tmp_path, name):
    assert moving_home._below(tmp_path, "day=1/part-0.parquet") == tmp_path / "day=1" / "part-0.parquet"
    with pytest.raises(Conflict, match="none of a table"):
        moving_home._below(tmp_path, name)
