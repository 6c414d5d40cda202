"""The threat report: everything of a campaign's life on paper, made by a real browser, with permission and audit."""

import pytest

from labs import need
from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.campaigns.known import campaign
from watchfloor.hunting.campaigns.noting import note_campaigns
from watchfloor.hunting.campaigns.report import PRINTED_ROWS, document, file_name, report
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Forbidden

pytestmark = pytest.mark.django_db
READER = system_actor("reader", Permission.EMAIL_METADATA_READ)


@pytest.fixture
def phish(attack):
    attack(71, brand="contoso.example", urls=tuple(f"https://evil.example/{n}" for n in range(PRINTED_ROWS + 5)))
    note_campaigns(now=utc_now())
    return campaign(71)


def test_the_document_tells_life_flow_reasons_and_details(phish):
    html = document(phish, by=READER, now=utc_now())
    for words in (
        "Campaign Phish · contoso.example · 000047",
        "3 messages like",
        "Why its mails are one",
        "Sender IPs",
    ):
        assert words in html
    assert "5 more are less frequent." in html
    assert "Asked for by reader" in html


def test_making_it_is_audited_and_needs_the_right(phish):
    assert report(campaign=phish, by=READER, now=utc_now(), to_pdf=lambda html: b"%PDF-1") == b"%PDF-1"
    assert AuditEntry.objects.filter(verb="campaign.report", outcome="success", target="71").exists()
    with pytest.raises(Forbidden):
        report(campaign=phish, by=system_actor("nobody"), now=utc_now(), to_pdf=lambda html: b"")


def test_the_file_is_named_after_the_campaign(phish):
    assert file_name(phish) == f"campaign-000047-{phish.first_at:%Y-%m-%d}.pdf"


def test_a_browser_prints_it(phish, as_ada):
    need("chromium")
    answer = as_ada.get("/campaigns/71/report.pdf")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")


def test_nobody_without_the_right_gets_it(phish, as_eve):
    assert as_eve.get("/campaigns/71/report.pdf").status_code == 403
