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


# --- find -----------------------------------------------------------------------------------------------------------

EVENTS = """
let EventsTable1 = datatable(Session_Id: string, Level: string, EventText: string, Version: string) [
    "acbd", "Information", "Some Text1", "v1.0.0", "acbd", "Error", "Some Text2", "v1.0.0"];
let EventsTable2 = datatable(Session_Id: string, Level: string, EventText: string, EventName: string) [
    "f7d5", "Information", "Some Other Text1", "Event1", "acbd", "Error", "Some Other Text3", "Event3"];
"""


def test_find_shows_what_the_tables_share_and_packs_the_rest(ask):
    """As find's documentation prints it."""
    rows = ask(f"{EVENTS} find in (EventsTable1, EventsTable2) where Session_Id == 'acbd'")
    assert [(*row[:4], json.loads(row[4])) for row in sorted(rows)] == [
        ("EventsTable1", "acbd", "Error", "Some Text2", {"Version": "v1.0.0"}),
        ("EventsTable1", "acbd", "Information", "Some Text1", {"Version": "v1.0.0"}),
        ("EventsTable2", "acbd", "Error", "Some Other Text3", {"EventName": "Event3"}),
    ]


def test_find_names_the_columns_of_its_condition_too(ask):
    query = f"{EVENTS} find in (EventsTable1, EventsTable2) where Version == 'v1.0.0' or EventName == 'Event1'"
    assert names_of(query) == ["source_:string", "Session_Id:string", "Level:string", "EventText:string", "Version:string", "EventName:string"]  # fmt: skip
    assert sorted(row[3:] for row in ask(query)) == [
        ("Some Other Text1", "", "Event1"),
        ("Some Text1", "v1.0.0", ""),
        ("Some Text2", "v1.0.0", ""),
    ]


def test_find_projects_and_packs_what_is_left(ask):
    query = f"{EVENTS} find withsource=Where in (EventsTable1, EventsTable2) where Level == 'Error' project EventText, Version, EventName, pack_all()"
    rows = sorted(ask(query))
    assert names_of(query)[0] == "Where:string"
    assert rows[0][:4] == ("EventsTable1", "Some Text2", "v1.0.0", "")
    assert json.loads(rows[1][4]) == {"Session_Id": "acbd", "Level": "Error"}


def test_find_reads_a_column_of_two_types_as_what_the_query_says():
    tables = "let T = datatable(a: string, n: long) []; let U = datatable(a: string, n: real) []; "
    assert names_of(f"{tables} find in (T, U) where a == 'x'") == ["source_:string", "a:string", "n:real"]
    assert names_of(f"{tables} find in (T, U) where a == 'x' project n: string") == ["source_:string", "n:string"]
    with pytest.raises(KqlError, match="there is no column “m”"):
        names_of(f"{tables} find in (T, U) where a == 'x' project m")


# --- top-nested, project-by-names -------------------------------------------------------------------------------------

SALES = """datatable(s: string, e: string, n: long)
    ["a", "x", 5, "a", "y", 3, "a", "z", 1, "b", "x", 4, "b", "y", 1, "c", "x", 2]"""


def test_top_nested_goes_down_level_by_level(ask):
    query = f"{SALES} | top-nested 2 of s by total = sum(n), top-nested 1 of e by sum(n)"
    assert names_of(query) == ["s:string", "total:long", "e:string", "aggregated_e:long"]
    assert sorted(ask(query)) == [("a", 9, "x", 5), ("b", 5, "x", 4)]


def test_top_nested_puts_the_rest_under_one_name(ask):
    query = (
        f"{SALES} | top-nested 1 of s with others = 'rest' by sum(n), top-nested 1 of e with others = 'more' by sum(n)"
    )
    assert sorted(ask(query)) == [("a", 9, "more", 4), ("a", 9, "x", 5), ("rest", 7, "more", 1), ("rest", 7, "x", 6)]


def test_top_nested_without_a_count_keeps_every_value(ask):
    """The documentation's way to the two newest rows of each."""
    rows = """datatable(id: string, at: datetime, other: string) [
        "Barak", datetime(2015-01-01), "1", "Barak", datetime(2016-01-01), "2", "Barak", datetime(2017-01-20), "3",
        "Donald", datetime(2017-01-20), "4", "Donald", datetime(2017-01-18), "5", "Donald", datetime(2017-01-19), "6"]
        | top-nested of id by Ignore0=max(1), top-nested 2 of at by Ignore1=max(at), top-nested of other by Ignore2=max(1)
        | project id, other"""
    assert sorted(ask(rows)) == [("Barak", "2"), ("Barak", "3"), ("Donald", "4"), ("Donald", "6")]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("project-by-names 'City', 'Name'", ["City:string", "Name:string"]),
        ("project-by-names dynamic(['Name', 'Missing'])", ["Name:string"]),
        ("project-by-names 'C*'", ["City:string", "Country:string"]),
        ("project-by-names column_names_of(T), 'Name'", ["Country:string", "Name:string"]),
    ],
)
def test_columns_are_projected_by_names_that_may_be_lists_and_patterns(step, expected):
    query = f"let T = datatable(Country: string) []; datatable(Name: string, City: string, Country: string) [] | {step}"
    assert names_of(query) == expected


