"""Two writers, a flusher and three readers as processes, killed with -9 round after round: what was acknowledged is there once."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
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


class Parts:
    """Starts processes over a home, each forked from one that has everything loaded; at the end those that still run are killed."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self.home = home
        self.parent = subprocess.Popen(
            [sys.executable, str(SCRIPT), "fork"], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *told: object) -> None:
        self.parent.stdin.close()
        self.parent.wait()

    def start(self, output: Path, words: Sequence[str]) -> int:
        print(output, *words, file=self.parent.stdin, flush=True)
        return int(self.parent.stdout.readline())


class Part:
    """One process, started again when it was killed; it prints what it did to a file."""

    def __init__(self, parts: Parts, *words: str, name: str = "") -> None:
        self.parts, self.words, self.output = parts, words, parts.home / f"{name or '-'.join(words)}.txt"
        self.output.touch()
        self.start()

    def start(self) -> None:
        self.process = self.parts.start(self.output, self.words)

    @property
    def lives(self) -> bool:
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        while self.lives:
            time.sleep(0.005)

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
    if not (home / "watchfloor.sqlite3").exists():
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environ, check=True)
    dice = random.Random(seed)
    names = iter(range(1_000_000))
    with Parts(home, environ) as parts:
        running = [Part(parts, "flush")]
        try:
            running += [Part(parts, "write", f"w{next(names)}") for _ in range(2)]
            running += [Part(parts, "watch", name=f"watch-{number}") for number in range(3)]
            flusher, writers, readers = running[0], running[1:3], running[3:]
            for turn in range(count):
                writers[-1].wait(3)
                flusher.wait(len(flusher.lines()))
                time.sleep(dice.random() * 0.5)
                flusher.kill()
                writers[turn % 2].kill()
                running.append(Part(parts, "write", f"w{next(names)}"))
                writers[turn % 2] = running[-1]
                flusher.start()
            writers[0].wait(3)
            for reader in readers:
                reader.wait(0)
        finally:
            for part in running:
                if part.lives:
                    part.kill()
    return _counted(home, readers, environ)


def _counted(home: Path, readers: Sequence[Part], environ: Mapping[str, str]) -> Crashed:
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
