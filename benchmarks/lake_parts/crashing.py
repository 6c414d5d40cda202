"""Two writers, a flusher and three readers as processes, killed with -9 round after round: what was acknowledged is there once."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "src/watchfloor/lake/tests/crash.py"
ROWS = 40


@dataclass(frozen=True, slots=True)
class Crashed:
    """`acknowledged` batches; `lost` of them are not there, `duplicated` batches have more rows than were written or fewer."""

    acknowledged: int
    lost: int
    duplicated: int
    wrong_reads: int
    reads: int


class Part:
    """One process, started again when it was killed; it prints what it did to a file."""

    def __init__(self, home: Path, *words: str) -> None:
        self.words, self.output = words, home / f"{'-'.join(words)}.txt"
        self.environ = {**os.environ, "WATCHFLOOR_HOME": str(home)}
        self.start()

    def start(self) -> None:
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(SCRIPT), *self.words], env=self.environ, stdout=out, stderr=subprocess.DEVNULL
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def lines(self) -> list[str]:
        return [line.strip() for line in self.output.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def wait(self, more_than: int, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while len(self.lines()) <= more_than and time.monotonic() < until:
            time.sleep(0.05)


def rounds(home: Path, *, count: int, seed: int = 7) -> Crashed:
    """Let them work, kill one writer and the flusher at a random moment, start them again, `count` times; then count."""
    home.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, "WATCHFLOOR_HOME": str(home), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
    migrate = [sys.executable, "-m", "django", "migrate", "-v0"]
    subprocess.run(migrate, env=environ, check=True)
    dice = random.Random(seed)
    names = iter(range(1_000_000))
    flusher, readers, writers = Part(home, "flush"), [], []
    try:
        writers = [Part(home, "write", f"w{next(names)}") for _ in range(2)]
        readers = [_Reader(home, number) for number in range(3)]
        for turn in range(count):
            writers[-1].wait(3)
            flusher.wait(len(flusher.lines()))
            time.sleep(dice.random() * 0.5)
            flusher.kill()
            writers[turn % 2].kill()
            writers.append(Part(home, "write", f"w{next(names)}"))
            writers[turn % 2], writers[-1] = writers[-1], writers[turn % 2]
            flusher.start()
        writers[0].wait(3)
        for reader in readers:
            reader.wait(0)
    finally:
        for part in (*writers, flusher, *readers):
            if part.process.poll() is None:
                part.kill()
    return _counted(home, writers, readers, environ)


class _Reader(Part):
    """A reader with a file of its own; the script knows it as watch."""

    def __init__(self, home: Path, number: int) -> None:
        self.number = number
        super().__init__(home, "watch")

    def start(self) -> None:
        self.output = self.output.with_name(f"watch-{self.number}.txt")
        super().start()


def _counted(home: Path, writers: list[Part], readers: list[_Reader], environ: dict[str, str]) -> Crashed:
    told = {
        line
        for path in home.glob("write-*.txt")
        for line in path.read_text().splitlines(keepends=True)
        if line[-1:] == "\n"
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "tally"], env=environ, capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout.splitlines()[-1])
    watched = [json.loads(reader.lines()[-1]) for reader in readers if reader.lines()]
    lost = duplicated = 0
    for moment in ("before", "after"):
        there: Counter[str] = Counter(said[moment])
        lost = max(lost, sum(line.strip() not in there for line in told))
        duplicated = max(duplicated, sum(rows != ROWS for rows in there.values()))
    return Crashed(
        len(told), lost, duplicated, sum(len(one["wrong"]) for one in watched), sum(one["reads"] for one in watched)
    )
