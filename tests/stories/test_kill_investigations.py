"""Investigations at work while the real worker is killed again and again: all finish, and no step takes effect twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from labs import end

ROOT = Path(__file__).resolve().parents[2]
NUMBER, KILLS = 12, 3

pytestmark = pytest.mark.slow


def test_investigations_outlive_three_kills_and_no_step_takes_effect_twice():
    command = [
        sys.executable,
        "benchmarks/air.py",
        "killing",
        f"investigations={NUMBER}",
        f"kills={KILLS}",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        said, words = process.communicate(timeout=400)
    finally:
        end(process)
    assert process.returncode == 0, words.decode()[-3000:]
    found = json.loads(said.decode().strip().splitlines()[-1])
    assert (found["finished_after_kills"], found["steps_done_twice"]) == (1.0, 0), found
    assert (found["kills"], found["killed_investigations"]) == (KILLS, NUMBER)
