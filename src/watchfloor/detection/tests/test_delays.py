"""Delayed mail: counted by connection and hour as it comes in, told once it is many."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.detection.delays import MANY, count_delays
from watchfloor.detection.models import DelayedMail
from watchfloor.detection.selectors import findings_after
from watchfloor.detection.services import detect
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append

WAITED = timedelta(hours=3)


@pytest.fixture
def now(db):
    return utc_now()


def arrive(number, *, waited=WAITED, connection="Journal", start=0):
    """Rows are stored now; they say when they were received."""
    at = datetime.now(UTC) - waited
    append(
        "EmailEvents",
        [
            {"Timestamp": at, "NetworkMessageId": f"{connection}-{n}", "ReportId": f"{connection}-{n}"}
            | {"Connectors": connection, "RecipientEmailAddress": "ada@corp.example", "Subject": "Late"}
            for n in range(start, start + number)
        ],
    )


def raised(now):
    detect(now=now)
    return [one for one in findings_after(0, limit=50) if one.rule_id == "messages-delayed"]


def test_many_late_mails_of_one_connection_raise_one_alert_with_their_number(now):
    arrive(MANY - 1)
    count_delays(now=now)
    assert raised(now) == []
    arrive(10, start=MANY)
    count_delays(now=now)
    arrive(10, start=MANY + 20)
    count_delays(now=now)
    rows = DelayedMail.objects.all()
    if len(rows) == 1:  # the hour of the clock may end between
        (finding,) = raised(now)
        assert finding.description.startswith(
            f"{MANY + 9} mails by Journal waited more than an hour, the longest 3.0 hours"
        )
    assert sum(one.mails for one in rows) == MANY + 19


def test_mail_in_time_imported_mail_and_other_connections_count_apart(now):
    arrive(MANY, waited=timedelta(minutes=5), connection="Milter")
    arrive(MANY, waited=timedelta(days=3), connection="Import")
    arrive(MANY // 2, connection="A")
    arrive(MANY // 2, connection="B")
    assert count_delays(now=now) > 0
    assert count_delays(now=now) == 0, "each batch once"
    assert raised(now) == []
    assert set(DelayedMail.objects.values_list("connection", flat=True)) == {"A", "B"}


def test_what_is_told_is_forgotten_after_two_days(now):
    DelayedMail.objects.create(hour=now - timedelta(days=3), connection="Old", mails=1)
    arrive(1)
    count_delays(now=now)
    assert not DelayedMail.objects.filter(connection="Old").exists()
