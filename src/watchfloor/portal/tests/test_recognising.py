"""A search text is recognised by its shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.portal.contracts import Kind
from watchfloor.portal.recognising import recognise

SHA = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"


@pytest.mark.parametrize(
    ("text", "kind", "normal"),
    [
        ("9F1C2A52-5e1b-4a0c-8a7e-0d3f5c9b1a77", Kind.NETWORK_MESSAGE_ID, "9f1c2a52-5e1b-4a0c-8a7e-0d3f5c9b1a77"),
        (" <abc.1@mail.vendor.example> ", Kind.MESSAGE_ID, "<abc.1@mail.vendor.example>"),
        (SHA, Kind.HASH, SHA.lower()),
        ("https://Login.example/A?b=1", Kind.URL, "https://Login.example/A?b=1"),
        ("hxxps://login[.]example/a", Kind.URL, "https://login.example/a"),
        ("192.0.2.7", Kind.IP, "192.0.2.7"),
        ("192[.]0[.]2[.]7", Kind.IP, "192.0.2.7"),
        ("2001:DB8::1", Kind.IP, "2001:db8::1"),
        ("#12", Kind.INCIDENT_NUMBER, "12"),
        ("Incident 0012", Kind.INCIDENT_NUMBER, "12"),
        ("12", Kind.INCIDENT_NUMBER, "12"),
        ("Ada@Corp.example", Kind.ADDRESS, "ada@corp.example"),
        ("ada[@]corp[.]example", Kind.ADDRESS, "ada@corp.example"),
        ("Evil.example", Kind.DOMAIN, "evil.example"),
        ("your invoice", Kind.TEXT, "your invoice"),
        ("rechnung  für\tAda", Kind.TEXT, "rechnung für Ada"),
    ],
)
def test_the_surest_reading_comes_first(text, kind, normal):
    first = recognise(text)[0]
    assert (first.kind, first.text) == (kind, normal)


def test_an_address_may_be_a_message_id_without_its_brackets():
    assert [one.kind for one in recognise("a.b@host.example")] == [Kind.ADDRESS, Kind.MESSAGE_ID, Kind.TEXT]


def test_a_number_may_also_stand_in_a_subject():
    assert [one.kind for one in recognise("4711")] == [Kind.INCIDENT_NUMBER, Kind.TEXT]


def test_an_unmistakable_text_has_one_reading():
    assert len(recognise(SHA)) == 1


@pytest.mark.parametrize("text", ["", "   ", "\0"])
def test_nothing_is_read_as_nothing(text):
    assert recognise(text) == ()


@given(st.text(max_size=5000))
def test_any_text_has_a_reading_and_none_breaks_it(text):
    readings = recognise(text)
    assert all(one.text and len(one.text) <= 2002 for one in readings)
    assert len({one.kind for one in readings}) == len(readings)


@pytest.mark.parametrize(
    "text", ["a" * 2000, "a." * 1000, "@" * 2000, "<" * 2000, "http://" + "a" * 1990, "-" * 2000, "a-" * 1000 + ".b"]
)
def test_a_hostile_text_is_read_at_once(text):
    assert recognise(text)
