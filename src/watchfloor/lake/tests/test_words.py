"""The words of a segment say where a text may be; the answer is the one that reading every row gives."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from watchfloor.lake import selectors
from watchfloor.lake.contracts import Operator
from watchfloor.lake.engines import words
from watchfloor.lake.engines.access_paths import Question, conjuncts, required

from .conftest import DAY, NOON, asked
from .test_sealing import grown, plain, seal

LETTERS = st.text(alphabet="abAB 12-#.äÄßKé", max_size=9)
TESTS = ("contains(lower(S), '{}')", "contains(S, '{}')", "S ILIKE '%{}%'", "S LIKE '%{}%'", "S ILIKE '{}_%'")
TESTS += ("starts_with(lower(S), '{}')", "ends_with(S, '{}')", "lower(S) = '{}'", "NOT contains(lower(S), '{}')")


def held(folder, texts):
    database = duckdb.connect()
    database.execute("ATTACH ':memory:' AS made")
    database.register("made_of", pa.table({"S": pa.array(texts, pa.string())}))
    database.execute("CREATE TABLE made.main AS FROM made_of")
    words.write(folder / "a.words", database, column="S")
    return database, str(folder / "a.words")


def condition(text):
    return parse_one(f"SELECT 1 FROM T WHERE {text}", dialect="duckdb").args["where"].this


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LETTERS, min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(TESTS), LETTERS), min_size=1, max_size=3),
    st.sampled_from(["AND", "OR"]),
    st.booleans(),
)
def test_all_rows_that_meet_a_condition_are_among_those_its_words_name(tmp_path_factory, texts, tests, joint, alone):
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (("COMMON", 1), ("WORTH", 1), ("WORTH_ALONE", 1), ("SHORTEST", 2), ("ROWS_AT_ONCE", 5)):
            patched.setattr(words, name, value)
        database, path = held(tmp_path_factory.mktemp("words"), texts)
        where = f" {joint} ".join(f"({test.format(text)})" for test, text in tests)
        parts = words.conditions(conjuncts(condition(where)), "S")
        found = words.find(path, parts, "S", of=len(texts) * 3, alone=alone) if parts else None
    if found is None:
        return
    meet = " AND ".join(f"({part.sql('duckdb')})" for part in parts)
    wanted = {row for (row,) in database.execute(f"SELECT rowid FROM made.main WHERE {meet}").fetchall()}
    assert wanted <= set(found.rows.to_pylist())
    if found.text is not None:
        assert wanted == set(found.rows.to_pylist())
        [(holds,)] = database.execute(f"SELECT {meet} FROM (SELECT ? AS S)", [found.text]).fetchall()
        assert holds


@pytest.mark.parametrize(
    "text",
    [
        *(
            "S LIKE '%ab%' ESCAPE '!'",
            "S NOT LIKE '%abc%'",
            "S NOT ILIKE '%abc%'",
            "contains(S, T)",
            "S ILIKE '%Äpfel%'",
        ),
        *("contains(Other, 'abc')", "contains(lower(S), 'ab')", "contains(lower(S), '- -')", "S <> 'abc'"),
        *("regexp_matches(S, 'abc')", "S = 'abc' OR Other = 'abc'"),
    ],
)
def test_conditions_that_words_cannot_decide_are_left_alone(text):
    assert words.conditions([condition(text)], "S") == []


def test_a_missing_or_broken_file_means_that_all_rows_are_read(tmp_path):
    parts = [condition("contains(S, 'abc')")]
    (tmp_path / "broken.words").write_bytes(b"no file of words")
    for name in ("none.words", "broken.words"):
        assert words.find(str(tmp_path / name), parts, "S", of=10, alone=True) is None


def test_the_conditions_of_every_step_on_the_way_count():
    tree = parse_one("WITH s AS (SELECT * FROM T WHERE a = 1) SELECT b FROM s WHERE c = 2 AND d = 3", dialect="duckdb")
    assert [one.sql() for one in required(Question(tree), "T")] == ["a = 1", "c = 2", "d = 3"]
    twice = parse_one("SELECT b FROM T JOIN T AS u ON true WHERE c = 2", dialect="duckdb")
    assert list(required(Question(twice), "T")) == []


SUBJECTS = ("Your invoice 4711", "INVOICE 4712 overdue", "Überweisung fällig", "hello there", "parcel-4711/x", "")
ASKED = {
    "a word": [("Subject", Operator.CONTAINS_ANY, ("invoice",))],
    "part of a word": [("Subject", Operator.CONTAINS_ANY, ("weis",))],
    "two words": [("Subject", Operator.CONTAINS_ANY, ("invoice",)), ("Subject", Operator.CONTAINS_ANY, ("overdue",))],
    "one of two": [("Subject", Operator.CONTAINS_ANY, ("4711", "fällig"))],
    "words in a row": [("Subject", Operator.CONTAINS_ANY, ("4712 over",))],
    "signs": [("Subject", Operator.CONTAINS_ANY, ("parcel-4711",))],
    "nowhere": [("Subject", Operator.CONTAINS_ANY, ("nowhere",))],
    "not": [("Subject", Operator.CONTAINS_NONE, ("invoice",))],
    "begins": [("Subject", Operator.STARTS_WITH, ("your",))],
    "and a threat": [("Subject", Operator.CONTAINS_ANY, ("invoice",)), ("ThreatTypes", Operator.EQUAL_ANY, ("Phish",))],
}


@pytest.fixture
def worth(monkeypatch):
    for name in ("COMMON", "WORTH", "WORTH_ALONE"):
        monkeypatch.setattr(words, name, 1)


@pytest.fixture
def searched(lake, worth):
    for day in range(6):
        grown(6, day=day, start=day * 6, Subject=SUBJECTS[day])
    assert seal() == 1
    grown(2, start=90, Subject="A late invoice 4711")
    return lake


@pytest.mark.parametrize("name", ASKED)
def test_pages_counts_charts_and_rankings_are_the_same_with_and_without_words(searched, monkeypatch, name):
    query = asked(*ASKED[name], days=40)
    find, found = words.find, []
    monkeypatch.setattr(words, "find", lambda *args, **kept: found.append(find(*args, **kept)) or found[-1])

    def answers():
        return (
            selectors.rows(query, limit=50),
            selectors.count(query),
            selectors.over_time(query, pivot="DeliveryAction"),
            selectors.values(query, column="Subject"),
            selectors.top(query, column="RecipientEmailAddress"),
        )

    assert answers() == plain(answers)
    assert any(found) == (name != "not")


@pytest.mark.parametrize(
    ("text", "rows"),
    [("contains 'INVOICE'", 14), ("has 'invoice'", 14), ("has 'invoic'", 0), ("startswith 'parcel'", 6)],
)
def test_hunting_finds_the_same_by_words(searched, text, rows):
    answer = selectors.hunt(f"EmailEvents | where Subject {text} | count", now=NOON + 2 * DAY)
    assert list(answer.rows) == [(rows,)]
