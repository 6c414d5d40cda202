"""A lake with rows in every tier, for tests that move it."""

from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors, services, storage

from .conftest import DAY, NOON, asked, mail

MAILS, CLICKS = selectors.table("EmailEvents"), selectors.table("UrlClickEvents")


def fill() -> None:
    """Mails of three days in four commits, one compacted, clicks, and mails still hot."""
    for turn in range(4):
        services.append("EmailEvents", [mail(10 * turn + n, Timestamp=NOON - (turn % 3) * DAY) for n in range(10)])
        services.append("UrlClickEvents", [{"Timestamp": NOON, "Url": f"http://{turn}.example"}])
        with storage.only_writer():
            storage.flush(MAILS, now=utc_now())
            storage.flush(CLICKS, now=utc_now())
    with storage.only_writer():
        storage.maintain(MAILS, now=utc_now() + 2 * DAY)
    services.append("EmailEvents", [mail(100 + n) for n in range(5)])


def seen() -> list[str]:
    return sorted(row["NetworkMessageId"] for row in selectors.rows(asked(days=9), limit=1000))
