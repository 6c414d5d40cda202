"""Operators, each by what Kusto's documentation says of it."""

import json

import pytest

from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.tests.tables import NOW, Tables

BAGS = "let B = datatable(Name:string, d:dynamic)['James', dynamic({'Name': 'John', 'Age': 20}), 'Eve', dynamic({'Age': 40})];"
NUMBERS = "let N = datatable(k:string, n:long, at:datetime)['a', 1, datetime(2026-01-01), 'a', 5, datetime(2026-01-02), 'b', 3, datetime(2026-01-03)];"


def columns(text):
    return [name for name, _ in compile_query(text, catalogue=Tables(), now=NOW).columns]


def refused(text):
    with pytest.raises(KqlError) as found:
        compile_query(text, catalogue=Tables(), now=NOW)
    return found.value


def test_make_bag_puts_bags_together(ask):
    [(bag,)] = ask("datatable(d:dynamic)[dynamic({'a': 1}), dynamic({'b': 2}), dynamic([1])] | summarize make_bag(d)")
    assert json.loads(bag) == {"a": 1, "b": 2}


@pytest.mark.parametrize(("rows", "bag"), [("", {}), ("dynamic({'a': 1})", {"a": 1}), ("dynamic(null)", {})])
def test_make_bag_of_one_or_none(ask, rows, bag):
    [(found,)] = ask(f"datatable(d:dynamic)[{rows}] | summarize make_bag(d)")
    assert json.loads(found) == bag


def test_make_bag_if_takes_the_rows_that_fulfil(ask):
    [(bag,)] = ask(
        "datatable(d:dynamic, b:bool)[dynamic({'a': 1}), true, dynamic({'c': 2}), false] | summarize make_bag_if(d, b)"
    )
    assert json.loads(bag) == {"a": 1}


def test_make_set_takes_arrays_apart_and_make_list_does_not(ask):
    data = "datatable(d:dynamic)[dynamic([1, 2]), dynamic([2, 3])]"
    [(found,)] = ask(f"{data} | summarize make_set(d)")
    assert sorted(json.loads(found)) == [1, 2, 3]
    [(found,)] = ask(f"{data} | summarize make_list(d)")
    assert json.loads(found) == [[1, 2], [2, 3]]


def test_arg_max_of_all_columns_beside_other_aggregates(ask):
    rows = ask(NUMBERS + "N | summarize arg_max(n, *), c = count(), arg_min(at, n) by k | sort by k asc")
    assert [row[:2] for row in rows] == [("a", 5), ("b", 3)]
    assert columns(NUMBERS + "N | summarize arg_max(n, *), c = count() by k") == ["k", "n", "at", "c"]


def test_aggregates_with_conditions(ask):
    rows = ask(NUMBERS + "N | summarize sumif(n, k == 'a'), countif(n > 1), dcountif(k, n > 1), avgif(n, k == 'b')")
    assert rows == [(6, 2, 2, 3.0)]


def test_percentiles_get_a_column_each():
    assert columns(NUMBERS + "N | summarize percentiles(n, 5, 95)") == ["percentile_n_5", "percentile_n_95"]


def test_bag_unpack_says_which_column_wins(ask):
    assert "columnsConflict" in _refused_by(ask, BAGS + "B | evaluate bag_unpack(d)")
    assert ask(BAGS + "B | evaluate bag_unpack(d, columnsConflict='replace_source')") == [("John", 20), ("", 40)]
    assert ask(BAGS + "B | evaluate bag_unpack(d, columnsConflict='keep_source')") == [("James", 20), ("Eve", 40)]
    assert ask(BAGS + "B | evaluate bag_unpack(d, 'd_')") == [("James", 20, "John"), ("Eve", 40, "")]
    assert ask(BAGS + "B | evaluate bag_unpack(d, ignoredProperties=dynamic(['Name']))") == [("James", 20), ("Eve", 40)]


def _refused_by(ask, text):
    with pytest.raises(KqlError) as found:
        ask(text)
    return str(found.value)


def test_a_declared_schema_needs_no_look_at_the_data():
    found = compile_query(BAGS + "B | evaluate bag_unpack(d, 'x_') : (*, x_Age: long)", catalogue=Tables(), now=NOW)
    assert [(name, str(kind)) for name, kind in found.columns] == [("Name", "string"), ("x_Age", "long")]
    assert not found.open


def test_pivot_makes_a_column_of_each_value(ask):
    assert ask(NUMBERS + "N | project k, n | evaluate pivot(k, sum(n))") == [(6, 3)]


def test_ipv4_lookup_joins_by_network_and_further_columns(ask):
    tables = "let L = datatable(net:string, c:string)['10.0.0.0/8', 'x', '192.168.0.0/16', 'y'];"
    tables += "let R = datatable(ip:string, c:string)['10.1.1.1', 'x', '192.168.1.1', 'x', '8.8.8.8', 'x'];"
    assert [row[0] for row in ask(tables + "R | evaluate ipv4_lookup(L, ip, net, c)")] == ["10.1.1.1"]
    assert len(ask(tables + "R | evaluate ipv4_lookup(L, ip, net)")) == 2
    assert len(ask(tables + "R | evaluate ipv4_lookup(L, ip, net, return_unmatched = true)")) == 3


def test_make_series_fills_gaps_with_nothing_and_gives_no_row_for_no_data(ask):
    series = "make-series avg(n) on at from datetime(2026-01-01) to datetime(2026-01-05) step 1d"
    [(values, _)] = ask(NUMBERS + f"N | {series}")
    assert json.loads(values) == [1, 5, 3, 0]
    assert ask(NUMBERS + f"N | take 0 | {series} | count") == [(0,)]


