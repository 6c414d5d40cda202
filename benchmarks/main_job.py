"""The main job's figures: ingest, visibility, purge beside its peers, page times, start, idle memory, nothing lost or doubled.

`make bench-main-job` runs small in under 50 s; `SCALE=full make bench-main-job` runs the sizes of docs/benchmarks.md. The last
line is one JSON object.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.workplace import FULL, own_home, say

HOME = own_home()

import django  # noqa: E402

django.setup()

from benchmarks.purging import purge_figures  # noqa: E402
from benchmarks.serving import EMAIL, PASSWORD, Served, explorer, idle_mb, page_times, served, visible_s  # noqa: E402
from benchmarks.synthetic import write_mails  # noqa: E402
from labs import free_ports  # noqa: E402
from watchfloor.access.services import add_person  # noqa: E402
from watchfloor.config.preparing import prepare  # noqa: E402
from watchfloor.config.slices import load  # noqa: E402
from watchfloor.connectors.contracts import NewMail  # noqa: E402
from watchfloor.connectors.services import accept_many  # noqa: E402
from watchfloor.demo.mailmaker import write  # noqa: E402
from watchfloor.demo.organisation import found_organisation  # noqa: E402
from watchfloor.demo.traffic import ordinary_mail  # noqa: E402
from watchfloor.incidents.selectors import open_counts  # noqa: E402
from watchfloor.lake.contracts import Condition, Operator, Query  # noqa: E402
from watchfloor.lake.selectors import rows, stream  # noqa: E402
from watchfloor.runtime.services import run_ticks  # noqa: E402

MAILS = 20_000 if FULL else 1_500
MAILBOXES = 1_000 if FULL else 200
SYNTHETIC = 1_000_000 if FULL else 60_000
ROUNDS = 40 if FULL else 8
PURGE_ROUNDS = 5 if FULL else 2
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def ingest() -> tuple[float, int, int]:
    """Mails a second from the first byte accepted to the last row stored; rows lost and doubled."""
    organisation = found_organisation(7)
    made = list(ordinary_mail(organisation, count=MAILS, end=NOW, days=30, seed=5))
    news = [
        NewMail(write(one.letter), "benchmark", one.letter.at, recipients=one.recipients, folder="Inbox/folder")
        for one in made
    ]
    began = time.perf_counter()
    for at in range(0, len(news), 500):
        accept_many(news[at : at + 500])
    run_ticks("lake.ingest")
    rate = len(news) / (time.perf_counter() - began)
    wanted = {(one.letter.message_id, address) for one in made for address in one.recipients}
    everything = Query("EmailEvents", NOW - timedelta(days=40), NOW + timedelta(days=2))
    stored = [
        (row["InternetMessageId"], row["RecipientEmailAddress"])
        for block in stream(everything, columns=("InternetMessageId", "RecipientEmailAddress"))
        for row in block
    ]
    return rate, len(wanted - set(stored)), len(stored) - len(set(stored))


def pages_of(running: Served) -> dict[str, list[str]]:
    """Each page as the requests a browser makes for it."""
    start = NOW - timedelta(days=7)
    phish = Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",))
    inspected = Condition("RecipientDomain", Operator.EQUAL_ANY, ("haldenwirth.example",))
    newest = rows(Query("EmailEvents", start, NOW, (inspected,)), columns=("NetworkMessageId",), limit=1)
    pages = {
        "Explorer, 7 days, all": [explorer(part, start, NOW) for part in ("", "chart", "results")],
        "Explorer, 7 days, phish": [explorer(part, start, NOW, phish) for part in ("", "chart", "results")],
        "Explorer, 30 days, phish": [
            explorer(p, NOW - timedelta(days=30), NOW, phish) for p in ("", "chart", "results")
        ],
        "Email": [f"/email/{newest[0]['NetworkMessageId']}"],
        "Incidents": ["/incidents"],
    }
    if open_counts():
        pages["Incident"] = ["/incidents/1"]
    return pages


def main() -> None:
    began = time.perf_counter()
    prepare()
    load("jobs")
    add_person(
        email=EMAIL,
        name="Bench",
        password=PASSWORD,
        roles=["Global Administrator", "Preview", "Search and Purge"],
        by=None,
    )
    rate, lost, doubled = ingest()
    say(f"ingest {rate:.0f} mails/s of {MAILS:,}, lost {lost}, doubled {doubled}")
    run_ticks("detection", "incidents")
    purge = purge_figures(MAILBOXES, rounds=PURGE_ROUNDS)
    write_mails(HOME, SYNTHETIC, until=NOW - timedelta(seconds=1))
    (port,) = free_ports(1)
    with served(port) as running:
        idle = idle_mb(running)
        running.sign_in()
        visible = visible_s(running, tries=5 if FULL else 2)
        say(f"start {running.start_s:.1f} s, idle {idle:.0f} MB, visible after {visible:.2f} s")
        times = page_times(running, pages_of(running), rounds=ROUNDS)
    for name, (p50, p95) in times.items():
        say(f"{name:28} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  at {SYNTHETIC:,} mails")
    say(f"all of it took {time.perf_counter() - began:.0f} s")
    figures = {
        "ingest_mails_per_s": round(rate, 1),
        "visible_s": round(visible, 2),
        "purge_ratio_to_bare_imap": round(purge["ratio"], 2),
        "explorer_p95_ms": round(max(p95 for name, (_, p95) in times.items() if name.startswith("Explorer")), 1),
        "start_s": round(running.start_s, 2),
        "idle_mb": round(idle, 1),
        "lost": lost,
        "duplicated": doubled,
        "scale": "full" if FULL else "small",
        "purge": {name: round(value, 2) for name, value in purge.items()},
        "pages_ms": {name: [round(p50, 1), round(p95, 1)] for name, (p50, p95) in times.items()},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
