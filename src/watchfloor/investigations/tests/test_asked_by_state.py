"""The queues of incidents and alerts are filtered by what automated investigations made of them (IN-05, AL-02)."""

import pytest

from watchfloor.incidents.models import Alert, Incident
from watchfloor.investigations.contracts import Status
from watchfloor.investigations.models import Investigation, InvestigationAlert
from watchfloor.investigations.tests.conftest import NOW
from watchfloor.kernel.clock import utc_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def raised():
    """Three alerts of three incidents: one investigation waits for people, one ended, one alert nobody looked into."""
    found = {}
    for number, name in enumerate(("waits", "ended", "alone")):
        now = utc_now()
        times = {"first_activity": now, "last_activity": now, "created_at": now, "updated_at": now}
        grave = {"severity": "high", "severity_rank": 4}
        incident = Incident.objects.create(name=f"Incident {name}", status="active", **grave, **times)
        found[name] = Alert.objects.create(
            alert_id=f"wf{number:032}", finding_key=name, incident=incident, rule_id="mail-delivered", title=f"Alert {name}",
            category="InitialAccess", **grave, **times,
        )  # fmt: skip
    for name, status in (("waits", Status.PENDING), ("ended", Status.REMEDIATED)):
        one = Investigation.objects.create(
            name=name, kind="By hand", playbook="manual-mail", status=status.value, cause=name, created_by="system:test",
            created_by_name="Test", created_at=NOW, changed_at=NOW,
        )  # fmt: skip
        InvestigationAlert.objects.create(investigation=one, alert_id=found[name].alert_id, title=name, at=NOW)
    return found


@pytest.mark.parametrize("queue", ["incidents", "alerts"])
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("investigation=Pending+action", {"waits"}),
        ("investigation=Pending+action&investigation=Remediated", {"waits", "ended"}),
        ("investigation=none", {"alone"}),
        ("investigation=none&investigation=Remediated", {"alone", "ended"}),
        ("investigation=nonsense", {"waits", "ended", "alone"}),
    ],
)
def test_a_queue_shows_what_is_in_the_states_asked_for(raised, as_ada, queue, asked, names):
    page = as_ada.get(f"/{queue}?{asked}").content.decode()
    noun = queue[:-1].capitalize()
    assert {name for name in raised if f"{noun} {name}" in page} == names
    assert ("investigation: pending action" in page) is ("Pending" in asked)


def test_the_pane_offers_every_state_and_carries_what_was_chosen(as_ada, db):
    page = as_ada.get("/incidents/filters?investigation=Running").content.decode()
    assert "Automated investigation" in page
    assert 'value="Running" checked' in page
    assert 'value="none"' in page
    assert "No investigation" in as_ada.get("/alerts/filters").content.decode()


def test_a_state_that_is_asked_for_is_said_as_a_chip_that_takes_it_off(raised, as_ada):
    page = as_ada.get("/alerts?investigation=none&severity=high").content.decode()
    assert "investigation: no investigation" in page
