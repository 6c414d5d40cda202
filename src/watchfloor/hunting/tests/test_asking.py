"""The question: groups of conditions changed in place, other views, hunting, export, and what was asked before."""

import json
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.http import QueryDict

from watchfloor.hunting.campaigns.state import read_campaigns_state
from watchfloor.hunting.explorer.catalogue import CLICKS, VIEWS
from watchfloor.hunting.explorer.columns import grid_columns
from watchfloor.hunting.explorer.editing import done, found_at, place_of
from watchfloor.hunting.explorer.filters import typed_condition
from watchfloor.hunting.explorer.page import sentence, shell
from watchfloor.hunting.explorer.properties import operators_for, properties
from watchfloor.hunting.explorer.state import read_state
from watchfloor.hunting.models import ExplorerQuestion
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Group, Operator
from watchfloor.lake.services import append

A, B, C = (f"Subject~contains any of~{word}" for word in "abc")


def state_of(*filters, **parameters):
    return read_state(QueryDict(urlencode({"f": filters, **parameters}, doseq=True)), now=utc_now())


def raws(state):
    return [one.raw for one in state.filters]


def text_of(answer):
    return unescape(answer.content.decode())


# --- groups -------------------------------------------------------------------------------------------------------


def test_a_group_in_the_address_reads_as_a_sentence_and_asks_the_lake():
    state = state_of(f"any({A};!all({B};{C}))", "UrlCount~greater than~2")
    assert (
        "where (subject contains “a” or not (subject contains “b” and subject contains “c”)) and URL count"
        in sentence(state)
    )
    group, number = state.query.conditions
    assert isinstance(group, Group)
    assert isinstance(group.parts[1], Group)
    assert group.parts[1].negated
    assert isinstance(number, Condition)


def test_a_condition_that_cannot_be_used_says_so_inside_its_group_and_the_others_stand():
    state = state_of(f"any({A};Colour~equal any of~red)")
    assert state.faulty
    wrong = state.filters[0].parts[1]
    assert "no column" in wrong.error
    assert len(state.query.every_condition) == 1


@pytest.mark.parametrize(
    ("filters", "verb", "after"),
    [
        ((A, B), "remove:0", [B]),
        ((f"any({A};{B})",), "remove:0.1", [f"any({A})"]),
        ((f"any(all({A}))", B), "remove:0.0.0", [B]),
        ((f"any({A};{B})",), "join:0", [f"all({A};{B})"]),
        ((f"any({A};{B})",), "not:0", [f"!any({A};{B})"]),
        ((A,), "group:0", [f"any({A})"]),
        ((f"any({A};{B})", C), "ungroup:0", [A, B, C]),
        ((f"!any({A})",), "ungroup:0", [f"!any({A})"]),
        ((f"any({A};all({B};{C}))",), "flip", [f"all({A};any({B};{C}))"]),
    ],
)
def test_what_one_does_to_a_part_of_the_question(filters, verb, after):
    assert raws(done(state_of(*filters), verb)) == raws(state_of(*after))


def test_asking_for_the_opposite_takes_the_opposite_operator_or_denies():
    assert raws(done(state_of(A), "not:0"))[0].startswith("Subject~contains%20none%20of")
    assert raws(done(done(state_of(A), "not:0"), "not:0"))[0].startswith("Subject~contains%20any%20of")
    assert raws(done(state_of("Subject~starts with~a"), "not:0")) == ["!all(Subject~starts with~a)"]
    assert raws(done(state_of("Subject~is empty~"), "not:0"))[0].startswith("Subject~is%20not%20empty")


@pytest.mark.parametrize(
    "verb", ["explode:0", "remove:7", "remove:0.0.0", "remove:x", "remove:", "not:" + "0." * 40 + "0"]
)
def test_what_cannot_be_done_is_refused(verb):
    with pytest.raises(BadInput):
        done(state_of(A), verb)


def test_a_place_is_found_from_the_outside_in():
    state = state_of(f"any({A};all({B};{C}))")
    assert found_at(state.filters, place_of("0.1.1")).raw == C
    assert found_at(state.filters, place_of("0.9")) is None


def test_the_page_changes_a_group_by_its_buttons_and_comes_back_to_an_address(as_ada, mail):
    group = f"any({A};{B})"
    page = text_of(as_ada.get("/explorer", {"f": group}))
    assert 'value="join:0"' in page
    assert 'value="group:0.1"' in page
    answer = as_ada.get("/explorer", {"f": group, "do": "join:0"})
    assert parse_qs(urlsplit(answer["Location"]).query)["f"] == [f"all({A};{B})"]


