"""One campaign purged beside the bare IMAP loop, and a large remediation whose worker is killed again and again.

Against a real Dovecot: `campaign_purge_ratio_to_bare_imap` is our purge (ledger, verification, lake rows) over a tuned loop that
only searches and moves, in turns in one run; `ledger_errors` counts every disagreement between ledger, mailboxes and lake after
the last kill -9.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any
from uuid import UUID

from django.conf import settings
from imapclient import IMAPClient

from benchmarks.purging import BENCH, ENDED, bare_imap, connect, letter, message_id, ours, people, put_back
from benchmarks.workplace import say
from labs.dovecot import Dovecot, deliver
from tests.stories.killing import environ_of, kill, start
from watchfloor.config.slices import load
from watchfloor.kernel.ids import uuid7
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import parameters_of, stream
from watchfloor.lake.services import append
from watchfloor.response import services
from watchfloor.response.contracts import Targets
from watchfloor.response.models import Remediation
from watchfloor.runtime.jobs import launch_jobs, stop_jobs

SMALL: dict[str, Any] = {"kills": 1, "messages": 500, "rounds": 3}
FULL = {"mails": 10_000, "mailboxes": 1_000, "kills": 10, "messages": 200_000, "rounds": 7, "whole_worker": True}
AT_ONCE = 50
NEVER_DELIVERED = 50
"""One in so many rows of the lake names a mail its mailbox never had: the ledger must say so."""
LONGEST_S = 3600
HEADER = "HEADER.FIELDS (MESSAGE-ID)"
ENGINE = """
import time
import django
django.setup()
from watchfloor.config.slices import load
from watchfloor.runtime.jobs import launch_jobs
load("jobs")
launch_jobs(wait=10)
while True:
    time.sleep(1)
