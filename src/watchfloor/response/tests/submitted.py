"""Mail for the tests of submissions: brought in by the real door and the real inspection."""

from datetime import timedelta

from watchfloor.connectors.services import accept
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.selectors import tenant_facts

PHISH = (
    b"Message-ID: <bait-1@bad.example>\r\nFrom: The Boss <boss@bad.example>\r\nTo: ann@corp.example\r\n"
    b"Subject: Your password ends today\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Your mailbox is full. Verify your account within 24 hours: https://login.bad.example/now\r\n"
)


class Inline:
    """The inspection, in this process."""

    def submit(self, raw, envelope, now):
        from concurrent.futures import Future

        from watchfloor.inspection.services import inspect

        done = Future()
        done.set_result(inspect(raw, envelope=envelope, facts=tenant_facts(), now=now))
        return done


def ingest() -> int:
    """What the worker does with accepted mail."""
    return ingest_pending(Inline(), 500, utc_now())


def known_mail(raw: bytes, *, to: str, folder: str = "") -> str:
    """Take a mail in; its NetworkMessageId."""
    before = {row["NetworkMessageId"] for row in events("EmailEvents")}
    accept(raw, source="mx", received_at=utc_now(), recipients=[to], folder=folder, facts={"door": "imap"})
    ingest()
    return next(row["NetworkMessageId"] for row in events("EmailEvents") if row["NetworkMessageId"] not in before)


def events(table: str) -> list[dict]:
    """All rows of a table of the last days."""
    now = utc_now()
    return lake.all_rows(Query(table, now - timedelta(days=30), now + timedelta(days=1)))
