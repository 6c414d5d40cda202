"""The functions that go to Sail, each as DuckDB answers."""

import json
from datetime import UTC, datetime

import pytest

from watchfloor.lake.engines import sail_functions as sent

HELD = '{"b": 1, "a": {"c": ["x", 2.50, null, {"d": "ü"}], "": 0}}'


@pytest.mark.parametrize(
    ("path", "part", "words"),
    [
        (["a", "c", 0], '"x"', "x"),
        (["a", "c", 1], "2.5", "2.5"),
        (["a", "c", 2], "null", None),
        (["a", "c", -1], '{"d":"ü"}', '{"d":"ü"}'),
        (["a", "c", 9], None, None),
        (["a", ""], "0", "0"),
        (["z"], None, None),
        ([], '{"b":1,"a":{"c":["x",2.5,null,{"d":"ü"}],"":0}}', '{"b":1,"a":{"c":["x",2.5,null,{"d":"ü"}],"":0}}'),
    ],
)
def test_a_part_of_json_keeps_its_order_and_its_kind(path, part, words):
    assert sent.json_part(HELD, json.dumps(path)) == part
    assert sent.json_text(HELD, json.dumps(path)) == words


def test_what_is_no_json_has_no_parts():
    assert sent.json_part("{bad", "[]") is None
    assert (sent.json_valid("{bad"), sent.json_valid("NaN"), sent.json_valid("[1]"), sent.json_valid(None)) == (
        False,
        False,
        True,
        None,
    )
    assert (sent.json_keys('{"b":1,"a":2}'), sent.json_keys("[1]"), sent.json_keys(None)) == (["b", "a"], [], None)
    assert sent.json_list('["x", null, 1]') == ['"x"', None, "1"]
    assert sent.json_texts('["x", null, {"a": 1}]') == ["x", None, '{"a":1}']
    assert sent.json_list('"x"') is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5Z", datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-01-02 03:04:05+01:30", datetime(2026, 1, 2, 1, 34, 5, tzinfo=UTC)),
        ("2026-01-02 03:04-02", datetime(2026, 1, 2, 5, 4, tzinfo=UTC)),
        ("2026-02-30", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments_are_read_from_isos_forms(text, moment):
    assert sent.moment(text) == moment


def test_moments_are_read_from_forms_in_their_order():
    forms = "%m/%d/%Y\n%Y%m%d\n%Y-%m-%dT%H:%M:%S.%gZ"
    assert sent.strptime("03/04/2026", forms) == datetime(2026, 3, 4, tzinfo=UTC)
    assert sent.strptime("20260304", forms) == datetime(2026, 3, 4, tzinfo=UTC)
    assert sent.strptime("2026-03-04T05:06:07.1234567Z", forms) == datetime(2026, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)
    assert sent.strptime("x", forms) is None
    assert sent.strptime(None, forms) is None


def test_numbers_and_texts_are_written_as_duckdb_does():
    assert [sent.number(one) for one in (1.0, 1e20, 1e-5, None)] == ["1.0", "1e+20", "1e-05", None]
    assert (sent.unbase64("eA=="), sent.unbase64("!"), sent.unbase64(None)) == ("x", None, None)
    assert (sent.url_decode("a%20b+c%zz"), sent.url_decode(None)) == ("a b+c%zz", None)
    assert (sent.numbers(0, 3, 1), sent.numbers(5, 0, -2), sent.numbers(0, 3, 0), sent.numbers(None, 1, 1)) == (
        [0, 1, 2],
        [5, 3, 1],
        [],
        None,
    )
    with pytest.raises(ValueError, match="more than"):
        sent.numbers(0, sent.MOST + 1, 1)
