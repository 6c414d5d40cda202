"""What stands beside the queues' rows: the filter pane, chips, columns of one's own, saved filters, groups, exports without an end."""

from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry, Role
from watchfloor.incidents import keeping, selectors, services
from watchfloor.incidents.columns import COLUMNS, columns_of, in_order
from watchfloor.incidents.facets import MOST, facets_of
from watchfloor.incidents.managing import assignees, ids_of
from watchfloor.incidents.models import Alert, Incident, SavedFilter
from watchfloor.incidents.offering import categories, rules_known, sources_known, values_of
from watchfloor.incidents.wording import chips
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound


@pytest.fixture
def recent():
    return utc_now() - timedelta(hours=2)


@pytest.fixture
def phish(findings, make, recent):
    return findings.raised(make.message(1, "Your parcel"), make.sender("a@one.example"), make.mailbox(), at=recent)


@pytest.fixture
def wazuh(findings, make, recent):
    """An alert of another source, category and policy, of a device."""
    return findings.raised(
        ["device", "pc-1", "", "impacted", "unknown"],
        at=recent + timedelta(minutes=1),
        category="Execution",
        source="Wazuh",
        rule_id="wazuh-100",
        techniques=["T1204.002"],
        severity="medium",
        title="Malware runs",
    )


def shown(client, address):
    text = client.get(address).content.decode()
    return {int(part.split('"', 1)[0]) for part in text.split('name="row" value="')[1:]}


# --- what alerts are of -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("category=Execution", {"wazuh"}),
        ("category=InitialAccess", {"phish"}),
        ("category=Execution&category=InitialAccess", {"phish", "wazuh"}),
        ("source=Wazuh", {"wazuh"}),
        ("source=Alert+policies", {"phish"}),
        ("rule=wazuh-100", {"wazuh"}),
        ("technique=T1204.002", {"wazuh"}),
        ("technique=T1204", set()),
        ("technique=T1566,T1204.002", {"phish", "wazuh"}),
        ("has=device", {"wazuh"}),
        ("has=device&has=mailbox", set()),
        ("several=category", set()),
        ("alert-severity=medium", {"wazuh"}),
        ("entity=pc-1", {"wazuh"}),
        ("entity=A%40ONE.example", {"phish"}),
        ("entity=nobody", set()),
        ("category=Execution&source=Alert+policies", set()),
        ("category=%25", set()),
        ("category=%7C", set()),
        ("sort=updated", {"phish", "wazuh"}),
        ("sort=severity&status=any&severity=any", {"phish", "wazuh"}),
        ("sort=nonsense", {"phish", "wazuh"}),
    ],
)
def test_incidents_are_filtered_by_what_their_alerts_are_of(as_ada, phish, wazuh, query, found):
    numbers = {"phish": phish.incident_id, "wazuh": wazuh.incident_id}
    assert shown(as_ada, f"/incidents?{query}") == {numbers[one] for one in found}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("category=Execution", {"wazuh"}),
        ("source=Wazuh", {"wazuh"}),
        ("source=Alert+policies", {"phish"}),
        ("rule=wazuh-100&rule=none", {"wazuh"}),
        ("technique=T1204.002", {"wazuh"}),
        ("entity=pc-1", {"wazuh"}),
        ("sort=created", {"phish", "wazuh"}),
        ("range=custom&from=2020-01-01T00:00&to=2020-01-02T00:00", set()),
    ],
)
def test_alerts_are_filtered_by_the_same(as_ada, phish, wazuh, query, found):
    text = as_ada.get(f"/alerts?{query}").content.decode()
    assert {one.alert_id for one in (phish, wazuh) if f'value="{one.alert_id}"' in text} == {
        {"phish": phish, "wazuh": wazuh}[one].alert_id for one in found
    }


def test_an_incident_of_two_categories_and_sources_is_found_as_such(as_ada, phish, wazuh, by_ada):
    services.link_alert(alert=wazuh.alert_id, incident=phish.incident_id, by=by_ada)
    assert shown(as_ada, "/incidents?several=category&several=source") == {phish.incident_id}
    assert shown(as_ada, "/incidents?has=device&category=InitialAccess") == {phish.incident_id}


