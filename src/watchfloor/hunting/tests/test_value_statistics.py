"""Value statistics of any column: what is counted, ordered, searched, linked and written to a file."""

import csv
import io
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from watchfloor.access.contracts import Permission
from watchfloor.access.models import Role
from watchfloor.access.selectors import system_actor
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.kernel.clock import utc_now


def rows_of(answer) -> list[list[str]]:
    assert answer.status_code == 200
    tree = LexborHTMLParser(answer.content)
    return [[cell.text(strip=True) for cell in row.css("td")] for row in tree.css("table.values tbody tr")]


def sheet(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


@pytest.fixture
def three(mail):
    mail(SenderFromAddress="a@one.example", Subject="first")
    mail(SenderFromAddress="b@one.example", to=("ann@corp.example", "bo@corp.example"))
    mail(SenderFromAddress="c@two.example", ThreatTypes=["Phish", "Spam"])


def test_the_values_of_a_column_come_with_share_and_times(as_ada, three):
    rows = rows_of(as_ada.get("/explorer/values?column=SenderFromDomain"))
    assert [row[:3] for row in rows] == [["one.example", "3", "75.0 %"], ["two.example", "1", "25.0 %"]]
    assert all(row[3][:2] == "20" for row in rows)


def test_rare_values_and_searched_ones(as_ada, three):
    assert rows_of(as_ada.get("/explorer/values?column=SenderFromDomain&sorted=rare"))[0][0] == "two.example"
    assert len(rows_of(as_ada.get("/explorer/values?column=SenderFromDomain&holding=TWO"))) == 1
    page = as_ada.get("/explorer/values?column=SenderFromDomain&holding=three").content.decode()
    assert "No value contains" in page


def test_without_a_column_the_pivot_is_meant(as_ada, three):
    assert "Values of Delivery action" in as_ada.get("/explorer/values").content.decode()


def test_an_unknown_column_is_said_to_be_none(as_ada, db):
    answer = as_ada.get("/explorer/values?column=Shoe")
    assert answer.status_code == 400
    assert "Shoe" in answer.content.decode()


def test_only_this_and_not_this_are_addresses_of_explorer(as_ada, three):
    tree = LexborHTMLParser(as_ada.get("/explorer/values?column=SenderFromDomain&view=phish").content)
    only, without = (link.attributes["href"] for link in tree.css("table.values tbody tr:first-child td:last-child a"))
    assert dict(parse_qsl(urlsplit(only).query))["view"] == "phish"
    assert dict(parse_qsl(urlsplit(only).query))["f"].endswith("two.example")
    assert "none" in unescape(without)


def test_rows_without_a_value_are_counted_and_can_be_filtered(as_ada, mail):
    mail(SenderIP="")
    mail(SenderIP="192.0.2.7")
    page = as_ada.get("/explorer/values?column=SenderIP").content.decode()
    assert "1 row without a value" in page
    link = next(one for one in LexborHTMLParser(page).css("a") if one.text() == "Only these").attributes["href"]
    assert "1 row" in as_ada.get(link.replace("/explorer?", "/explorer/results?")).content.decode()


def test_values_of_another_table_are_counted_too(as_ada, mail):
    mail(urls=("https://evil.example/a",))
    assert [row[:2] for row in rows_of(as_ada.get("/explorer/values?column=EmailUrlInfo.UrlDomain"))] == [
        ["evil.example", "1"]
    ]


def test_tags_are_counted_through_the_directory(as_ada, three):
    director = system_actor("test", Permission.CONNECTION_MANAGE)
    ann = DirectoryEntry("ann@corp.example", "Ann Lee", tags=(PRIORITY, "Board"))
    import_people(by=director, entries=[ann], source="test", now=utc_now())
    rows = rows_of(as_ada.get("/explorer/values?column=Tags"))
    assert [row[:2] for row in rows] == [["Board", "3"], [PRIORITY, "3"]]


def test_alert_columns_need_the_right_to_read_alerts(eve, as_eve, db):
    Role.objects.create(name="Mail only", permissions=[Permission.EMAIL_METADATA_READ]).people.add(eve)
    assert as_eve.get("/explorer/values?column=AlertEvidence.AlertId").status_code == 403
    assert as_eve.get("/explorer/values.csv?column=AlertEvidence.AlertId").status_code == 403
    page = as_eve.get("/explorer/values?column=SenderIP").content.decode()
    assert 'value="AlertEvidence.AlertId"' not in page


def test_the_file_has_every_value(as_ada, mail):
    for number in range(30):
        mail(Subject=f"Mail {number:02}")
    assert len(rows_of(as_ada.get("/explorer/values?column=Subject"))) == 25
    assert len(rows_of(as_ada.get("/explorer/values?column=Subject&values=2"))) == 5
    rows = sheet(as_ada.get("/explorer/values.csv?column=Subject&sorted=value"))
    assert rows[0][:2] == ["Subject", "Rows"]
    assert len(rows) == 31


def test_it_is_a_fly_out_for_htmx_and_a_page_by_itself(as_ada, three):
    assert "<html" in as_ada.get("/explorer/values").content.decode()
    part = as_ada.get("/explorer/values", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "flyout-header" in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_hostile_values_are_inert(as_ada, mail):
    mail(Subject="\"'><script>alert(1)</script>\u202egpj.exe")
    html = as_ada.get("/explorer/values?column=Subject&holding=%3Cscript").content.decode()
    assert "<script>alert" not in html
    assert "\u202e" not in html
