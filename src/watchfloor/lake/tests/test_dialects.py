"""Saying DuckDB's trees in Spark's words: patterns, paths, refusals. That the rows are the same, tests/scale asks of the engines."""

import pytest
from sqlglot import parse_one

from watchfloor.lake.engines.dialects.kinds import (
    BIGINT,
    INT,
    JSON,
    STAMP,
    TEXT,
    kind_of,
    list_of,
    sql_type,
    struct_of,
    wider,
)
from watchfloor.lake.engines.dialects.patterns import JAVA, RUST, NoPattern, replacement, rewritten
from watchfloor.lake.engines.dialects.saying import Unspeakable, name, text
from watchfloor.lake.engines.dialects.statements import said
from watchfloor.lake.engines.sail import SailEngine
from watchfloor.lake.engines.spark import SparkEngine
from watchfloor.lake.kql.errors import AT

SPARK, SAIL = SparkEngine.flavour, SailEngine.flavour
COLUMNS = (("s", TEXT), ("n", BIGINT), ("t", STAMP), ("j", TEXT))


def spoken(query: str, flavour=SPARK) -> str:
    return said(parse_one(query, dialect="duckdb"), {"T": ("`view`", COLUMNS)}, flavour)


def expression(sql: str, flavour=SPARK) -> str:
    return (
        spoken(f"SELECT {sql} AS x FROM T", flavour).removeprefix("SELECT ").removesuffix(" AS `x` FROM `view` AS `T`")
    )


@pytest.mark.parametrize(
    ("pattern", "java", "rust"),
    [
        (r"(?i)a$", r"(?iu)a\z", r"(?i)a\z"),
        (r"^\d+\w\s$", r"^[0-9]+[0-9A-Za-z_][\t\n\f\r ]\z", r"^[0-9]+[0-9A-Za-z_][\t\n\f\r ]\z"),
        (r"[^\pL\pN]", r"[^\p{L}\p{N}]", r"[^\p{L}\p{N}]"),
        (r"\x{2d}\.\-", r"\x{2d}\x{2e}\x{2d}", r"\x{2d}\x{2e}\x{2d}"),
        (r"a.b", r"a[^\n]b", r"a.b"),
        (r"(?s)a.b", r"(?s)a.b", r"(?s)a.b"),
        (r"(?P<who>x)", r"(x)", r"(x)"),
        (r"[[:alpha:]&&a]", r"[A-Za-z\&\&a]", r"[A-Za-z\&\&a]"),
        (r"\Qa.b\E", r"\x{61}\x{2e}\x{62}", r"\x{61}\x{2e}\x{62}"),
        (r"a{2,3}{", r"a{2,3}\{", r"a{2,3}\{"),
    ],
)
def test_a_pattern_means_to_java_and_rust_what_it_means_to_re2(pattern, java, rust):
    assert (rewritten(pattern, JAVA), rewritten(pattern, RUST)) == (java, rust)


@pytest.mark.parametrize("pattern", [r"(?=a)", r"a*+", r"\C", r"[a", r"(?U)a", r"[\D]", r"[[:no:]]"])
def test_a_pattern_that_others_read_otherwise_is_refused(pattern):
    with pytest.raises(NoPattern):
        rewritten(pattern, JAVA)


def test_what_is_put_in_names_groups_as_each_engine_does():
    assert replacement(r"<\1>$", JAVA) == r"<$1>\$"
    assert replacement(r"<\1>$", RUST) == "<${1}>$$"
    with pytest.raises(NoPattern):
        replacement(r"\10", JAVA)


def test_texts_and_names_cannot_leave_their_quotes():
    assert text("it's \\ a\nb") == r"'it\'s \\ a\nb'"
    assert name("odd`one") == "`odd``one`"
    assert "'; DROP" not in spoken("SELECT 'x''; DROP TABLE T; --' AS a FROM T").replace("\\'", "")


