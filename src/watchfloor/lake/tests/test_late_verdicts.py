"""Verdicts that come after their mail was stored are read in order by whoever acts on them."""

from datetime import UTC, datetime

import pytest

from watchfloor.lake.contracts import LateVerdict
from watchfloor.lake.selectors import late_verdicts_after, late_verdicts_of
from watchfloor.lake.services import note_late_verdicts

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


def late(message: str, *threats: str) -> LateVerdict:
    return LateVerdict(NOW, message, threats, "High" if threats else "", "campaign", f"{message} was judged again")


def test_a_reader_meets_each_once_and_in_order():
    note_late_verdicts([late("one", "Phish"), late("two", "Malware", "Phish")])
    first = late_verdicts_after(0, limit=1)
    second = late_verdicts_after(first[-1].position, limit=10)
    assert [found.network_message_id for found in (*first, *second)] == ["one", "two"]
    assert second[0].threat_types == ("Malware", "Phish")
    assert late_verdicts_after(second[-1].position, limit=10) == []


def test_a_mails_own_are_told_oldest_first():
    note_late_verdicts([late("one", "Phish"), late("other", "Phish"), late("one")])
    assert [found.threat_types for found in late_verdicts_of("one")] == [("Phish",), ()]
