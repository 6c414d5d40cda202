"""Sign-ins from the wire to visible rows: how many a second, and whether kill -9 loses or doubles any.

`signin_figures(n)` reads `n` records as Dovecot's event exporter posts them, makes them durable, stores them as the worker's tick
does, and counts them by a query. One process does it all in turn; a server does it in two.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from watchfloor.connectors.event_intake import keep, reading_of
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.observing import observe_pending
from watchfloor.lake.selectors import count

SCRIPT = Path(__file__).resolve().parents[2] / "src/watchfloor/lake/tests/observing_crash.py"
BATCH = 1_000
PEOPLE = 5_000
ADDRESSES = 2_000
ROWS = 40
Tell = Callable[[str], None]


def signin_figures(n: int, *, kills: int = 3, tell: Tell = print) -> dict[str, float]:
    """`signins_per_s` by the clock; raises AssertionError when a row is missing, or a killed process lost or doubled one."""
    now = utc_now()
    mark = f"bench{os.getpid()}.example"
    records = list(_records(n, now, mark))
    reading = reading_of({})
    keep(reading, _placed(records[:1]), source="warm", at=now)
    while observe_pending(now=now):
        pass
    wall, work = time.monotonic(), time.process_time()
    for start in range(0, n, BATCH):
        keep(reading, _placed(records[start : start + BATCH]), source="bench", at=now)
    durable = time.monotonic() - wall
    while observe_pending(now=now):
        pass
    seen = count(
        Query(
            "IdentityLogonEvents",
            now - timedelta(days=2),
            now + timedelta(days=1),
            (Condition("AccountUpn", Operator.CONTAINS_ANY, (mark,)),),
        )
    )
    wall, work = time.monotonic() - wall, time.process_time() - work
    assert seen == n, f"{seen} of {n} sign-ins are visible"
    tell(f"sign-ins: {n} in {wall:.2f} s, durable after {durable:.2f} s; {n / work:.0f} a second of processor time")
    if kills:
        lost, doubled, batches = kill_rounds(kills)
        tell(f"sign-ins: {kills} rounds of kill -9: {batches} batches acknowledged, {lost} lost, {doubled} duplicated")
        assert not lost, "acknowledged sign-ins are lost"
        assert not doubled, "sign-ins are there twice"
    return {"signins_per_s": round(n / wall)}


def _placed(records: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((f"record {number}", record) for number, record in enumerate(records))


def _records(n: int, now: datetime, mark: str) -> Iterator[Mapping[str, Any]]:
    """A day's sign-ins: most from few networks, one in fifty refused."""
    chance = random.Random(7)
    addresses = [".".join(str(chance.randrange(1, 224)) for _ in range(4)) for _ in range(ADDRESSES)]
    for number in range(n):
        at = now - timedelta(seconds=(n - number) * 86_000 / n)
        user = f"person{chance.randrange(PEOPLE)}@{mark}"
        yield {
            "event": "auth_request_finished",
            "hostname": "mx1",
            "end_time": at.isoformat(),
            "categories": ["auth"],
            "fields": {
                "user": user,
                "original_user": user,
                "service": "imap",
                "mechanism": "PLAIN",
                "session": f"s{number}",
                "remote_ip": chance.choice(addresses),
                "remote_port": 1024 + number % 60_000,
                "local_ip": "192.0.2.10",
                "local_port": 993,
                "policy_result": "ok",
                **({"success": "yes"} if number % 50 else {}),
            },
        }


def kill_rounds(kills: int, *, seed: int = 7) -> tuple[int, int, int]:
    """Lost and duplicated batches, and how many were acknowledged, after so many kills of a source and of the reader."""
    with tempfile.TemporaryDirectory(prefix="wf-signins-") as folder:
        home = Path(folder)
        kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "WATCHFLOOR_HOME"}}
        environ = kept | {"WATCHFLOOR_HOME": folder, "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v0", "--skip-checks"], env=environ, check=True)
        parts = {words: _start(home, environ, words) for words in (("send", "one"), ("store",))}
        chance = random.Random(seed)
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 0.8))
            for words in parts:
                _kill(parts[words])
                parts[words] = _start(home, environ, words)
        for process in parts.values():
            _kill(process)
        tally = subprocess.run([sys.executable, SCRIPT, "tally"], env=environ, check=True, capture_output=True)
        found = json.loads(tally.stdout)
        lines = (home / "send-one.txt").read_text().splitlines(keepends=True)
    batches = {line.strip() for line in lines if line.endswith("\n")}
    lost = sum(found["batches"].get(batch, 0) < ROWS for batch in batches)
    return lost, sum(rows > ROWS for rows in found["batches"].values()), len(batches)


def _start(home: Path, environ: Mapping[str, str], words: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    """Start one process and wait until it has done something."""
    output = home / f"{'-'.join(words)}.txt"
    output.touch()
    before = output.stat().st_size
    with output.open("ab") as out:
        process = subprocess.Popen([sys.executable, SCRIPT, *words], env=environ, stdout=out, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while output.stat().st_size <= before:
        assert process.poll() is None, f"{words} ended"
        assert time.monotonic() < until, f"{words} did nothing for a minute"
        time.sleep(0.02)
    return process


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
