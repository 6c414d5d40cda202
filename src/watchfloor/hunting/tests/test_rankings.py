"""Whole rankings: every value, sorted by any number, searched, paged, exported; and where mail comes from."""

import csv
import io
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.explorer.catalogue import VIEWS
from watchfloor.hunting.explorer.showing import SHOWN
from watchfloor.hunting.models import KnownCampaign
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append


def rows_of(answer, table: str = "#ranking") -> list[list[str]]:
    assert answer.status_code == 200
    tree = LexborHTMLParser(answer.content)
    return [[cell.text(strip=True) for cell in row.css("td")] for row in tree.css(f"{table} tbody tr")]


def heads_of(answer) -> dict[str, str]:
    tree = LexborHTMLParser(answer.content)
    return {link.text(): link.attributes["href"] for link in tree.css("#ranking thead a")}


def sheet(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def click(url: str, *, met: str, by: str = "ann@corp.example", message: str = "") -> None:
    row = {"Url": url, "UrlDomain": url.split("/")[2], "ActionType": met, "AccountUpn": by, "NetworkMessageId": message}
    append("UrlClickEvents", [{"Timestamp": utc_now() - timedelta(minutes=5), **row}])


def test_every_tab_of_every_view_can_be_shown():
    for view in VIEWS:
        assert {tab.key for tab in view.tabs} <= set(SHOWN)


@pytest.mark.parametrize("key", [f"{view.key}&tab={tab.key}" for view in VIEWS for tab in view.tabs])
def test_every_tab_opens_with_and_without_rows(as_ada, mail, key):
    assert as_ada.get(f"/explorer/results?view={key}").status_code == 200
    mail(ThreatTypes=["Phish", "Malware"], urls=("https://evil.example/a",), SenderIP="8.8.8.8")
    assert as_ada.get(f"/explorer/results?view={key}").status_code == 200


def test_targeted_users_are_a_whole_ranking(as_ada, mail):
    for number in range(60):
        mail(to=(f"user{number:02}@corp.example",))
    mail(to=("user59@corp.example",), ThreatTypes=["Phish"])
    first = rows_of(as_ada.get("/explorer/results?tab=targets"))
    assert len(first) == 50
    assert first[0][0] == "user59@corp.example"
    assert len(rows_of(as_ada.get("/explorer/results?tab=targets&page=2"))) == 10
    assert len(sheet(as_ada.get("/explorer/ranking.csv?tab=targets"))) == 61
    assert len(rows_of(as_ada.get("/explorer/results?tab=targets&find=USER1"))) == 10


def test_a_click_on_a_head_sorts_the_ranking_and_a_second_one_turns_it(as_ada, mail):
    mail(to=("a@corp.example", "b@corp.example"))
    mail(to=("b@corp.example",), ThreatTypes=["Phish"])
    mail(to=("a@corp.example",))
    mail(to=("a@corp.example",))
    heads = heads_of(as_ada.get("/explorer/results?tab=targets"))
    by_phish = heads["Phish"].replace("/explorer?", "/explorer/results?")
    assert rows_of(as_ada.get(by_phish))[0][0] == "b@corp.example"
    turned = heads_of(as_ada.get(by_phish))["Phish"].replace("/explorer?", "/explorer/results?")
    assert rows_of(as_ada.get(turned))[0][0] == "a@corp.example"
    assert 'aria-sort="descending"' in as_ada.get(by_phish).content.decode()


def test_urls_are_split_by_what_became_of_the_mail(as_ada, mail):
    mail(urls=("https://evil.example/a",), DeliveryAction="Blocked")
    mail(urls=("https://evil.example/a",), DeliveryAction="Delivered")
    row = rows_of(as_ada.get("/explorer/results?tab=urls"))[0]
    assert row[:5] == ["https://evil.example/a", "1", "0", "1", "2"]
    assert rows_of(as_ada.get("/explorer/results?tab=urls&of=domain"))[0][0] == "evil.example"


def test_clicks_are_split_by_what_they_met(as_ada, mail):
    key = mail(urls=("https://evil.example/a",), ThreatTypes=["Phish"])
    click("https://evil.example/a", met="Allowed", message=key)
    click("https://evil.example/a", met="Block page", message=key)
    click("https://shop.example/", met="Allowed", message=mail())
    answer = as_ada.get("/explorer/results?tab=top-clicks&view=phish")
    assert list(heads_of(answer))[1:9] == [
        "Blocked", "Allowed", "Block overridden", "Pending verdict", "Pending verdict bypassed", "None", "Error page",
        "Failure",
    ]  # fmt: skip
    assert [row[:3] for row in rows_of(answer)] == [["https://evil.example/a", "1", "1"]]
    assert len(rows_of(as_ada.get("/explorer/results?tab=top-clicks"))) == 2
    clicked = rows_of(as_ada.get("/explorer/results?tab=targets&view=url-clicks"))
    assert clicked[0][0] == "ann@corp.example"


def test_malware_families_are_ranked_in_the_view_of_malware(as_ada, mail):
    mail(ThreatTypes=["Malware"], ThreatNames=["Emotet"], DeliveryAction="Blocked")
    mail(ThreatTypes=["Malware"], ThreatNames=["Emotet", "Qakbot"])
    rows = rows_of(as_ada.get("/explorer/results?tab=families&view=malware"))
    assert [(row[0], row[1], row[4]) for row in rows] == [("Emotet", "1", "2"), ("Qakbot", "0", "1")]


def test_only_this_leads_to_the_rows_and_forgets_the_ranking(as_ada, mail):
    mail(SenderFromAddress="a@one.example")
    tree = LexborHTMLParser(as_ada.get("/explorer/results?tab=senders&by=-phish&find=one").content)
    link = tree.css_first("#ranking tbody td:last-child a").attributes["href"]
    asked = dict(parse_qsl(urlsplit(link).query))
    assert asked["tab"] == "email"
    assert not {"by", "find", "of"} & set(asked)


def test_what_is_searched_and_not_found_says_so(as_ada, mail):
    mail()
    assert "Nothing in this list contains that" in as_ada.get("/explorer/results?tab=targets&find=zz").content.decode()
    assert "Nothing to rank" in as_ada.get("/explorer/results?tab=families&view=malware").content.decode()


def test_a_tab_that_is_no_ranking_has_no_file(as_ada, db):
    assert as_ada.get("/explorer/ranking.csv?tab=email").status_code == 404


def test_mail_is_placed_on_the_map_by_its_sending_address(as_ada, mail):
    mail(SenderIP="8.8.8.8", ThreatTypes=["Phish"])
    mail(SenderIP="8.8.4.4")
    mail(SenderIP="10.1.2.3")
    mail(SenderIP="")
    answer = as_ada.get("/explorer/results?tab=origin")
    rows = rows_of(answer, "#origins")
    assert [row[:3] for row in rows] == [["United States", "2", "0"], ["Private address", "1", "0"]]
    assert rows[0][3] == "1"
    page = answer.content.decode()
    assert '"name": "US"' in page
    assert "1 mail without an address" in page
    lines = sheet(as_ada.get("/explorer/origin.csv"))
    assert {line[2] for line in lines[1:]} == {"8.8.8.8", "8.8.4.4", "10.1.2.3"}


def test_a_country_opens_with_its_networks_and_addresses(as_ada, mail):
    mail(SenderIP="8.8.8.8")
    mail(SenderIP="8.8.4.4")
    page = as_ada.get("/explorer/country?value=US").content.decode()
    assert "2 mails from 2 addresses" in page
    assert "8.8.4.4" in page
    link = LexborHTMLParser(page).css_first("a.button.primary").attributes["href"]
    assert "2 rows" in unescape(as_ada.get(link.replace("/explorer?", "/explorer/results?")).content.decode())
    assert as_ada.get("/explorer/country?value=XX").status_code == 404


def test_hostile_values_are_inert_in_rankings(as_ada, mail):
    attack = "\"'><script>alert(1)</script>\u202egpj.exe"
    mail(SenderFromAddress=f"{attack}@evil.example", SenderDisplayName=attack, SenderIP=attack, ThreatNames=[attack])
    for tab in ("targets", "senders", "senders&of=name", "senders&of=ip", "origin", "families&view=malware"):
        html = as_ada.get(f"/explorer/results?tab={tab}&find=%3Cscript").content.decode()
        assert "<script>alert" not in html
        assert "\u202e" not in html


def test_the_chart_says_how_to_choose_a_time(as_ada, mail):
    mail()
    page = unescape(as_ada.get("/explorer/chart?view=all-email&range=24h&tab=targets").content.decode())
    assert '"brush": {"starts": ["20' in page
    assert "from=%7Bfrom%7D&to=%7Bto%7D" in page.replace("\\u0026", "&")
    assert "range=24h" not in page.partition('"brush"')[2].partition("}")[0]


def test_campaigns_are_ranked_by_name_and_lead_to_their_page(as_ada, mail):
    now = utc_now()
    KnownCampaign.objects.create(id=77, ids=[77], name="Parcel fees", threat="Phish", first_at=now, last_at=now)
    mail(EmailClusterId=77)
    mail(EmailClusterId=77)
    mail(EmailClusterId=5)
    mail(EmailClusterId=0)
    answer = as_ada.get("/explorer/results?tab=campaigns")
    assert [row[0] for row in rows_of(answer)] == ["Parcel fees77", "Like mail 5"]
    assert LexborHTMLParser(answer.content).css_first("#ranking tbody a").attributes["href"] == "/campaigns/77"


@pytest.mark.parametrize("view", ["all-email", "malware", "phish", "url-clicks"])
def test_a_tag_filters_every_view_and_marks_its_people(as_ada, mail, view):
    director = system_actor("test", Permission.CONNECTION_MANAGE)
    people = [
        DirectoryEntry("ann@corp.example", "Ann Lee", tags=(PRIORITY,)),
        DirectoryEntry("bo@corp.example", "Bo Ek"),
    ]
    import_people(by=director, entries=people, source="test", now=utc_now())
    for who in ("ann@corp.example", "bo@corp.example"):
        click("https://evil.example/", met="Allowed", by=who, message=mail(to=(who,), ThreatTypes=["Phish", "Malware"]))
    page = as_ada.get(
        f"/explorer/results?view={view}&f=Tags~equal%2520any%2520of~{quote(quote(PRIORITY))}"
    ).content.decode()
    assert "Ann Lee" in page
    assert "Bo Ek" not in page
    assert f'class="tag-mark" title="{PRIORITY}"' in page
    assert f"{PRIORITY}</span>" in page  # the column's badge
    assert [row[0] for row in values_rows(as_ada.get(f"/explorer/values?view={view}&column=Tags"))] == [PRIORITY]


def values_rows(answer) -> list[list[str]]:
    return rows_of(answer, "table.values")
