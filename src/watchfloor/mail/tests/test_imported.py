"""The email page of an exported mail shows what our own Microsoft 365 tenant said of it."""

import pytest

from watchfloor.connectors.services import accept
from watchfloor.inspection.tests.exports import IDS, LEVELS, NETWORK_ID, TENANT, exported
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.models import Email
from watchfloor.mail.imported import action_facts, microsoft_facts

from .conftest import InProcess

REPORT = "X-Forefront-Antispam-Report: CIP:203.0.113.7;CTRY:DE;SFV:SKA;CAT:SPM;SFTY:9.25;SCL:6;DIR:INB"


@pytest.fixture
def analysis(transactional_db, as_ada):
    """The analysis tab of one mail that came in with these facts of its import."""

    def shown(**facts: object) -> str:
        now = utc_now()
        raw = exported(below=(*IDS, REPORT, *LEVELS))
        accept(raw, source="import", received_at=now, recipients=("ada@corp.example",), facts=facts)
        ingest_pending(InProcess(), 10, now)
        return as_ada.get(f"/email/{Email.objects.get().pk}?tab=analysis").content.decode()

    return shown


def test_the_analysis_shows_levels_overrides_and_policy(analysis):
    page = analysis(exported=True)
    for words in (
        "Spam confidence level (SCL)",
        "Imported header: our own Microsoft 365 judged it Spam with normal confidence",
        "Allowed by organization policy : Sender address list (Admin override)",
        "Allow : Sender address list (Admin override)",
        "Move to Junk Email folder",
        "Hosted content filter",
        "Best guess pass",
        NETWORK_ID,
        TENANT,
    ):
        assert words in page


def test_unless_somebody_vouched_for_it_the_analysis_says_nothing_of_microsoft(analysis):
    page = analysis()
    assert "SCL" not in page
    assert "Imported header" not in page
    assert TENANT not in page


def test_facts_stand_in_order_and_only_where_something_was_said():
    said = {"scl": -1, "pcl": None, "category": "", "tips": ["9.25", "9.20"], "country": "D\u202eE", "tenant": "t"}
    assert microsoft_facts({"microsoft": said}) == [
        ("Spam confidence level (SCL)", "-1"),
        ("Safety tips (SFTY)", "9.25, 9.20"),
        ("Sender's country", "D⟨RLO⟩E"),
        ("Microsoft 365 tenant", "t"),
    ]
    assert microsoft_facts({}) == microsoft_facts({"microsoft": None}) == []
    assert action_facts({"OrgLevelAction": "", "UserLevelPolicy": "Inbox rule"}) == [
        ("User action : policy", "Inbox rule")
    ]
    assert action_facts({}) == []
