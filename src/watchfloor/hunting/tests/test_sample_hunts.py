"""Every query that comes with the product compiles, runs, finds what it says and passes over what it should."""

from datetime import timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.hunting.advanced import samples
from watchfloor.hunting.advanced.asking import Found, ask, read_question
from watchfloor.hunting.advanced.samples import sample, topics
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.ids import uuid7
from watchfloor.lake import selectors as lake
from watchfloor.lake.services import append

EVERY = [one for topic in topics() for one in topic.samples]
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
USUAL = {"EmailEvents": {"RecipientEmailAddress": "ann@corp.example", "SenderFromAddress": "x@y.example"}}


def put(rows, *, now):
    """The examples as rows of the lake: `ago` is their age, `times` repeats one, `{n}` counts, `at_once` keeps them in one hour."""
    for table, examples in rows.items():
        columns = {column.name for column in lake.table(table).columns}
        for example in examples:
            one = {**USUAL.get(table, {}), **example}
            age, times, at_once = one.pop("ago", "1h"), one.pop("times", 1), one.pop("at_once", False)
            at = now - timedelta(**{UNITS[age[-1]]: int(age[:-1])})
            at = at.replace(minute=30, second=0) if at_once else at
            append(table, [_row(one, columns, number, at=at) for number in range(times)])


def _row(one, columns, number, *, at):
    own = {name: value.replace("{n}", str(number)) if isinstance(value, str) else value for name, value in one.items()}
    named = {"NetworkMessageId": str(uuid7(at=at)), **own} if "NetworkMessageId" in columns else own
    assert set(named) <= columns, f"no such column: {set(named) - columns}"
    return {"Timestamp": at, **named}


def asked(text, by):
    told = ask(read_question({"query": text, "range": "30d"}, now=utc_now()), by=by, now=utc_now())
    assert isinstance(told, Found), told
    return told.rows


def test_there_are_at_least_twenty_on_several_topics():
    assert len(EVERY) >= 20
    assert len(topics()) >= 4


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.slug)
def test_it_compiles_without_a_remark_and_runs_on_an_empty_lake(one, max):
    by = actor_of(max)
    assert lake.check_query(one.query, by=by, now=utc_now()) == []
    assert asked(one.query, by) == ()


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.slug)
def test_it_finds_its_example(one, max):
    put(one.finds, now=utc_now())
    assert asked(one.query, actor_of(max))


@pytest.mark.parametrize("one", [one for one in EVERY if one.passes], ids=lambda one: one.slug)
def test_it_passes_over_what_is_ordinary(one, max):
    put(one.passes, now=utc_now())
    assert asked(one.query, actor_of(max)) == ()


def test_the_page_lists_them_and_opens_one_in_the_editor(as_ada):
    page = as_ada.get("/hunting/samples").content.decode()
    assert page.count("sample=") == len(EVERY)
    opened = as_ada.get("/hunting?sample=qr-codes").content.decode()
    assert "where UrlLocation ==" in opened
    assert as_ada.get("/hunting?sample=gone").status_code == 404


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hunts: 3", "lacks"),
        ("title: t\nabout: a\nhunts: [{slug: A B, name: n, says: s, query: q}]", "no slug"),
        ("title: t\nabout: a\nhunts: [{slug: a, name: n, says: ' ', query: q}]", "needs a query"),
        ("title: t\nabout: a\nhunts: [{slug: a}]", "lacks 'query'"),
    ],
)
def test_a_file_that_is_wrong_is_named(text, words):
    with pytest.raises(BadInput, match=words) as refused:
        samples._topic("odd.yaml", text)
    assert refused.value.place == "odd.yaml"


def test_a_name_that_nobody_knows_is_no_sample():
    assert sample("gone") is None
