"""An action and its alerts lead to one another, and to the investigations of those alerts (EA-60, EA-64)."""

import pytest

from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.response import services
from watchfloor.response.alerted import alerts_of, raised_alert, remediations_of_alert

from .conftest import NOW
from .test_plans import TWO


@pytest.fixture
def acted(mails, analyst):
    """Ada soft deletes a phish; the alert that she did is raised."""
    one = services.start(by=analyst, name="Purge", reason="phish", action="soft-delete", targets=TWO, at=NOW)
    while promote(now=NOW):
        pass
    return one


def test_the_alert_of_an_action_and_the_action_know_one_another(acted):
    alert = Alert.objects.get(rule_id="administrative-action")
    assert raised_alert(acted).alert_id == alert.alert_id
    assert alerts_of(acted) == (alert.alert_id,)
    assert remediations_of_alert(alert.alert_id) == [acted]
    assert remediations_of_alert("nothing") == []


def test_an_action_begun_from_an_alert_belongs_to_both(acted, analyst):
    first = Alert.objects.get().alert_id
    later = services.start(
        by=analyst, name="Again", reason="", action="move-to-junk", targets=TWO, alert_id=first, at=NOW
    )
    while promote(now=NOW):
        pass
    assert alerts_of(later)[0] == first
    assert len(alerts_of(later)) == 2
    assert {one.name for one in remediations_of_alert(first)} == {"Purge", "Again"}


def test_both_pages_show_it(acted, as_ada, as_eve):
    alert = Alert.objects.get()
    page = as_ada.get(acted.href).content.decode()
    assert f'href="/alerts/{alert.alert_id}"' in page
    assert f"/investigations/of-remediation/{acted.pk}" in page
    there = as_ada.get(f"/alerts/{alert.alert_id}").content.decode()
    fragment = f"/action-center/of-alert/{alert.alert_id}"
    assert fragment in there
    told = as_ada.get(fragment).content.decode()
    assert acted.href in told
    assert acted.approval_id in told
    assert as_eve.get(fragment).status_code == 403
    assert as_ada.get("/action-center/of-alert/nothing").content.decode().strip() == ""


def test_the_investigations_of_its_alert_stand_on_the_page_of_an_action(acted, as_ada):
    from watchfloor.investigations.models import Investigation, InvestigationAlert

    address = f"/investigations/of-remediation/{acted.pk}"
    assert as_ada.get(address).content.decode().strip() == ""
    run = Investigation.objects.create(
        name="Looked into", kind="By hand", playbook="manual-mail", cause="c", created_by="x", created_by_name="X",
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    InvestigationAlert.objects.create(investigation=run, alert_id=Alert.objects.get().alert_id, title="t", at=NOW)
    page = as_ada.get(address).content.decode()
    assert f'href="{run.href}"' in page
    assert f"{run.pk}: Looked into" in page
