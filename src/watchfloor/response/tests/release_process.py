"""The other processes of test_kill_release: one holds mail and orders its release, one dies in the middle of it, one tells. Not a test."""

import json
import os
import signal
import sys
from datetime import UTC, datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

SENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NMID = "66666666-6666-4666-8666-666666666666"
MESSAGE_ID = f"<{NMID}@elsewhere.example>"
RAW = (
    f"Message-ID: {MESSAGE_ID}\r\nFrom: it@elsewhere.example\r\nTo: all@corp.example\r\nSubject: Minutes\r\n\r\nSee below.\r\n"
).encode()


def begin(connections: dict[str, dict[str, str]], people: list[str]) -> None:
    """Everything before the worker: connect, hold, release. Prints the remediation's id."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from watchfloor.access.contracts import Actor, Permission
    from watchfloor.connectors.connections import add_connection
    from watchfloor.connectors.services import accept
    from watchfloor.lake.services import append
    from watchfloor.response.quarantine.holding import hold_pending
    from watchfloor.response.quarantine.models import QuarantinedMail
    from watchfloor.response.quarantine.selectors import held_copies
    from watchfloor.response.quarantine.services import release

    boss = Actor("person:1", "Max", frozenset(Permission))
    for kind, settings in connections.items():
        add_connection(by=boss, name=kind, kind=kind, settings=settings)
    row = {
        "Timestamp": SENT,
        "NetworkMessageId": NMID,
        "InternetMessageId": MESSAGE_ID,
        "LatestDeliveryLocation": "Quarantine",
        "DeliveryLocation": "Quarantine",
        "Subject": "Minutes",
    }
    append("EmailEvents", [{**row, "RecipientEmailAddress": who, "ReportId": who} for who in people])
    said = {"reason": "Spam", "subject": "Minutes", "message_id": MESSAGE_ID}
    facts = {"held": people, "disposition": "quarantine", "quarantine": said}
    accept(RAW, source="mx", received_at=SENT, mail_from="it@elsewhere.example", recipients=people, facts=facts)
    hold_pending(now=datetime.now(UTC))
    QuarantinedMail.objects.update(network_message_id=NMID)
    mails = QuarantinedMail.objects.values_list("pk", flat=True)
    print(release(by=boss, copies=held_copies(mails), reason="harmless", at=datetime.now(UTC)).pk)


def die_after_hand_over() -> None:
    """Release, and be gone between the server's yes and our commit."""
    from watchfloor.response.freezing import freeze
    from watchfloor.response.models import Remediation
    from watchfloor.response.progress import begin as begun
    from watchfloor.response.quarantine.handing import Hands
    from watchfloor.response.quarantine.releasing import release_batch

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Hands._said = die
    made = begun(Remediation.objects.get().pk, now=datetime.now(UTC))
    freeze(made, now=datetime.now(UTC))
    release_batch(made, clock=lambda: datetime.now(UTC))


def tell() -> None:
    """The ledger, the copies and the events, as JSON."""
    from datetime import timedelta

    from watchfloor.lake.contracts import Query
    from watchfloor.lake.selectors import rows
    from watchfloor.response.models import LedgerLine, Remediation
    from watchfloor.response.quarantine.models import QuarantinedCopy

    query = Query("EmailPostDeliveryEvents", SENT - timedelta(days=1), datetime(2100, 1, 1, tzinfo=UTC))
    told = {
        "status": Remediation.objects.get().status,
        "lines": list(LedgerLine.objects.values_list("recipient", "status", "verified", "why")),
        "copies": list(QuarantinedCopy.objects.values_list("recipient", "status")),
        "events": [row["RecipientEmailAddress"] for row in rows(query, limit=100_000)],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "begin":
        begin(json.loads(sys.argv[2]), json.loads(sys.argv[3]))
    elif sys.argv[1] == "die":
        die_after_hand_over()
    else:
        tell()
