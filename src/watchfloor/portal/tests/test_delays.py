"""Mail latency: measured as mail comes in, percentiles right within the scale's step, imports left out."""

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.lake.services import append
from watchfloor.portal.models import DelayHour
from watchfloor.portal.reports import delays
from watchfloor.portal.reports.answering import figures
from watchfloor.portal.reports.asking import asked
from watchfloor.portal.reports.catalogue import LATENCY

pytestmark = pytest.mark.django_db


def mail(number, *, seconds, door="journal", recipient="ada@corp.example"):
    return {
        "Timestamp": datetime.now(UTC) - timedelta(seconds=seconds),
        "NetworkMessageId": f"00000000-0000-4000-8000-{number:012}",
        "RecipientEmailAddress": recipient,
        "Connectors": door,
        "ReportId": f"r{number}{recipient}",
    }


def test_a_percentile_is_right_within_half_a_step_of_the_scale():
    dice = random.Random(7)
    held = [dice.lognormvariate(0, 2) for _ in range(5000)]
    counts = {}
    for seconds in held:
        counts[delays.step_of(seconds)] = counts.get(delays.step_of(seconds), 0) + 1
    for share in delays.SHARES:
        true = sorted(held)[math.ceil(len(held) * share / 100) - 1]
        assert abs(delays.percentile(counts, share) - true) <= max(true * 0.026, delays.FIRST)


def test_nothing_measured_has_no_percentile():
    assert delays.percentile({}, 50) is None
    assert delays.words(None) == "–"


@pytest.mark.parametrize(("seconds", "words"), [(0.05, "50 ms"), (3.21, "3.2 s"), (600, "10 min"), (9000, "2.5 h")])
def test_a_delay_is_said_as_people_say_it(seconds, words):
    assert delays.words(seconds) == words


def test_each_mail_counts_once_and_imports_are_only_counted():
    append(
        "EmailEvents",
        [
            mail(1, seconds=2),
            mail(1, seconds=2, recipient="max@corp.example"),
            mail(2, seconds=20, door="milter"),
            mail(3, seconds=3 * 86400),
        ],
    )
    while delays.gather():
        pass
    assert sum(row.mails for row in DelayHour.objects.all()) == 2
    assert sum(row.late for row in DelayHour.objects.all()) == 1
    found = figures(asked(LATENCY, {"range": "1d"}, now=datetime.now(UTC)))
    assert found.total == 2
    assert {line.name for line in found.lines} == {"journal", "milter"}
    assert "1 mails were older" in found.note
    assert found.stats[0][0] == "50th percentile"
    only = figures(asked(LATENCY, {"range": "1d", "Connectors": "milter"}, now=datetime.now(UTC)))
    assert only.total == 1
    assert (
        19 < delays.percentile({int(k): v for k, v in DelayHour.objects.get(source="milter").counts.items()}, 99) < 22
    )


def test_batches_are_read_once():
    append("EmailEvents", [mail(1, seconds=1)])
    while delays.gather():
        pass
    assert delays.gather() == 0
    append("EmailEvents", [mail(2, seconds=1)])
    assert delays.gather() == 1
    assert DelayHour.objects.get().mails == 2


def test_hours_beyond_the_retention_go():
    old = datetime.now(UTC) - timedelta(days=401)
    DelayHour.objects.create(hour=old, source="x", mails=1)
    assert delays.forget(now=datetime.now(UTC)) == 1
