"""Nothing lost, nothing twice: an import of 2,000 mails killed twenty times at random moments."""

import json
import mailbox
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stories.killing import environ_of, finish, run_and_kill
from watchfloor.demo.mailmaker import write
from watchfloor.demo.organisation import found_organisation
from watchfloor.demo.traffic import ordinary_mail

MAILS = 2000
KILLS = 8
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

COUNT = """
import django, json; django.setup()
from datetime import UTC, datetime
from watchfloor.lake.contracts import Query
from watchfloor.lake.selectors import count, rows
from watchfloor.connectors.models import DeadLetter
query = Query("EmailEvents", datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
found = rows(query, columns=("NetworkMessageId", "InternetMessageId", "RecipientEmailAddress"), limit=100_000)
print(json.dumps([[r["NetworkMessageId"], r["InternetMessageId"], r["RecipientEmailAddress"]] for r in found]))
"""


@pytest.fixture(scope="module")
def letters():
    organisation = found_organisation(7)
    return [one.letter for one in ordinary_mail(organisation, count=MAILS, end=NOW, days=30, seed=11)]


def lake_rows(environ) -> list[tuple[str, str, str]]:
    done = subprocess.run([sys.executable, "-c", COUNT], env=environ, capture_output=True, text=True, check=True)
    return [tuple(row) for row in json.loads(done.stdout)]


@pytest.mark.slow
def test_every_mail_is_in_the_lake_once_however_often_the_import_is_killed(tmp_path, letters):
    home, archive, log = tmp_path / "home", tmp_path / "archive.mbox", tmp_path / "log"
    box = mailbox.mbox(str(archive))
    for letter in letters:
        box.add(write(letter).replace(b"\r\n", b"\n"))
    box.close()
    environ = environ_of(Path(home))
    command = ("-m", "watchfloor.config.cli", "import", str(archive))
    dice = random.Random(20261122)
    for _ in range(KILLS):
        run_and_kill(*command, environ=environ, log=log, dice=dice, most_s=4.0)
    assert finish(*command, environ=environ, log=log, seconds=240) == 0, log.read_text()[-3000:]

    rows = lake_rows(environ)
    wanted = {(letter.message_id, address) for letter in letters for _, address in letter.to}
    assert {(message_id, address) for _, message_id, address in rows} == wanted, "lost"
    assert len(rows) == len(wanted), "twice"
    identities = {message_id: set() for _, message_id, _ in rows}
    for network_id, message_id, _ in rows:
        identities[message_id].add(network_id)
    assert all(len(ids) == 1 for ids in identities.values()), "one email has one NetworkMessageId"