def test_a_tag_of_the_incident_finds_its_alerts(as_ada, phish, wazuh, by_ada):
    services.tag(incident=phish.incident_id, texts=["VIP"], by=by_ada)
    text = as_ada.get("/alerts?tag=vip").content.decode()
    assert phish.alert_id in text
    assert wazuh.alert_id not in text


def test_words_of_facets_end_where_the_column_is_full():
    many = [
        {
            "severity": "low",
            "category": "c" * 200,
            "source": f"{'s' * 290}{number}",
            "rule_id": str(number),
            "techniques": [],
        }
        for number in range(100)
    ]
    text = facets_of(many, ["user"])
    assert len(text) <= MOST
    assert text.startswith("|severity:low|")
    assert text.endswith("|")


def test_a_bar_in_a_source_does_not_end_its_word():
    alert = {"severity": "low", "category": "x", "source": "a|rule:b", "rule_id": "r", "techniques": []}
    assert "|source:a/rule:b|" in facets_of([alert], [])


def test_the_pane_offers_what_alerts_have_in_the_order_of_an_attack(phish, wazuh):
    assert categories() == [("InitialAccess", "Initial access"), ("Execution", "Execution")]
    assert sources_known() == [("Alert policies", "Alert policies"), ("Wazuh", "Wazuh")]
    assert {key for key, _ in rules_known()} == {"malicious-mail-delivered", "wazuh-100"}
    assert values_of("category") == ["Execution", "InitialAccess"]


@pytest.mark.parametrize("queue", ["incidents", "alerts"])
def test_the_pane_keeps_what_stands_in_the_address(as_ada, phish, wazuh, queue):
    text = as_ada.get(f"/{queue}/filters?category=Execution&q=abc&status=resolved&tag=vip").content.decode()
    assert '<input type="hidden" name="q" value="abc">' in text
    assert '<input type="hidden" name="status" value="resolved">' in text
    assert 'value="Execution" checked' in text
    assert 'name="tag" value="vip"' in text


# --- words --------------------------------------------------------------------------------------------------------


def test_each_part_of_a_filter_is_a_chip_that_takes_it_off(rf, phish):
    request = rf.get("/incidents?category=Execution&category=Impact&tag=a,b&q=x&page=3")
    chosen = selectors.read_filter(request.GET, statuses=(), range="180d")
    found = {chip.words: chip.without for chip in chips(chosen, request.GET, assignees={})}
    assert set(found) == {"search: x", "category Execution", "category Impact", "tag a", "tag b"}
    assert found["category Impact"] == "category=Execution&tag=a%2Cb&q=x"
    assert "tag=b" in found["tag a"]
    assert "page" not in found["search: x"]


def test_hostile_words_of_a_filter_stay_words(as_ada, phish):
    text = as_ada.get("/incidents?source=<script>alert(1)</script>&tag='><img src=x>").content.decode()
    assert "<script>alert(1)" not in text
    assert "<img src=x" not in text


def test_the_list_link_is_the_whole_address(as_ada, phish):
    text = as_ada.get("/incidents?category=Execution&page=2").content.decode()
    assert "http://testserver/incidents?category=Execution" in text


# --- columns ------------------------------------------------------------------------------------------------------


def test_columns_stand_in_the_order_a_person_chose_and_for_nobody_else(as_ada, as_max, phish):
    as_ada.post("/incidents/columns", {"column": ["severity", "number", "nonsense"]})
    text = as_ada.get("/incidents").content.decode()
    assert text.index('data-key="name"') < text.index('data-key="severity"') < text.index('data-key="number"')
    assert 'th scope="col" data-key="status"' not in text
    assert 'th scope="col" data-key="status"' in as_max.get("/incidents").content.decode()


def test_the_usual_columns_come_back(as_ada, ada, phish):
    as_ada.post("/incidents/columns", {"column": ["severity"]})
    as_ada.post("/incidents/columns", {"usual": "1", "column": ["severity"]})
    assert 'th scope="col" data-key="status"' in as_ada.get("/incidents").content.decode()


