"""The cold tier is written by a process of its own that ends with the work."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.lake import keeping

PROGRAM = """
import django
django.setup()
from datetime import timedelta
from django.core.management import call_command
call_command("migrate", verbosity=0)
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import keeping, selectors, storage
from watchfloor.lake.contracts import Query
from watchfloor.lake.models import HotBatch
from watchfloor.lake.services import append, keep_apart
now = utc_now()
append("EmailEvents", [{"Timestamp": now, "NetworkMessageId": "1", "ReportId": "1", "RecipientEmailAddress": "a@b.example"}])
HotBatch.objects.update(written_at=now - storage.FLUSH_AGE)
keep_apart()
keeping.keep(keeping.Errand.FLUSH, now=now)
keeping.keep(keeping.Errand.MAINTAIN, now=now)
seen = selectors.count(Query("EmailEvents", now - timedelta(days=1), now + timedelta(days=1)))
print(HotBatch.objects.filter(flushed_at=None).count(), seen)
"""


@pytest.mark.slow
def test_a_child_moves_the_rows_and_this_process_still_sees_them_once(tmp_path):
    environ = {**os.environ, "WATCHFLOOR_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
    environ.pop("DATABASE_URL", None)
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["0", "1"]), done.stderr[-2000:]


def test_a_child_that_fails_is_an_error_that_says_where_to_look(monkeypatch):
    monkeypatch.setattr(keeping, "_apart", True)
    monkeypatch.setattr(keeping.sys, "executable", "/bin/false")
    with pytest.raises(keeping.KeepingFailed, match="see the worker's log"):
        keeping.keep(keeping.Errand.FLUSH, now=utc_now() - timedelta(0))


def test_what_a_killed_worker_left_at_work_is_not_started_a_second_time(monkeypatch, tmp_path):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o700)
    monkeypatch.setattr(keeping, "_apart", True)
    monkeypatch.setattr(keeping.sys, "executable", str(slow))
    children = []

    def left_behind(command, **facts):
        facts.pop("check")
        children.append(subprocess.Popen(command, **facts))
        return subprocess.CompletedProcess(command, 0)  # as after a kill: the child lives, its starter is gone

    monkeypatch.setattr(keeping.subprocess, "run", left_behind)
    try:
        for errand in (keeping.Errand.SEAL, keeping.Errand.SEAL, keeping.Errand.FLUSH):
            keeping.keep(errand, now=utc_now())
        assert [child.args[-1] for child in children] == ["seal", "flush"]
    finally:
        for child in children:
            child.kill()
            child.wait()
    keeping.keep(keeping.Errand.SEAL, now=utc_now())
    children[-1].kill()
    children[-1].wait()
    assert len(children) == 3
