"""The real worker, a real Dovecot, kill -9 again and again: every line of the ledger is true, each event is written once."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from labs.dovecot import Dovecot, deliver
from tests.stories.killing import environ_of, kill, start

PROCESS = str(Path(__file__).with_name("purge_process.py"))
NMID = "44444444-4444-4444-8444-444444444444"
PEOPLE = [f"u{number:04}@corp.example" for number in range(300)]
KILLS = 4
RAW = (
    f"Message-ID: <{NMID}@elsewhere.example>\r\nFrom: it@elsewhere.example\r\nTo: all@corp.example\r\n"
    "Subject: Your password ends today\r\n\r\nHurry.\r\n"
).encode()
pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture
def server():
    with Dovecot(users=PEOPLE) as one:
        with one.lmtp() as session:
            for at in range(0, len(PEOPLE), 50):
                deliver(session, RAW, to=PEOPLE[at : at + 50], mail_from="it@elsewhere.example")
        yield one


def settings_of(server: Dovecot) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "workers": "4",
    }


def asked(environ, *arguments: str) -> str:
    done = subprocess.run([sys.executable, PROCESS, *arguments], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def progress(home: Path) -> tuple[str, int]:
    """(status, lines settled), read beside the worker."""
    with sqlite3.connect(f"file:{home / 'watchfloor.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(
            "SELECT status, moved + deleted + already + missing + failed + skipped FROM response_remediation"
        ).fetchone()


def moves_logged(server: Dovecot) -> int:
    return server.log().count(" copy from ") + server.log().count(" expunge:")


def kill_while_acting(worker, server: Dovecot, home: Path, dice: random.Random) -> bool:
    """Wait until mailboxes change under this worker, a random moment more, then kill; True when it ended before."""
    seen, until = moves_logged(server), time.monotonic() + 30
    while time.monotonic() < until and moves_logged(server) == seen:
        if progress(home)[0] == "Completed":
            break
        time.sleep(0.01)
    time.sleep(dice.uniform(0, 0.1))
    ended = progress(home)[0] == "Completed"
    kill(worker)
    return ended


def in_mailbox(server: Dovecot, person: str) -> list[str]:
    found = []
    with server.admin(person) as box:
        for _, _, name in box.list_folders():
            box.select_folder(name, readonly=True)
            found += [name] * len(box.search(["HEADER", "Message-ID", f"<{NMID}@elsewhere.example>"]))
    return found


def test_a_hard_delete_from_300_mailboxes_killed_at_random_moments_is_true_and_done_once(tmp_path, server):
    """What moves is killed in tests/stories/test_kill_purge.py; here there is nothing to look for afterwards."""
    home, log = tmp_path / "home", tmp_path / "log"
    environ = environ_of(home)
    asked(environ, "begin", json.dumps(settings_of(server)), json.dumps(PEOPLE), "hard-delete")
    dice = random.Random(20261122)
    kills = 0
    for _ in range(KILLS):
        worker = start("-m", "watchfloor.config.worker", environ=environ, log=log)
        if kill_while_acting(worker, server, home, dice):
            break
        kills += 1
        print(f"killed with {progress(home)[1]} of 300 in the ledger, {moves_logged(server)} lines in the server's log")
    worker = start("-m", "watchfloor.config.worker", environ=environ, log=log)
    until = time.monotonic() + 90
    while progress(home)[0] not in {"Completed", "Failed"} and time.monotonic() < until:
        time.sleep(0.1)
    kill(worker)

    told = json.loads(asked(environ, "tell"))
    assert told["status"] == "Completed", (told["counts"], log.read_text()[-3000:])
    assert kills >= 1
    assert Counter(status for _, status, *_ in told["lines"]) == {"deleted": 300}, told["counts"]
    assert told["counts"] == {**dict.fromkeys(told["counts"], 0), "deleted": 300}
    assert {found for _, _, found, _, _ in told["lines"]} == {"INBOX"}
    assert all(verified for *_, verified in told["lines"])
    assert sorted(told["events"]) == PEOPLE
    assert all(in_mailbox(server, person) == [] for person in PEOPLE[::10])
