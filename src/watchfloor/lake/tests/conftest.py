"""A lake of its own for each test that writes the cold tier: its watermark must not hide another test's hot rows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchfloor.lake.contracts import Condition, Operator, Query

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def mail(number: int = 0, **fields):
    """One row of EmailEvents with what a test cares about."""
    row = {
        "Timestamp": NOON + timedelta(seconds=number),
        "NetworkMessageId": f"id-{number:06}",
        "SenderFromAddress": f"Sender{number % 7}@Evil{number % 3}.example",
        "SenderFromDomain": f"evil{number % 3}.example",
        "RecipientEmailAddress": f"person{number % 5}@corp.example",
        "Subject": f"Invoice {number}",
        "DeliveryAction": "Delivered",
        "DeliveryLocation": "Inbox/folder",
        "LatestDeliveryLocation": "Inbox/folder",
        "UrlCount": number % 4,
    }
    return row | fields


def asked(*conditions: tuple[str, Operator, tuple[str, ...]], any_of=False, table="EmailEvents", days=2) -> Query:
    """A query over the days around noon of the test's day."""
    return Query(
        table, NOON - days * DAY, NOON + days * DAY, tuple(Condition(*condition) for condition in conditions), any_of
    )


@pytest.fixture
def lake(db, settings, tmp_path) -> Path:
    """A home whose lake is empty."""
    settings.HOME = tmp_path
    return tmp_path
