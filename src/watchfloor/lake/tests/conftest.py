"""A lake of its own for each test that writes the cold tier: its watermark must not hide another test's hot rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labs.s3 import BUCKET, KEY_ID, S3, SECRET
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


@pytest.fixture(scope="session")
def s3():
    """An S3 server of this run."""
    with S3() as server:
        yield server


@pytest.fixture
def in_store(lake, settings, s3):
    """A home whose lake lies in an object store, below a prefix of its own; `lake_cache_mb` and more can be said."""

    def place_it(url: str = s3.url, **options) -> Path:
        stored = {
            "lake_location": f"s3://{BUCKET}/{lake.name}",
            "lake_endpoint": url,
            "lake_key_id": KEY_ID,
            "lake_secret": SECRET,
        }
        settings.WATCHFLOOR = replace(settings.WATCHFLOOR, **stored | options)
        return lake

    return place_it
