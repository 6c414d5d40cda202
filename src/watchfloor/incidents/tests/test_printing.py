"""An incident as PDF: the chosen sections, every row, nothing hostile, who asked in the audit log (IN-18)."""

import re
from datetime import timedelta

import pytest

from labs import need
from watchfloor.access.models import AuditEntry
from watchfloor.incidents import services
from watchfloor.incidents.printing import SECTIONS, Wanted, as_html, incident_pdf
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound

EVERY = tuple(key for key, _ in SECTIONS)
HOSTILE = "</script><script>alert(1)</script><img src=https://evil.example/x>"


@pytest.fixture
def alert(findings, make, by_ada):
    found = findings.raised(
        make.message(1, HOSTILE),
        make.sender(),
        *(make.mailbox(f"p{number}@corp.example") for number in range(130)),
        at=utc_now() - timedelta(hours=2),
    )
    services.comment(incident=found.incident_id, text=f"**Seen** {HOSTILE}", by=by_ada)
    return found


def html(alert, by, *sections, rows=0):
    return as_html(incident=alert.incident_id, wanted=Wanted(sections, rows), by=by, at=utc_now())


def test_the_document_holds_every_row_and_only_the_chosen_sections(alert, by_ada):
    text = html(alert, by_ada, "assets")
    assert all(f"p{number}@corp.example" in text for number in range(130))
    assert "Activity log" not in text
    assert "Mailboxes (130)" in text


def test_somebody_may_ask_for_the_first_rows_only(alert, by_ada):
    text = html(alert, by_ada, "assets", rows=10)
    assert len(set(re.findall(r"p\d+@corp\.example", text))) == 10
    assert "Mailboxes (130)" in text


def test_the_document_loads_and_runs_nothing_of_strangers(alert, by_ada):
    text = html(alert, by_ada, *EVERY)
    assert "<script>alert(1)" not in text
    assert "<img src=https" not in text
    assert "<strong>Seen</strong>" in text
    assert not re.search(r'(?:src|href)="https?://(?!evil\.example)', text.replace("http://www.w3.org", ""))


def test_the_graph_and_its_script_stand_only_where_it_was_asked_for(alert, by_ada):
    assert "print-graph" in html(alert, by_ada, "graph")
    assert "echarts" not in html(alert, by_ada, "alerts").lower()


def test_nothing_chosen_or_nothing_there_is_refused(alert, by_ada):
    with pytest.raises(BadInput):
        incident_pdf(incident=alert.incident_id, wanted=Wanted(()), by=by_ada, at=utc_now())
    with pytest.raises(NotFound):
        incident_pdf(incident=99999, wanted=Wanted(("alerts",)), by=by_ada, at=utc_now())


def test_eve_prints_nothing_and_the_attempt_is_kept(alert, eve):
    from watchfloor.access.selectors import actor_of

    with pytest.raises(Forbidden):
        incident_pdf(incident=alert.incident_id, wanted=Wanted(EVERY), by=actor_of(eve), at=utc_now())
    assert AuditEntry.objects.filter(verb="incident.export", outcome="refused").exists()


def test_the_fly_out_offers_every_section(as_ada, alert):
    text = as_ada.get(f"/incidents/{alert.incident_id}/export").content.decode()
    assert all(f'value="{key}" checked' in text for key in EVERY)


def test_an_incident_that_is_not_there_is_not_found(as_ada, db):
    assert as_ada.get("/incidents/99999/export").status_code == 404
    assert as_ada.get("/incidents/99999/export.pdf").status_code == 404


@pytest.mark.lab
@pytest.mark.slow
def test_the_pdf_is_printed_and_stands_in_the_logs(as_ada, alert):
    need("chromium")
    answer = as_ada.get(
        f"/incidents/{alert.incident_id}/export.pdf?section=overview&section=graph&section=assets&rows="
    )
    assert answer["Content-Type"] == "application/pdf", answer.content[:300]
    assert answer.content.startswith(b"%PDF-")
    assert (
        answer.content.count(b"/Type /Page\n")
        + answer.content.count(b"/Type /Page ")
        + answer.content.count(b"/Type /Page/")
        > 1
    )
    assert AuditEntry.objects.filter(verb="incident.export", outcome="success").exists()
    log = as_ada.get(f"/incidents/{alert.incident_id}?tab=activity&kind=exported").content.decode()
    assert "Exported as PDF: overview, graph, assets" in log