def test_percentiles_count_each_value_as_often_as_its_weight_says(ask):
    """The documentation's latencies: 8 requests of 10 ms, 6 of 20, 3 of 30, one of 40."""
    rows = "datatable (n: long, ms: long) [8, 10, 6, 20, 3, 30, 1, 40, 0, 99]"
    assert ask(f"{rows} | summarize percentilesw(ms, n, 50, 75, 99.9)") == [(20, 20, 40)]
    [(found,)] = ask(f"{rows} | summarize percentilesw_array(ms, n, dynamic([50, 75, 99.9]))")
    assert json.loads(found) == [20, 20, 40]
    assert names_of(f"{rows} | summarize percentilew(ms, n, 50), percentilesw(ms, n, 99.9)") == ["percentile_ms_50:long", "percentile_ms_99_9:long"]  # fmt: skip
    assert ask(f"{rows} | summarize percentilew(ms, n, 50) by odd = ms % 20 == 10 | sort by odd asc") == [
        (False, 20),
        (True, 10),
    ]


def test_percentiles_come_as_one_array(ask):
    query = (
        "range x from 1 to 100 step 1 | summarize percentiles_array(x, 5, 50), p = percentiles_array(x, dynamic([95]))"
    )
    assert names_of(query) == ["percentiles_x:dynamic", "p:dynamic"]
    [(found, other)] = ask(query)
    assert (json.loads(found), json.loads(other)) == ([5, 50], [95])


# --- long lists -------------------------------------------------------------------------------------------------------


def test_thousands_of_constants_stand_in_the_statement_as_one(ask):
    many = ", ".join(f"'Host{number}'" for number in range(1000))
    query = f"let L = dynamic([{many}]); range x from 1 to 1500 step 1 | extend h = strcat('Host', x)"
    assert ask(f"{query} | where h in (L) | count") == [(999,)]
    assert ask(f"{query} | where tolower(h) in~ (L) | count") == [(999,)]
    assert ask(f"{query} | where h !in (L) | summarize n = count(), low = min(x)") == [(501, 1000)]
    assert ask(f"{query} | summarize countif(h in (L)), make_set_if(x, h in ({many}) and x < 4)") == [(999, "[1,2,3]")]
    assert ask(f"{query} | extend known = iff(h in (L), 'y', 'n') | summarize count() by known | sort by known asc") == [
        ("n", 501), ("y", 999),
    ]  # fmt: skip


# --- all tables at once -----------------------------------------------------------------------------------------------

TIME = CatalogueColumn("Timestamp", Type.DATETIME, null=False)
WIDE = [
    CatalogueTable(name, name, (TIME, *(CatalogueColumn(f"{name}{number}", Type.STRING) for number in range(40))))
    for name in ("A", "B", "C")
]


def compiled(query):
    return compile_query(query, catalogue=Tables(*WIDE), now=NOW)


@pytest.mark.parametrize("source", ["union A, B, C", "union *", "search *", "search in (A, B, C) *"])
def test_of_all_tables_only_what_is_asked_for_is_carried(source):
    sql = compiled(f"{source} | where Timestamp > ago(1d) | summarize n = count() by bin(Timestamp, 1h)").sql("duckdb")
    assert "A7" not in sql
    assert len(sql) < 2000


@pytest.mark.parametrize("source", ["union A, B", "search *", "find in (A, B) where A1 == 'x'", "union (A | where A1 == 'x'), B"])  # fmt: skip
def test_a_condition_on_the_time_narrows_every_table(source):
    scans = compiled(f"{source} | where Timestamp between (ago(2d) .. ago(1d))").scans
    assert {(scan.low.day, scan.high.day) for scan in scans} == {(30, 31)}


@pytest.mark.parametrize(
    "query",
    [
        "union A, (B | take 5) | where Timestamp > ago(1d)",
        "union A, (B | extend Timestamp = now()) | where Timestamp > ago(1d)",
        "A | as X | where Timestamp > ago(1d) | union X",
        "union A, B | as X | where Timestamp > ago(1d) | count",
    ],
)
def test_a_condition_narrows_nothing_it_was_not_said_of(query):
    assert all(scan.low is None for scan in compiled(query).scans)


def test_a_column_nobody_has_is_refused_with_what_is_there():
    with pytest.raises(KqlError, match="did you mean “A12”"):
        compiled("union A, B | where a12 == 'x' | count")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("union A, B | summarize arg_max(Timestamp, *)", 81),
        ("union A, B | where * has 'x' | count", 1),
        ("union A, B | project x = pack_all()", 1),
        ("union withsource=T A, B | summarize count() by T", 2),
        ("union A, B | project A1, B2 | union C", 43),
        ("search 'x' | count", 1),
        ("search * | project $table", 1),
    ],
)
def test_what_reads_every_column_still_does(query, expected):
    assert len(compiled(query).columns) == expected


def test_rows_of_several_tables_are_counted_right(ask):
    tables = "let T = datatable(k: string, n: long) ['a', 1, 'b', 2]; let U = datatable(k: string, m: real) ['a', 5.5];"
    assert sorted(ask(f"{tables} union T, U | where k == 'a' | summarize count(), sum(n)")) == [(2, 1)]
    assert ask(f"{tables} union withsource=S T, U | summarize dcount(S)") == [(2,)]
    assert sorted(ask(f"{tables} union T, U | project k | union (T | project n)")) == [
        ("", 1), ("", 2), ("a", None), ("a", None), ("b", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "taken",
    [r"translate('\0', '', s)", r"replace_string(s, '\u0000', '')", r"replace_string(s, @'x', '') | project s = replace_string(s, '\0', '')"],
)  # fmt: skip
def test_what_decoding_leaves_between_the_letters_can_be_taken_out(ask, taken):
    """A command in UTF-16 has U+0000 after each letter; no statement can hold one as it is."""
    assert ask(f"print s = base64_decode_tostring('YQBiAA==') | project s = {taken}") == [("ab",)]
    assert ask(r"print s = base64_decode_tostring('YQBiAA==') | where s has 'a' and s contains '\0' | count") == [(1,)]
    with pytest.raises(KqlError, match=r"U\+0000"):
        ask(r"print ['a\0'] = 1")
