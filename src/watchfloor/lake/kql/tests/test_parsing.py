"""Text becomes a tree, or a refusal that names its place."""

import pytest

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.parsing import parse
from watchfloor.lake.kql.parsing.reading import moment, ticks


def predicate(text: str) -> s.Expression:
    pipeline = parse(f"T | where {text}").pipeline
    assert pipeline is not None
    [step] = pipeline.operators
    assert isinstance(step, s.Where)
    return step.predicate


def test_a_pipeline_is_a_table_and_its_steps():
    pipeline = parse(
        "EmailEvents | where Subject has 'pay' | summarize count() by SenderFromDomain | top 5 by count_"
    ).pipeline
    assert isinstance(pipeline.source, s.Table)
    assert [type(step).__name__ for step in pipeline.operators] == ["Where", "Summarize", "Top"]


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("1d", "timespan", 864_000_000_000),
        ("2.5h", "timespan", 90_000_000_000),
        ("90min", "timespan", 54_000_000_000),
        ("1tick", "timespan", 1),
        ("0x1F", "long", 31),
        ("1000.", "real", 1000.0),
        ("1e3", "real", 1000.0),
        ("true", "bool", True),
        ("datetime(2026-01-02)", "datetime", "2026-01-02T00:00:00+00:00"),
        ("timespan(1.02:03:04)", "timespan", 937_840_000_000),
        ("dynamic({'a': [1, -2.5, null]})", "dynamic", {"a": [1, -2.5, None]}),
        ('@"C:\\dir"', "string", "C:\\dir"),
        ("'a' 'b'", "string", "ab"),
        ("long(null)", "long", None),
    ],
)
def test_literals_have_their_type(text, type_, value):
    found = predicate(f"x == {text}")
    assert isinstance(found, s.Binary)
    assert isinstance(found.right, s.Literal)
    assert (found.right.type, found.right.value) == (type_, value)


def test_words_of_operators_may_be_columns():
    pipeline = parse("T | summarize Count = count() by DataTable | where Count > 5_Min_Count").pipeline
    assert [type(step).__name__ for step in pipeline.operators] == ["Summarize", "Where"]


def test_and_binds_before_or():
    found = predicate("a == 1 or b == 2 and c == 3")
    assert isinstance(found, s.Logic)
    assert found.operator == "or"
    assert isinstance(found.parts[1], s.Logic)


@pytest.mark.parametrize(
    "operator", ["has", "!has", "contains_cs", "!startswith", "matches regex", "=~", "!~", "hasprefix"]
)
def test_text_operators_are_read(operator):
    assert predicate(f"a {operator} 'x'").operator == operator


@pytest.mark.parametrize("operator", ["in", "!in", "in~", "!in~", "has_any", "has_all"])
def test_membership_takes_lists_and_pipelines(operator):
    assert len(predicate(f"a {operator} ('x', 'y')").items) == 2
    assert isinstance(predicate(f"a {operator} (T | project c)").items[0], s.Subquery)


def test_let_binds_values_tables_and_functions():
    lets = parse("let a = 1d; let t = T | take 5; let f = (x: string, y: long = 3) { strcat(x, y) }; T").lets
    assert [type(let.value).__name__ for let in lets] == ["Literal", "Pipeline", "Function"]


def test_quoted_names_are_names():
    pipeline = parse("T | project ['odd name'] = a | where ['odd name'] == 1").pipeline
    assert pipeline.operators[0].items[0].names == ("odd name",)


def test_an_operator_we_do_not_have_is_still_read_over():
    pipeline = parse("T | scan with (step s1: true => x = 1;) | where a == 1").pipeline
    assert isinstance(pipeline.operators[0], s.Unsupported)
    assert isinstance(pipeline.operators[1], s.Where)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("T\n| where a ==", 2, 13),
        ("T | wher a == 1", 1, 5),
        ("T | where (a == 1", 1, 18),
        ("T | where a == 'open", 1, 16),
        ("T\n\nU", 3, 1),
    ],
)
def test_a_refusal_names_its_place(text, line, column):
    with pytest.raises(KqlError) as refused:
        parse(text)
    assert refused.value.position(text) == (line, column)


def test_nesting_and_length_have_limits():
    for text in ("T | where " + "(" * 500 + "true" + ")" * 500, "T | where a == '" + "x" * 70_000 + "'"):
        with pytest.raises(KqlError) as refused:
            parse(text)
        assert refused.value.kind == "limit"


def test_a_thousand_alternatives_are_no_depth():
    assert len(predicate(" or ".join(f"a == {n}" for n in range(1000))).parts) == 1000


def test_moments_and_spans_are_read_as_people_write_them():
    assert moment("2026-03-04 05:06:07.5Z") == "2026-03-04T05:06:07.500000+00:00"
    assert moment("2026-03-04T05:06:07+02:00") == "2026-03-04T03:06:07+00:00"
    assert moment("2026-13-01") is None
    assert ticks("00:00:01") == 10_000_000
    assert ticks("tomorrow") is None
