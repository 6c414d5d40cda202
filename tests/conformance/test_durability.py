"""Kill the process that takes mail in, at random moments: whatever it acknowledged is there, whole."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from watchfloor.connectors.store import path_of, sha256_of

PROGRAM = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from watchfloor.connectors.contracts import NewMail
from watchfloor.connectors.services import accept, accept_many
from watchfloor.kernel.clock import utc_now
print("ready", flush=True)
number = int(sys.argv[1])
while True:
    number += 1
    if number % 5:
        print(accept(b"Subject: %d\\r\\n\\r\\nx" % number, source="t", received_at=utc_now()).sha256, flush=True)
    else:
        mails = [NewMail(b"Subject: %d.%d\\r\\n\\r\\nx" % (number, one), "t", utc_now()) for one in range(6)]
        for mail in accept_many(mails):
            print(mail.sha256, flush=True)
"""


@pytest.mark.slow
def test_no_acknowledged_mail_is_lost_when_the_process_is_killed():
    home = Path(tempfile.mkdtemp(prefix="wfk"))
    environ = {**os.environ, "WATCHFLOOR_HOME": str(home), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
    chance = random.Random(7)
    acknowledged: list[str] = []
    for life in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(life * 100_000)], env=environ, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if len(line) == 65]
        process.wait()
    rows = sqlite3.connect(home / "watchfloor.sqlite3").execute("SELECT sha256 FROM connectors_accepted").fetchall()
    stored = [sha256 for (sha256,) in rows]
    assert len(acknowledged) > 20
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    for sha256 in stored:  # a row never points at a missing or torn file, acknowledged or not
        assert sha256_of(path_of(home / "mail", sha256).read_bytes()) == sha256
