"""What queries of the community need: each case is one that was refused, or answered otherwise than Kusto does, before."""

import json

import pytest

from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import CatalogueColumn, CatalogueTable
from watchfloor.lake.kql.tests.tables import NOW, Tables
from watchfloor.lake.kql.types import Type

ROWS = 'datatable(a: string, n: long, d: dynamic) ["[1, 2]", 3, dynamic({"x": [7, 8]})]'
DEVICES = CatalogueTable(
    "DeviceEvents",
    "DeviceEvents",
    (CatalogueColumn("AdditionalFields", Type.STRING, null=False, json=True), CatalogueColumn("Name", Type.STRING)),
)


def names_of(query: str, *tables: CatalogueTable) -> list[str]:
    found = compile_query(query, catalogue=Tables(*tables), now=NOW)
    return [f"{name}:{kind}" for name, kind in found.columns]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("mv-expand todynamic(a)", ["a:dynamic", "n:long", "d:dynamic"]),
        ("mv-expand d.x", ["a:string", "n:long", "d:dynamic", "d_x:dynamic"]),
        ("mv-expand split(a, ',')", ["a:dynamic", "n:long", "d:dynamic"]),
        ("mv-expand bag_keys(d), array_concat(d)", ["a:string", "n:long", "d:dynamic", "Column1:dynamic", "Column2:dynamic"]),
        ("mv-apply todynamic(a) on (extend b = 1)", ["a:dynamic", "n:long", "d:dynamic", "b:long"]),
        ("mv-apply d.x on (project b = 1)", ["a:string", "n:long", "d:dynamic", "b:long"]),
        ("project split(a, ','), round(y = n * 1.5), strcat(z = a, a), strlen(a)", ["a:dynamic", "y:real", "Column1:string", "strlen_a:long"]),
        ("summarize count() by bin(N = n, 5)", ["N:long", "count_:long"]),
        ("project w = iff(n > 1, d, a), x = iff(n > 1, d, n), y = iff(n > 1, now(), a)", ["w:string", "x:long", "y:dynamic"]),
        ("project case(n > 1, d, n > 2, 1, 2.5), case(n > 1, d, n > 2, now(), a)", ["Column1:real", "Column2:dynamic"]),
    ],
)  # fmt: skip
def test_columns_are_named_and_typed_as_the_official_binder_does(step, expected):
    assert names_of(f"{ROWS} | {step}") == expected


def test_expanding_an_expression_that_keeps_a_columns_name_takes_its_place(ask):
    assert ask(f"{ROWS} | mv-expand todynamic(a) to typeof(long) | project a, n") == [(1, 3), (2, 3)]


def test_a_dynamic_beside_a_text_is_read_as_text(ask):
    assert ask('print d = dynamic({"x": "y"}) | project iff(true, d.x, "other")') == [("y",)]


def test_values_of_unlike_types_become_dynamic(value):
    assert json.loads(value("iff(1 > 2, 5, 'x')")) == "x"
    assert json.loads(value("case(true, 5, 'x')")) == 5


def test_a_text_that_a_table_keeps_json_in_has_parts():
    query = "DeviceEvents | where AdditionalFields.IsAudit == true | project AdditionalFields.PipeName, AdditionalFields['a']"
    assert names_of(query, DEVICES) == ["AdditionalFields_PipeName:dynamic", "AdditionalFields_a:dynamic"]
    renamed = "DeviceEvents | project Fields = AdditionalFields | mv-expand Fields | extend x = Fields.y"
    assert names_of(renamed, DEVICES) == ["Fields:dynamic", "x:dynamic"]
    with pytest.raises(KqlError, match="a string has no parts"):
        names_of("DeviceEvents | project Name.x", DEVICES)


def test_an_argument_of_a_wrong_type_is_refused_only_where_it_is_read(ask):
    assert ask("let f = (span: timespan) { print 1 }; f(now())") == [(1,)]
    with pytest.raises(KqlError, match="a timespan is wanted here"):
        ask("let f = (span: timespan) { print ago(span) }; f(now())")


def test_a_function_without_parameters_stands_for_its_value(ask):
    assert ask("let terms = () { pack_array('a', 'b') }; print 'x a' has_any (terms)") == [(True,)]


def test_search_for_everything_keeps_every_row(ask):
    assert ask("datatable(a: string) ['x', ''] | search * | count") == [(2,)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"extract_all(@'((\d+)\.)(\d+)', dynamic([3]), '1.2 3.4')", ["2", "4"]),
        (r"extract_all(@'(?P<one>\w)(?P<two>\w)', dynamic(['two', 'one']), 'ab cd')", [["b", "a"], ["d", "c"]]),
        (r"extract_all(@'(\w)(\w)', dynamic([1, 2]), 'ab')", [["a", "b"]]),
    ],
)
def test_extract_all_gives_the_groups_that_are_asked_for(value, expression, expected):
    assert json.loads(value(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'one two' has_all (split('two,one', ','))", True),
        ("'one two' has_all (split('two,three', ','))", False),
        ("ipv6_is_in_any_range('fe80::85d:e82c:9446:7994', split('2001:db8::/32,fe80::/10', ','))", True),
        ("ipv6_is_in_any_range('2001:db9::1', split('2001:db8::/32,fe80::/10', ','))", False),
    ],
)
def test_lists_that_are_no_constants_are_asked_row_by_row(value, expression, expected):
    assert value(expression) is expected
