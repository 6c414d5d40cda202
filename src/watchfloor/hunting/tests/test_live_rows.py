"""Live rows: the switch, the cursor, what fits and what does not, a flood, a long silence."""

import re
import time
from html import unescape

import pytest
from selectolax.lexbor import LexborHTMLParser

from watchfloor.kernel.clock import utc_now


def cursor_of(page: str) -> str:
    return re.search(r'data-after="([\d.]+)"', page)[1]


@pytest.fixture
def watching(as_ada, mail):
    """The cursor of a live page that already shows one mail."""
    mail(Subject="here before")
    page = as_ada.get("/explorer/results?live=1").content.decode()
    assert "here before" in page
    return cursor_of(page)


def subjects(answer) -> list[str]:
    assert answer.status_code == 200
    return [
        link.text()
        for link in LexborHTMLParser(answer.content).css("tr a.clip")
        if "/email/" in link.attributes["href"]
    ]


def test_the_switch_turns_live_rows_on_and_off(as_ada, mail):
    mail()
    off = as_ada.get("/explorer/results?tab=email").content.decode()
    assert "hunting:live" not in off
    link = next(one for one in LexborHTMLParser(off).css("a.button") if one.text(strip=True) == "Live")
    on = as_ada.get(unescape(link.attributes["href"]).replace("/explorer?", "/explorer/results?")).content.decode()
    assert 'data-behaviour="hunting:live"' in on
    assert "live=1" not in LexborHTMLParser(on).css_first(".live-bar a").attributes["href"]


def test_a_time_that_has_ended_cannot_be_live(as_ada, mail):
    mail()
    page = as_ada.get("/explorer/results?from=2026-01-01&to=2030-01-02&live=1").content.decode()
    assert "hunting:live" not in page
    assert not [one for one in LexborHTMLParser(page).css("a.button") if one.text(strip=True) == "Live"]


@pytest.mark.parametrize("rest", ["sort=Subject", "order=asc&sort=Timestamp", "page=2", "pick=query"])
def test_only_the_newest_page_is_live(as_ada, mail, rest):
    mail()
    assert "hunting:live" not in as_ada.get(f"/explorer/results?live=1&{rest}").content.decode()


def test_only_what_came_since_is_told(as_ada, watching, mail):
    quiet = as_ada.get(f"/explorer/live?live=1&after={watching}")
    assert (quiet["X-Live-Found"], subjects(quiet)) == ("0", [])
    mail(Subject="brand new", to=("ann@corp.example", "bo@corp.example"))
    answer = as_ada.get(f"/explorer/live?live=1&after={quiet['X-Live-Cursor']}")
    assert (answer["X-Live-Found"], subjects(answer)) == ("2", ["brand new", "brand new"])
    assert "summary?recipient=" in answer.content.decode()
    again = as_ada.get(f"/explorer/live?live=1&after={answer['X-Live-Cursor']}")
    assert again["X-Live-Found"] == "0"


def test_only_what_fits_the_question_is_told(as_ada, watching, mail):
    mail(Subject="harmless")
    mail(Subject="a lure", ThreatTypes=["Phish"], urls=("https://evil.example/x",))
    for question in ("view=phish", "f=EmailUrlInfo.UrlDomain~equal%2520any%2520of~evil.example"):
        assert subjects(as_ada.get(f"/explorer/live?live=1&{question}&after={watching}")) == ["a lure"]


def test_a_flood_is_counted_and_bounded(as_ada, watching, mail):
    mail(Subject="flood", to=tuple(f"user{number}@corp.example" for number in range(80)))
    answer = as_ada.get(f"/explorer/live?live=1&after={watching}")
    assert (answer["X-Live-Found"], len(subjects(answer))) == ("80", 50)


def test_after_a_long_silence_the_page_is_to_be_read_again(as_ada, watching):
    position = watching.partition(".")[0]
    answer = as_ada.get(f"/explorer/live?live=1&after={position}.{int(time.time()) - 100}")
    assert answer["X-Live-Stale"] == "1"


def test_a_place_that_is_none_is_refused(as_ada, db):
    for after in ("", "x", "1", "1.x", "-1.2"):
        assert as_ada.get(f"/explorer/live?live=1&after={after}").status_code == 400


def test_where_nothing_came_few_questions_are_asked(as_ada, watching, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):  # session, person, roles, and one of the register
        as_ada.get(f"/explorer/live?live=1&after={watching}")


def test_live_clicks_come_in_too(as_ada, mail):
    from watchfloor.lake.services import append

    page = as_ada.get("/explorer/results?view=url-clicks&live=1").content.decode()
    row = {"Url": "https://evil.example/", "ActionType": "Allowed", "AccountUpn": "ann@corp.example"}
    append("UrlClickEvents", [{"Timestamp": utc_now(), "NetworkMessageId": mail(), **row}])
    answer = as_ada.get(f"/explorer/live?view=url-clicks&live=1&after={cursor_of(page)}")
    assert answer["X-Live-Found"] == "1"
    assert "evil.example" in answer.content.decode()