def test_a_condition_is_added_into_the_group_one_chose(as_ada, mail):
    typed = {"property": "UrlCount", "operator": "greater than", "value": "3", "into": "0"}
    answer = as_ada.get("/explorer", {"f": f"any({A};{B})", **typed})
    assert parse_qs(urlsplit(answer["Location"]).query)["f"] == [f"any({A};{B};UrlCount~greater%20than~3)"]


def test_a_condition_inside_a_group_is_changed_where_it_stands(as_ada, mail):
    page = text_of(as_ada.get("/explorer", {"f": f"any({A};{B})", "edit": "0.1"}))
    assert 'name="editing" value="0.1"' in page
    typed = {"property": "Subject", "operator": "ends with", "value": "z", "editing": "0.1"}
    answer = as_ada.get("/explorer", {"f": f"any({A};{B})", **typed})
    assert parse_qs(urlsplit(answer["Location"]).query)["f"] == [f"any({A};Subject~ends%20with~z)"]


def test_groups_filter_the_rows(as_ada, mail):
    mail(Subject="alpha")
    mail(Subject="beta", SenderFromDomain="good.example")
    mail(Subject="gamma")
    group = "!any(Subject~contains any of~alpha;SenderFromDomain~equal any of~good.example)"
    page = text_of(as_ada.get("/explorer/results", {"f": group}))
    assert "Select gamma" in page
    assert "Select alpha" not in page
    assert "Select beta" not in page


def test_too_many_conditions_are_refused_however_they_are_grouped(as_ada, db):
    assert (
        as_ada.get("/explorer", {"f": [f"any({';'.join([A] * 46)})", f"all({';'.join([B] * 46)})"]}).status_code == 400
    )


# --- operators ----------------------------------------------------------------------------------------------------


def test_text_can_be_matched_by_its_end_wildcards_and_regular_expressions():
    offered = operators_for("Subject")
    assert {Operator.ENDS_WITH, Operator.WILDCARD, Operator.REGEX, Operator.EMPTY} <= set(offered)
    assert Operator.REGEX not in operators_for("ThreatNames")
    assert Operator.EQUAL_NONE in operators_for("UrlCount")


def test_a_regular_expression_is_one_value_with_its_commas():
    typed = typed_condition(column="Subject", operator="matches regex", typed=['a{2,3},"b"'])
    assert typed.values == ('a{2,3},"b"',)


def test_quoted_commas_stay_in_their_value():
    typed = typed_condition(column="Subject", operator="equal any of", typed=['one, "two, three"'])
    assert typed.values == ("one", "two, three")


def test_a_bad_regular_expression_says_where_it_is_wrong(as_ada, db):
    page = text_of(as_ada.get("/explorer", {"f": "Subject~matches regex~a(b"}))
    assert "opens a bracket that nothing closes, at character 2" in page


def test_what_was_read_otherwise_than_typed_stands_beside_the_condition(as_ada, db):
    page = text_of(as_ada.get("/explorer", {"f": "EmailUrlInfo.Url~equal any of~evil.example/a"}))
    assert "both http:// and https:// are looked for" in page


# --- views --------------------------------------------------------------------------------------------------------


def test_a_filter_on_mails_is_asked_of_clicks_through_their_mail(as_ada, mail):
    at = utc_now() - timedelta(minutes=5)
    for subject in ("wanted", "other"):
        key = mail(Subject=subject, urls=(f"https://{subject}.example/x",))
        click = {"Url": f"https://{subject}.example/x", "AccountUpn": "ann@corp.example", "ActionType": "Allowed"}
        append(CLICKS, [{"Timestamp": at, "NetworkMessageId": key, **click}])
    mails = state_of("Subject~equal any of~wanted")
    clicks = mails.in_view(next(view for view in VIEWS if view.table == CLICKS))
    assert raws(clicks) == ["EmailEvents.Subject~equal any of~wanted"]
    page = text_of(as_ada.get(clicks.address("/explorer/results")))
    assert "https://wanted.example/x" in page
    assert "https://other.example/x" not in page
    assert raws(clicks.in_view(VIEWS[0])) == raws(mails)


def test_a_filter_that_documents_do_not_know_says_so_and_can_be_taken_away():
    documents = state_of("Subject~equal any of~x").in_view(
        next(view for view in VIEWS if view.key == "content-malware")
    )
    assert "no message in common" in documents.filters[0].error


def test_every_view_offers_properties_of_its_own_table():
    assert "AccountUpn" in properties(CLICKS)
    assert "EmailEvents.Subject" in properties(CLICKS)
    assert "FolderPath" in properties("FileMaliciousContentInfo")


def test_campaigns_stand_between_phish_and_content_malware(db):
    labels = [label for _, label, _ in shell(state_of())["view_tabs"]]
    assert labels == ["All email", "Malware", "Phish", "Campaigns", "Content malware", "URL clicks"]