def test_columns_of_the_two_queues_are_apart(as_ada, phish):
    as_ada.post("/alerts/columns", {"column": ["id"]})
    text = as_ada.get("/alerts").content.decode()
    assert 'th scope="col" data-key="id"' in text
    assert 'th scope="col" data-key="severity"' not in text
    assert 'th scope="col" data-key="severity"' in as_ada.get("/incidents").content.decode()


@pytest.mark.parametrize("queue", ["incidents", "alerts"])
def test_every_column_draws_every_row_and_goes_to_the_export(as_ada, phish, wazuh, by_ada, queue):
    services.classify(incident=phish.incident_id, classification="truePositive", determination="phishing", by=by_ada)
    as_ada.post(f"/{queue}/columns", {"column": [column.key for column in COLUMNS[queue]]})
    text = as_ada.get(f"/{queue}").content.decode()
    assert all(f'data-key="{column.key}"' in text for column in COLUMNS[queue])
    sheet = as_ada.get(f"/{queue}/export.csv").getvalue().decode().splitlines()
    assert sheet[0].count('","') == len(COLUMNS[queue]) - 1
    assert len(sheet) == 3


def test_the_columns_not_chosen_come_last_in_the_menu():
    chosen = columns_of("incidents", ["status", "number"])
    assert [column.key for column in chosen] == ["name", "status", "number"]
    arranged = in_order("incidents", chosen)
    assert [column.key for column, on in arranged if on] == ["name", "status", "number"]
    assert len(arranged) == len(COLUMNS["incidents"])


# --- saved filters ------------------------------------------------------------------------------------------------


def test_a_saved_filter_is_ones_own_until_it_is_shared(as_ada, as_max, phish):
    as_ada.post("/incidents/filters/save", {"name": "Mine", "query": "tag=vip&page=4"})
    assert SavedFilter.objects.get().query == "tag=vip"
    assert "Mine" in as_ada.get("/incidents").content.decode()
    assert "Mine" not in as_max.get("/incidents").content.decode()
    as_ada.post("/incidents/filters/save", {"name": "Mine", "query": "tag=vip", "shared": "on"})
    assert SavedFilter.objects.count() == 1
    assert "/incidents?tag=vip" in as_max.get("/incidents").content.decode()
    assert "Mine" not in as_max.get("/alerts").content.decode()


def test_a_filter_without_a_name_is_refused_with_words(as_ada):
    answer = as_ada.post("/alerts/filters/save", {"name": " ", "query": "tag=vip"}, follow=True)
    assert "give the filter a name" in answer.content.decode()
    assert not SavedFilter.objects.exists()


def test_who_saved_and_deleted_a_filter_stands_in_the_audit_log(as_ada, ada):
    as_ada.post("/incidents/filters/save", {"name": "Mine", "query": "tag=vip"})
    as_ada.post(f"/incidents/filters/{SavedFilter.objects.get().pk}/delete")
    assert not SavedFilter.objects.exists()
    verbs = set(AuditEntry.objects.filter(outcome="success").values_list("verb", flat=True))
    assert {"queue_filter.save", "queue_filter.delete"} <= verbs


def test_somebody_elses_private_filter_cannot_be_deleted(by_ada, make, max):
    from watchfloor.access.selectors import actor_of

    kept = keeping.save_filter(queue="incidents", name="x", query="", shared=False, by=by_ada, at=utc_now())
    with pytest.raises(NotFound):
        keeping.delete_filter(number=kept.pk, by=actor_of(max))


def test_who_only_reads_may_not_share(db, eve):
    from watchfloor.access.selectors import actor_of

    reader = Role.objects.create(name="Only reads", permissions=["incident.read"])
    eve.roles.add(reader)
    with pytest.raises(Forbidden):
        keeping.save_filter(queue="incidents", name="x", query="", shared=True, by=actor_of(eve), at=utc_now())
    keeping.save_filter(queue="incidents", name="x", query="", shared=False, by=actor_of(eve), at=utc_now())


