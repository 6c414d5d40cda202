"""kill -9 of the sources and of the reader of sign-ins: every acknowledged batch is there, and each of its rows once."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from labs import wait_until
from labs.postgres import postgres

SCRIPT = Path(__file__).with_name("observing_crash.py")
KILLS = 2


class Part:
    """One process and the file it prints to; started again when killed."""

    def __init__(self, home, environ, *words):
        self.words, self.environ = words, environ
        self.output = home / f"{'-'.join(words)}.txt"
        self.start()

    def start(self):
        self.output.touch()
        self.said = self.output.stat().st_size
        with self.output.open("ab") as out, self.output.with_suffix(".errors").open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, SCRIPT, *self.words], env=self.environ, stdout=out, stderr=errors
            )
        wait_until(self.works, seconds=120, what=str(self.words))

    def works(self):
        assert self.process.poll() is None, self.output.with_suffix(".errors").read_text()
        return self.output.stat().st_size > self.said

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def lines(self):
        return [line.strip() for line in self.output.read_text().splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.lab)])
def test_no_sign_in_is_lost_or_doubled_when_processes_are_killed_at_any_moment(tmp_path, database):
    with ExitStack() as stack:
        url = stack.enter_context(postgres()) if database == "postgresql" else ""
        kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "WATCHFLOOR_HOME"}}
        environ = kept | {"WATCHFLOOR_HOME": str(tmp_path)} | ({"DATABASE_URL": url} if url else {})
        migrate = [sys.executable, "-m", "django", "migrate", "-v0", "--skip-checks"]
        subprocess.run(migrate, env=environ | {"DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}, check=True)
        parts = [Part(tmp_path, environ, *words) for words in (("send", "one"), ("send", "two"), ("store",))]
        chance = random.Random(7)
        try:
            for turn in range(KILLS):
                time.sleep(chance.uniform(0.2, 0.8))
                for part in (parts[turn % 2], parts[2]):
                    part.kill()
                    part.start()
        finally:
            for part in parts:
                part.kill()
        said = subprocess.run([sys.executable, SCRIPT, "tally"], env=environ, check=True, capture_output=True).stdout
    found = json.loads(said)
    acknowledged = {line for part in parts[:2] for line in part.lines()}
    assert len(acknowledged) > 20
    assert {batch for batch in acknowledged if found["batches"].get(batch) != 40} == set()
    assert set(found["batches"].values()) == {40}
    assert found["rows"] == found["ids"]
