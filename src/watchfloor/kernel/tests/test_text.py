"""Words of strangers: what hides is shown, what a spreadsheet would run is text."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.kernel.text import csv_line, few, some, spaced, spreadsheet_cell, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("invoice\u202efdp.exe", "invoice⟨RLO⟩fdp.exe"),
        ("a\r\nb", "a⟨CR⟩⟨LF⟩b"),
        ("pay\u200bpal", "pay⟨ZWSP⟩pal"),
        ("a\u2066b\u2069", "a⟨LRI⟩b⟨PDI⟩"),
        ("a\x00b\x1b[31m", "a⟨NUL⟩b⟨U+001B⟩[31m"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("שלום", "שלום"),
        (None, ""),
        (7, "7"),
    ],
)
def test_unseen_characters_are_named_and_seen_ones_stay(text, shown):
    assert visible(text) == shown


def test_lines_of_a_body_stay_lines():
    assert visible_lines("a\r\nb\tc\u202e") == "a\nb\tc⟨RLO⟩"


@given(st.text())
def test_shown_text_never_holds_a_direction_override(text):
    hidden = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\x00")
    assert not set(visible(text)) & hidden
    assert not set(visible_lines(text)) & hidden


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+49 1", "'+49 1"),
        ("-1", "'-1"),
        ("a", "a"),
        ("\t=1", "⟨TAB⟩=1"),
    ],
)
def test_no_cell_of_a_csv_is_a_formula(cell, safe):
    assert spreadsheet_cell(cell) == safe


def test_a_csv_line_keeps_quotes_commas_and_line_ends_inside_their_cell():
    assert csv_line(['a"b', "c,d", "e\r\nf", 7, None]) == '"a""b","c,d","e⟨CR⟩⟨LF⟩f","7",""\r\n'


@given(st.lists(st.text(), min_size=1))
def test_a_csv_reader_gets_as_many_cells_as_were_written(cells):
    assert [len(row) for row in csv.reader([csv_line(cells)])] == [len(cells)]


@pytest.mark.parametrize(("tactic", "words"), [("InitialAccess", "Initial access"), ("Malware", "Malware"), ("", "")])
def test_tactics_are_written_in_words(tactic, words):
    assert spaced(tactic) == words


def test_a_noun_agrees_with_its_number():
    assert [some(1, "click"), some(0, "click"), some(2000, "copy", "copies")] == ["1 click", "0 clicks", "2,000 copies"]


@pytest.mark.parametrize(
    ("names", "told"), [((), ""), (("ann", "bob"), "ann, bob"), (("ann", "bob", "cat", "dan"), "ann, bob and 2 more")]
)
def test_many_names_are_told_by_the_first_and_how_many_are_left(names, told):
    assert few(names, most=2) == told
