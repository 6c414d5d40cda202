"""kill -9 of writers and flusher at random moments: every acknowledged batch is there once, readers never see half of one."""

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
from labs.s3 import S3

SCRIPT = Path(__file__).with_name("crash.py")
KILLS = 4


class Part:
    """One process of the test and the file it prints to; started again when killed."""

    def __init__(self, home: Path, environ: dict[str, str], *words: str) -> None:
        self.words, self.environ = words, environ
        self.output = home / f"{'-'.join(words)}.txt"
        self.start()

    def start(self) -> None:
        self.output.touch()
        self.said = self.output.stat().st_size
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, SCRIPT, *self.words], env=self.environ, stdout=output, stderr=subprocess.PIPE
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()

    def wait_until_it_works(self) -> None:
        """Until it printed something since its start."""
        wait_until(lambda: self.output.stat().st_size > self.said or self.ended(), seconds=120, what=str(self.words))

    def ended(self) -> bool:
        if self.process.poll() is None:
            return False
        raise AssertionError(self.process.stderr.read().decode())

    def lines(self) -> list[str]:
        return [line for line in self.output.read_text().splitlines(keepends=True) if line.endswith("\n")]


def environment(home: Path, database: str, store: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "WATCHFLOOR_HOME"}}
    return kept | {"WATCHFLOOR_HOME": str(home)} | ({"DATABASE_URL": database} if database else {}) | store


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "place"),
    [
        ("sqlite", "disk"),
        pytest.param("postgresql", "store", marks=pytest.mark.lab),
    ],
)
def test_nothing_is_lost_or_doubled_when_processes_are_killed_at_any_moment(tmp_path, database, place):
    with ExitStack() as stack:
        url = stack.enter_context(postgres()) if database == "postgresql" else ""
        store = stack.enter_context(S3()).options() if place == "store" else {}
        environ = environment(tmp_path, url, store)
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
        parts = [Part(tmp_path, environ, *words) for words in (("write", "one"), ("write", "two"), ("flush",))]
        watcher = Part(tmp_path, environ, "watch")
        stack.callback(lambda: [part.kill() for part in (*parts, watcher) if part.process.poll() is None])
        _kill_at_random(parts, kills=KILLS)
        watcher.wait_until_it_works()
        watcher.kill()
        told = {line.strip() for path in tmp_path.glob("write-*.txt") for line in Part.lines(_at(path))}
        done = subprocess.run([sys.executable, SCRIPT, "tally"], env=environ, check=True, capture_output=True)
    found = json.loads(done.stdout)
    assert found["database"] == database
    assert found["where"].startswith("s3://" if place == "store" else "/")
    assert found["commits"] > 3
    assert len(told) > 20
    for moment in ("before", "after"):
        assert told - found[moment].keys() == set(), f"lost {moment} the last flush"
        assert {batch: rows for batch, rows in found[moment].items() if rows != 40} == {}, f"torn or doubled {moment}"
    assert found["before"] == found["after"]
    reading = json.loads(watcher.lines()[-1])
    assert reading["reads"] > 5
    print(
        f"{database}, {place}: {KILLS} kills, {len(told)} batches told, {found['commits']} commits, {reading['reads']} readings"
    )
    assert reading["wrong"] == []


def _at(path: Path) -> Part:
    part = Part.__new__(Part)
    part.output = path
    return part


def _kill_at_random(parts: list[Part], *, kills: int) -> None:
    """Kill one part after another once it works, at a random moment, and start it again; a writer under a new name."""
    dice = random.Random(5)
    for number in range(kills):
        part = parts[number % len(parts)]
        part.wait_until_it_works()
        time.sleep(dice.uniform(0.0, 1.0))
        part.kill()
        if part.words[0] == "write":
            part.words = ("write", f"{part.words[1]}x")
            part.output = part.output.with_name(f"{'-'.join(part.words)}.txt")
        part.start()
    for part in parts:
        part.wait_until_it_works()
    time.sleep(1.0)
    for part in parts:
        part.kill()
