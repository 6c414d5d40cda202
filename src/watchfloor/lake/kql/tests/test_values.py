"""What queries answer, run by the engine over rows written in the query."""

from datetime import UTC, datetime

import duckdb
import pytest

from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import CatalogueColumn, CatalogueTable
from watchfloor.lake.kql.types import Type

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MAILS = "let M = datatable(Sender:string, Size:long, At:datetime, Bag:dynamic)["
MAILS += "'ada@x.example', 10, datetime(2026-10-01), dynamic({'a': [1, 2], 'b': 'B'}),"
MAILS += "'max@x.example', 30, datetime(2026-10-02), dynamic({'a': [3]}),"
MAILS += "'ada@x.example', 20, datetime(2026-10-03 12:30), dynamic(null)];"


class Tables:
    def __init__(self, *tables: CatalogueTable) -> None:
        self._tables = {table.name: table for table in tables}

    def table(self, name):
        return self._tables.get(name)

    def names(self):
        return tuple(self._tables)


@pytest.fixture
def connection():
    with duckdb.connect() as made:
        made.execute("SET TimeZone = 'UTC'")
        yield made


@pytest.fixture
def ask(connection):
    def run(text):
        found = compile_query(text, catalogue=Tables(), now=NOW)
        rows = connection.sql(found.tree.sql(dialect="duckdb")).to_arrow_table().to_pylist()
        return [tuple(row.values()) for row in rows]

    return run


def one(ask, expression):
    [(value,)] = ask(f"print {expression}")
    return value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7 / 2", 3),
        ("7.0 / 2", 3.5),
        ("-7 % 3", 2),
        ("1d / 1h", 24.0),
        ("strcat('a', 1, true)", "a1True"),
        ("(1 == 1) == (1 == 2 or 1 == 1)", True),
        ("iff((1 == 2 and 1 == 1) == (1 == 2 or 1 == 2), 1, 2) + 1", 2),
        ("tolower('ÄB')", "äb"),
        ("substring('abcdef', 1, 2)", "bc"),
        ("split('a-b-c', '-')[1]", '"b"'),
        ("tostring(split('a-b-c', '-')[-1])", "c"),
        ("extract('x(\\\\d+)', 1, 'ax42')", "42"),
        ("toint('12') + 1", 13),
        ("isempty(tostring(dynamic(null)))", True),
        ("iff(1 < 2, 'yes', 'no')", "yes"),
        ("case(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"),
        ("array_length(dynamic([1, 2, 3]))", 3),
        ("tostring(dynamic({'a': {'b': 5}}).a.b)", "5"),
        ("datetime_diff('day', datetime(2026-01-03), datetime(2026-01-01))", 2),
        ("format_datetime(datetime(2026-01-02 03:04:05), 'yyyy-MM-dd HH:mm')", "2026-01-02 03:04"),
        ("dayofweek(datetime(2026-11-01)) / 1d", 0.0),
        ("tostring(1d + 2h)", "1.02:00:00"),
        ("ipv4_is_private('10.1.2.3')", True),
        ("ipv4_is_in_range('192.168.1.9', '192.168.1.0/24')", True),
        ("coalesce('', 'x')", "x"),
        ("replace_regex('a1b22', '[0-9]+', '#')", "a#b#"),
        ("parse_json('not json')", '"not json"'),
        ("strlen('abc')", 3),
        ("'fw-01 down' has 'fw-01'", True),
        ("'afw-01' has 'fw-01'", False),
        ("'under_score' has 'score'", True),
        ("'Payment' has 'pay'", False),
        ("'Payment' contains 'PAY'", True),
        ("'a' in~ ('A', 'B')", True),
        ("'x y z' has_any ('q', 'y')", True),
        ("'x y z' has_all ('z', 'y')", True),
        ("5 between (1 .. 5)", True),
    ],
)
def test_expressions_have_kustos_values(ask, expression, value):
    assert one(ask, expression) == value


def test_weeks_begin_on_monday_for_bin_and_on_sunday_for_startofweek(ask):
    [(binned, started)] = ask("print bin(datetime(2007-01-03), 7d), startofweek(datetime(2007-01-03))")
    assert binned == datetime(2007, 1, 1, tzinfo=UTC)
    assert started == datetime(2006, 12, 31, tzinfo=UTC)


def test_summarize_counts_by_key(ask):
    rows = ask(MAILS + "M | summarize Mails = count(), Most = max(Size), make_set(Size) by Sender | sort by Sender asc")
    assert [row[:3] for row in rows] == [("ada@x.example", 2, 20), ("max@x.example", 1, 30)]


def test_summarize_of_nothing_gives_one_row_without_keys_and_none_with(ask):
    assert ask(MAILS + "M | where Size > 99 | summarize count()") == [(0,)]
    assert ask(MAILS + "M | where Size > 99 | summarize count() by Sender") == []


