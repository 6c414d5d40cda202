"""PostgreSQL gives ids before commit: a flush between two open transactions passes over neither, and gaps harm nobody."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("order.py")


@pytest.fixture
def run(tmp_path, postgres):
    environ = {**os.environ, "WATCHFLOOR_HOME": str(tmp_path), "DATABASE_URL": postgres}
    migrate = [
        sys.executable,
        "-m",
        "django",
        "migrate",
        "--settings=watchfloor.config.settings",
        "-v0",
        "--skip-checks",
    ]
    subprocess.run(migrate, env=environ, check=True)

    def order(way: str) -> dict:
        done = subprocess.run([sys.executable, SCRIPT, way], env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    return order


@pytest.mark.slow
@pytest.mark.lab
def test_nothing_is_lost_or_doubled_when_a_transaction_stays_open_across_a_flush(run):
    found = run("kept")
    assert found["database"] == "postgresql"
    assert found["lost"] == found["twice"] == found["strange"] == []
    assert found["backwards"] == 0
    assert found["last_id"] > found["rounds"] * 5 / 3, "rolled back batches leave gaps"
    assert found["longest_wait_s"] < 5


@pytest.mark.slow
@pytest.mark.lab
def test_without_that_order_batches_would_be_lost(run):
    """The danger is real: this is what `keep_order` is for."""
    assert run("free")["lost"] != []
