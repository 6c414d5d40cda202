"""Mail that looked harmless lies in inboxes; a person says what it is; its campaign goes, wherever the worker is killed, and comes back by undo."""

import random
import time
from collections import Counter

import pytest

from labs.dovecot import Dovecot
from tests.stories.homes import Home
from tests.stories.killing import kill

PEOPLE = [f"p{number:02}@corp.example" for number in range(30)]
FIRST, SECOND = PEOPLE[:20], PEOPLE[20:]
KILLS = 3
BODY = (
    "Dear colleagues,\r\n\r\nthe annual review of our travel guidelines has begun. Everybody who travelled since March is "
    "asked to read the new rules on trains, hotels and hired cars, and to tell the travel office until the end of the month "
    "which of their journeys fall under them. The rules lie beside this letter, together with the form for hired cars.\r\n\r\n"
    "With kind regards,\r\nthe travel office\r\n"
)

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def mail(number: int) -> str:
    return (
        f"Message-ID: <travel-{number}@office.example>\r\nFrom: Travel office <office{number}@office.example>\r\n"
        f"To: all@corp.example\r\nSubject: Travel guidelines {number}\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\n"
        f"\r\n{BODY}"
    )


@pytest.fixture
def server():
    with Dovecot(users=PEOPLE) as one:
        one.deliver(mail(1).encode(), to=FIRST)
        one.deliver(mail(2).encode(), to=SECOND)
        with one.login(FIRST[0]) as box:
            box.select_folder("INBOX")
            box.add_flags(box.search(), ["\\Seen", "\\Flagged"])
        yield one


@pytest.fixture
def home(tmp_path, server):
    settings = {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "workers": "1",  # so slow that the kills find it at work
    }
    with Home(tmp_path / "home") as one:
        one.ask("connect", name="Mailboxes", kind="dovecot", settings=settings)
        one.ask("zero_hour", what="act")
        one.ask("take_in", raw=mail(1), recipients=FIRST)
        one.ask("take_in", raw=mail(2), recipients=SECOND)
        yield one


def folders(server: Dovecot) -> dict[str, Counter[str]]:
    """Where each person's copy lies, with its flags in the name: {person: {"INBOX \\Seen": 1}}."""
    found: dict[str, Counter[str]] = {}
    for person in PEOPLE:
        found[person] = Counter()
        with server.admin(person) as box:
            for _, _, name in box.list_folders():
                box.select_folder(name, readonly=True)
                if uids := box.search():
                    for data in box.fetch(uids, ["FLAGS"]).values():
                        flags = sorted(flag.decode() for flag in data[b"FLAGS"] if flag != b"\\Recent")
                        found[person][" ".join([name, *flags])] += 1
    return found


def stored(home: Home) -> dict[str, str]:
    """The mails' ids by subject, once both are stored."""
    rows = home.ask("rows", table="EmailEvents", where={})
    mails = {row["Subject"]: row["NetworkMessageId"] for row in rows}
    return mails if len(rows) == len(PEOPLE) else {}


def test_a_person_s_word_purges_the_campaign_once_however_often_the_worker_is_killed(server, home):
    with home.worker():
        ids = home.until(lambda: stored(home), seconds=60, what="storing the mails")
        assert not any(row["ThreatTypes"] for row in home.ask("rows", table="EmailEvents", where={}))
    home.ask("label", message=ids["Travel guidelines 1"], kind="false_negative")
    dice = random.Random(20261122)
    for _ in range(KILLS):
        worker = home.start_worker()
        time.sleep(dice.uniform(2, 6))
        kill(worker)
    with home.worker():

        def both():
            made = home.ask("purges")
            return made if len(made) == 2 and all(one["status"] == "Completed" for one in made) else None

        purges = home.until(both, seconds=90, what="both purges")
    assert Counter(row for one in purges for row in one["rows"]) == Counter(
        [f"{ids['Travel guidelines 1']}|{who}" for who in FIRST]
        + [f"{ids['Travel guidelines 2']}|{who}" for who in SECOND]
    )
    assert purges[0]["name"] == "Phish ZAP: Ada marked it: False negative: phish (a story)"
    assert purges[1]["name"].startswith("Phish ZAP: Campaign")
    events = home.ask("rows", table="EmailPostDeliveryEvents", where={"ActionType": "Phish ZAP"})
    assert Counter(one["RecipientEmailAddress"] for one in events) == Counter(PEOPLE)
    lying = folders(server)
    assert {tuple(found) for person, found in lying.items() if person != FIRST[0]} == {("Recoverable",)}
    assert lying[FIRST[0]] == {"Recoverable \\Flagged \\Seen": 1}
    with home.worker():
        for one in purges:
            undone = home.ended(home.ask("undo", remediation=one["id"]))
            assert undone["counts"] == {"moved": len(one["rows"])}
    back = folders(server)
    assert {tuple(found) for person, found in back.items() if person != FIRST[0]} == {("INBOX",)}
    assert back[FIRST[0]] == {"INBOX \\Flagged \\Seen": 1}
    assert len(home.ask("purges")) == 2