def test_arg_max_takes_the_columns_of_the_latest_row(ask):
    rows = ask(MAILS + "M | summarize arg_max(At, Size) by Sender | sort by Sender asc | project Sender, Size")
    assert rows == [("ada@x.example", 20), ("max@x.example", 30)]
    both = ask(MAILS + "M | summarize arg_max(At, Size), n = count() by Sender | sort by Sender asc | project Size, n")
    assert both == [(20, 2), (30, 1)]


def test_mv_expand_makes_a_row_for_each_element_and_keeps_rows_without_any(ask):
    rows = ask(MAILS + "M | mv-expand a = Bag.a to typeof(long) | project Size, a | sort by Size asc, a asc")
    assert rows == [(10, 1), (10, 2), (20, None), (30, 3)]


def test_mv_apply_works_within_each_row(ask):
    rows = ask(MAILS + "M | mv-apply a = Bag.a to typeof(long) on (summarize Total = sum(a)) | project Size, Total")
    assert sorted(rows) == [(10, 3), (30, 3)]


SIDES = "let L = datatable(k:long, l:string)[1,'a', 1,'b', 2,'c']; let R = datatable(k:long, r:string)[1,'x', 3,'y'];"


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("", 1), ("kind=inner", 2), ("kind=leftouter", 3), ("kind=rightouter", 3), ("kind=fullouter", 4),
        ("kind=leftsemi", 2), ("kind=leftanti", 1), ("kind=rightsemi", 1), ("kind=rightanti", 1),
    ],
)  # fmt: skip
def test_each_join_kind_keeps_its_rows(ask, kind, count):
    assert len(ask(SIDES + f"L | join {kind} R on k")) == count


def test_union_gives_one_name_with_two_types_two_columns():
    found = compile_query("union (datatable(a:long)[1]), (datatable(a:string)['x'])", catalogue=Tables(), now=NOW)
    assert found.columns == (("a_long", Type.LONG), ("a_string", Type.STRING))


def test_parse_takes_columns_out_of_a_text(ask):
    rows = ask(
        "print t = 'user ada came from 10.0.0.1 port 22' | parse t with 'user ' who ' came from ' ip ' port ' port:long"
    )
    assert rows[0][1:] == ("ada", "10.0.0.1", 22)


def test_make_series_fills_the_gaps(ask):
    [(counts, _)] = ask(
        MAILS
        + "M | make-series n = count() default = 0 on At from datetime(2026-10-01) to datetime(2026-10-05) step 1d"
    )
    assert counts == "[1,1,1,0]"


def test_functions_take_values_and_tables(ask):
    assert ask(
        "let f = (T: (k: long), least: long = 2) { T | where k >= least }; f(range k from 1 to 4 step 1) | count"
    ) == [(3,)]


def test_the_order_of_sort_lasts_through_project(ask):
    assert ask(MAILS + "M | sort by Size desc | project Sender, At | take 1")[0][0] == "max@x.example"


@pytest.mark.parametrize("text", ["x' OR 1=1 --", 'a"b', "a\\'b", "\\x00", "'; DROP TABLE x; --", "%_", "(?i)", "$1"])
def test_a_text_stays_a_text(ask, text):
    literal = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert one(ask, literal) == text
    assert ask(f"print t = {literal} | where t == {literal} | count") == [(1,)]
    assert ask(f"print t = {literal} | where t contains {literal} | count") == [(1,)]


MAIL = CatalogueTable(
    "EmailEvents",
    "EmailEvents",
    (CatalogueColumn("Timestamp", Type.DATETIME), CatalogueColumn("Subject", Type.STRING, null=False)),
)


@pytest.mark.parametrize(
    ("query", "words", "kind"),
    [
        ("EmailEvents | where Subjct == 'x'", "did you mean “Subject”?", "name"),
        ("EmialEvents", "did you mean “EmailEvents”?", "name"),
        ("EmailEvents | extend a = frobnicate(Subject)", "function frobnicate() is not supported here", "unsupported"),
        ("EmailEvents | where Subject + 1 == 2", "means nothing", "type"),
        ("EmailEvents | where Subject matches regex '(?=a)'", "look-ahead", "unsupported"),
        ("EmailEvents | where count() > 1", "stands in summarize only", "type"),
        ("EmailEvents | project a = Subject, a = Subject", "two columns are called", "name"),
    ],
)
def test_what_is_wrong_is_refused_in_words(query, words, kind):
    with pytest.raises(KqlError) as refused:
        compile_query(query, catalogue=Tables(MAIL), now=NOW)
    assert words in str(refused.value)
    assert refused.value.kind == kind


def test_the_time_a_query_needs_is_known_before_it_runs():
    found = compile_query(
        "EmailEvents | where Timestamp > ago(7d) and Subject has 'x' | where Timestamp < datetime(2026-10-30)",
        catalogue=Tables(MAIL),
        now=NOW,
    )
    [scan] = found.scans
    assert (scan.low, scan.high) == (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC))


def test_lists_nobody_uploaded_are_named():
    found = compile_query(
        'externaldata(ip: string)["https://lists.example/ips.csv"] | where ip != ""', catalogue=Tables(), now=NOW
    )
    assert found.missing == ("list https://lists.example/ips.csv",)