def test_union_names_its_parts():
    text = "union withsource=T (range x from 1 to 2 step 1 | as One), (print x = 3)"
    assert columns(text) == ["T", "x"]


def test_union_names_its_parts_by_what_they_are_called(ask):
    rows = ask("union withsource=T (range x from 1 to 1 step 1 | as One), (range x from 2 to 2 step 1 | as Two)")
    assert sorted(rows) == [("One", 1), ("Two", 2)]


def test_parse_leaves_a_row_empty_when_a_type_does_not_fit(ask):
    data = "datatable(t:string)['id=5 at=2026-01-01 x', 'id=no at=2026-01-01 x', 'id=6 at=never x']"
    strict = "with 'id=' id:long ' at=' at:datetime ' x'"
    rows = ask(f"{data} | parse t {strict} | project id, isnull(at)")
    assert rows == [(5, False), (None, True), (None, True)]
    assert ask(f"{data} | parse-where t {strict} | project id") == [(5,)]
    relaxed = ask(f"{data} | parse kind=relaxed t {strict} | project id, isnull(at)")
    assert relaxed == [(5, False), (None, False), (6, True)]


def test_parse_by_expression_takes_as_much_as_it_can(ask):
    [row] = ask("print t = 'a=1,2,3' | parse kind=regex t with @'\\w=' x ',' * | project x")
    assert row == ("1,2",)
    [row] = ask("print t = 'a=1,2,3' | parse kind=regex flags=U t with @'\\w=' x ',' * | project x")
    assert row == ("1",)


@pytest.mark.parametrize(
    ("text", "options", "values"),
    [
        ("src=10.0.0.1 n=5", "pair_delimiter=' ', kv_delimiter='='", ("10.0.0.1", 5)),
        ("src=\\'a b\\' n=5", "pair_delimiter=' ', kv_delimiter='=', quote=\"'\"", ("a b", 5)),
        ("src=(a b) n=5", "pair_delimiter=' ', kv_delimiter='=', quote='()'", ("a b", 5)),
        ("x, src: a, n: 5", "pair_delimiter=',', kv_delimiter=':'", ("a", 5)),
    ],
)
def test_parse_kv_reads_pairs(ask, text, options, values):
    assert ask(f"print t = '{text}' | parse-kv t as (src:string, n:long) with ({options}) | project src, n") == [values]


def test_parse_kv_without_delimiters_splits_at_whatever_is_no_letter(ask):
    assert ask("print t = 'Id:45, Node:n1' | parse-kv t as (Id:long, Node:string) | project Id, Node") == [(45, "n1")]


def test_partition_works_within_each_value(ask):
    rows = ask(NUMBERS + "N | partition by k (top 1 by n | project k, n)")
    assert sorted(rows) == [("a", 5), ("b", 3)]


def test_top_nested_takes_the_largest(ask):
    assert ask(NUMBERS + "N | top-nested 1 of k by sum(n)") == [("a", 6)]
    assert columns(NUMBERS + "N | top-nested 1 of k by sum(n)") == ["k", "aggregated_k"]


def test_a_sample_has_as_many_rows_as_asked_for(ask):
    assert ask("range x from 1 to 100 step 1 | sample 7 | count") == [(7,)]


def test_names_that_collide_go_on_counting():
    sides = "let A = datatable(k:long, v:long)[1, 1]; let B = datatable(k:long, v:long, v1:long)[1, 1, 1];"
    assert columns(sides + "A | join kind=inner B on k") == ["k", "v", "k1", "v1", "v2"]
    hashes = "let A = datatable(SHA256:string)['x']; let B = datatable(SHA256:string)['x'];"
    assert columns(hashes + "A | join kind=inner B on SHA256") == ["SHA256", "SHA2561"]


def test_only_a_day_keeps_the_name_of_its_moment():
    assert columns(NUMBERS + "N | summarize count() by startofday(at)") == ["at", "count_"]
    assert columns(NUMBERS + "N | summarize count() by startofweek(at)") == ["Column1", "count_"]


def test_pack_all_can_leave_out_what_is_empty(ask):
    [(bag,)] = ask("print a = 1, b = '', c = int(null) | project p = pack_all(true)")
    assert json.loads(bag) == {"a": 1}


def test_has_any_takes_thousands_of_terms(ask):
    terms = ", ".join(f"'term{n}'" for n in range(5000))
    assert ask(f"datatable(t:string)['a term4999 b', 'aterm4999'] | where t has_any ({terms}) | count") == [(1,)]


@pytest.mark.parametrize(
    "call", ["materialize()", "toscalar()", "ago()", "long(null) + materialize()", "pack_all(rand())"]
)
def test_a_call_that_lacks_something_is_refused(call):
    assert refused(f"print {call}").kind == "type"


def test_a_search_without_any_table_is_refused():
    assert refused("search 'x'").kind == "name"


@pytest.mark.parametrize(
    "text",
    [
        "let a0 = rand(); " + "".join(f"let a{n + 1} = a{n} + a{n}; " for n in range(28)) + "print a28",
        "let a0 = 'xxxxxxxxxx'; " + "".join(f"let a{n + 1} = strcat(a{n}, a{n}); " for n in range(28)) + "print a28",
        "let f0 = () { print x = 1 }; "
        + "".join(f"let f{n + 1} = () {{ union f{n}(), f{n}() }}; " for n in range(20))
        + "f20()",
        "print " + "+".join("1" for _ in range(5000)),
        "print x = 1" + " | extend x = x + 1" * 700,
    ],
)
def test_what_would_grow_without_bound_is_refused(text):
    assert refused(text).kind == "limit"


def test_a_range_that_is_too_long_is_an_error_of_the_engine(ask):
    with pytest.raises(Exception, match="a range may have"):
        ask("range x from 1 to 1000000000000 step 1 | count")
