"""Filters asked together find what they find alone, whatever they are made of."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from watchfloor.lake.kql import together as module
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.filters import filter_of
from watchfloor.lake.kql.together import Look, clauses_of, conjuncts, together
from watchfloor.lake.selectors import KqlTables

from .tables import NOW

VALUES = ["", "a", "abc", "xabcx", "ABC", "c:\\abc", "net user", "NET USER add", "é", "aé", "line\nabc"]
TEXTS = ["a", "ab", "abc", "C:\\", "net", "user", "é", "", "x.*", "a|b", "\n"]


@pytest.fixture(scope="module")
def events():
    """Every pair of VALUES as a row, in an engine."""
    engine = duckdb.connect()
    pairs = ", ".join(f"({n}, {_sql(a)}, {_sql(b)})" for n, (a, b) in enumerate((a, b) for a in VALUES for b in VALUES))
    engine.execute(f"CREATE TABLE events AS SELECT * FROM (VALUES {pairs}) AS t(id, one, two)")
    yield engine
    engine.close()


def _sql(text):
    return "'" + text.replace("'", "''") + "'"


COLUMNS = st.sampled_from(["one", "two"])
ATOMS = st.one_of(
    st.builds(
        lambda kind, column, text: f"{kind}(LOWER({column}), {_sql(text.lower())})",
        st.sampled_from(["CONTAINS", "STARTS_WITH", "SUFFIX"]),
        COLUMNS,
        st.sampled_from(TEXTS),
    ),
    st.builds(lambda column, text: f"LOWER({column}) = {_sql(text.lower())}", COLUMNS, st.sampled_from(TEXTS + VALUES)),
    st.builds(
        lambda column, texts: f"COALESCE(LOWER({column}) IN ({', '.join(map(_sql, texts))}), FALSE)",
        COLUMNS,
        st.lists(st.sampled_from(TEXTS + VALUES), min_size=1, max_size=3),
    ),
    st.builds(lambda column: f"REGEXP_MATCHES({column}, '(?i)^a')", COLUMNS),
    st.builds(lambda column: f"NULLIF({column}, '') = 'abc'", COLUMNS),
)
PREDICATES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda parts: "(" + " AND ".join(parts) + ")", st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: "(" + " OR ".join(parts) + ")", st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda part: f"NOT ({part})", inner),
    ),
    max_leaves=6,
)


def asked_together(engine, predicates, *, surely=True):
    """(row, predicate) for all that hold, over both statements."""
    found = set()
    for one in together(list(enumerate(predicates)), dialect="duckdb"):
        rows = one.rows("events", "id", "one", "two", where=exp.true(), surely=surely).sql(dialect="duckdb")
        engine.execute(f"CREATE OR REPLACE TEMP TABLE found AS {rows}")
        cells = {
            name: [cell for (cell,) in engine.execute(f'SELECT "{name}" FROM found').fetchall()]
            for name in one.looked_at
        }
        places = one.likely(cells)
        told = one.told("found", exp.column("id"), number="n", places=places).sql(dialect="duckdb") if places else ""
        answer = engine.execute(told).fetchall() if told else []
        assert not surely or len(answer) == engine.execute("SELECT COUNT(*) FROM found").fetchall()[0][0]
        found |= {(row, one.members[number]) for row, numbers in answer for number in numbers}
    return found


@settings(max_examples=120, deadline=None)
@given(st.lists(PREDICATES, min_size=1, max_size=6))
def test_together_predicates_find_what_each_finds_alone(events, texts):
    predicates = [parse_one(text, dialect="duckdb") for text in texts]
    alone = {
        (row, number)
        for number, text in enumerate(texts)
        for (row,) in events.execute(f"SELECT id FROM events WHERE {text}").fetchall()
    }
    assert asked_together(events, predicates) == alone
    assert asked_together(events, predicates, surely=False) == alone


def test_many_texts_are_looked_for_in_several_expressions(events, monkeypatch):
    monkeypatch.setattr(module, "PORTION", 2)
    texts = [f"CONTAINS(LOWER(one), '{text}')" for text in ("abc", "net", "user", "nothing", "more")]
    predicates = [parse_one(f"one = one AND {text}", dialect="duckdb") for text in texts]
    (one,) = together(list(enumerate(predicates)), dialect="duckdb")
    assert one.any_holds.count("REGEXP_MATCHES") == 3
    assert {number for _, number in asked_together(events, predicates)} == {0, 1, 2}


def test_a_thousand_predicates_are_no_deeper_than_a_few(events):
    predicates = [parse_one(f"one <> 'q' AND LOWER(two) = 'x{n}'", dialect="duckdb") for n in range(1000)]
    predicates.append(parse_one("one <> 'q' AND LOWER(two) = 'abc'", dialect="duckdb"))
    assert {number for _, number in asked_together(events, predicates)} == {1000}


def look(text):
    return clauses_of(parse_one(text, dialect="duckdb"))


def test_every_part_of_an_and_is_a_clause():
    assert look("CONTAINS(a, 'short') AND SUFFIX(b, 'much longer')") == [
        [Look("a", "has", "short")],
        [Look("b", "ends", "much longer")],
    ]


def test_of_an_or_the_rarest_clause_of_every_side_is_one_or_there_is_none():
    assert look("(CONTAINS(a, 'one') AND CONTAINS(a, 'longer')) OR STARTS_WITH(b, 'two')") == [
        [Look("a", "has", "longer"), Look("b", "begins", "two")]
    ]
    assert look("CONTAINS(a, 'one') OR REGEXP_MATCHES(b, 'two')") == []
    assert look("a IN ('x', 'y')") == [[Look("a", "equal", "x"), Look("a", "equal", "y")]]
    assert look("(CONTAINS(a, 'quite a text') AND b = 'equal') OR c = 'z'") == [
        [Look("b", "equal", "equal"), Look("c", "equal", "z")]
    ]


def test_nothing_follows_from_the_contrary_or_from_very_short_texts():
    assert look("NOT (CONTAINS(a, 'long text'))") == []
    assert look("CONTAINS(a, 'ab')") == []
    assert look("CONTAINS(a, b)") == []
    assert look("a <> 'text'") == []


def test_only_predicates_whose_texts_meet_in_one_row_are_likely():
    texts = ["SUFFIX(a, 'one') AND CONTAINS(b, 'two')", "a = 'xxx'", "REGEXP_MATCHES(a, 'x')"]
    predicates = [parse_one(f"k = 1 AND {text}", dialect="duckdb") for text in texts]
    (one,) = together(list(enumerate(predicates)), dialect="duckdb")
    assert one.likely({"a": ["one", "x"], "b": ["no", "two"]}) == [2]
    assert one.likely({"a": ["some one", "xxx"], "b": ["two", None]}) == [0, 1, 2]
    assert one.likely({"a": [None], "b": [None]}) == [2]


def test_predicates_of_different_kinds_of_events_are_scans_of_their_own():
    predicates = [parse_one(f"kind = '{kind}' AND LOWER(a) = 'x'", dialect="duckdb") for kind in "ppfxf"]
    assert [one.members for one in together(list(enumerate(predicates)), dialect="duckdb")] == [(0, 1), (2, 4), (3,)]


def test_a_text_in_lower_case_is_made_once_a_row():
    predicates = [parse_one(f"k = 1 AND CONTAINS(LOWER(a), 'text{n}')", dialect="duckdb") for n in range(9)]
    (one,) = together(list(enumerate(predicates)), dialect="duckdb")
    assert one.hoisted == (("~0", "LOWER(a)"),)
    assert "LOWER" not in one.any_holds + one.may_hold + "".join(one.predicates)


# --- which queries are filters ---


def filtered(text):
    return filter_of(text, catalogue=KqlTables(), now=NOW)


def test_a_table_and_conditions_are_a_filter():
    found = filtered('DeviceProcessEvents | where ActionType == "ProcessCreated" | where FileName =~ "A.exe"')
    assert (found.name, found.table) == ("DeviceProcessEvents", "DeviceProcessEvents")
    assert [part.sql(dialect="duckdb") for part in conjuncts(found.predicate)] == [
        "\"ActionType\" = 'ProcessCreated'",
        "LOWER(\"FileName\") = 'a.exe'",
    ]


def test_a_table_alone_is_a_filter_that_holds_always():
    assert filtered("EmailEvents").predicate == exp.true()


def test_a_view_is_a_filter_of_the_table_below_it():
    found = filtered('SigninLogs | where ResultType == "0"')
    assert (found.name, found.table) == ("SigninLogs", "EntraIdSignInEvents")
    assert "noninteractive" in found.predicate.sql(dialect="duckdb")
    assert "ErrorCode" in found.predicate.sql(dialect="duckdb")


def test_constants_that_a_query_names_are_part_of_its_filter():
    found = filtered('let word = "abc"; EmailEvents | where Subject contains word')
    assert "'abc'" in found.predicate.sql(dialect="duckdb")


@pytest.mark.parametrize(
    "text",
    [
        "EmailEvents | count",
        "EmailEvents | where Subject has 'x' | project Subject",
        "union EmailEvents, UrlClickEvents",
        "let EmailEvents = UrlClickEvents; EmailEvents | where Url has 'x'",
        "EmailEvents | where SenderFromAddress in (UrlClickEvents | project AccountUpn)",
        "print 1",
    ],
)
def test_anything_else_is_no_filter(text):
    assert filtered(text) is None


def test_what_is_no_query_is_refused():
    with pytest.raises(KqlError):
        filtered("EmailEvents | where Nothing == 1")
