"""URLs of a mail: their structure in words, where rewriting leads, who clicked, and the export."""

from html import unescape

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append
from watchfloor.mail.links import remarks, target_of

URL = "https://evil.example/login?u=ann"


def clicked(key: str, *, by: str = "ann@corp.example") -> None:
    click = {
        "Timestamp": utc_now(),
        "Url": URL,
        "ActionType": "ClickAllowed",
        "AccountUpn": by,
        "NetworkMessageId": key,
    }
    append("UrlClickEvents", [{**click, "Workload": "Email", "IPAddress": "203.0.113.7", "ThreatTypes": "Phish"}])


def text_of(answer) -> str:
    return unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://203.0.113.9/x", "An address instead of a name"),
        ("https://xn--pypal-4ve.example/", "Letters of other scripts"),
        ("https://paypal.com@evil.example/", "“paypal.com” before the @ is not the host"),
        ("https://evil.example:8443/", "Port 8443"),
        ("https://safe.example/out?to=https%3A%2F%2Fevil.example%2Fx", "Leads on to evil.example"),
        ("https://bit.ly/abc", "horten"),
    ],
)
def test_the_structure_of_a_url_is_told_in_words(url, words):
    assert any(words in one for one in remarks(url))


def test_an_ordinary_url_has_nothing_to_tell():
    assert remarks("https://www.corp-intranet.org/page") == []
    assert remarks("not a url") == []


def test_a_rewritten_url_is_shown_with_the_one_it_leads_to():
    wrapped = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fx&data=1"
    assert target_of(wrapped) == "https://evil.example/x"
    assert target_of(URL) == ""


def test_clicks_are_counted_beside_their_url_and_stand_in_the_timeline(as_ada, received):
    key = received()
    clicked(key)
    page = text_of(as_ada.get(f"/email/{key}?tab=urls"))
    assert '<td class="number">1</td>' in page
    timeline = text_of(as_ada.get(f"/email/{key}?q=click"))
    assert "URL click" in timeline
    assert "ClickAllowed" in timeline
    assert "<td>User</td>" in timeline


def test_clicks_of_another_recipient_are_not_in_this_ones_timeline(as_ada, received):
    key = received(to=("ann@corp.example", "bo@corp.example"))
    clicked(key, by="bo@corp.example")
    assert "ClickAllowed" not in text_of(as_ada.get(f"/email/{key}?recipient=ann@corp.example"))
    assert "ClickAllowed" in text_of(as_ada.get(f"/email/{key}?recipient=bo@corp.example"))


def test_a_url_opens_its_fly_out_and_is_never_a_link_itself(as_ada, received):
    page = text_of(as_ada.get(f"/email/{received()}?tab=urls"))
    assert 'hx-get="/explorer/url?value=https%3A%2F%2Fevil.example%2Flogin%3Fu%3Dann"' in page
    assert 'href="https://evil.example' not in page


def test_the_urls_are_exported(as_ada, received):
    lines = b"".join(as_ada.get(f"/email/{received()}/urls.csv").streaming_content).decode().splitlines()
    assert lines[0].startswith('"URL","Threat","Source"')
    assert any(URL in line for line in lines[1:])


def test_the_fly_out_says_which_urls_the_verdict_speaks_of(received):
    from watchfloor.mail.blamed import threats_of
    from watchfloor.mail.selectors import entity

    found = entity(received())
    reason = {"points": 1.0, "words": "Link to evil.example, which is on the block list", "threat": "Phish"}
    found.record.summary["verdict"] = {"reasons": [reason]}
    assert threats_of(URL, "evil.example", found) == ("Phish",)
    assert threats_of("https://good.example/", "good.example", found) == ()
