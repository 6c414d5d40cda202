import pytest

from watchfloor.access.models import AuditEntry


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
def test_asking_for_a_page_without_its_right_is_written_down(as_eve, htmx):
    answer = as_eve.get("/settings/audit?verb=person.add", headers=htmx)
    assert answer.status_code == 403
    (entry,) = AuditEntry.objects.filter(verb="page.open")
    assert (entry.actor_name, entry.outcome, entry.target) == ("Eve", "refused", "/settings/audit")


def test_opening_a_page_with_the_right_writes_no_refusal(as_max):
    assert as_max.get("/settings/audit").status_code == 200
    assert not AuditEntry.objects.filter(verb="page.open").exists()
