"""A category of alert policies that is kept for some roles: its alerts are seen by them alone, wherever alerts are shown."""

from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry, Role
from watchfloor.access.selectors import actor_of
from watchfloor.incidents import selectors, services
from watchfloor.incidents.contracts import SEVERITIES
from watchfloor.incidents.filters import Filter
from watchfloor.incidents.models import CategoryReaders, HiddenAlert, Incident
from watchfloor.incidents.seeing import hidden_from, set_readers
from watchfloor.incidents.story import last_day
from watchfloor.incidents.touched import touched_after
from watchfloor.incidents.tuning_keeping import Wanted, save_tuning, unhide
from watchfloor.incidents.tuning_preview import preview
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query

LOSS = "Data loss prevention"
LATER = timedelta(days=1)
EVERY_USER = {"type": "user", "how": "every", "values": ["*@corp.example"]}
SHARING = {"rule_id": "unusual-sharing", "title": "Unusual sharing"}


@pytest.fixture
def by_max(max):
    return actor_of(max)


@pytest.fixture
def kept(by_max):
    """Only Global Administrators (Max) see data loss; Ada is none."""
    role = Role.objects.get(name="Global Administrator")
    set_readers(category=LOSS, roles=[role.pk], by=by_max)
    return role


@pytest.fixture
def loss(findings, make, kept):
    return findings.raised(make.user("bob@corp.example"), make.sender(), **SHARING)


def test_everybody_who_reads_incidents_sees_all_until_a_category_is_kept(findings, make, ada, as_ada):
    alert = findings.raised(make.user(), **SHARING)
    assert hidden_from(actor_of(ada)) == ()
    assert as_ada.get(f"/alerts/{alert.alert_id}").status_code == 200


def test_pages_and_lists_show_it_to_its_readers_alone(loss, as_ada, as_max):
    own = [f"/alerts/{loss.alert_id}", f"/incidents/{loss.incident_id}", f"/incidents/{loss.incident_id}/summary"]
    assert [as_max.get(one).status_code for one in own] == [200, 200, 200]
    assert [as_ada.get(one).status_code for one in own] == [404, 404, 404]
    for one in (
        "/incidents?range=180d",
        "/alerts?range=180d",
        "/incidents?q=bob@corp.example",
        "/alerts/export.csv?range=180d",
    ):
        parts = [
            b"".join(answer) if answer.streaming else answer.content
            for answer in (client.get(one) for client in (as_ada, as_max))
        ]
        assert ["Unusual sharing" in part.decode() for part in parts] == [False, True], one


def test_nobody_changes_what_they_do_not_see(loss, by_ada, by_max):
    for verb in (
        lambda by: services.comment(incident=loss.incident_id, text="Seen", by=by),
        lambda by: services.comment_alert(alert=loss.alert_id, text="Seen", by=by),
    ):
        with pytest.raises(NotFound):
            verb(by_ada)
        verb(by_max)


def test_it_forms_incidents_of_its_own_and_is_not_mixed_by_hand(loss, findings, make, by_max):
    other = findings.raised(make.user("bob@corp.example"), make.sender(), make.message(1))
    assert other.incident_id != loss.incident_id
    again = findings.raised(make.user("bob@corp.example"), make.sender(), **SHARING)
    assert again.incident_id == loss.incident_id
    with pytest.raises(Conflict, match="only some roles see"):
        services.merge(source=loss.incident_id, into=other.incident_id, by=by_max)
    with pytest.raises(Conflict, match="only some roles see"):
        services.link_alert(alert=loss.alert_id, incident=other.incident_id, by=by_max)
    number = services.split_alert(alert=again.alert_id, by=by_max)
    assert Incident.objects.get(pk=number).restricted == LOSS


def test_neither_hunting_nor_pages_that_do_not_tell_who_asks_show_it(loss, by_ada):
    day = loss.created_at.replace(hour=0)
    for table in ("AlertInfo", "AlertEvidence"):
        assert lake.count(Query(table, day, day.replace(day=28))) == 0
    assert selectors.search("bob@corp.example") == ()
    assert selectors.alerts_of_person("bob@corp.example") == ()
    assert selectors.open_counts().incidents == 0
    chosen = Filter(statuses=(), severities=SEVERITIES)
    assert selectors.incident_queue(chosen, now=loss.created_at).total == 0


