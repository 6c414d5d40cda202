"""Similar mails on the email page: found by what they say, with what they have in common beside them."""

import re
from html import unescape

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.lake.contracts import LateVerdict
from watchfloor.lake.selectors import campaign_of, email
from watchfloor.lake.services import note_late_verdicts

TEXT = (
    "Dear colleague, the canteen has a new menu from Monday on with soup, bread and something sweet for everybody who "
    "comes before noon. Bring your card and a good appetite. Yours, the kitchen of the second floor in the old house."
)
NEAR = TEXT.replace("soup", "salad")
SOMEWHAT = TEXT.replace("Monday", "Friday").replace("a good appetite", "some patience").replace("old", "new")


def page(client, key, tab="similar"):
    return unescape(client.get(f"/email/{key}?tab={tab}").content.decode())


def said(text, number, **more):
    return {"text": text, "html": "", "subject": f"Lunch {number}", **more}


def test_mails_that_say_the_same_stand_with_date_sender_recipients_and_similarity(as_ada, received):
    first = received(**said(TEXT, 1))
    received(**said(NEAR, 2, sender="Kitchen <kitchen@other.example>", to=("bo@corp.example", "cy@corp.example")))
    shown = page(as_ada, first)
    row = re.search(r"<tr>(?:(?!<tr>).)*Lunch 2.*?</tr>", shown[shown.index('id="campaign"') :], re.DOTALL)[0]
    assert "kitchen@other.example" in row
    assert '<td class="number">2</td>' in row
    assert re.search(r"[89]\d%", row)
    assert "2 mails" in shown
    assert f"EmailClusterId%7Ceq%7C{campaign_of(first).ids[0]}" in shown or "EmailClusterId" in shown


def test_the_mail_itself_is_not_like_itself(as_ada, received):
    assert "No other mail says the same." in page(as_ada, received(**said(TEXT, 1)))


def test_a_mail_that_says_too_little_has_no_panel(as_ada, received):
    assert "What they have in common" not in page(as_ada, received(text="ok", html=""))


def test_a_somewhat_like_mail_is_shown_as_of_another_campaign(as_ada, received):
    first = received(**said(TEXT, 1))
    received(**said(SOMEWHAT, 2))
    found = campaign_of(first)
    for one in found.similar:
        assert one.in_campaign or one.likeness < 0.7
    assert (found.mails == 1) == ("other campaign" in page(as_ada, first))


def test_what_the_campaign_shares_is_counted_here_and_everywhere(as_ada, received):
    first = received(**said(f"{TEXT} https://menu.example/a", 1))
    received(**said(f"{NEAR} https://menu.example/b", 2))
    received(text="Something else altogether, see https://menu.example/c please.", html="", subject="Other")
    shown = page(as_ada, first)
    for label, value, here, everywhere in (
        ("Sending domain", "evil.example", 2, 3),
        ("Sender IP", "203.0.113.9", 2, 3),
        ("URL domain", "menu.example", 2, 3),
    ):
        row = next(one for one in shown.split("<tr>") if label in one and value in one)
        assert re.findall(r'number">(\d+)<', row) == [str(here), str(everywhere)]
        assert "/explorer?" in row


def test_a_shared_attachment_is_a_pivot_and_joins(as_ada, received):
    file = (("menu.pdf", b"%PDF-1.4 " + b"x" * 4000),)
    first = received(**said(TEXT, 1, files=file))
    received(text="Quite another text about the weather of next week and the sea.", html="", subject="W", files=file)
    shown = page(as_ada, first)
    assert "same attachment" in shown
    assert "Attachment</th>" in shown


def test_what_the_campaign_is_taken_for_is_said_and_late_verdicts_stand_with_the_verdict(as_ada, received):
    first = received(**said(TEXT, 1))
    late = LateVerdict(utc_now(), first, ("Phish",), "High", "person", "Ada <b>knows</b> the sender")
    note_late_verdicts([late])
    assert "Taken for Phish: one of its mails was judged Phish: Ada <b>knows</b> the sender." in page(as_ada, first)
    assert "<b>knows" not in as_ada.get(f"/email/{first}?tab=similar").content.decode()
    shown = page(as_ada, first, tab="analysis")
    assert re.search(r"Judged again on <time[^>]*>[^<]+</time>: Phish</strong>, because Ada", shown)


def test_a_harmless_late_verdict_is_said_too(as_ada, received):
    first = received(**said(TEXT, 1))
    note_late_verdicts([LateVerdict(utc_now(), first, (), "", "person", "Ada asked the sender")])
    assert "No threat</strong>, because Ada asked the sender" in page(as_ada, first, tab="analysis")


def test_the_panel_asks_a_number_of_questions_that_does_not_grow(received, django_assert_max_num_queries):
    first = received(**said(TEXT, 1))
    for number in range(2, 8):
        received(**said(TEXT, number))
    with django_assert_max_num_queries(9):
        assert len(campaign_of(first).similar) == 6


@pytest.mark.django_db
def test_an_unknown_mail_has_no_campaign():
    assert campaign_of("00000000-0000-7000-8000-000000000000") is None
    assert email("00000000-0000-7000-8000-000000000000") is None