def test_the_view_of_campaigns_is_asked_the_same_question(db):
    asked = state_of("SenderFromDomain~equal any of~evil.example", view="phish", range="7d")
    there = {key: href for key, _, href in shell(asked)["view_tabs"]}["campaigns"]
    path, _, question = there.partition("?")
    assert path == "/campaigns"
    read = read_campaigns_state(QueryDict(question), now=utc_now())
    assert read.asked.preset.key == "7d"
    assert [one.condition.column for one in read.asked.filters] == ["SenderFromDomain"]


def test_the_tab_of_clicks_leads_to_the_same_question_among_all_clicks(as_ada, mail):
    page = text_of(as_ada.get("/explorer/results?view=phish&tab=clicks"))
    assert "view=url-clicks" in page
    assert "EmailEvents.ThreatTypes" in page.replace("%7E", "~")


def test_what_was_done_later_stands_in_the_row(as_ada, mail):
    key = mail(to=("ann@corp.example",))
    event = {"NetworkMessageId": key, "RecipientEmailAddress": "ann@corp.example", "ActionType": "Phish ZAP"}
    append("EmailPostDeliveryEvents", [{"Timestamp": utc_now(), **event}])
    assert "Phish ZAP" in text_of(as_ada.get("/explorer/results"))
    assert "Phish ZAP" in b"".join(as_ada.get("/explorer/export.csv").streaming_content).decode()


def test_a_missing_sender_address_says_why(as_ada, mail, ada):
    ada.preferences = {"explorer_columns": ["SenderIP"]}
    ada.save()
    mail(SenderIP="0.0.0.0")
    assert "No sending address" in text_of(as_ada.get("/explorer/results"))


def test_the_list_can_stand_without_the_chart(as_ada, mail):
    mail()
    page = text_of(as_ada.get("/explorer?show=list&complete=1"))
    assert "Chart view" in page
    assert 'id="chart-part"' not in page
    assert 'id="chart-part"' in text_of(as_ada.get("/explorer?complete=1"))


# --- hunting ------------------------------------------------------------------------------------------------------


def test_open_in_hunting_asks_the_same_question(as_ada, mail):
    mail(Subject="wanted")
    mail(Subject="other")
    state = state_of("any(Subject~matches wildcard~w*d;Subject~is empty~)")
    address = shell(state)["hunt"]
    asked = parse_qs(urlsplit(address).query)["query"][0]
    assert "matches regex" in asked
    rows = list(lake.hunt(asked, now=utc_now()).rows)
    assert len(rows) == lake.count(state.query) == 1
    assert address in text_of(as_ada.get(state.address()))


# --- export -------------------------------------------------------------------------------------------------------


def lines_of(answer):
    return b"".join(answer.streaming_content).decode().splitlines()


def test_an_export_has_the_chosen_columns_and_remembers_them(as_ada, ada, mail):
    mail(Subject="=cmd|x", ThreatTypes=["Phish", "Spam"], UrlCount=2)
    answer = as_ada.post(
        "/explorer/export?view=all-email", {"kind": "csv", "column": ["Subject", "ThreatTypes", "UrlCount"]}
    )
    assert lines_of(answer) == ['"Subject","Threat type","URL count"', '"\'=cmd|x","Phish, Spam","2"']
    ada.refresh_from_db()
    assert ada.preferences["explorer_exports"]["EmailEvents"] == {
        "kind": "csv",
        "columns": ["Subject", "ThreatTypes", "UrlCount"],
    }


def test_an_export_as_json_has_a_line_for_each_row(as_ada, mail):
    mail(Subject='He said "hi"', ThreatTypes=["Phish"], UrlCount=2)
    answer = as_ada.post("/explorer/export", {"kind": "jsonl", "column": ["Subject", "ThreatTypes", "UrlCount"]})
    (line,) = lines_of(answer)
    assert json.loads(line) == {"Subject": 'He said "hi"', "Threat type": ["Phish"], "URL count": 2}


def test_an_export_as_parquet_has_typed_columns(as_ada, mail):
    mail(Subject="=cmd|x", ThreatTypes=["Phish", "Spam"], UrlCount=2)
    mail(Subject="plain", to=("ann@corp.example", "bob@corp.example"))
    keys = ["Timestamp", "Subject", "ThreatTypes", "UrlCount", "RecipientEmailAddress"]
    answer = as_ada.post("/explorer/export?view=all-email", {"kind": "parquet", "column": keys})
    assert answer.headers["Content-Disposition"].endswith('.parquet"')
    table = pq.read_table(pa.BufferReader(b"".join(answer.streaming_content)))
    rows = sorted(table.to_pylist(), key=lambda row: row["Subject"])
    assert (rows[0]["Subject"], rows[0]["Threat type"], rows[0]["URL count"]) == ("=cmd|x", ["Phish", "Spam"], 2)
    assert table.num_rows == 3
    assert [str(kind) for kind in table.schema.types if pa.types.is_timestamp(kind)] == ["timestamp[us, tz=UTC]"]


