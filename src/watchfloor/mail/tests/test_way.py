"""The way a mail took, its authentication in words, and what people and the house said of it since."""

from datetime import UTC, datetime
from html import unescape

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.intelligence.contracts import LabelKind
from watchfloor.intelligence.services import label_verdict
from watchfloor.mail.authenticated import COLUMNS, WORDS, explained
from watchfloor.mail.hops import delay_chart, moment_of, steps_of

HEADERS = [
    {
        "name": "Received",
        "raw": "from mx.corp.example (mx [192.0.2.1]) by in.corp.example with ESMTPS; Sat, 21 Nov 2026 10:01:35 +0000",
    },
    {"name": "Subject", "raw": "x"},
    {
        "name": "Received",
        "raw": "from out.evil.example ([203.0.113.9])\n by mx.corp.example with ESMTP; Sat, 21 Nov 2026 11:00:05 +0100",
    },
    {"name": "Received", "raw": "from laptop by out.evil.example; Sat, 21 Nov 2026 10:00:10 +0000"},
]


def text_of(answer) -> str:
    return unescape(answer.content.decode())


def test_hops_stand_oldest_first_with_the_time_each_took():
    steps = steps_of(HEADERS)
    assert [(one.number, one.taker, one.delay) for one in steps] == [
        (1, "out.evil.example", ""),
        (2, "mx.corp.example", "5 s before (a clock is wrong)"),
        (3, "in.corp.example", "1 min 30 s"),
    ]
    assert (steps[1].giver, steps[1].ip, steps[1].protocol) == ("out.evil.example", "203.0.113.9", "ESMTP")


def test_the_plot_has_a_bar_for_each_known_delay_and_none_below_zero():
    chart = delay_chart(steps_of(HEADERS))
    assert chart["categories"] == ["2. mx.corp.example", "3. in.corp.example"]
    assert chart["series"][0]["values"] == [0, 90]
    assert delay_chart(steps_of(HEADERS[-1:])) is None


@pytest.mark.parametrize(
    "value", ["", "from a by b", "from a by b; nonsense", "x; Sat, 99 Nov 2026 10:00:00 +0000", ";" * 50]
)
def test_a_header_without_a_time_has_none(value):
    assert moment_of(value) is None


def test_times_are_read_in_utc():
    assert moment_of("x; Sat, 21 Nov 2026 11:00:05 +0100") == datetime(2026, 11, 21, 10, 0, 5, tzinfo=UTC)


def test_hostile_hops_are_read_within_bounds():
    many = [{"name": "Received", "raw": f"from h{number} by h; \u202e"} for number in range(500)]
    assert len(steps_of(many)) == 50


def test_every_known_result_is_explained_with_the_domains_of_the_mail():
    row = {"SenderMailFromDomain": "bounce.example", "SenderFromDomain": "corp.example", "Spf": "Fail", "Dkim": "None"}
    said = explained({**row, "Dmarc": "BestGuessPass", "CompositeAuthentication": "Fail"})
    assert said[0] == "DMARC: corp.example has no DMARC policy; with one, it would have passed."
    assert "SPF: The server that sent it may not send for bounce.example." in said
    assert len(said) == 4


@pytest.mark.parametrize("kind", [kind for _, _, kind in COLUMNS])
def test_every_sentence_can_be_filled(kind):
    for words in WORDS[kind].values():
        assert words.format(mail_from="a.example", domain="b.example").endswith(".")


def test_the_header_tab_shows_the_way(as_ada, received):
    raw = (
        b"Received: from out.evil.example ([203.0.113.9]) by mx.corp.example with ESMTP; Sat, 21 Nov 2026 10:00:05 +0000\r\n"
        b"Received: from laptop by out.evil.example; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
        b"From: it@evil.example\r\nSender: post@other.example\r\nTo: ann@corp.example\r\nSubject: way\r\n\r\nx\r\n"
    )
    key = received(raw=raw)
    page = text_of(as_ada.get(f"/email/{key}?tab=headers"))
    assert "The way it took" in page
    assert "<td>5 s</td>" in page
    assert "post@other.example" in text_of(as_ada.get(f"/email/{key}/summary"))


def test_the_analysis_explains_authentication(as_ada, received):
    assert "DKIM: It bears no signature." in text_of(as_ada.get(f"/email/{received()}?tab=analysis"))


def test_marking_the_verdict_stands_in_the_timeline(as_ada, received):
    key = received()
    by = system_actor("Ada", Permission.EMAIL_ACTION_PROPOSE)
    label_verdict(
        by=by, network_message_id=key, kind=LabelKind.FALSE_POSITIVE, note="our newsletter", now=datetime.now(UTC)
    )
    page = text_of(as_ada.get(f"/email/{key}"))
    assert "Verdict marked" in page
    assert "our newsletter" in page
