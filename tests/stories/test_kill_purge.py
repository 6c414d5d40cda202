"""A purge of 300 mailboxes, the worker killed at random moments, ten times by sessions: the ledger is true and nothing is done twice."""

import base64
import json
import random
import sqlite3
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from labs.dovecot import Dovecot, deliver
from tests.stories.homes import Home
from tests.stories.killing import kill

PEOPLE = [f"u{number:03}@corp.example" for number in range(300)]
GONE = set(PEOPLE[7::50])
"""They delete the mail themselves before the purge: their line must say so, not claim a move."""
KILLS = 10
MESSAGE = "55555555-5555-4555-8555-555555555555"
MESSAGE_ID = f"<{MESSAGE}@elsewhere.example>"
RAW = (
    f"Message-ID: {MESSAGE_ID}\r\nFrom: it@elsewhere.example\r\nTo: all@corp.example\r\n"
    "Subject: Your password ends today\r\n\r\nHurry.\r\n"
).encode()

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture
def server():
    with Dovecot(users=PEOPLE) as one:
        with one.lmtp() as session:
            for at in range(0, len(PEOPLE), 50):
                deliver(session, RAW, to=PEOPLE[at : at + 50], mail_from="it@elsewhere.example")
        for person in GONE:
            with one.login(person) as box:
                box.select_folder("INBOX")
                box.delete_messages(box.search())
                box.expunge()
        yield one


@pytest.fixture(params=["by sessions", "by doveadm"])
def quick(request) -> bool:
    """doveadm moves a hundred mailboxes in a moment: one kill meets it at work, and not surely."""
    return request.param == "by doveadm"


@pytest.fixture
def home(tmp_path, server, quick):
    settings = {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "doveadm_url": doveadm_url(server) if quick else "",
        "doveadm_key": server.api_key,
        "workers": "1",  # so slow that ten kills find it at work
    }
    with Home(tmp_path / "home") as one:
        one.ask("connect", name="Mailboxes", kind="dovecot", settings=settings)
        row = {
            "Timestamp": "2026-11-20T09:00:00+00:00",
            "NetworkMessageId": MESSAGE,
            "InternetMessageId": MESSAGE_ID,
            "DeliveryLocation": "Inbox/folder",
            "LatestDeliveryLocation": "Inbox/folder",
            "Subject": "Your password ends today",
        }
        one.ask("receive", rows=[{**row, "RecipientEmailAddress": who, "ReportId": who} for who in PEOPLE])
        yield one


def doveadm_url(server: Dovecot) -> str:
    return f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1"


def where_it_lies(server: Dovecot) -> dict[str, list[str]]:
    """Every copy in every mailbox, as the mail server itself says: the words we compare the ledger with."""
    query = ["mailbox", "*", "header", "Message-ID", MESSAGE_ID]
    asked = [["fetch", {"allUsers": True, "field": ["user", "mailbox"], "query": query}, "story"]]
    key = base64.b64encode(server.api_key.encode()).decode()
    request = urllib.request.Request(
        doveadm_url(server), json.dumps(asked).encode(), {"Authorization": f"X-Dovecot-API {key}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        ((_, rows, _),) = json.load(answer)
    found: dict[str, list[str]] = {person: [] for person in PEOPLE}
    for row in rows:
        found[row["user"]].append(row["mailbox"])
    return found


def told(home: Path) -> tuple[str, int]:
    """(status, lines settled), read beside the worker."""
    with sqlite3.connect(f"file:{home / 'watchfloor.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(
            "SELECT status, moved + already + missing + failed + skipped FROM response_remediation"
        ).fetchone()


def moves(server: Dovecot) -> int:
    """How many copies were moved so far, by Dovecot's own log."""
    return (server.folder / "dovecot.log").read_bytes().count(b" copy from ")


class Workers:
    """Always two: one works, the next has loaded itself and waits for the place, as under a supervisor that is quick."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.running = [home.start_worker(), home.start_worker()]

    def kill_the_one_at_work(self) -> None:
        """SIGKILL to whoever holds the place; to the elder while nobody does."""
        lock = self.home.folder / "worker.lock"
        owner = lock.read_text().strip() if lock.exists() else ""
        one = next((worker for worker in self.running if str(worker.pid) == owner), self.running[0])
        assert one.poll() is None, f"the worker ended by itself:\n{self.home.words()}"
        kill(one)
        self.running.remove(one)
        self.running.append(self.home.start_worker())

    def stop(self) -> None:
        for worker in self.running:
            kill(worker)


def wait_for_a_moment(home: Home, server: Dovecot, dice: random.Random, *, kills_left: int) -> None:
    """Some moves later, at most so many that work is left for the kills to come; every fourth time, any moment at all."""
    before = moves(server)
    if dice.random() < 0.25:
        time.sleep(dice.uniform(0, 1))
        return
    step = dice.randint(1, max(1, 2 * (len(PEOPLE) - before) // (kills_left + 4)))
    end = time.monotonic() + 30
    while moves(server) < before + step and time.monotonic() < end:
        time.sleep(0.01)


def test_a_purge_killed_again_and_again_tells_the_truth_and_does_everything_once(home, server, quick):
    dice = random.Random(20261122)
    purge = home.ask("start", action="soft-delete", where={"NetworkMessageId": MESSAGE})
    workers = Workers(home)
    at_work = []
    try:
        for left in range(1 if quick else KILLS, 0, -1):
            wait_for_a_moment(home, server, dice, kills_left=left)
            done = told(home.folder)[0] == "Completed"
            assert quick or not done, f"done with {left} kills to come: too fast for this test"
            at_work.append(moves(server))
            workers.kill_the_one_at_work()
        one = home.ended(purge, seconds=60)
    finally:
        workers.stop()
    assert quick or len(set(at_work)) >= KILLS // 2, f"hardly a kill met it at work: {at_work}"

    lies = where_it_lies(server)
    assert Counter(map(tuple, lies.values())) == {("Recoverable",): 300 - len(GONE), (): len(GONE)}
    assert (one["status"], one["counts"]) == ("Completed", {"moved": 300 - len(GONE), "missing": len(GONE)}), one["why"]
    assert sorted(line["recipient"] for line in one["lines"]) == PEOPLE
    for line in one["lines"]:
        assert line["verified"], line
        if line["recipient"] in GONE:
            assert (line["status"], line["moved_where"]) == ("missing", ""), line
        else:
            place = (line["status"], line["found_where"], line["moved_where"])
            assert place == ("moved", "INBOX", *lies[line["recipient"]]), line
    events = home.ask("rows", table="EmailPostDeliveryEvents", where={"NetworkMessageId": MESSAGE})
    assert sorted(event["RecipientEmailAddress"] for event in events) == PEOPLE
    assert {(event["ActionResult"], event["RecipientEmailAddress"] in GONE) for event in events} == {
        ("Success", False),
        ("Not found", True),
    }
    assert [outcome for _, outcome in home.ask("audit", of="remediation.finish")] == ["success"]
