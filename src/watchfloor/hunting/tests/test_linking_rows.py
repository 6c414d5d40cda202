"""Rows of an answer become evidence of an incident; the alert and the incident show the query and the rows."""

import re

import pytest

from watchfloor.access.models import AuditEntry, Role
from watchfloor.access.selectors import actor_of
from watchfloor.hunting.advanced import linking, recording
from watchfloor.hunting.advanced.asking import ask, read_question
from watchfloor.hunting.advanced.linking import Wish, alert_of, link_rows, linked_of_incident
from watchfloor.hunting.models import KeptAnswer, LinkedRows
from watchfloor.incidents.models import Alert, AlertEvidence, Incident
from watchfloor.incidents.promotion import promote
from watchfloor.incidents.services import merge, set_status
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound

QUERY = "EmailEvents | project Timestamp, NetworkMessageId, RecipientEmailAddress, SenderFromAddress, Subject"
MAPPED = (("NetworkMessageId", "analyzedMessage", "source"), ("RecipientEmailAddress", "mailbox", "impacted"))


@pytest.fixture
def by_ada(ada):
    return actor_of(ada)


def found(by, text=QUERY):
    return ask(read_question({"query": text}, now=utc_now()), by=by, now=utc_now())


def linked(by, run, *rows, **changes):
    wish = Wish(**{"title": "Odd mails", "severity": "high", "entities": MAPPED, **changes})
    link = link_rows(run=run, values=rows, wish=wish, by=by, now=utc_now())
    promote(now=utc_now())
    return link


def test_chosen_rows_open_an_incident_with_their_evidence(by_ada, mail):
    key = mail(Subject="Odd one")
    mail(Subject="Another")
    link = linked(by_ada, found(by_ada).run, f"{key}|ann@corp.example")
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.rule_id) == ("Odd mails", "high", link.rule_id)
    assert set(AlertEvidence.objects.values_list("type", "value", "label")) == {
        ("analyzedMessage", key, "Odd one"),
        ("mailbox", "ann@corp.example", ""),
    }
    assert [row[4] for row in link.rows] == ["Odd one"]
    assert alert_of(link).incident_id == Incident.objects.get().pk


def test_rows_are_linked_to_the_incident_a_person_names_whatever_correlation_thinks(by_ada, mail):
    first, second = mail(), mail()
    run = found(by_ada).run
    linked(by_ada, run, f"{first}|ann@corp.example", title="First")
    wanted = Incident.objects.get().pk
    linked(by_ada, run, f"{second}|ann@corp.example", title="Second", incident=wanted, comment="same crook")
    assert Incident.objects.count() == 1
    assert {one.incident_id for one in Alert.objects.all()} == {wanted}
    assert (
        "Ada linked 1 row of a query from advanced hunting: same crook" in Alert.objects.get(title="Second").description
    )
    assert [link.title for _, link in linked_of_incident(wanted)] == ["First", "Second"]


def test_a_new_incident_is_new_even_when_another_would_fit(by_ada, mail):
    key = f"{mail()}|ann@corp.example"
    run = found(by_ada).run
    linked(by_ada, run, key, title="One")
    linked(by_ada, run, key, title="Two")
    assert Incident.objects.count() == 2


def test_what_was_linked_follows_its_alert_into_a_merge(by_ada, mail):
    keys = [mail(), mail()]
    run = found(by_ada).run
    for number, key in enumerate(keys):
        linked(by_ada, run, f"{key}|ann@corp.example", title=f"Part {number}")
    into, source = Incident.objects.order_by("pk").values_list("pk", flat=True)
    merge(source=source, into=into, by=by_ada)
    assert len(linked_of_incident(into)) == 2


def test_rows_that_are_no_mails_are_named_by_their_place(by_ada, mail):
    mail(SenderFromAddress="a@one.example")
    mail(SenderFromAddress="b@two.example")
    answer = found(
        by_ada, "EmailEvents | summarize Mails = count() by SenderFromAddress | sort by SenderFromAddress asc"
    )
    linked(by_ada, answer.run, "#1", entities=(("SenderFromAddress", "sender", "source"),))
    assert AlertEvidence.objects.get().value == "b@two.example"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"title": " "}, BadInput),
        ({"severity": "huge"}, BadInput),
        ({"entities": ()}, BadInput),
        ({"entities": (("Nowhere", "url", "source"),)}, BadInput),
        ({"incident": 999}, NotFound),
    ],
)
def test_what_cannot_be_linked_is_refused_and_leaves_nothing(by_ada, mail, changes, error):
    key = mail()
    with pytest.raises(error):
        linked(by_ada, found(by_ada).run, f"{key}|ann@corp.example", **changes)
    assert not LinkedRows.objects.exists()
    assert not Alert.objects.exists()


def test_a_resolved_incident_takes_no_rows(by_ada, mail):
    key = f"{mail()}|ann@corp.example"
    run = found(by_ada).run
    linked(by_ada, run, key)
    number = Incident.objects.get().pk
    set_status(incident=number, status="resolved", by=by_ada)
    with pytest.raises(Conflict, match="reopen"):
        linked(by_ada, run, key, incident=number)