def test_incidents_that_are_there_change_hands_but_not_those_that_mix(findings, make, by_max):
    mixed = findings.raised(make.message(1), make.sender())
    assert findings.raised(make.sender(), **SHARING).incident_id == mixed.incident_id
    alone = findings.raised(make.user("dan@corp.example"), **SHARING)
    role = Role.objects.get(name="Global Administrator")
    assert set_readers(category=LOSS, roles=[role.pk], by=by_max) == 1
    assert list(Incident.objects.exclude(restricted="").values_list("pk", flat=True)) == [alone.incident_id]
    assert set_readers(category=LOSS, roles=[], by=by_max) == 1
    assert not CategoryReaders.objects.exists()


def test_only_who_gives_roles_changes_readers_and_it_is_written_down(by_ada, by_max, as_max):
    with pytest.raises(Forbidden):
        set_readers(category=LOSS, roles=[1], by=by_ada)
    nobody = Role.objects.create(name="Readers of nothing", permissions=[])
    with pytest.raises(BadInput, match="may read incidents"):
        set_readers(category=LOSS, roles=[nobody.pk], by=by_max)
    with pytest.raises(BadInput, match="no category"):
        set_readers(category="Cooking", roles=[], by=by_max)
    role = Role.objects.get(name="Global Administrator")
    as_max.post("/settings/alert-categories", {"category": LOSS, "role": [role.pk]})
    text = as_max.get("/settings/alert-categories").content.decode()
    assert text.count("Some roles") == 1
    assert AuditEntry.objects.filter(verb="alert_category.readers", outcome="success").count() == 1
    as_max.post("/settings/alert-categories", {"category": LOSS})
    assert CategoryReaders.objects.count() == 1, "without a role nothing is changed"
    as_max.post("/settings/alert-categories", {"category": LOSS, "everybody": "1"})
    assert not CategoryReaders.objects.exists()


def test_an_incident_is_found_by_the_title_of_an_alert(findings, make, as_ada):
    """Its name is made from the mail's subject, so the titles of its alerts do not stand there."""
    first = findings.raised(make.message(1), make.mailbox(), make.sender())
    findings.raised(make.message(1), make.sender(), title="Somebody clicked a malicious link")
    text = as_ada.get("/incidents?range=180d&q=clicked+a+MALICIOUS").content.decode()
    assert f"/incidents/{first.incident_id}" in text
    assert "/incidents/" + str(first.incident_id) not in as_ada.get("/incidents?q=no+such+title").content.decode()


def test_what_tuning_hides_is_hidden_from_them_there_too(findings, make, kept, by_ada, by_max, as_ada, as_max):
    fields = {"name": "Sharing", "action": "hide", "conditions": {"match": "all", "groups": [[EVERY_USER]]}}
    save_tuning(wanted=Wanted(**fields), by=by_max, now=make.start)
    findings.add(make.user("bob@corp.example"), **SHARING)
    findings.promote()
    record = HiddenAlert.objects.get()
    for page in ("/alerts/hidden", "/settings/alert-tuning"):
        assert as_ada.get(page).status_code == 200
    assert "Unusual sharing" not in as_ada.get("/alerts/hidden").content.decode()
    assert "Unusual sharing" in as_max.get("/alerts/hidden").content.decode()
    assert unhide(keys=[record.finding_key], by=by_ada, now=make.start) == 0
    assert unhide(keys=[record.finding_key], by=by_max, now=make.start) == 1
    previews = [preview(wanted=Wanted(**fields), by=by, now=make.start + LATER) for by in (by_ada, by_max)]
    assert [one.looked for one in previews] == [0, 1]


def test_what_others_make_of_it_does_not_tell_what_it_is(loss, make, by_ada, by_max):
    (one,) = touched_after(evidence=0, history=0, before=make.start + timedelta(days=3650)).alerts
    assert (one.alert.alert_id, one.alert.rule_id) == (loss.alert_id, "unusual-sharing")
    assert "Unusual sharing" not in repr(one)
    assert last_day(now=loss.created_at)["series"][0]["values"] == [0] * 24
    for read in (
        lambda by: selectors.alert_for(loss.alert_id, by=by),
        lambda by: selectors.incident_for(loss.incident_id, by=by),
    ):
        with pytest.raises(NotFound):
            read(by_ada)
        assert read(by_max)