def test_nobody_keeps_filters_without_end(by_ada, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_KEPT", 1)
    keeping.save_filter(queue="incidents", name="x", query="", shared=False, by=by_ada, at=utc_now())
    keeping.save_filter(queue="incidents", name="x", query="a=1", shared=False, by=by_ada, at=utc_now())
    keeping.save_filter(queue="alerts", name="y", query="", shared=False, by=by_ada, at=utc_now())
    with pytest.raises(BadInput, match="delete one first"):
        keeping.save_filter(queue="incidents", name="y", query="", shared=False, by=by_ada, at=utc_now())


def test_a_queue_that_is_not_there_is_refused(by_ada):
    with pytest.raises(BadInput):
        keeping.save_filter(queue="x", name="x", query="", shared=False, by=by_ada, at=utc_now())
    with pytest.raises(BadInput):
        keeping.choose_columns(queue="x", keys=[], by=by_ada)


# --- groups -------------------------------------------------------------------------------------------------------


def test_an_incident_given_to_a_group_is_mine_when_i_am_of_it(as_ada, ada, phish):
    group = next(one for one in assignees() if one.group == "Groups")
    as_ada.post(f"/incidents/{phish.incident_id}/manage", {"assigned": group.value})
    row = Incident.objects.get(pk=phish.incident_id)
    assert row.assigned_to == group.value
    assert Alert.objects.get(pk=phish.pk).assigned_name == row.assigned_name
    assert f"{row.assigned_name} (" in group.label
    ada.roles.add(int(group.value.removeprefix("role:")))
    assert shown(as_ada, "/incidents?assigned=me") == {phish.incident_id}
    ada.roles.remove(int(group.value.removeprefix("role:")))


def test_ones_ids_are_ones_own_and_those_of_ones_roles(ada, by_ada):
    assert ids_of(by_ada) == (by_ada.id, *(f"role:{role.pk}" for role in ada.roles.all()))


# --- exports ------------------------------------------------------------------------------------------------------


def test_the_export_has_no_end_and_repeats_nothing(as_ada, phish, monkeypatch):
    monkeypatch.setattr(selectors, "PIECE", 7)
    base = Incident.objects.get(pk=phish.incident_id)
    for number in range(40):
        base.pk, base.name = None, f"Incident number {number}."
        base.last_activity = phish.last_activity - timedelta(minutes=number // 5)
        base.save()
    sheet = as_ada.get("/incidents/export.csv").getvalue().decode()
    assert len(sheet.splitlines()) == 42
    assert all(sheet.count(f"Incident number {number}.") == 1 for number in range(40))


# --- alerts in bulk -----------------------------------------------------------------------------------------------


def test_chosen_alerts_are_changed_together(as_ada, phish, wazuh):
    answer = as_ada.post(
        "/alerts/bulk",
        {
            "row": [phish.alert_id, wazuh.alert_id, "wf-none"],
            "status": "resolved",
            "assigned": "keep",
            "classification": "falsePositive/notMalicious",
            "comment": "A test of ours",
            "return": "/alerts?range=30d",
        },
        follow=True,
    )
    text = answer.content.decode()
    assert "2 of 3 alerts changed" in text
    assert "there is no alert wf-none" in text
    assert answer.request["QUERY_STRING"] == "range=30d"
    assert set(Alert.objects.values_list("status", "classification")) == {("resolved", "falsePositive")}
    assert "A test of ours" in as_ada.get(f"/alerts/{phish.alert_id}").content.decode()


def test_chosen_alerts_go_into_one_incident_or_together_into_a_new_one(as_ada, findings, make, recent, phish, wazuh):
    third = findings.raised(make.message(9), make.sender("z@z.example"), at=recent)
    as_ada.post("/alerts/link", {"row": [wazuh.alert_id, third.alert_id], "incident": str(phish.incident_id)})
    assert set(Alert.objects.values_list("incident", flat=True)) == {phish.incident_id}
    as_ada.post("/alerts/link", {"row": [wazuh.alert_id, third.alert_id], "incident": ""})
    moved = set(Alert.objects.exclude(pk=phish.pk).values_list("incident", flat=True))
    assert len(moved) == 1
    assert moved != {phish.incident_id}


def test_linking_to_what_is_no_incident_says_why(as_ada, phish):
    text = as_ada.post("/alerts/link", {"row": [phish.alert_id], "incident": "abc"}, follow=True).content.decode()
    assert "give the number of the other incident" in text
