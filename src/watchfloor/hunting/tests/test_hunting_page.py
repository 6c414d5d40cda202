"""Advanced hunting as people use it: ask, read, go on from a row, take the rows along."""

import csv
import io
import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import pyarrow.parquet as pq
import pytest

from watchfloor.hunting.models import QueryRun


def run(client, query, **fields):
    """The answer as a fragment, as htmx asks for it."""
    answer = client.post("/hunting/run", {"query": query, **fields}, headers={"HX-Request": "true"})
    return answer.content.decode()


def data_of(page, name="answer-rows"):
    return json.loads(re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_shows_the_query_of_its_address_and_does_not_run_it(as_ada):
    page = as_ada.get("/hunting?" + urlencode({"query": "EmailEvents | take 3", "range": "7d"})).content.decode()
    assert "EmailEvents | take 3</textarea>" in page
    assert re.search(r'value="7d"\s+selected', page)
    assert not QueryRun.objects.exists()
    assert 'hx-trigger="load"' not in page


def test_an_address_may_ask_to_run_at_once(as_ada):
    page = as_ada.get("/hunting?query=EmailEvents&run=1").content.decode()
    assert 'hx-post="/hunting/run"' in page
    assert 'hx-trigger="load"' in page


def test_the_schema_lists_tables_with_described_columns(as_ada):
    page = as_ada.get("/hunting").content.decode()
    assert 'data-table="EmailEvents"' in page
    assert 'data-insert="SenderFromDomain"' in page


def test_whoever_may_not_read_mail_may_not_hunt(as_eve):
    assert as_eve.get("/hunting").status_code == 403
    assert as_eve.post("/hunting/run", {"query": "EmailEvents"}).status_code == 403


def test_rows_lead_to_mail_and_people_and_can_be_acted_on(as_ada, mail):
    key = mail(Subject="Invoice")
    page = run(as_ada, "EmailEvents | project NetworkMessageId, RecipientEmailAddress, Subject")
    assert f'href="/email/{key}"' in page
    assert f'value="{key}|ann@corp.example"' in page
    assert "Take action" in page
    told = data_of(page)
    assert told["rows"] == [[key, "ann@corp.example", "Invoice"]]
    assert told["keys"] == [f"{key}|ann@corp.example"]


def chosen_of(page, *rows):
    """What the answer's form sends for these rows."""
    return {"answer": re.search(r'name="answer" value="(\d+)"', page)[1], "row": rows}


def test_mails_without_their_recipient_are_acted_on_copy_by_copy(as_ada, mail):
    key = mail(to=("ann@corp.example", "bob@corp.example"))
    other = mail()
    page = run(as_ada, "EmailEvents | distinct NetworkMessageId | sort by NetworkMessageId asc")
    assert 'hx-post="/hunting/act"' in page
    assert 'hx-post="/actions/new"' not in page
    place = data_of(page)["rows"].index([key])
    copies = as_ada.post("/hunting/act", chosen_of(page, f"#{place}")).content.decode()
    assert f'value="{key}|ann@corp.example"' in copies
    assert f'value="{key}|bob@corp.example"' in copies
    assert other not in copies


def test_a_row_that_names_its_recipient_means_that_copy_alone(as_ada, mail):
    key = mail(to=("ann@corp.example", "bob@corp.example"))
    page = run(as_ada, "EmailEvents | project NetworkMessageId, RecipientEmailAddress")
    copies = as_ada.post("/hunting/act", chosen_of(page, f"{key}|bob@corp.example")).content.decode()
    assert f'value="{key}|bob@corp.example"' in copies
    assert f'value="{key}|ann@corp.example"' not in copies


def test_people_that_rows_name_lead_to_their_mail_alerts_and_sign_ins(as_ada, db):
    page = run(as_ada, 'datatable(AccountUpn: string)["ann@corp.example", "bo\\"b@corp.example"]', range="query")
    assert "People" in page
    assert "Take action" not in page
    people = as_ada.post("/hunting/act", chosen_of(page, "#0", "#1")).content.decode()
    assert "/explorer?range=30d&amp;f=SenderFromAddress~equal%20any%20of~ann" in people.replace("%7E", "~").replace(
        "+", "%20"
    ).replace("%2520", "%20")
    assert "/alerts?q=ann%40corp.example" in people
    assert "EntraIdSignInEvents" in people
    for link in re.findall(r'href="(/[^"]+)"', people):
        assert as_ada.get(link.replace("&amp;", "&")).status_code == 200


def test_people_of_rows_can_be_acted_on_also_those_named_by_an_object_id(as_ada, as_eve, db):
    from datetime import UTC, datetime

    from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson

    now = datetime(2026, 11, 22, tzinfo=UTC)
    ann = DirectoryPerson.objects.create(address="ann@corp.example", name="Ann", source="entra", imported_at=now)
    account = Account.objects.create(
        person=ann, source="entra", key="0-1", provider="EntraID", first_seen_at=now, seen_at=now
    )
    AccountAlias.objects.create(account=account, kind="object", value="00000000-0000-4000-8000-00000000000a")
    page = run(as_ada, 'datatable(AccountObjectId: string)["00000000-0000-4000-8000-00000000000A"]', range="query")
    assert "People" in page
    people = as_ada.post("/hunting/act", chosen_of(page, "#0")).content.decode()
    assert 'action="/actions/people/new"' in people
    assert 'name="name" value="ann@corp.example"' in people
    assert 'name="source" value="hunting"' in people
    wizard = as_ada.post("/actions/people/new", {"name": "ann@corp.example", "source": "hunting"}).content.decode()
    assert "What to do to 1 person" in wizard


def test_rows_that_name_neither_mail_nor_people_offer_no_action(as_ada, mail):
    mail()
    page = run(as_ada, "EmailEvents | summarize Mails = count() by SenderFromDomain")
    assert "/hunting/act" not in page
    assert "Take action" not in page
    assert "Link to incident" in page


def test_acting_on_no_row_or_on_an_answer_that_is_gone_is_told(as_ada, mail):
    mail()
    page = run(as_ada, "EmailEvents | project NetworkMessageId")
    assert as_ada.post("/hunting/act", chosen_of(page)).status_code == 400
    assert as_ada.post("/hunting/act", {"answer": "999", "row": "#0"}).status_code == 404


def test_what_strangers_write_is_harmless_in_the_page_and_in_its_data(as_ada, mail):
    mail(Subject="</script><b>x\u202efdp.exe")
    page = run(as_ada, "EmailEvents | project Subject")
    assert "<b>x" not in page
    assert "\u202e" not in page
    assert data_of(page)["rows"] == [["</script><b>x⟨RLO⟩fdp.exe"]]


def test_the_time_picker_narrows_what_the_query_reads(as_ada, mail):
    mail(Subject="New")
    mail(Subject="Old", age=timedelta(days=20))
    assert data_of(run(as_ada, "EmailEvents | project Subject", range="7d"))["rows"] == [["New"]]
    assert len(data_of(run(as_ada, "EmailEvents | project Subject", range="30d"))["rows"]) == 2
    assert data_of(run(as_ada, "EmailEvents | where Timestamp < ago(10d) | project Subject", range="query"))[
        "rows"
    ] == [["Old"]]


def test_a_time_without_rows_proposes_a_longer_one(as_ada, mail):
    mail(age=timedelta(days=20))
    assert "take a longer time" in run(as_ada, "EmailEvents", range="24h")


def test_an_error_is_told_in_words_with_its_place_in_the_persons_own_text(as_ada, db):
    page = run(as_ada, "EmailEvents\n| where Subjct has 'x'", range="7d")
    assert "line 2, column 9" in page
    assert "did you mean “Subject”" in page
    marks = data_of(page, "answer-marks")
    assert [(one["start"], one["end"]) for one in marks] == [(20, 26)]


def test_the_selected_part_runs_alone_and_its_errors_stand_where_they_are(as_ada, mail):
    mail(Subject="One")
    text = "nonsense here;\nEmailEvents | project Subject"
    assert data_of(run(as_ada, text, selection=f"15-{len(text)}"))["rows"] == [["One"]]
    wrong = data_of(run(as_ada, "nonsense\nEmailEvents | wher x", selection="9-29"), "answer-marks")
    assert wrong[0]["start"] == 23


def test_a_chart_is_drawn_when_the_query_asks_for_one(as_ada, mail):
    mail(SenderFromAddress="a@one.example")
    mail(SenderFromAddress="b@two.example")
    page = run(as_ada, "EmailEvents | summarize Mails = count() by SenderFromDomain | render barchart")
    assert 'id="answer-chart"' in page
    assert set(data_of(page, "answer-chart-data")["categories"]) == {"one.example", "two.example"}
    named = run(as_ada, "EmailEvents | summarize count() by Subject | render columnchart with (title='How many')")
    assert "How many" in named
    assert "is not drawn here" in run(as_ada, "EmailEvents | summarize count() by Subject | render treemap")


def test_what_does_not_fit_on_the_page_is_said(as_ada, mail, monkeypatch):
    monkeypatch.setattr("watchfloor.hunting.advanced.asking.SHOWN", 2)
    for _ in range(3):
        mail()
    page = run(as_ada, "EmailEvents | project Subject")
    assert "There are more rows than these 2" in page
    assert len(data_of(page)["rows"]) == 2


def test_without_scripts_the_whole_page_comes_back(as_ada, mail):
    mail(Subject="Plain")
    page = as_ada.post("/hunting/run", {"query": "EmailEvents | project Subject"}).content.decode()
    assert "<html" in page
    assert "EmailEvents | project Subject</textarea>" in page
    assert "Plain" in page


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_every_row_goes_into_a_file(as_ada, mail, kind):
    keys = {mail() for _ in range(3)}
    answer = as_ada.post("/hunting/export", {"query": "EmailEvents | project NetworkMessageId", "format": kind})
    data = b"".join(answer.streaming_content)
    assert answer.headers["Content-Disposition"].endswith(f'.{kind}"')
    read = {
        "csv": lambda: {row["NetworkMessageId"] for row in csv.DictReader(io.StringIO(data.decode()))},
        "json": lambda: {row["NetworkMessageId"] for row in json.loads(data)},
        "parquet": lambda: set(pq.read_table(io.BytesIO(data)).column("NetworkMessageId").to_pylist()),
    }
    assert read[kind]() == keys


def test_a_file_of_a_wrong_query_or_kind_is_refused(as_ada):
    assert as_ada.post("/hunting/export", {"query": "nonsense", "format": "csv"}).status_code == 400
    assert as_ada.post("/hunting/export", {"query": "EmailEvents", "format": "exe"}).status_code == 400


def test_each_run_is_remembered_with_its_cost_for_its_person_alone(as_ada, as_max, mail):
    mail()
    run(as_ada, "EmailEvents | project Subject")
    run(as_ada, "EmailEvents | wrong")
    runs = list(QueryRun.objects.order_by("id"))
    assert [(one.rows, bool(one.error)) for one in runs] == [(1, False), (0, True)]
    assert runs[0].rows_read == 1
    page = as_ada.get("/hunting?panel=history").content.decode()
    assert "EmailEvents | project Subject" in page
    assert "EmailEvents | project Subject" not in as_max.get("/hunting?panel=history").content.decode()


def test_history_forgets_the_oldest(as_ada, mail, monkeypatch):
    monkeypatch.setattr("watchfloor.hunting.advanced.recording.KEPT_RUNS", 2)
    for number in range(4):
        run(as_ada, f"print {number}")
    assert list(QueryRun.objects.order_by("id").values_list("text", flat=True)) == ["print 2", "print 3"]


def test_too_long_a_query_and_an_odd_time_are_told(as_ada, db):
    assert "at most 64,000" in run(as_ada, "x" * 64_001)
    assert "day and a time" in run(as_ada, "EmailEvents", range="custom")
    assert "write a query first" in run(as_ada, "  ")


def test_the_editor_asks_what_is_wrong(as_ada):
    marks = as_ada.post("/hunting/check", {"query": "EmailEvents | wher x"}).json()["marks"]
    assert [(one["start"], one["end"], one["kind"]) for one in marks] == [(14, 18, "error")]
    assert as_ada.post("/hunting/check", {"query": "EmailEvents | take 1"}).json() == {"marks": []}
    assert as_ada.post("/hunting/check", {"query": " "}).json() == {"marks": []}


def test_empty_columns_of_a_wide_answer_are_hidden_and_said(as_ada, mail):
    mail(Subject="Wide")
    page = run(as_ada, "EmailEvents")
    assert re.search(r'data-column="TenantId"[^>]* data-off', page)
    assert not re.search(r'data-column="Subject"[^>]* data-off', page)
    assert "empty columns hidden" in page
    assert "hidden</span>" not in run(as_ada, "EmailEvents | project Subject, TenantId")
