"""The fuzz target runs a while with every test run: half a minute in CI, ten seconds elsewhere; `make fuzz` runs ten minutes."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import labs

TARGET = Path(__file__).with_name("mail_parser.py")
IN_CI = os.environ.get("CI") == "true"


@pytest.mark.slow
def test_the_parser_survives_its_fuzzing(tmp_path):
    if importlib.util.find_spec("atheris") is None:
        labs.lacking("atheris is not installed: run python3 run.py env with the development requirements")
    seconds = "30" if IN_CI else "10"
    ran = subprocess.run(
        [sys.executable, str(TARGET), seconds], capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert not list(tmp_path.glob("crash-*"))
    tried = re.search(r"number_of_executed_units:\s+(\d+)", ran.stderr)
    assert tried
    assert int(tried[1]) > 20
