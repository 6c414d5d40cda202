"""One mail purged from many Dovecot mailboxes: ours with ledger and verification, a bare tuned IMAP loop, doveadm.

All three move the mail from the inbox to the Recoverable folder, in one run against one server; between the runs the mail is
put back by the server itself.
"""

import base64
import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

from imapclient import IMAPClient

from benchmarks.workplace import say
from labs.dovecot import Dovecot, deliver
from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.contracts import NewMail
from watchfloor.connectors.services import accept_many, add_connection
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import parameters_of
from watchfloor.response.contracts import Targets
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.services import start
from watchfloor.runtime.jobs import launch_jobs, stop_jobs
from watchfloor.runtime.services import run_ticks

OTHERS = 4
ENDED = ("Completed", "Failed")
WORKERS = 16
BENCH = system_actor(
    "benchmark", Permission.CONNECTION_MANAGE, Permission.EMAIL_ACTION_MANAGE, Permission.EMAIL_ACTION_PROPOSE
)


def message_id(number: int) -> str:
    """Each round purges a mail of its own."""
    return f"<purge-me-{number}@elsewhere.example>"


def people(count: int) -> list[str]:
    return [f"u{number:04d}@corp.example" for number in range(count)]


def letter(message_id: str, subject: str) -> bytes:
    return (
        f"From: Billing <billing@elsewhere.example>\r\nTo: all@corp.example\r\nSubject: {subject}\r\n"
        f"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: {message_id}\r\n\r\nPlease pay.\r\n"
    ).encode()


def fill(server: Dovecot, users: list[str], *, rounds: int) -> None:
    """Some other mail for everybody, then one to purge for each round."""
    with server.lmtp() as session:
        for number in range(OTHERS):
            for at in range(0, len(users), 50):
                raw = letter(f"<other{number}@elsewhere.example>", f"Newsletter {number}")
                deliver(session, raw, to=users[at : at + 50], mail_from="news@elsewhere.example")
        for number in range(rounds):
            for at in range(0, len(users), 50):
                raw = letter(message_id(number), "Overdue invoice")
                deliver(session, raw, to=users[at : at + 50], mail_from="billing@elsewhere.example")


def bare_imap(server: Dovecot, users: list[str], *wanted: str) -> float:
    """What a good script does: master sessions in parallel, one search by Message-ID, one move. Seconds; every mailbox must have had all."""
    criteria = ["OR"] * (len(wanted) - 1)
    for one_id in wanted:
        criteria += ["HEADER", "Message-ID", one_id]

    def one(user: str) -> int:
        client = IMAPClient("127.0.0.1", server.imap_port, ssl=False)
        client.login(f"{user}*{server.master}", server.master_password)
        client.select_folder("INBOX")
        uids = client.search(criteria)
        if uids:
            client.move(uids, "Recoverable")
        client.logout()
        return len(uids)

    began = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        moved = sum(pool.map(one, users))
    seconds = time.perf_counter() - began
    assert moved == len(users) * len(wanted), (moved, len(users), len(wanted))
    return seconds


def doveadm(server: Dovecot, wanted: str, *, destination: str, source: str) -> float:
    """The server's own tool over its HTTP interface, all users in one command. Seconds."""
    body = [
        [
            "move",
            {
                "allUsers": True,
                "destinationMailbox": destination,
                "query": ["mailbox", source, "header", "Message-ID", wanted],
            },
            "t",
        ]
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1",
        json.dumps(body).encode(),
        {
            "Authorization": "X-Dovecot-API " + base64.b64encode(server.api_key.encode()).decode(),
            "Content-Type": "application/json",
        },
    )
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=300) as answer:
        done = json.loads(answer.read())
    assert done[0][0] != "error", done
    return time.perf_counter() - began


def put_back(server: Dovecot, *wanted: str) -> None:
    for one in wanted:
        doveadm(server, one, destination="INBOX", source="Recoverable")


def ours(users: list[str], *mails: str) -> float:
    """A remediation of a whole query as the durable job, ledger, verification and lake rows included. Seconds to its end."""
    now = datetime.now(UTC)
    wanted = Condition("InternetMessageId", Operator.EQUAL_ANY, mails)
    query = parameters_of(Query("EmailEvents", now - timedelta(days=1), now + timedelta(days=1), (wanted,)))
    began = time.perf_counter()
    made = start(by=BENCH, name=mails[0], reason="benchmark", action="soft-delete", targets=Targets(query=query))
    status = Remediation.objects.filter(pk=made.pk).values_list(
        "status", flat=True
    )  # only that: reading is not the job
    while status.get() not in ENDED:
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    check(made.pk, expected=len(users) * len(mails))
    return seconds


def check(remediation: UUID, *, expected: int) -> None:
    lines = LedgerLine.objects.filter(remediation_id=remediation)
    assert lines.count() == expected, (lines.count(), expected)
    good = lines.filter(status="moved", verified=True).count()
    assert good == expected, {line.status: line.why for line in lines.exclude(status="moved")[:5]}
    assert Remediation.objects.get(pk=remediation).status == "Completed"


def connect(server: Dovecot) -> None:
    """The product's own connection to that server."""
    add_connection(
        by=BENCH, name="bench", kind="dovecot",
        settings={
            "host": "127.0.0.1", "port": str(server.imap_port), "security": "none", "master_user": server.master,
            "master_password": server.master_password, "doveadm_url": f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1",
            "doveadm_key": server.api_key, "workers": str(WORKERS),
        },
    )  # fmt: skip


def purge_figures(count: int, *, rounds: int) -> dict[str, float]:
    """Median seconds of each way, in turns, and the ratio of ours to the bare loop, round by round."""
    users = people(count)
    with Dovecot(users=users, processes=8) as server:
        began = time.perf_counter()
        fill(server, users, rounds=rounds)
        say(
            f"delivered {count * (OTHERS + rounds):,} mails to {count} mailboxes in {time.perf_counter() - began:.1f} s"
        )
        connect(server)
        now = datetime.now(UTC)
        raws = [letter(message_id(number), "Overdue invoice") for number in range(rounds)]
        accept_many([NewMail(raw, "bench", now, recipients=tuple(users), folder="Inbox/folder") for raw in raws])
        run_ticks("lake.ingest")
        launch_jobs()
        bare, mine, tool = [], [], []
        for mail in map(message_id, range(rounds)):
            bare.append(bare_imap(server, users, mail))
            put_back(server, mail)
            mine.append(ours(users, mail))
            put_back(server, mail)
            tool.append(doveadm(server, mail, destination="Recoverable", source="INBOX"))
            put_back(server, mail)
            say(f"purge of {count}: ours {mine[-1]:.2f} s, bare IMAP {bare[-1]:.2f} s, doveadm {tool[-1]:.2f} s")
        stop_jobs(grace=3)
    middle = rounds // 2
    ratios = sorted(one / other for one, other in zip(mine, bare, strict=True))
    return {
        "ours_s": sorted(mine)[middle], "bare_imap_s": sorted(bare)[middle], "doveadm_s": sorted(tool)[middle],
        "ratio": ratios[middle],
    }  # fmt: skip
