"""Filtering, choosing, acting and exporting in Explorer; and hostile mail in its table."""

import csv
import io
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from watchfloor.access.contracts import Permission
from watchfloor.access.models import Role
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.explorer.catalogue import PAGE_SIZE
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.kernel.clock import utc_now


def text_of(response) -> str:
    return unescape(response.content.decode())


def sheet(response) -> list[list[str]]:
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_a_typed_condition_becomes_part_of_the_address_and_is_shown_in_words(as_ada, mail):
    answer = as_ada.get("/explorer?view=phish&property=SenderFromDomain&operator=equal+any+of&value=evil.example")
    assert answer.status_code == 302
    assert dict(parse_qsl(urlsplit(answer["Location"]).query))["view"] == "phish"
    assert "sender domain is “evil.example”" in text_of(as_ada.get(answer["Location"]))


def test_a_wrong_condition_keeps_what_was_typed_beside_the_error(as_ada, db):
    page = text_of(as_ada.get("/explorer?property=EmailSize&operator=starts+with&value=12"))
    assert "“starts with” does not fit Email size" in page
    assert 'value="12"' in page


def test_a_condition_is_edited_in_place(as_ada, db):
    first = as_ada.get("/explorer?property=Subject&operator=contains+any+of&value=old")["Location"]
    page = text_of(as_ada.get(f"{first}&edit=0"))
    assert 'value="old"' in page
    assert 'name="editing" value="0"' in page
    changed = as_ada.get(f"{first}&editing=0&property=Subject&operator=contains+any+of&value=new")["Location"]
    found = [value for name, value in parse_qsl(urlsplit(changed).query) if name == "f"]
    assert len(found) == 1
    assert found[0].endswith("~new")


def test_a_faulty_condition_of_a_link_is_shown_with_its_reason(as_ada, db):
    page = text_of(as_ada.get("/explorer?f=Shoe~equal%2520any%2520of~x"))
    assert "chip-wrong" in page
    assert "Shoe" in page


def test_the_property_decides_which_operators_and_values_are_offered(as_ada, db):
    discrete = text_of(as_ada.get("/explorer/condition?property=DeliveryAction"))
    assert 'value="Junked"' in discrete
    assert "contains" not in discrete
    assert "greater than" in text_of(as_ada.get("/explorer/condition?property=EmailSize"))


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("SenderFromAddress~equal%2520any%2520of~mallory%2540evil.example", {"one"}),
        ("RecipientEmailAddress~equal%2520any%2520of~bo%2540corp.example", {"two"}),
        ("Subject~contains%2520any%2520of~ONE", {"one"}),
        ("SenderFromDomain~equal%2520none%2520of~evil.example", {"two"}),
        ("SenderIP~starts%2520with~198.51", {"two"}),
        ("DeliveryAction~equal%2520any%2520of~Junked", {"two"}),
        ("LatestDeliveryLocation~equal%2520any%2520of~Junk%2520folder", {"two"}),
        ("ThreatTypes~equal%2520any%2520of~Phish", {"one"}),
        ("DetectionMethods~equal%2520any%2520of~File%2520reputation", {"two"}),
        ("EmailUrlInfo.UrlDomain~equal%2520any%2520of~evil.example", {"one"}),
        ("EmailAttachmentInfo.SHA256~equal%2520any%2520of~" + "ab" * 32, {"two"}),
        ("EmailSize~greater%2520than~1000", {"two"}),
    ],
)
def test_each_property_that_the_mission_names_filters(as_ada, mail, condition, found):
    mail(Subject="mail one", ThreatTypes=["Phish"], urls=("https://evil.example/x",), EmailSize=10)
    mail(
        Subject="mail two",
        to=("bo@corp.example",),
        SenderFromAddress="sam@shop.example",
        SenderIP="198.51.100.7",
        DeliveryAction="Junked",
        DeliveryLocation="Junk folder",
        DetectionMethods=["File reputation"],
        files=(("a.exe", "ab" * 32),),
        EmailSize=5000,
    )
    page = text_of(as_ada.get(f"/explorer/results?f={condition}"))
    assert {word for word in ("one", "two") if f"mail {word}" in page} == found