def test_stars_are_written_out_and_names_keep_their_relation():
    assert spoken("SELECT *, n + 1 AS m FROM T AS a") == (
        "SELECT `a`.`s` AS `s`, `a`.`n` AS `n`, `a`.`t` AS `t`, `a`.`j` AS `j`, (`a`.`n` + 1) AS `m` FROM `view` AS `a`"
    )
    replaced = spoken("SELECT * EXCLUDE (t, j) REPLACE (LOWER(s) AS s) FROM T")
    assert replaced == "SELECT lower(`T`.`s`) AS `s`, `T`.`n` AS `n` FROM `view` AS `T`"


def test_nulls_stand_last_unless_the_tree_says_otherwise():
    assert spoken("SELECT n FROM T ORDER BY n DESC").endswith("ORDER BY `n` DESC NULLS LAST")
    assert spoken("SELECT n FROM T ORDER BY n NULLS FIRST LIMIT 3").endswith("ORDER BY `n` ASC NULLS FIRST LIMIT 3")


def test_a_condition_on_windows_becomes_one_on_a_column():
    made = spoken("SELECT s FROM T QUALIFY ROW_NUMBER() OVER (PARTITION BY s ORDER BY n) = 1")
    assert "QUALIFY" not in made
    assert made.endswith("AS `~q` WHERE (`~q0` = 1)")


def test_rows_without_an_order_are_numbered_the_same_however_often():
    made = expression("ROW_NUMBER() OVER ()")
    assert "ORDER BY `T`.`s`, `T`.`n`, `T`.`t`, `T`.`j`" in made


def test_a_list_among_the_columns_makes_a_row_for_each_element():
    assert "LATERAL VIEW explode(" in spoken("SELECT *, UNNEST(RANGE(0, n)) AS i FROM T")
    with pytest.raises(Unspeakable, match="side by side"):
        spoken("SELECT UNNEST([1]) AS a, UNNEST([2]) AS b FROM T")


def test_moments_are_counted_in_microseconds():
    assert expression("CAST('1970-01-01T00:00:01Z' AS TIMESTAMPTZ)") == "timestamp_micros(1000000)"
    assert expression("t + INTERVAL '1 HOUR'") == "timestamp_micros(unix_micros(`T`.`t`) + 3600000000)"
    assert expression("EPOCH_US(t) // 10") == "(unix_micros(`T`.`t`) div 10)"


def test_a_part_of_a_part_is_asked_for_at_once():
    made = expression("JSON_EXTRACT_STRING(JSON_EXTRACT(CAST(j AS JSON), '$.a'), '$.\"b c\"[0]')")
    assert made == "get_json_object(`T`.`j`, '$.a.b c[0]')" or made.startswith("get_json_object(`T`.`j`, concat(")
    assert expression("JSON_EXTRACT(CAST(j AS JSON), '$.a')", SAIL) == "wf_json_part(`T`.`j`, '[\"a\"]')"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("LAG(n) OVER ()", "sort them first"),
        ("SOUNDEX(s)", "no counterpart"),
        ("REGEXP_MATCHES(s, j)", "comes from the data"),
        ("REGEXP_MATCHES(s, '(?=a)')", "means something else"),
        ("s > n", "a text is compared with a bigint"),
        ("STRING_SPLIT(s, j)", "what the data says"),
        ("TRY(n // 0)", "may fail"),
    ],
)
def test_what_has_no_counterpart_is_refused_in_words(sql, words):
    with pytest.raises(Unspeakable, match=words):
        expression(sql)


def test_a_refusal_knows_the_nearest_place_of_the_query():
    tree = parse_one("SELECT SOUNDEX(s) AS x FROM T", dialect="duckdb")
    tree.meta[AT] = (3, 9)
    with pytest.raises(Unspeakable) as refused:
        said(tree, {"T": ("`view`", COLUMNS)}, SPARK)
    assert refused.value.at == (3, 9)


def test_a_kind_is_the_widest_of_its_parts():
    import pyarrow as pa

    assert wider(INT, BIGINT) is BIGINT
    assert wider(TEXT, JSON) is JSON
    assert sql_type(list_of(struct_of(("k", TEXT)))) == "ARRAY<STRUCT<k: STRING>>"
    assert kind_of(pa.timestamp("us", tz="UTC")) is STAMP
    with pytest.raises(TypeError):
        kind_of(pa.duration("s"))
