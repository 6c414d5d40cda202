"""Reading off a question which rows it can only want; in doubt, all of them."""

import pytest
from sqlglot import parse_one

from watchfloor.lake.engines.access_paths import ALL, MOST_VALUES, Question, Wanted, wanted

ANN = Wanted(keys=("ann",))


def asked(text: str, name: str = "mails") -> Wanted:
    tree = parse_one(text, dialect="duckdb")
    return wanted(Question(tree), name, key="mailbox", id="id", folded=frozenset({"mailbox"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM mails WHERE mailbox = 'ann'", ANN),
        ("SELECT * FROM mails WHERE (size > 3 AND (mailbox = 'ann')) AND subject = 'x'", ANN),
        ("SELECT * FROM mails WHERE mailbox IN ('ann', 'bob')", Wanted(keys=("ann", "bob"))),
        ("SELECT * FROM mails WHERE lower(mailbox) = 'ann'", ANN),
        ("SELECT * FROM mails WHERE id = '7' AND mailbox = 'ann'", Wanted(keys=("ann",), ids=("7",))),
        ("SELECT count(*) FROM mails WHERE id = '7'", Wanted(ids=("7",))),
        ("WITH a AS (SELECT * FROM mails WHERE size > 3) SELECT subject FROM a WHERE mailbox = 'ann'", ANN),
        ("WITH a AS (SELECT * FROM mails), b AS (SELECT * FROM a) SELECT max(size) FROM b WHERE mailbox = 'ann'", ANN),
        ("SELECT * FROM links AS l JOIN (SELECT * FROM mails WHERE mailbox = 'ann') AS m ON l.id = m.id", ANN),
    ],
)
def test_an_equality_that_every_row_must_meet_is_found(text, expected):
    assert asked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM mails",
        "SELECT * FROM mails WHERE mailbox = 'ann' OR size > 3",
        "SELECT * FROM mails WHERE NOT mailbox = 'ann'",
        "SELECT * FROM mails WHERE mailbox <> 'ann'",
        "SELECT * FROM mails WHERE mailbox LIKE 'ann'",
        "SELECT * FROM mails WHERE mailbox = subject",
        "SELECT * FROM mails WHERE mailbox IN (SELECT name FROM people)",
        "SELECT * FROM mails WHERE lower(id) = '7'",
        "SELECT * FROM mails WHERE upper(mailbox) = 'ANN'",
        "SELECT * FROM mails WHERE mailbox = 5",
        "SELECT mailbox = 'ann' FROM mails",
        "SELECT mailbox FROM mails GROUP BY mailbox HAVING mailbox = 'ann'",
        # named twice: the other reader may want the rest
        "SELECT * FROM mails WHERE mailbox = 'ann' UNION ALL SELECT * FROM mails",
        # in a join the column may be the other table's
        "SELECT * FROM mails JOIN people ON mails.id = people.id WHERE mailbox = 'ann'",
        # what stands between changes rows or their columns
        "WITH a AS (SELECT subject AS mailbox FROM mails) SELECT * FROM a WHERE mailbox = 'ann'",
        "WITH a AS (SELECT * REPLACE (subject AS mailbox) FROM mails) SELECT * FROM a WHERE mailbox = 'ann'",
        "WITH a AS (SELECT *, 1 AS one FROM mails) SELECT * FROM a WHERE mailbox = 'ann'",
        "WITH a AS (SELECT * FROM mails ORDER BY size LIMIT 10) SELECT * FROM a WHERE mailbox = 'ann'",
        "WITH a AS (SELECT DISTINCT * FROM mails) SELECT * FROM a WHERE mailbox = 'ann'",
        "WITH a AS (SELECT * FROM mails) SELECT * FROM a WHERE mailbox = 'ann' UNION ALL SELECT * FROM a",
        f"SELECT * FROM mails WHERE mailbox IN ({', '.join(repr(str(n)) for n in range(MOST_VALUES + 1))})",
    ],
)
def test_in_doubt_any_row_may_be_asked_for(text):
    assert asked(text) == ALL


def test_two_conditions_on_one_column_narrow_by_either():
    found = asked("WITH a AS (SELECT * FROM mails WHERE mailbox = 'ann') SELECT * FROM a WHERE mailbox = 'bob'")
    assert found.keys in {("ann",), ("bob",)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT a, count(*) FROM mails WHERE b = 1 GROUP BY a", {"a", "b"}),
        ("SELECT * FROM mails WHERE b = 1", None),
        ("SELECT m.* FROM mails AS m", None),
        ("SELECT count(*) FROM mails", set()),
    ],
)
def test_the_columns_a_question_speaks_of(text, names):
    assert Question(parse_one(text, dialect="duckdb")).columns == names