def test_every_column_fits_into_parquet(as_ada, mail):
    mail(urls=("https://evil.example/",), files=(("a.zip", "0" * 64),), ThreatTypes=["Phish"])
    for view in VIEWS:
        keys = [column.key for column in grid_columns(view.table)]
        answer = as_ada.post(f"/explorer/export?view={view.key}", {"kind": "parquet", "column": keys})
        assert len(pq.read_table(pa.BufferReader(b"".join(answer.streaming_content))).schema.names) == len(keys)


def test_an_unknown_kind_of_file_is_refused(as_ada, db):
    assert as_ada.post("/explorer/export", {"kind": "exe"}).status_code == 400


def test_clicks_and_documents_export_too(as_ada, mail):
    append(CLICKS, [{"Timestamp": utc_now(), "Url": "https://a.example/", "AccountUpn": "ann@corp.example"}])
    lines = lines_of(as_ada.get("/explorer/export.csv?view=url-clicks"))
    assert lines[0].startswith('"Time clicked","Recipient"')
    assert "https://a.example/" in lines[1]


# --- what was asked before ----------------------------------------------------------------------------------------


def test_each_question_stands_under_the_one_it_was_refined_from(as_ada, ada, mail):
    mail(Subject="alpha")
    as_ada.get("/explorer?range=7d")
    first = "http://testserver/explorer?range=7d"
    as_ada.get(f"/explorer?{urlencode({'range': '7d', 'f': A})}", headers={"Referer": first})
    as_ada.get(f"/explorer/results?{urlencode({'range': '7d', 'f': A})}")
    root, child = ExplorerQuestion.objects.order_by("asked_at")
    assert child.parent == root
    assert child.found == 1
    assert root.found is None
    page = text_of(as_ada.get("/explorer/history", headers={"HX-Current-URL": first}))
    assert "subject contains “a”" in page
    assert 'class="asked level-0" aria-current="true"' in page
    assert 'class="asked level-1"' in page


def test_the_same_question_is_kept_once_and_pages_of_it_are_no_questions(as_ada, db):
    for address in ("/explorer?range=7d", "/explorer?range=7d&page=2&tab=urls", "/explorer?range=7d&sort=Subject"):
        as_ada.get(address)
    assert ExplorerQuestion.objects.count() == 1


def test_a_bare_explorer_offers_what_one_asked_last(as_ada, db):
    as_ada.get(f"/explorer?{urlencode({'f': A})}")
    assert "Asked last: " in text_of(as_ada.get("/explorer"))


def test_questions_are_ones_own_and_can_be_forgotten(as_ada, as_max, db):
    as_ada.get("/explorer?range=7d")
    kept = ExplorerQuestion.objects.get()
    assert "Nothing asked yet" in text_of(as_max.get("/explorer/history"))
    as_max.post("/explorer/history/forget", {"key": kept.pk})
    assert ExplorerQuestion.objects.filter(pk=kept.pk).exists()
    as_ada.post("/explorer/history/forget", {"key": kept.pk})
    assert not ExplorerQuestion.objects.exists()


def test_the_tree_does_not_grow_without_end(as_ada, db, monkeypatch):
    monkeypatch.setattr("watchfloor.hunting.explorer.history.MOST", 3)
    for number in range(6):
        as_ada.get(f"/explorer?{urlencode({'f': f'UrlCount~greater than~{number}'})}")
    assert ExplorerQuestion.objects.count() == 3


def test_dense_rows_are_remembered(as_ada, ada, mail):
    mail()
    as_ada.post("/explorer/columns", {"density": "dense"})
    assert 'class="grid dense"' in text_of(as_ada.get("/explorer/results"))


@pytest.mark.parametrize(("pivot", "counts"), [("DeliveryAction", 0), ("ThreatTypes", 1), ("EmailUrlInfo.Url", 1)])
def test_one_page_counts_the_rows_once(as_ada, mail, monkeypatch, pivot, counts):
    mail(ThreatTypes=["Phish", "Spam"])
    mail()
    asked = []
    count = lake.count
    monkeypatch.setattr(lake, "count", lambda query: asked.append(query) or count(query))
    page = text_of(as_ada.get(f"/explorer?complete=1&pivot={pivot}"))
    assert "2 rows" in page
    assert len(asked) == counts