"""
Pair = tuple[str, str]


def measure(
    mails: int = 200,
    mailboxes: int = 50,
    kills: int = 2,
    *,
    messages: int = 2_000,
    rounds: int = 2,
    seed: int = 7,
    whole_worker: bool = False,
) -> dict[str, Any]:
    """`mails` of one campaign over `mailboxes` purged in `rounds`, then `messages` resumed through `kills` times kill -9.

    The home's database is prepared; full is mails=10_000, mailboxes=1_000, kills=10, messages=200_000 and the whole worker in place of its engine alone.
    """
    load("jobs")
    services.change_policy(by=BENCH, second_person_over=0)
    users = people(mailboxes)
    with Dovecot(users=users, processes=8) as server:
        connect(server)
        campaign = _campaign(server, users, copies=max(1, mails // mailboxes), rounds=rounds)
        resumed = _resumed(
            server, users, each=max(1, messages // mailboxes), kills=kills, seed=seed, whole=whole_worker
        )
    return {**campaign, **resumed, "campaign_mails": mails, "campaign_mailboxes": mailboxes}


# --- the campaign ----------------------------------------------------------------------------------------------------


def _campaign(server: Dovecot, users: Sequence[str], *, copies: int, rounds: int) -> dict[str, Any]:
    """Ours and the bare loop in turns over the same mails, put back between them; the median ratio."""
    ids = [message_id(number) for number in range(copies)]
    _fill(server, users, ids, dict.fromkeys(ids, users))
    launch_jobs()
    mine, bare = [], []
    try:
        for number in range(rounds):
            turns = [bare_imap, _ours] if number % 2 == 0 else [_ours, bare_imap]
            for turn in turns:
                seconds = turn(server, list(users), *ids)
                (bare if turn is bare_imap else mine).append(seconds)
                put_back(server, *ids)
            say(
                f"campaign of {copies} mails in {len(users)} mailboxes: ours {mine[-1]:.2f} s, bare IMAP {bare[-1]:.2f} s"
            )
    finally:
        stop_jobs(grace=1)
    ratios = sorted(one / other for one, other in zip(mine, bare, strict=True))
    return {
        "campaign_purge_ratio_to_bare_imap": round(ratios[len(ratios) // 2], 2),
        "campaign_purge_s": round(sorted(mine)[len(mine) // 2], 2),
        "campaign_bare_imap_s": round(sorted(bare)[len(bare) // 2], 2),
    }


def _ours(_: Dovecot, users: list[str], *ids: str) -> float:
    return ours(users, *ids)


# --- killed and resumed ----------------------------------------------------------------------------------------------


def _resumed(server: Dovecot, users: Sequence[str], *, each: int, kills: int, seed: int, whole: bool) -> dict[str, Any]:
    """Purge `each` mails in every mailbox, the worker killed `kills` times while it acts, then compare everything."""
    dice = random.Random(seed)
    ids = [f"<kill-{number}@elsewhere.example>" for number in range(each)]
    absent = {
        (who, one) for number, who in enumerate(users) for one in ids[number % NEVER_DELIVERED :: NEVER_DELIVERED]
    }
    had = {one: [who for who in users if (who, one) not in absent] for one in ids}
    _fill(server, users, ids, had)
    began = time.perf_counter()
    made = services.start(by=BENCH, name="Killed", reason="benchmark", action="soft-delete", targets=_named("kill-"))
    killed = _until_done(made.pk, kills=kills, total=len(users) * each, dice=dice, whole=whole)
    seconds = time.perf_counter() - began
    errors = _errors(server, made.pk, {(who, one) for one in ids for who in users}, absent)
    for words in errors[:5]:
        say(f"ledger error: {words}")
    return {
        "ledger_errors": len(errors),
        "resumed_messages": len(users) * each,
        "resumed_kills": killed,
        "resumed_s": round(seconds, 1),
    }


def _named(start_of_id: str) -> Targets:
    now = datetime.now(UTC)
    wanted = Condition("InternetMessageId", Operator.STARTS_WITH, (f"<{start_of_id}",))
    query = Query("EmailEvents", now - timedelta(days=1), now + timedelta(days=1), (wanted,))
    return Targets(query=parameters_of(query))


def _until_done(pk: UUID, *, kills: int, total: int, dice: random.Random, whole: bool) -> int:
    """Run the worker to the end of the remediation; kill it when a random share more of the lines is settled. Kills done."""
    moments = sorted(dice.sample(range(1, total), kills))
    done, until = 0, time.monotonic() + LONGEST_S
    worker = _worker(whole)
    try:
        while time.monotonic() < until:
            status, settled = _progress(pk)
            if status in ENDED:
                return done
            if done < kills and settled >= moments[done]:
                kill(worker)
                done += 1
                say(f"killed at {_progress(pk)[1]:,} of {total:,}")
                worker = _worker(whole)
            time.sleep(0.01)
    finally:
        kill(worker)
    raise AssertionError(f"not done after {LONGEST_S} s")


def _worker(whole: bool) -> "Popen[bytes]":
    """The worker of the product, or only its engine of durable jobs, which is up sooner."""
    home = Path(settings.HOME)
    what = ("-m", "watchfloor.config.worker") if whole else ("-c", ENGINE)
    return start(*what, environ=environ_of(home), log=home / "worker.log")


def _progress(pk: UUID) -> tuple[str, int]:
    one = Remediation.objects.get(pk=pk)
    return one.status, one.counts.done if one.frozen_at else 0


def _errors(server: Dovecot, pk: UUID, wanted: set[Pair], absent: set[Pair]) -> list[str]:
    """Every disagreement: ledger against what was aimed at, against the mailboxes, against its counters, against the lake."""
    one = Remediation.objects.get(pk=pk)
    lines = {
        (who, id): (status, ok)
        for who, id, status, ok in one.lines.values_list("recipient", "message_id", "status", "verified")
    }
    there = _in_mailboxes(server, sorted({who for who, _ in wanted}))
    errors = [f"{pair} has no line" for pair in wanted - lines.keys()] + [
        f"{pair} is not wanted" for pair in lines.keys() - wanted
    ]
    for pair, (status, verified) in lines.items():
        places = there.get(pair, [])
        right = ("missing", []) if pair in absent else ("moved", ["Recoverable"])
        if (status, places) != right or not verified:
            errors.append(f"{pair}: the ledger says {status}, verified {verified}; it lies in {places}")
    counted = Counter(status for status, _ in lines.values())
    kept = {status.value: number for status, number in one.counts if number}
    if kept != dict(counted) or one.total != len(lines) or one.status != "Completed":
        errors.append(f"counters say {kept} of {one.total}, the ledger {dict(counted)}; it is {one.status}")
    events = _events(one)
    errors += [f"{pair} has {events[pair]} events" for pair in lines if events[pair] != 1]
    return errors


def _in_mailboxes(server: Dovecot, users: Sequence[str]) -> dict[Pair, list[str]]:
    """Folders of each wanted message in each mailbox, one per copy, read by plain IMAP."""
    found: dict[Pair, list[str]] = {}
    for who in users:
        client = IMAPClient("127.0.0.1", server.imap_port, ssl=False)
        client.login(f"{who}*{server.master}", server.master_password)
        for _, _, folder in client.list_folders():
            client.select_folder(folder, readonly=True)
            uids = client.search("ALL")
            for data in client.fetch(uids, [f"BODY.PEEK[{HEADER}]"]).values() if uids else ():
                one = data[f"BODY[{HEADER}]".encode()].decode().partition(":")[2].strip()
                found.setdefault((who, one), []).append(folder)
        client.logout()
    return found


def _events(one: Remediation) -> Counter[Pair]:
    query = Query("EmailPostDeliveryEvents", one.created_at - timedelta(days=1), datetime.now(UTC) + timedelta(days=1))
    columns = ("RecipientEmailAddress", "InternetMessageId", "ReportId")
    return Counter(
        (row["RecipientEmailAddress"], row["InternetMessageId"])
        for rows in stream(query, columns=columns)
        for row in rows
        if row["ReportId"].startswith(str(one.pk))
    )


# --- mail in mailboxes and in the lake -------------------------------------------------------------------------------


def _fill(server: Dovecot, users: Sequence[str], ids: Sequence[str], had: dict[str, Sequence[str]]) -> None:
    """Deliver each mail to those who have it; the lake says everybody has."""
    began = time.perf_counter()
    with server.lmtp() as session:
        for one in ids:
            for at in range(0, len(had[one]), AT_ONCE):
                deliver(
                    session,
                    letter(one, "Overdue invoice"),
                    to=had[one][at : at + AT_ONCE],
                    mail_from="billing@elsewhere.example",
                )
    now = datetime.now(UTC)
    for at in range(0, len(ids), 20):
        keyed = [(one, str(uuid7(at=now))) for one in ids[at : at + 20]]
        append("EmailEvents", [_row(mail, who, now) for mail in keyed for who in users])
    say(f"filled {len(users)} mailboxes with {len(ids)} mails each in {time.perf_counter() - began:.1f} s")


def _row(mail: tuple[str, str], who: str, now: datetime) -> dict[str, Any]:
    one, key = mail
    return {
        "Timestamp": now,
        "NetworkMessageId": key,
        "InternetMessageId": one,
        "SenderFromAddress": "billing@elsewhere.example",
        "RecipientEmailAddress": who,
        "Subject": "Overdue invoice",
        "EmailDirection": "Inbound",
        "DeliveryAction": "Delivered",
        "DeliveryLocation": "Inbox/folder",
        "LatestDeliveryLocation": "Inbox/folder",
        "ThreatTypes": ["Phish"],
        "ReportId": f"{key}-{who}",
    }
