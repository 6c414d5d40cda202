"""What the editor is told: what is wrong, what may come next, what a word means."""

import pytest

from watchfloor.lake.kql import calls, reference
from watchfloor.lake.kql.compare import MATCHES
from watchfloor.lake.kql.editing import check, completions
from watchfloor.lake.kql.functions.aggregates import AGGREGATES
from watchfloor.lake.kql.functions.registry import SCALARS
from watchfloor.lake.kql.parsing.operators import READERS
from watchfloor.lake.kql.tests.tables import MAIL, NOW, Tables

CATALOGUE = Tables(MAIL)


def names(text):
    position = text.index("^")
    found = completions(text.replace("^", ""), position, catalogue=CATALOGUE, now=NOW)
    return [one.name for one in found]


def test_a_good_query_has_nothing_wrong():
    assert check("EmailEvents | where Subject has 'pay'", catalogue=CATALOGUE, now=NOW) == []


def test_a_wrong_column_is_marked_where_it_stands():
    text = "EmailEvents\n| where Subjct == 'x'"
    [found] = check(text, catalogue=CATALOGUE, now=NOW)
    assert text[found.start : found.end] == "Subjct"
    assert (found.line, found.column, found.kind) == (2, 9, "name")


def test_a_query_that_ends_too_early_is_marked_inside_the_text():
    text = "EmailEvents | where "
    [found] = check(text, catalogue=CATALOGUE, now=NOW)
    assert found.end <= len(text)


def test_a_list_nobody_uploaded_is_a_warning():
    [found] = check("_GetWatchlist('vips') | take 1", catalogue=CATALOGUE, now=NOW)
    assert found.kind == "warning"
    assert "vips" in found.words


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("^", "EmailEvents", "summarize"),
        ("Email^", "EmailEvents", "where"),
        ("EmailEvents | ^", "where", "EmailEvents"),
        ("EmailEvents | project-^", "project-away", "where"),
        ("EmailEvents | where ^", "Subject", "summarize"),
        ("EmailEvents | where tol^", "tolower", "Subject"),
        ("EmailEvents | extend Shout = toupper(Subject) | where Sh^", "Shout", "Subject"),
        ("EmailEvents | project Timestamp | where ^", "Timestamp", "Subject"),
        ("EmailEvents | summarize dc^", "dcount", "where"),
        ("EmailEvents | join (^", "EmailEvents", "where"),
        ("EmailEvents | where Timestamp > ago(1d) | join (EmailEvents | where Sub^", "Subject", "summarize"),
        ("let recent = 3d; EmailEvents | where Timestamp > ago(rec^", "recent", "Subject"),
        ("EmailEvents | evaluate bag^", "bag_unpack", "where"),
        ("let m = EmailEvents | project Subject; m | where Su^", "Subject", "Timestamp"),
    ],
)
def test_what_may_come_next_is_offered(text, wanted, unwanted):
    found = names(text)
    assert wanted in found
    assert unwanted not in found


def test_inside_a_text_that_is_not_closed_nothing_is_offered():
    assert names("EmailEvents | where Subject == 'pa^") == []


@pytest.mark.parametrize(
    "text", ["EmailEvents // Subj^", "EmailEvents | take 5 ^", "EmailEvents | where Subject == 'a' ^"]
)
def test_behind_a_comment_or_a_finished_value_nothing_is_offered(text):
    assert names(text) == []


@pytest.mark.parametrize(
    ("text", "first"),
    [("EmailEvents | where ubje^", "Subject"), ("EmailEvents | where Subject h^", "has"), ("le^", "let"), ("EmailEvents | su^", "summarize")],
)  # fmt: skip
def test_what_begins_with_the_typed_letters_stands_before_what_has_them_inside(text, first):
    assert names(text)[0] == first


def test_a_pipeline_that_does_not_bind_yet_still_offers_its_tables_columns():
    assert "Subject" in names("EmailEvents | where Sbject == 1 | where Sub^")


def test_a_completion_knows_what_it_takes_the_place_of():
    found = completions("EmailEvents | where tol", 23, catalogue=CATALOGUE, now=NOW)
    word = next(one for one in found if one.name == "tolower")
    assert (word.start, word.end, word.insert) == (20, 23, "tolower(")
    column = next(
        one for one in completions("EmailEvents | where Sub", 23, catalogue=CATALOGUE, now=NOW) if one.kind == "column"
    )
    assert (column.of, column.insert) == ("EmailEvents", "Subject")


def test_every_word_comparison_is_described():
    described = {entry.name for entry in reference.entries("keyword")}
    assert {name.partition(" ")[0] for name in MATCHES} - {"containscs", "hasprefix_cs", "hassuffix_cs"} <= described


def test_every_function_is_described():
    described = {entry.name for entry in reference.entries("function")}
    assert described == set(SCALARS) | set(calls.SPECIAL)


def test_every_aggregate_is_described():
    described = {entry.name for entry in reference.entries("aggregate")}
    assert described == set(AGGREGATES) | {
        "arg_max",
        "arg_min",
        "argmax",
        "argmin",
        "percentiles",
        "percentiles_array",
        "percentilew",
        "percentilesw",
        "percentilesw_array",
    }


def test_every_operator_is_described():
    described = {entry.name for entry in reference.entries("operator")}
    sources = {"datatable", "externaldata", "find", "let", "print", "range"}
    assert described == (set(READERS) | sources) - {"mvapply"}


def test_an_entry_tells_how_it_is_written():
    found = reference.described("tolower")
    assert found is not None
    assert (found.call, found.result) == ("tolower(text)", "string")
    assert reference.described("frobnicate") is None
