"""Groups of conditions, patterns and emptiness: the same in engine, memory, words and address."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.catalogue import table
from watchfloor.lake.contracts import Condition, Group, Operator, Query, QueryFailed
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.engines.source import Source
from watchfloor.lake.query import compile as trees
from watchfloor.lake.query.address import DEEPEST
from watchfloor.lake.query.memory import matching

from .conftest import DAY, NOON, mail

Op = Operator


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    home = tmp_path_factory.mktemp("engine")
    return DuckEngine(lake=home / "lake", scratch=home / "scratch", memory="200MB")


def ids(engine, rows, *parts, any_of=False, **sources):
    query = Query("EmailEvents", NOON - DAY, NOON + DAY, parts, any_of)
    tree = trees.select(query, trees.column("NetworkMessageId"))
    given_rows = {"EmailEvents": rows, **sources}
    arrow = {name: to_arrow(table(name), found) for name, found in given_rows.items()}
    found = engine.run(tree, {name: Source((), one, one.schema.empty_table()) for name, one in arrow.items()})
    return sorted(found.column(0).to_pylist())


words = st.text(alphabet="ab*?[.\\%_", max_size=4)
conditions = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(["Subject", "RecipientEmailAddress", "ThreatTypes", "DetectionMethods"]),
        st.sampled_from([one for one in Operator if one not in (Op.GREATER, Op.LESS, Op.REGEX)]),
        st.lists(words, max_size=2).map(tuple),
    ),
    st.builds(
        Condition,
        st.just("UrlCount"),
        st.sampled_from([Op.GREATER, Op.LESS, Op.EQUAL_ANY, Op.EQUAL_NONE]),
        st.just(("1",)),
    ),
)
parts = st.recursive(
    conditions,
    lambda inner: st.builds(Group, st.lists(inner, max_size=3).map(tuple), st.booleans(), st.booleans()),
    max_leaves=6,
)
cells = st.fixed_dictionaries(
    {
        "Subject": words,
        "RecipientEmailAddress": words,
        "ThreatTypes": st.lists(words, max_size=2),
        "DetectionMethods": st.dictionaries(words, st.lists(words, max_size=2), max_size=2),
        "UrlCount": st.integers(0, 2),
    }
)


@settings(max_examples=250, deadline=None)
@given(st.lists(cells, min_size=1, max_size=5), st.lists(parts, max_size=3).map(tuple), st.booleans())
def test_groups_to_any_depth_find_the_same_rows_in_engine_and_memory(engine, cells, asked, any_of):
    rows = [mail(n, **cell, NetworkMessageId=f"id-{n}") for n, cell in enumerate(cells)]
    in_memory = matching(rows, conditions=asked, any_of=any_of, table="EmailEvents")
    assert ids(engine, rows, *asked, any_of=any_of) == sorted(row["NetworkMessageId"] for row in in_memory)


def filled(part):
    """A part that filters something, so that its address keeps it."""
    if isinstance(part, Condition):
        return (
            bool(part.values) != (part.operator in (Op.EMPTY, Op.NOT_EMPTY))
            and not table("EmailEvents").column(part.column).choices
        )
    return bool(part.parts) and all(map(filled, part.parts))


@settings(max_examples=250, deadline=None)
@given(st.lists(parts.filter(filled), max_size=3).map(tuple), st.booleans())
def test_groups_survive_their_address(asked, any_of):
    query = Query("EmailEvents", NOON - DAY, NOON + DAY, asked, any_of)
    assert selectors.query_from_parameters(QueryDict(selectors.parameters_of(query)), now=NOON) == query


def test_a_group_reads_as_a_sentence_with_brackets():
    group = Group(
        (
            Condition("Subject", Op.ENDS_WITH, ("now",)),
            Group(
                (Condition("SenderDisplayName", Op.EMPTY, ()), Condition("UrlCount", Op.GREATER, ("3",))), negated=True
            ),
        ),
        any_of=True,
    )
    said = selectors.sentence(Query("EmailEvents", NOON - DAY, NOON + DAY, (group,)))
    assert said.endswith(
        "where (subject ends with “now” or not (sender display name is empty and URL count is greater than “3”))"
    )


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        (Op.WILDCARD, "invoice *", ["1"]),
        (Op.WILDCARD, "*2026?", ["2"]),
        (Op.WILDCARD, "*", ["1", "2", "3"]),
        (Op.ENDS_WITH, "2026!", ["2"]),
        (Op.REGEX, r"\d{4}", ["2"]),
        (Op.REGEX, "^INVOICE", ["1"]),
        (Op.EMPTY, "", ["3"]),
        (Op.NOT_EMPTY, "", ["1", "2"]),
    ],
)
def test_what_is_typed_finds_what_one_means(engine, operator, value, found):
    rows = [
        mail(Subject=subject, NetworkMessageId=str(n))
        for n, subject in enumerate(("Invoice for you", "Plans 2026!", ""), start=1)
    ]
    assert ids(engine, rows, Condition("Subject", operator, (value,))) == found


def test_a_mail_without_any_url_has_an_empty_url(engine):
    rows = [mail(n, NetworkMessageId=f"id-{n}") for n in range(2)]
    urls = [{"Timestamp": NOON, "NetworkMessageId": "id-1", "Url": "http://a.example/"}]
    assert ids(engine, rows, Condition("EmailUrlInfo.Url", Op.EMPTY, ()), EmailUrlInfo=urls) == ["id-0"]
    assert ids(engine, rows, Condition("EmailUrlInfo.Url", Op.NOT_EMPTY, ()), EmailUrlInfo=urls) == ["id-1"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(abc", "nothing closes, at character 1"),
        ("abc)", "nothing opened, at character 4"),
        ("a[bc", "a set of characters that nothing closes, at character 2"),
        ("*a", "repeats nothing with “\\*”, at character 1"),
        ("a**", "repeats nothing with “\\*”, at character 3"),
        ("ab(?=c)", "look-ahead, which no safe engine knows, at character 3"),
        ("(a)\\1", "refers back to a group, which no safe engine can, at character 4"),
        ("a\\", "ends in a backslash, at character 2"),
        ("a{2000}", "repeats more than 1000 times, at character 2"),
        ("a\\y", "unknown escape"),
        ("x" * 501, "longer than 500 characters"),
    ],
)
def test_a_pattern_that_cannot_run_is_refused_at_its_place(pattern, why):
    asked = selectors.parameters_of(
        Query("EmailEvents", NOON - DAY, NOON, (Condition("Subject", Op.REGEX, (pattern,)),))
    )
    with pytest.raises(BadInput, match=why):
        selectors.query_from_parameters(QueryDict(asked), now=NOON)


@pytest.mark.parametrize(
    "pattern",
    [
        "a+?b",
        "[]a]",
        "[^]]",
        "[[:alpha:]]x",
        "(?i:a)b",
        "(?P<n>a)",
        r"\Qa(b\E",
        r"\pL\p{Greek}",
        "a{2,}",
        "a{b",
        r"\bx\b",
        "(?s).*",
    ],
)
def test_a_pattern_that_the_reader_lets_through_is_one_the_engine_reads(engine, pattern):
    rows = [mail(1)]
    assert ids(engine, rows, Condition("Subject", Op.REGEX, (pattern,))) in ([], ["id-000001"])


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab()[]{}*+?|^$.\\12,:-=P<>", max_size=7))
def test_no_pattern_that_the_reader_lets_through_makes_the_engine_fail(engine, pattern):
    from watchfloor.lake.query.patterns import checked

    try:
        checked(pattern, place="f")
    except BadInput:
        return
    with suppress(QueryFailed):  # the engine has the last word, in words
        ids(engine, [mail(1)], Condition("Subject", Op.REGEX, (pattern,)))


def test_what_was_read_otherwise_than_typed_is_said():
    url = table("EmailUrlInfo").column("Url")
    said = selectors.normalised(Condition("Url", Op.EQUAL_ANY, ("hxxps://evil[.]example/a/",)), url)
    assert said == ("a defanged address is read as the real one", "slashes at the ends do not count")
    assert selectors.normalised(Condition("Url", Op.EQUAL_ANY, ("evil.example/a",)), url) == (
        "without a scheme both http:// and https:// are looked for",
    )
    assert (
        selectors.normalised(Condition("Subject", Op.EQUAL_ANY, ("a/",)), table("EmailEvents").column("Subject")) == ()
    )


@pytest.mark.parametrize("typed", ["evil.example/a", "hxxp://evil[.]example/a", "http[:]//evil[dot]example/a/"])
def test_a_url_is_found_however_it_was_written_down(engine, typed):
    rows = [{"Timestamp": NOON, "Url": "http://evil.example/a/"}]
    assert matching(rows, conditions=[Condition("Url", Op.EQUAL_ANY, (typed,))], table="EmailUrlInfo") == rows


@pytest.mark.parametrize(
    "address",
    [
        "f=all(Subject~is empty~",
        "f=any(Subject)",
        "f=" + "all(" * (DEEPEST + 1) + "Subject~is empty~" + ")" * (DEEPEST + 1),
        "f=all(" + ";".join(["Subject~contains any of~a"] * 101) + ")",
        "f=FileMaliciousContentInfo.FileName~equal any of~a",
        "f=EmailSize~is empty~",
        "f=ThreatTypes~matches regex~a",
    ],
)
def test_a_group_that_cannot_be_asked_is_refused(address):
    with pytest.raises(BadInput):
        selectors.query_from_parameters(QueryDict(address), now=datetime(2026, 11, 22, tzinfo=UTC))


def test_what_filters_nothing_inside_a_group_is_left_out():
    address = "f=any(Subject~contains any of~;all();Subject~contains any of~a)"
    found = selectors.query_from_parameters(QueryDict(address), now=NOON)
    assert found.conditions == (Group((Condition("Subject", Op.CONTAINS_ANY, ("a",)),), any_of=True),)
    assert selectors.query_from_parameters(QueryDict("f=all()"), now=NOON).conditions == ()


def test_a_group_asked_of_another_table_keeps_its_shape(engine):
    from watchfloor.lake.ask import seen_from

    group = Group(
        (Condition("SenderFromDomain", Op.EQUAL_ANY, ("a",)), Condition("Spf", Op.EQUAL_ANY, ("Fail",))), any_of=True
    )
    moved = seen_from(Query("EmailEvents", NOON, NOON + timedelta(1), (group,)), "EmailUrlInfo")
    assert [one.column for one in moved.every_condition] == ["SenderFromDomain", "EmailEvents.Spf"]
    assert moved.conditions[0].any_of
