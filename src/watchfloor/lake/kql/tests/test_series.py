"""Functions of series, each by what Kusto's documentation prints for it."""

import json

import pytest

from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.tests.tables import NOW, Tables

GAPS = "dynamic([null, 111, null, 36, 41, null, null, 16, 61, 33, null, null])"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("series_add(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [5, 4, 5]),
        ("series_subtract(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [-3, 0, 3]),
        ("series_multiply(dynamic([1, 2.5]), dynamic([4, 2]))", [4, 5.0]),
        ("series_divide(dynamic([1, 2, 4]), dynamic([4, 2, 0]))", [0.25, 1.0, None]),
        ("series_pow(dynamic([1, 2, 3, 4]), dynamic([1, 2, 3, 0.5]))", [1.0, 4.0, 27.0, 2.0]),
        ("series_add(dynamic([1, 2]), dynamic([1, 'x']))", [2, None]),
        ("series_add(dynamic([1, 2, 3]), dynamic([1]))", [2, None, None]),
        ("series_equals(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [False, True, False]),
        ("series_not_equals(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [True, False, True]),
        ("series_less(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [True, False, False]),
        ("series_less_equals(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [True, True, False]),
        ("series_greater(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [False, False, True]),
        ("series_greater_equals(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [False, True, True]),
        ("series_abs(dynamic([-6.5, 0, 8.2]))", [6.5, 0, 8.2]),
        ("series_sign(dynamic([-6, 0, 8]))", [-1, 0, 1]),
        ("series_floor(dynamic([-1.5, 1, 2.5]))", [-2.0, 1.0, 2.0]),
        ("series_ceiling(dynamic([-1.5, 1, 2.5]))", [-1.0, 1.0, 3.0]),
        ("series_exp(dynamic([0]))", [1.0]),
        ("series_log(dynamic([1, 0, 'x']))", [0.0, None, None]),
        ("series_asin(dynamic([0, 2]))", [0.0, None]),
        (f"series_fill_forward({GAPS})", [None, 111, 111, 36, 41, 41, 41, 16, 61, 33, 33, 33]),
        (f"series_fill_backward({GAPS})", [111, 111, 36, 36, 41, 16, 16, 16, 61, 33, None, None]),
        ("series_fill_const(dynamic([111, null, 23]), -1)", [111, -1, 23]),
        ("series_fill_const(dynamic([111, 0, 23]), 5, 0)", [111, 5, 23]),
        (f"series_fill_linear({GAPS})", [111, 111, 73, 36, 41, 32, 24, 16, 61, 33, 33, 33]),
        ("series_fill_linear(dynamic([111.0, null, 36.0]))", [111.0, 73.5, 36.0]),
        ("series_fill_linear(dynamic([null, 2.0, null]), double(null), false)", [None, 2.0, None]),
        ("series_fill_linear(dynamic([null, null]), double(null), false)", [0.0, 0.0]),
        ("series_seasonal(dynamic([1, 3, 5, 1, 3, 5, 2, 4, 6]), 3)", [1, 3, 5] * 3),
        ("series_seasonal(dynamic([1, 3, 5, 2, 4, 6, 1, 3, 5, 2, 4, 6]), 3)", [1.5, 3.5, 5.5] * 4),
        ("series_fir(dynamic([1, 2, 3, 4]), dynamic([1, 1]))", [0.5, 1.5, 2.5, 3.5]),
        ("series_fir(dynamic([1, 2, 3]), dynamic([1, 1, 1]), false, true)", [3.0, 6.0, 5.0]),
    ],
)
def test_series_are_worked_element_by_element(value, expression, expected):
    assert json.loads(value(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("series_sum(dynamic([1, 2, 3, 4]))", 10),
        ("series_sum(dynamic([1, 'x']))", None),
        ("series_product(dynamic([1, 2, 3, 4]))", 24),
        ("series_magnitude(dynamic([1, 2, 3, 4]))", 5.4772255750516612),
        ("series_dot_product(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", 12),
        ("series_dot_product(dynamic([1, 2, 4]), 3)", 21),
        ("series_cosine_similarity(dynamic([0.1, 0.2, 0.1, 0.2]), dynamic([1, 2, 3, 4]))", 0.923760430703401),
        ("series_pearson_correlation(dynamic([1, 2, 3]), dynamic([2, 4, 6]))", 1),
        ("series_pearson_correlation(dynamic([1, 2, 3]), dynamic([2, 4]))", None),
        ("jaccard_index(dynamic([1, 2, 2, 3]), dynamic([2, 3, 4]))", 0.5),
    ],
)
def test_series_give_one_number(value, expression, expected):
    assert value(expression) == (None if expected is None else pytest.approx(expected))


def columns(query):
    return [f"{name}:{kind}" for name, kind in compile_query(query, catalogue=Tables(), now=NOW).columns]


def test_statistics_are_a_column_each(ask):
    query = "print x = dynamic([23, 46, 23, 87, 4, 8, 3, 75, 2, 56, 13, 75, 32, 16, 29]) | project series_stats(x)"
    names = ["min:real", "min_idx:long", "max:real", "max_idx:long", "avg:real", "stdev:real", "variance:real"]
    assert columns(query) == [f"series_stats_x_{name}" for name in names]
    assert ask(query)[0] == pytest.approx((2, 8, 87, 3, 32.8, 28.5036338535483, 812.457142857143))


def test_several_columns_take_the_names_a_query_gives_the_first_of_them():
    series = "print y = dynamic([2, 5, 6])"
    assert columns(f"{series} | project (lowest, place) = series_stats(y)")[:3] == [
        "lowest:real", "place:long", "series_stats_y_max:real",
    ]  # fmt: skip
    assert columns(f"{series} | extend one = series_fit_line(y)")[1:3] == ["one:real", "series_fit_line_y_slope:real"]
    with pytest.raises(KqlError, match="6 values for 7 names"):
        columns(f"{series} | extend (a, b, c, d, e, f, g) = series_fit_line(y)")


def test_a_line_is_fitted_through_a_series(ask):
    line = "print y = dynamic([2, 5, 6, 8, 11, 15, 17, 18, 25, 26, 30, 30])"
    [(square, slope, variance, rest, _, fitted)] = ask(f"{line} | project series_fit_line(y)")
    assert (square, slope, variance, rest) == pytest.approx((0.982, 2.730, 98.628, 1.686), abs=1e-3)
    assert json.loads(fitted)[:3] == pytest.approx([1.064, 3.7945, 6.526], abs=1e-3)
    [(bag,)] = ask(f"{line} | project series_fit_line_dynamic(y)")
    assert json.loads(bag)["slope"] == pytest.approx(2.730, abs=1e-3)


def test_the_statistics_can_come_as_a_bag(value):
    found = json.loads(value("series_stats_dynamic(dynamic([1, 3]))"))
    assert found == {"min": 1.0, "min_idx": 0, "max": 3.0, "max_idx": 1, "avg": 2.0, "stdev": pytest.approx(2**0.5), "variance": 2.0, "sum": 4.0, "len": 2}  # fmt: skip


@pytest.mark.parametrize("what", ["series_decompose_anomalies(y)", "series_decompose(y)", "series_seasonal(y)"])
def test_what_nobody_published_is_refused(what):
    with pytest.raises(KqlError, match="publish") as caught:
        columns(f"print y = dynamic([1, 2]) | extend {what}")
    assert caught.value.kind == "unsupported"
