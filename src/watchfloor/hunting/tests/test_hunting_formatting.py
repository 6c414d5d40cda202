"""Shift+Alt+F lays a query out and changes nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.hunting.advanced.formatting import formatted, tokens
from watchfloor.hunting.advanced.samples import topics
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake


def pieces(text):
    """The pieces without what may change: the blanks between them."""
    return [piece for kind, piece in tokens(text.strip()) if kind != "space"]


@pytest.mark.parametrize(
    ("text", "laid_out"),
    [
        ("EmailEvents|where a=='x|y'  |  take 5", "EmailEvents\n| where a=='x|y'\n| take 5"),
        (
            "A | join kind=inner (B|where x==1|project y) on y | count",
            "A\n| join kind=inner (\n    B\n    | where x==1\n    | project y\n) on y\n| count",
        ),
        (
            "A | join (B | join (C | take 1) on k) on k",
            "A\n| join (\n    B\n    | join (\n        C\n        | take 1\n    ) on k\n) on k",
        ),
        ("let a = A|take 1;let b=2; a", "let a = A\n| take 1;\nlet b=2;\na"),
        ("// all\nA // one | two\n| take 3", "// all\nA // one | two\n| take 3"),
        ("A\n| where x == 1\nand y == 2", "A\n| where x == 1\n    and y == 2"),
        ("A | where bin(Timestamp, 1d) in ('a', 'b')", "A\n| where bin(Timestamp, 1d) in ('a', 'b')"),
        ('x | where z == @"a\\" | take 1', 'x\n| where z == @"a\\"\n| take 1'),
        ("", ""),
    ],
)
def test_each_operator_has_its_line(text, laid_out):
    assert formatted(text) == laid_out


@pytest.mark.parametrize("one", [one for topic in topics() for one in topic.samples], ids=lambda one: one.slug)
def test_a_laid_out_query_asks_the_same(one):
    text = formatted(one.query.replace("\n", " "))
    assert pieces(text) == pieces(one.query)
    assert lake.check_query(text, now=utc_now()) == []


@given(st.text(alphabet="Aa |;()[]{}\"'/\n\\@h=~`,1", max_size=60))
@settings(max_examples=300, deadline=None)
def test_nothing_but_blanks_changes_and_twice_is_once(text):
    once = formatted(text)
    assert pieces(once) == pieces(text)
    assert formatted(once) == once


def test_the_editor_asks_for_it(as_ada, as_eve):
    assert as_ada.post("/hunting/format", {"query": "A|take 1"}).json() == {"text": "A\n| take 1"}
    assert as_eve.post("/hunting/format", {"query": "A"}).status_code == 403
