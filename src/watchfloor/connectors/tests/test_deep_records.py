"""A record nested deeper than anything is written down is refused alone; the records beside it are kept."""

import json
from datetime import UTC, datetime

import pytest

from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.event_intake import keep, reading_of
from watchfloor.connectors.protocols.syslog_wire import record_of
from watchfloor.connectors.selectors import observed_after

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
KNOWN = {"CreationTime": "2026-11-22T11:00:00", "Workload": "Exchange", "Operation": "New-InboxRule", "RecordType": 1}
GOOD = {**KNOWN, "UserId": "ada@corp.example"}
MAPPING = {"records": "mapping", "mapping": "table = IdentityLogonEvents\nAccountUpn = UserId\nAdditionalFields = more"}


def sent(depth: int) -> dict:
    """What a stranger's line becomes whose JSON is this deep."""
    nested = '{"a":' * depth + '"nul\\u0000"' + "}" * depth
    text = json.dumps({**KNOWN, "UserId": "eve@corp.example"})[:-1] + f', "more": {nested}, "Parameters": {nested}}}'
    return record_of(f"<13>Nov 22 11:00:00 h x: {text}", at=AT, zone=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("depth", [20, 90, 330, 480, 900, 960, 3000])
@pytest.mark.parametrize("settings", [{}, MAPPING])
def test_a_record_of_any_depth_stops_nobody(depth, settings):
    kept = keep(reading_of(settings), [("deep", sent(depth)), ("good", GOOD)], source="s", at=AT)
    words = json.dumps([one.items for one in observed_after(0, kinds=[ObservedKind.EVENTS])])
    assert "ada@corp.example" in words
    assert ("eve@corp.example" in words) == (depth == 20)
    if 90 <= depth <= 900:
        assert kept.refused == (("deep", "it is nested deeper than 64 levels"),)
