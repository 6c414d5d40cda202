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


def report_with(
    *originals: bytes, subject: str = "3|Your password ends today", by: str = "ann@corp.example", **headers: str
) -> bytes:
    """A reporting mail as an add-in writes it: the originals attached as message/rfc822."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    parts = "".join(
        f'--edge\r\nContent-Type: message/rfc822; name="{number}.eml"\r\nContent-Disposition: attachment\r\n\r\n'
        f"{original.decode()}\r\n"
        for number, original in enumerate(originals)
    )
    return (
        f"From: Ann Able <{by}>\r\nTo: phish@corp.example\r\nSubject: {subject}\r\n{lines}"
        "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=edge\r\n\r\n--edge\r\nContent-Type: text/plain\r\n\r\nThis looks odd.\r\n"
        f"{parts}--edge--\r\n"
    ).encode()


def forwarded(text: str, *, subject: str = "Fwd: Your password ends today", by: str = "ann@corp.example") -> bytes:
    """A mail forwarded inline."""
    return (
        f"From: Ann Able <{by}>\r\nTo: phish@corp.example\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + text.replace("\n", "\r\n")
    ).encode()