def test_no_row_and_too_many_rows_are_refused(by_ada, mail, monkeypatch):
    keys = [f"{mail()}|ann@corp.example" for _ in range(2)]
    run = found(by_ada).run
    with pytest.raises(BadInput, match="at least one row"):
        linked(by_ada, run, "#77")
    monkeypatch.setattr(linking, "MOST_LINKED", 1)
    with pytest.raises(BadInput, match="at most 1"):
        linked(by_ada, run, *keys)


def test_linking_needs_its_right_and_is_on_record(by_ada, eve, max, mail):
    key = f"{mail()}|ann@corp.example"
    run = found(by_ada).run
    with pytest.raises(Forbidden):
        linked(actor_of(eve), run, key)
    with pytest.raises(NotFound, match="no longer kept"):
        linked(actor_of(max), run, key)  # another person's answer
    linked(by_ada, run, key)
    entry = AuditEntry.objects.get(verb="hunting.link", outcome="success")
    assert (entry.actor_name, entry.target, entry.after["rows"]) == ("Ada", "Odd mails", 1)
    assert entry.after["query"] == QUERY


def test_only_the_newest_answers_of_a_person_are_kept(by_ada, mail, monkeypatch):
    monkeypatch.setattr(recording, "KEPT_ANSWERS", 2)
    mail()
    runs = [found(by_ada).run for _ in range(4)]
    assert sorted(KeptAnswer.objects.values_list("run_id", flat=True)) == runs[2:]
    with pytest.raises(NotFound, match="run the query again"):
        recording.kept(runs[0], by=by_ada)


def test_rows_with_characters_no_database_holds_are_kept_without_them(by_ada, mail):
    key = mail(Subject="a\u202eb")
    answer = found(by_ada, f'{QUERY} | extend Bag = dynamic(["x", {{"k": "v"}}])')
    link = linked(by_ada, answer.run, f"{key}|ann@corp.example")
    assert link.rows[0][4:] == ["a\u202eb", ["x", {"k": "v"}]]
    assert linking._storable(["a\0b", ["c\0"]]) == ["ab", ["c"]]


def test_the_pages_from_the_answer_to_the_incident(as_ada, mail):
    key = mail(Subject="Clickable")
    answer = as_ada.post("/hunting/run", {"query": QUERY}, headers={"HX-Request": "true"}).content.decode()
    assert "Link to incident" in answer
    run = re.search(r'name="answer" value="(\d+)"', answer)[1]
    chosen = {"answer": run, "row": f"{key}|ann@corp.example"}
    form = as_ada.post("/hunting/link", chosen).content.decode()
    assert "NetworkMessageId: analyzedMessage" in form
    assert "Clickable" in form
    fields = {**chosen, "title": "By hand", "severity": "low", "entities": "NetworkMessageId: analyzedMessage"}
    wrong = as_ada.post("/hunting/link/save", {**fields, "incident": "soon"})
    assert (wrong.status_code, "number of an incident" in wrong.content.decode()) == (400, True)
    said = as_ada.post("/hunting/link/save", fields).content.decode()
    assert "raised within seconds" in said
    promote(now=utc_now())
    link = LinkedRows.objects.get()
    assert "Open the alert" in as_ada.get(f"/hunting/links/{link.pk}").content.decode()
    alert = Alert.objects.get()
    assert f"/hunting/behind/{alert.alert_id}" in as_ada.get(f"/alerts/{alert.alert_id}").content.decode()
    behind = as_ada.get(f"/hunting/behind/{alert.alert_id}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in behind
    assert "project Timestamp" in behind
    assert "Clickable" in behind
    tab = as_ada.get(f"/incidents/{alert.incident_id}?tab=alerts").content.decode()
    assert f"/hunting/of-incident/{alert.incident_id}" in tab
    assert "Clickable" in as_ada.get(f"/hunting/of-incident/{alert.incident_id}").content.decode()


def test_whoever_may_not_read_mail_sees_the_query_and_not_its_rows(as_ada, as_eve, eve, mail):
    key = mail(SenderFromAddress="secret@crook.example")
    by = actor_of(as_ada.get("/hunting").wsgi_request.user)
    linked(by, found(by).run, f"{key}|ann@corp.example")
    role = Role.objects.create(name="Incidents only", permissions=["incident.read"])
    eve.roles.add(role)
    page = as_eve.get(f"/hunting/links/{LinkedRows.objects.get().pk}").content.decode()
    assert "project Timestamp" in page
    assert "secret@crook.example" not in page
    assert "Run query" not in page


def test_an_incident_without_linked_rows_says_so_on_the_page_of_its_own(as_ada, db):
    now = utc_now()
    one = Incident.objects.create(
        name="Bare", severity="low", first_activity=now, last_activity=now, created_at=now, updated_at=now
    )
    assert "No rows were linked" in as_ada.get(f"/hunting/of-incident/{one.pk}").content.decode()
    fragment = as_ada.get(f"/hunting/of-incident/{one.pk}", headers={"HX-Request": "true"}).content.decode()
    assert "section" not in fragment