def test_any_of_joins_conditions_as_alternatives(as_ada, mail):
    mail(Subject="apple")
    mail(Subject="pear")
    mail(Subject="plum")
    both = "f=Subject~contains%2520any%2520of~apple&f=Subject~contains%2520any%2520of~pear"
    assert "0 rows" not in text_of(as_ada.get(f"/explorer/results?match=any&{both}"))
    assert "2 rows" in text_of(as_ada.get(f"/explorer/results?match=any&{both}"))
    assert "No mail fits" in text_of(as_ada.get(f"/explorer/results?{both}"))


def test_a_click_on_the_chart_adds_its_value_as_a_filter(as_ada, db):
    answer = as_ada.get("/explorer?pivot=SenderFromDomain&exactly=evil.example")
    assert "f=SenderFromDomain~equal" in answer["Location"]
    assert "f=" not in as_ada.get("/explorer?pivot=SenderFromDomain&exactly=Other")["Location"]


def test_recipients_are_shown_by_name_with_their_tag(as_ada, mail):
    director = system_actor("test", Permission.CONNECTION_MANAGE)
    ann = DirectoryEntry("ann@corp.example", "Ann Lee", tags=(PRIORITY,))
    import_people(by=director, entries=[ann], source="test", now=utc_now())
    mail()
    for tab in ("email", "targets"):
        page = text_of(as_ada.get(f"/explorer/results?tab={tab}"))
        assert "Ann Lee" in page
        assert PRIORITY in page


def test_chosen_columns_are_kept_for_the_person_and_only_for_them(as_ada, as_max, mail):
    mail()
    as_ada.post("/explorer/columns", {"column": ["Subject", "InternetMessageId", "Nonsense"]})
    mine = LexborHTMLParser(as_ada.get("/explorer/results").content)
    assert [head.text(strip=True) for head in mine.css("#mails thead th")][1:] == ["Subject", "Internet message ID"]
    other = LexborHTMLParser(as_max.get("/explorer/results").content)
    assert len(other.css("#mails thead th")) > 5
    as_ada.post("/explorer/columns", {})
    assert len(LexborHTMLParser(as_ada.get("/explorer/results").content).css("#mails thead th")) > 5


def test_a_click_on_a_head_sorts_and_a_second_one_turns_the_order(as_ada, mail):
    mail(Subject="b")
    mail(Subject="a")
    tree = LexborHTMLParser(as_ada.get("/explorer/results?sort=Subject&order=asc").content)
    assert [link.text() for link in tree.css("#mails tbody a.clip")] == ["a", "b"]
    head = tree.css_first("th[aria-sort=ascending] a")
    assert "order=desc" in head.attributes["href"] or "sort=Subject" in head.attributes["href"]


def test_the_export_has_every_row_in_the_chosen_columns(as_ada, mail):
    for number in range(PAGE_SIZE + 5):
        mail(Subject=f"Mail {number}")
    rows = sheet(as_ada.get("/explorer/export.csv?column=Subject&column=ThreatTypes"))
    assert rows[0] == ["Subject", "Threat type"]
    assert len(rows) == PAGE_SIZE + 6


def test_the_chart_export_has_the_numbers_of_the_chart(as_ada, mail):
    mail(DeliveryAction="Junked")
    mail()
    rows = sheet(as_ada.get("/explorer/chart.csv"))
    assert rows[0] == ["Time (UTC)", "Delivered", "Junked"]
    assert sum(int(row[1]) for row in rows[1:]) == 1


