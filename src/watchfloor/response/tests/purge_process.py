"""The other processes of test_kill: one connects the server and starts the purge, one prints how it ended. Not a test."""

import json
import os
import sys
from datetime import UTC, datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

SENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NMID = "44444444-4444-4444-8444-444444444444"


def begin(settings: dict[str, str], people: list[str], action: str) -> None:
    """Everything a person does before the worker: connect, receive, start. Prints the remediation's id."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from watchfloor.access.contracts import Actor, Permission
    from watchfloor.connectors.connections import add_connection
    from watchfloor.lake.services import append
    from watchfloor.response.contracts import Row, Targets
    from watchfloor.response.services import start

    analyst = Actor("person:1", "Ada", frozenset(Permission))
    add_connection(by=analyst, name="mailboxes", kind="dovecot", settings=settings)
    row = {
        "Timestamp": SENT,
        "NetworkMessageId": NMID,
        "InternetMessageId": f"<{NMID}@elsewhere.example>",
        "LatestDeliveryLocation": "Inbox/folder",
        "Subject": "Your password ends today",
    }
    append("EmailEvents", [{**row, "RecipientEmailAddress": who, "ReportId": who} for who in people])
    targets = Targets(rows=tuple(Row(NMID, who) for who in people))
    made = start(by=analyst, name="Purge", reason="kill -9", action=action, targets=targets)
    print(made.pk)


def tell() -> None:
    """The ledger and the events, as JSON."""
    from datetime import timedelta

    from watchfloor.lake.contracts import Query
    from watchfloor.lake.selectors import rows
    from watchfloor.response.models import LedgerLine, Remediation

    one = Remediation.objects.get()
    lines = LedgerLine.objects.values_list("recipient", "status", "found_where", "moved_where", "verified")
    query = Query("EmailPostDeliveryEvents", SENT - timedelta(days=1), datetime(2100, 1, 1, tzinfo=UTC))
    events = [row["RecipientEmailAddress"] for row in rows(query, limit=100_000)]
    counts = {status.value: number for status, number in one.counts}
    print(json.dumps({"status": one.status, "counts": counts, "lines": list(lines), "events": events}))


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "begin":
        begin(json.loads(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4])
    else:
        tell()
