"""The journal of clicks: whoever is told that a click is kept finds it on disk, also when other writes fail."""

import fcntl
import os
import threading
import time
from datetime import UTC, datetime

import pytest

from watchfloor.kernel.errors import Unreachable
from watchfloor.response.clicks import journal
from watchfloor.response.clicks.journal import Journal


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = tmp_path
    return tmp_path


def on_disk(home):
    return "".join(path.read_text() for path in sorted((home / "clicks").glob("*.jsonl")))


class Waiting:
    """Clicks kept in threads of their own, and what each was told."""

    def __init__(self, kept):
        self.journal, self.told, self.threads = kept, {}, []

    def keep(self, name):
        def run():
            try:
                self.journal.keep({"n": name})
                self.told[name] = "kept"
            except Unreachable:
                self.told[name] = "not kept"

        thread = threading.Thread(target=run)
        thread.start()
        self.threads.append(thread)

    def end(self):
        for thread in self.threads:
            thread.join(10)
        return self.told


def test_a_batch_that_went_well_does_not_speak_for_one_that_failed(home, monkeypatch):
    """Of one batch the writer and another wait. Before the other wakes, the next batch is written well."""
    kept = Journal()
    begun, go_on, failed = threading.Event(), threading.Event(), threading.Event()
    real = kept._append

    def append(data):
        if b'"first"' in data:
            begun.set()
            go_on.wait(5)
            return real(data)
        if b'"second"' in data:
            time.sleep(0.2)  # the other waits for this batch by now
            failed.set()
            raise OSError(28, "No space left on device")
        return real(data)

    monkeypatch.setattr(kept, "_append", append)
    clicks = Waiting(kept)
    clicks.keep("first")
    assert begun.wait(5)
    for name in ("second", "third"):
        clicks.keep(name)
    while kept.waiting < 2:
        time.sleep(0.001)
    woken = kept._guard.wait

    def slow(timeout=None):
        # whoever wakes here does so only after a further batch has been written
        answer = woken(timeout)
        if failed.is_set() and "later" not in clicks.told and threading.current_thread().name != "later":
            later = threading.Thread(target=lambda: write_later(kept, clicks), name="later")
            kept._guard.release()
            later.start()
            later.join(5)
            kept._guard.acquire()
        return answer

    monkeypatch.setattr(kept._guard, "wait", slow)
    go_on.set()
    told = clicks.end()
    lines = on_disk(home)
    for name, words in told.items():
        assert (f'"{name}"' in lines) == (words == "kept"), (name, words)
    assert told["second"] == told["third"] == "not kept"


def write_later(kept, clicks):
    try:
        kept.keep({"n": "later"})
        clicks.told["later"] = "kept"
    except Unreachable:
        clicks.told["later"] = "not kept"


def test_whatever_breaks_the_write_is_no_success(home, monkeypatch):
    kept = Journal()

    def broken(data):
        raise MemoryError

    monkeypatch.setattr(kept, "_append", broken)
    with pytest.raises((MemoryError, Unreachable)):
        kept.keep({"n": 1})
    assert on_disk(home) == ""
    monkeypatch.undo()
    kept.keep({"n": 2})
    assert on_disk(home) == '{"n":2}\n'


def test_a_file_that_the_worker_took_away_while_it_was_opened_is_not_written_to(home, monkeypatch):
    """The worker deletes files that nobody holds; between making one and holding it, nobody does."""
    kept, real, taken = Journal(), fcntl.flock, []

    def flock(handle, how):
        if not taken and how == fcntl.LOCK_EX:
            (path,) = (home / "clicks").glob("*.jsonl")
            path.unlink()
            taken.append(path)
        return real(handle, how)

    monkeypatch.setattr(journal.fcntl, "flock", flock)
    kept.keep({"n": 1})
    assert taken
    assert on_disk(home) == '{"n":1}\n'


def test_after_half_a_line_that_could_not_be_taken_back_the_next_click_stands_alone(home, monkeypatch):
    kept = Journal()
    kept.keep({"n": 1})
    real_write, real_cut = os.write, os.ftruncate

    def half(handle, data):
        real_write(handle, bytes(data)[:3])
        raise OSError(5, "Input/output error")

    def refused(handle, size):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(journal.os, "write", half)
    monkeypatch.setattr(journal.os, "ftruncate", refused)
    with pytest.raises(Unreachable):
        kept.keep({"n": 2})
    monkeypatch.setattr(journal.os, "write", real_write)
    monkeypatch.setattr(journal.os, "ftruncate", real_cut)
    kept.keep({"n": 3, "at": datetime(2026, 11, 22, tzinfo=UTC).isoformat()})
    files = sorted((home / "clicks").glob("*.jsonl"))
    assert [path.read_text().splitlines()[-1][:7] for path in files][-1] == '{"n":3,'
    assert any(path.read_text().startswith('{"n":3,') for path in files)
