"""Mail for tests of the whole way: accepted, inspected in a worker process, judged, stored."""

from datetime import UTC, datetime

from watchfloor.connectors.services import accept
from watchfloor.inspection.services import InspectionPool
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.selectors import tenant_facts

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def letter(
    number=1, *, sender="Bo Lee <bo@partner.example>", subject="Our meeting", body="See you on Monday.", more=""
):
    """One raw mail to Ann."""
    return (
        f"From: {sender}\r\nTo: Ann <ann@corp.example>\r\nSubject: {subject}\r\nMessage-ID: <{number}@partner.example>\r\n"
        f"Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n{more}\r\n{body}\r\n"
    ).encode()


LURE = "Dear customer, your account is suspended. Confirm your password at http://203.0.113.9/login within 24 hours."


def take(raw, *, at=NOON, ip=""):
    """Accept one mail as a journal would bring it."""
    accept(raw, source="journal", received_at=at, recipients=("ann@corp.example",), client_ip=ip)


def ingest(*, now=NOON):
    """Store what was accepted, by a pool of one real worker process told the facts of now."""
    with InspectionPool(1, tenant_facts()) as pool:
        return ingest_pending(pool, 100, now)
