"""The fly-out: what it says, what it offers, and how it leads to its neighbours."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

from watchfloor.access.contracts import Permission
from watchfloor.access.models import Role
from watchfloor.kernel.clock import utc_now


def text_of(response) -> str:
    return unescape(response.content.decode())


def links(page: str) -> dict[str, str]:
    """The addresses of the arrows, by “Previous” and “Next”."""
    return dict(re.findall(r'title="(Previous|Next) [^"]*" hx-get="([^"]*)"', page))


def test_it_shows_delivery_sender_authentication_urls_and_attachments(as_ada, received):
    page = text_of(as_ada.get(f"/email/{received(files=(('bill.pdf', b'%PDF-1.4'),))}/summary"))
    for words in (
        "Delivery details",
        "Latest delivery location",
        "Sender mail from",
        "DMARC",
        "bill.pdf",
        "evil.example/login",
    ):
        assert words in page


def test_it_is_a_fragment_without_a_page_around_it(as_ada, received):
    assert "<html" not in text_of(as_ada.get(f"/email/{received()}/summary"))


def test_take_action_sends_this_message_of_this_recipient(as_ada, received):
    key = received(to=("ann@corp.example", "bo@corp.example"))
    page = text_of(as_ada.get(f"/email/{key}/summary?recipient=bo@corp.example"))
    assert f'name="row" value="{key}|bo@corp.example"' in page


def test_a_reader_sees_take_action_explained(eve, as_eve, received):
    Role.objects.get(name="Security Reader").people.add(eve)
    page = text_of(as_eve.get(f"/email/{received()}/summary"))
    assert "/actions/new" not in page
    assert Permission.EMAIL_ACTION_PROPOSE.description in page


def test_only_three_urls_are_shown_and_the_rest_is_one_click_away(as_ada, received):
    html = "".join(f"<a href='https://evil.example/{number}'>x</a>" for number in range(5))
    page = text_of(as_ada.get(f"/email/{received(html=html)}/summary"))
    assert "View all 5" in page


def test_the_arrows_lead_through_the_query_it_was_opened_from(as_ada, received):
    keys = [received(subject=f"Mail {number}", text=f"text {number}", html="") for number in range(3)]
    oldest, middle, newest = keys
    now = utc_now()
    span = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    page = text_of(as_ada.get(f"/email/{middle}/summary?{urlencode({'place': 1, **span})}"))
    assert f"/email/{newest}/summary" in links(page)["Previous"]
    assert f"/email/{oldest}/summary" in links(page)["Next"]
    assert "place=2" in links(page)["Next"]
    first = text_of(as_ada.get(f"/email/{newest}/summary?{urlencode({'place': 0, **span})}"))
    assert set(links(first)) == {"Next"}
    last = text_of(as_ada.get(f"/email/{oldest}/summary?{urlencode({'place': 2, **span})}"))
    assert set(links(last)) == {"Previous"}


def test_without_a_place_or_with_a_wrong_query_there_are_no_arrows(as_ada, received):
    key = received()
    for query in ("", "place=x", "place=0&f=nonsense", "place=99999999999"):
        assert links(text_of(as_ada.get(f"/email/{key}/summary?{query}"))) == {}