def test_a_formula_in_a_subject_is_text_in_the_export(as_ada, mail):
    mail(Subject='=HYPERLINK("https://evil.example")')
    assert sheet(as_ada.get("/explorer/export.csv?column=Subject"))[1][0].startswith("'=")


def test_rows_chosen_by_hand_go_to_the_action_with_a_token(as_ada, mail):
    mail()
    tree = LexborHTMLParser(as_ada.get("/explorer/results").content)
    form = tree.css_first("form#selection")
    assert form.attributes["action"] == "/actions/new"
    assert form.css_first("input[name=csrfmiddlewaretoken]") is not None


def test_the_whole_query_less_the_unticked_rows_goes_to_the_action(as_ada, mail):
    keys = [f"{mail()}|ann@corp.example" for _ in range(3)]
    page = as_ada.get("/explorer/results?pick=query&range=7d").content
    assert len(LexborHTMLParser(page).css("#mails tbody input[name=row][checked]")) == 3
    answer = as_ada.post("/explorer/selection?pick=query&range=7d", {"shown": keys, "row": keys[:2]})
    pairs = parse_qsl(urlsplit(answer["Location"]).query)
    assert urlsplit(answer["Location"]).path == "/actions/new"
    assert ("scope", "query") in pairs
    assert [value for name, value in pairs if name == "except"] == [keys[2]]
    assert {"from", "to"} <= {name for name, _ in pairs}


def test_rows_unticked_on_one_page_stay_left_out_on_the_next(as_ada, mail):
    keys = [f"{mail()}|ann@corp.example" for _ in range(2)]
    answer = as_ada.post("/explorer/selection?pick=query", {"shown": keys, "row": keys[:1], "page": "2"})
    kept = parse_qsl(urlsplit(answer["Location"]).query)
    assert ("except", keys[1]) in kept
    assert ("page", "2") in kept
    back = as_ada.post(answer["Location"].replace("/explorer?", "/explorer/selection?"), {"shown": keys, "row": keys})
    assert "except" not in back["Location"]


def test_a_reader_sees_take_action_explained(eve, as_eve, mail):
    Role.objects.get(name="Security Reader").people.add(eve)
    mail()
    page = text_of(as_eve.get("/explorer/results"))
    assert "Search and Purge" in page
    assert "/actions/new" not in LexborHTMLParser(page).css_first("form#selection .toolbar").html


@pytest.mark.parametrize("tab", ["email", "urls", "targets", "senders", "attachments", "campaigns"])
def test_hostile_mail_is_inert_and_what_hides_is_shown(as_ada, mail, tab):
    attack = "\"'><script>alert(1)</script>\u202egpj.exe"
    mail(
        to=(f"{attack}@corp.example",),
        Subject=attack,
        SenderFromAddress=f"{attack}@evil.example",
        SenderDisplayName=attack,
        SenderIP=attack,
        EmailClusterId=3,
        urls=(f"javascript://evil.example/{attack}",),
        files=((attack, "ab" * 32),),
    )
    as_ada.post("/explorer/columns", {"column": ["Subject", "SenderDisplayName", "SenderFromAddress", "SenderIP"]})
    for part in (f"results?tab={tab}", "chart?pivot=EmailUrlInfo.Url", "chart?pivot=SenderFromAddress"):
        html = as_ada.get(f"/explorer/{part}").content.decode()
        assert "<script>alert" not in html
        tree = LexborHTMLParser(html)
        assert all(node.attributes.get("type") == "application/json" for node in tree.css("script"))
        assert tree.css_first("img, iframe") is None
        assert all((node.attributes["href"] or "").startswith("/") for node in tree.css("a[href]"))
        shown = tree.body.text()
        assert "\u202e" not in shown


def test_an_old_mail_needs_a_longer_time(as_ada, mail):
    mail(Subject="old one", age=timedelta(days=6))
    assert "old one" not in text_of(as_ada.get("/explorer/results"))
    assert "old one" in text_of(as_ada.get("/explorer/results?range=7d"))
