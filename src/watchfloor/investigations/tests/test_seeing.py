"""Investigations of alerts that only some roles see (AP-05) are seen by these roles alone."""

import pytest

from watchfloor.access.models import Role
from watchfloor.incidents.models import CategoryReaders, Incident
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.tests.conftest import NOW, PHISH

LOSS = "Data loss prevention"


@pytest.fixture
def kept_from_ada(phish, begun):
    """The phish's investigation, in an incident that only Global Administrators (Max) see."""
    found = begun(phish)
    facts = {"first_activity": NOW, "last_activity": NOW, "created_at": NOW, "updated_at": NOW}
    incident = Incident.objects.create(name="Loss", severity="high", restricted=LOSS, **facts)
    Investigation.objects.update(incident_id=str(incident.pk))
    role = Role.objects.get(name="Global Administrator")
    CategoryReaders.objects.create(category=LOSS, roles=[role.pk], changed_at=NOW)
    found.refresh_from_db()
    return found


def test_its_pages_and_exports_are_not_there_for_others(kept_from_ada, as_ada, as_max):
    pages = [kept_from_ada.href, f"{kept_from_ada.href}/progress", f"{kept_from_ada.href}?tab=log"]
    assert [as_max.get(one).status_code for one in pages] == [200, 200, 200]
    exports = [f"{kept_from_ada.href}/report.pdf", f"{kept_from_ada.href}/entities.csv"]
    assert [as_ada.get(one).status_code for one in (*pages, *exports)] == [404] * 5


def test_lists_and_other_pages_leave_it_out(kept_from_ada, as_ada, as_max):
    addresses = [
        "/investigations?period=all",
        "/investigations/export.csv?period=all",
        f"/investigations/of-message/{PHISH}",
        f"/investigations/of-incident/{kept_from_ada.incident_id}",
    ]
    for one in addresses:
        parts = [
            b"".join(answer) if answer.streaming else answer.content
            for answer in (client.get(one) for client in (as_ada, as_max))
        ]
        told = [kept_from_ada.name in part.decode() for part in parts]
        assert told == [False, True], one


def test_nobody_decides_ends_or_agrees_to_what_they_do_not_see(kept_from_ada, as_ada):
    chosen = kept_from_ada.recommendations.get(kind="mail")
    for verb in ("decide", "agree", "stop"):
        answer = as_ada.post(f"{kept_from_ada.href}/{verb}", {"decision": "approve", "row": chosen.pk})
        assert answer.status_code == 404
    as_ada.post(f"/investigations/of-incident/{kept_from_ada.incident_id}/decide", {"scope": "all"})
    chosen.refresh_from_db()
    assert chosen.status == "Pending approval"
