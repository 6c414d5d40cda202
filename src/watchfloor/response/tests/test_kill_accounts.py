"""The real worker, a real directory and a real mail server, kill -9 again and again while people are locked out, and let in again."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from labs.dovecot import Dovecot
from labs.openldap import OpenLdap
from tests.stories.killing import environ_of, kill, start

PROCESS = str(Path(__file__).with_name("suspend_process.py"))
UIDS = [f"p{number:03}" for number in range(80)]
PEOPLE = [f"{uid}@corp.example" for uid in UIDS]
KILLS = 2
pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module")
def ldap():
    with OpenLdap(people=UIDS) as one:
        yield one


@pytest.fixture(scope="module")
def mail(ldap):
    with Dovecot(
        users=PEOPLE,
        ldap=f"ldap://127.0.0.1:{ldap.port}",
        ldap_base=ldap.suffix,
        ldap_user=(ldap.service, ldap.service_password),
    ) as one:
        yield one


def asked(environ, *arguments: str) -> str:
    done = subprocess.run([sys.executable, PROCESS, *arguments], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return (done.stdout.strip().splitlines() or [""])[-1]


def progress(home: Path) -> tuple[str, int]:
    """(status, lines settled) of the newest action, read beside the worker."""
    with sqlite3.connect(f"file:{home / 'watchfloor.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(
            "SELECT status, changed + already + missing + failed + skipped FROM response_remediation ORDER BY created_at DESC"
        ).fetchone()


def kill_on_the_way(environ, home: Path, log: Path, dice: random.Random) -> int:
    """Start the worker and kill it a random moment after it has settled more lines, until it ends before; how many kills."""
    for kills in range(KILLS):
        worker = start("-m", "watchfloor.config.worker", environ=environ, log=log)
        seen, until = progress(home)[1], time.monotonic() + 30
        while time.monotonic() < until and progress(home)[1] == seen and progress(home)[0] != "Completed":
            time.sleep(0.005)
        time.sleep(dice.uniform(0, 0.4))
        ended = progress(home)[0] == "Completed"
        kill(worker)
        if ended:
            return kills
        print(f"killed with {progress(home)[1]} lines in the ledger")
    return KILLS


def finish(environ, home: Path, log: Path) -> None:
    worker = start("-m", "watchfloor.config.worker", environ=environ, log=log)
    until = time.monotonic() + 90
    while progress(home)[0] not in {"Completed", "Failed"} and time.monotonic() < until:
        time.sleep(0.1)
    kill(worker)
    assert progress(home)[0] == "Completed", log.read_text()[-3000:]


def locked(ldap: OpenLdap) -> set[str]:
    with ldap.administrator() as session:
        session.search(ldap.suffix, "(pwdAccountLockedTime=000001010000Z)", attributes=["uid"])
        return {entry["attributes"]["uid"][0] for entry in session.response}


def test_people_locked_out_under_kill_9_are_all_locked_and_the_ledger_is_true_and_so_is_its_undo(tmp_path, ldap, mail):
    home, log = tmp_path / "home", tmp_path / "log"
    environ, dice = environ_of(home), random.Random(20261122)
    with ldap.administrator() as session:
        session.search(f"ou=people,{ldap.suffix}", "(uid=*)", attributes=["uid", "entryUUID"])
        found = [entry["attributes"] for entry in session.response]
    keys = {
        one["uid"][0]: one["entryUUID"] if isinstance(one["entryUUID"], str) else one["entryUUID"][0] for one in found
    }
    settings = {
        "host": "127.0.0.1", "port": str(mail.imap_port), "security": "none", "master_user": mail.master,
        "master_password": mail.master_password, "doveadm_key": mail.api_key,
        "doveadm_url": f"http://127.0.0.1:{mail.doveadm_port}/doveadm/v1",
    }  # fmt: skip
    sessions = [mail.login(address) for address in PEOPLE]
    asked(environ, "begin", json.dumps(ldap.settings()), json.dumps(settings), json.dumps(keys))

    assert kill_on_the_way(environ, home, log, dice) >= 1
    finish(environ, home, log)
    (told,) = json.loads(asked(environ, "tell"))
    assert told["counts"] == {**dict.fromkeys(told["counts"], 0), "changed": 160}, told["lines"]
    assert Counter((system, verb, verified) for _, system, verb, _, verified, _ in told["lines"]) == {
        ("corp-ldap", "suspend", True): 80,
        ("mail", "end-sessions", True): 80,
    }
    assert all(not before["pwdAccountLockedTime"] for before in told["before"])
    assert locked(ldap) == set(UIDS)
    assert not any(is_open(session) for session in sessions)

    asked(environ, "undo")
    assert kill_on_the_way(environ, home, log, dice) >= 1
    finish(environ, home, log)
    first, back = json.loads(asked(environ, "tell"))
    assert first["status"] == "Undone"
    assert back["counts"] == {**dict.fromkeys(back["counts"], 0), "changed": 80, "skipped": 80}, back["lines"]
    assert locked(ldap) == set()


def is_open(session) -> bool:
    try:
        session.noop()
    except (OSError, session.AbortError):
        return False
    return True
