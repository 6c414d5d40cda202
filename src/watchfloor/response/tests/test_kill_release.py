"""Releases cut off by kill -9: every recipient has the mail exactly once, the ledger is true, each event is written once."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from labs import wait_until
from labs.dovecot import Dovecot
from labs.postfix import Postfix
from tests.stories.killing import environ_of, kill, start

PROCESS = str(Path(__file__).with_name("release_process.py"))
MESSAGE_ID = "<66666666-6666-4666-8666-666666666666@elsewhere.example>"
PEOPLE = [f"u{number:03}@corp.example" for number in range(80)]
pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture
def dovecot():
    with Dovecot(users=PEOPLE) as server:
        yield server


def connections(dovecot: Dovecot, port: int, protocol: str) -> str:
    mailboxes = {
        "host": "127.0.0.1",
        "port": str(dovecot.imap_port),
        "security": "none",
        "master_user": dovecot.master,
        "master_password": dovecot.master_password,
        "workers": "4",
    }
    release = {"host": "127.0.0.1", "port": str(port), "protocol": protocol, "security": "none"}
    return json.dumps({"dovecot": mailboxes, "mail_release": release})


def asked(environ, *arguments: str) -> str:
    done = subprocess.run([sys.executable, PROCESS, *arguments], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def status(home: Path) -> str:
    with sqlite3.connect(f"file:{home / 'watchfloor.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute("SELECT status FROM response_remediation").fetchone()[0]


def handed(home: Path) -> int:
    with sqlite3.connect(f"file:{home / 'watchfloor.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute("SELECT count(*) FROM response_releasehandover").fetchone()[0]


def in_mailbox(dovecot: Dovecot, person: str) -> int:
    with dovecot.admin(person) as box:
        box.select_folder("INBOX", readonly=True)
        return len(box.search(["HEADER", "Message-ID", MESSAGE_ID]))


def run_to_its_end(environ, home: Path, log: Path) -> dict:
    worker = start("-m", "watchfloor.config.worker", environ=environ, log=log)
    until = time.monotonic() + 120
    while status(home) not in {"Completed", "Failed"} and time.monotonic() < until:
        time.sleep(0.1)
    kill(worker)
    return json.loads(asked(environ, "tell"))


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_killed_between_the_servers_yes_and_our_commit_the_mail_is_there_once(tmp_path, dovecot, protocol):
    home, log = tmp_path / "home", tmp_path / "log"
    environ = environ_of(home)
    with Postfix(lmtp_port=dovecot.lmtp_port) as postfix:
        port = dovecot.lmtp_port if protocol == "lmtp" else postfix.port
        asked(environ, "begin", connections(dovecot, port, protocol), json.dumps(PEOPLE[:1]))
        died = subprocess.run([sys.executable, PROCESS, "die"], env=environ, capture_output=True, text=True)
        assert died.returncode == -9, died.stderr[-3000:]
        wait_until(lambda: in_mailbox(dovecot, PEOPLE[0]) == 1)
        told = run_to_its_end(environ, home, log)
    assert told["status"] == "Completed", log.read_text()[-3000:]
    assert told["lines"] == [[PEOPLE[0], "moved", True, ""]]
    assert told["copies"] == [[PEOPLE[0], "Released"]]
    assert told["events"] == PEOPLE[:1]
    assert in_mailbox(dovecot, PEOPLE[0]) == 1


def test_a_release_to_80_people_killed_at_random_moments_reaches_each_once(tmp_path, dovecot):
    home, log = tmp_path / "home", tmp_path / "log"
    environ = environ_of(home)
    asked(environ, "begin", connections(dovecot, dovecot.lmtp_port, "lmtp"), json.dumps(PEOPLE))
    dice = random.Random(20261122)
    kills = 0
    for _ in range(3):
        worker = start("-m", "watchfloor.config.worker", environ=environ, log=log)
        seen, until = handed(home), time.monotonic() + 30
        while handed(home) == seen and status(home) != "Completed" and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.4))
        kill(worker)
        if status(home) == "Completed":
            break
        kills += 1
    told = run_to_its_end(environ, home, log)
    assert kills >= 1
    assert told["status"] == "Completed", log.read_text()[-3000:]
    assert Counter(word for _, word, *_ in told["lines"]) == {"moved": len(PEOPLE)}
    assert Counter(word for _, word in told["copies"]) == {"Released": len(PEOPLE)}
    assert sorted(told["events"]) == PEOPLE
    assert [in_mailbox(dovecot, person) for person in PEOPLE] == [1] * len(PEOPLE)
