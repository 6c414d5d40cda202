"""Attacks through the language: files, engine functions, names, uploaded lists, endless work. Each is refused, ends, or is only text."""

import time
from contextlib import suppress

import pytest
from sqlglot import exp, parse_one

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.errors import BadInput, Forbidden, WatchfloorError
from watchfloor.lake import kql_run, selectors, services
from watchfloor.lake.contracts import QueryFailed, TooLarge, TooSlow
from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import Hosts
from watchfloor.lake.kql_tables import KqlTables

from .conftest import DAY, NOON, mail

BOSS = system_actor("test", Permission.CONNECTION_MANAGE)
HOSTILE = "x\" FROM read_text('/etc/passwd') --"


@pytest.fixture
def mails(lake):
    services.append("EmailEvents", [mail(n) for n in range(4)])


def asked(text, **options):
    return list(selectors.hunt(text, now=NOON + DAY, **options).rows)


def refused(text):
    """The words of the refusal, which comes before anything is run."""
    with pytest.raises(KqlError) as found:
        asked(text)
    return found.value.words


# --- the engine's own functions, files and statements --------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "read_csv", "read_text", "read_blob", "read_parquet", "read_json", "glob", "getenv", "duckdb_settings", "duckdb_tables",
        "pragma_database_list", "sniff_csv", "parquet_metadata", "query", "query_table", "sql_auto_complete", "current_setting",
        "nextval", "getvariable", "install", "load", "attach", "copy", "checkpoint", "postgres_scan", "sqlite_scan", "iceberg_scan",
    ],
)  # fmt: skip
def test_no_function_of_the_engine_has_a_name(mails, name):
    for text in (
        f"print {name}('/etc/passwd')", f"{name}('/etc/passwd')", f"EmailEvents | where Subject in ({name}('/etc/passwd'))",
        f"EmailEvents | invoke {name}('/etc/passwd')", f"EmailEvents | evaluate {name}('/etc/passwd')", f"table('{name}')",
        f"EmailEvents | summarize {name}(Subject)", f"let f = () {{ {name}('/etc/passwd') }}; f()",
    ):  # fmt: skip
        refused(text)


@pytest.mark.parametrize(
    "source",
    [
        "['/etc/passwd']", '["/etc/passwd"]', "['s3://bucket/x.parquet']", "['https://evil.example/x.csv']", "table('/etc/passwd')",
        "database('x')['/etc/passwd']", "hot_scan1", "table('scan1')", "table('s1')", "['main.sqlite_master']", "['information_schema.tables']",
        "union ['/etc/*']", "search in (['/etc/passwd']) 'root'", "find in (['/etc/passwd']) where * has 'root'", "materialize(['/etc/passwd'])",
        "print toscalar(['/etc/passwd'])", "EmailEvents | join (['/etc/passwd']) on Subject", "EmailEvents | lookup ['/etc/passwd'] on Subject",
    ],
)  # fmt: skip
def test_no_file_stands_where_a_table_may(mails, source):
    refused(source)


@pytest.mark.parametrize(
    "statement", [".show tables", ".ingest into table T", ".drop table T", "print 1; .drop table T", "ATTACH 'x'"]
)
def test_no_command_is_a_query(mails, statement):
    refused(statement)


def test_a_set_statement_changes_no_setting(mails):
    assert asked("set enable_external_access = true; set query_datascope='all'; print 1") == [(1,)]
    with pytest.raises(QueryFailed):
        kql_run.hunting_engine().run(parse_one("SELECT * FROM read_text('/etc/passwd')", dialect="duckdb"), {})


@pytest.mark.parametrize("address", ["/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:1/x", "s3://b/x"])
def test_externaldata_never_fetches(mails, address):
    assert address in refused(f'externaldata(a: string) [@"{address}"] with (format="csv", ignoreFirstRecord=true)')


# --- names and texts -------------------------------------------------------------------------------------------------------


def quoted(name):
    return '["' + name.replace("\\", "\\\\").replace('"', '\\"') + '"]'


@pytest.mark.parametrize(
    "name", [HOSTILE, "a'b", 'a""b', "s1", "scan1", "L", "R", "given", "c0", "~o0_0", "*", "x;--", "\\", "é中"]
)
def test_a_column_may_have_any_name_and_stays_a_column(mails, name):
    held = quoted(name)
    assert asked(
        f"EmailEvents | extend {held} = 1 | where {held} == 1 | summarize n = sum({held}) by {held} | project n"
    ) == [(4,)]
    assert asked(f"EmailEvents | project-rename {held} = Subject | join (EmailEvents) on NetworkMessageId | count") == [
        (4,)
    ]
    assert selectors.hunt(f"EmailEvents | project {held} = Subject", now=NOON + DAY).columns[0][0] == name


def test_what_only_the_data_names_stays_a_name_too(mails):
    bag = f"dynamic({{'{HOSTILE.replace(chr(39), chr(92) + chr(39))}': 1, '': 2, \"a'b\": 3}})"
    answer = selectors.hunt(f"print d = {bag} | evaluate bag_unpack(d)", now=NOON)
    assert sorted(name for name, _ in answer.columns) == sorted([HOSTILE, "", "a'b"])
    assert sorted(next(answer.rows)) == [1, 2, 3]
    pivot = selectors.hunt(f"print k = {literal(HOSTILE)} | evaluate pivot(k)", now=NOON)
    assert [name for name, _ in pivot.columns] == [HOSTILE]


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "'); DROP TABLE x; --", "\\'; SELECT 1", "$$x$$", "{0} %s ? :a $1", HOSTILE]
)
def test_a_text_is_text_for_every_operator_and_function(mails, text):
    held = literal(text)
    assert asked(
        f"print {held}, strcat({held}, ''), replace_string({held}, 'zz', ''), tostring(pack_array({held})[0])"
    ) == [(text,) * 4]
    conditions = " and ".join(
        f"s {one} {held}" for one in ("==", "=~", "contains", "startswith", "endswith", "has", "in~")
    )
    assert asked(f"print s = {held} | where {conditions.replace('in~ ' + held, f'in~ ({held})')} | count") == [(1,)]
    assert asked(f"print s = {held} | parse s with {held} rest | project rest") == [("",)]
    assert asked(f"print s = {held} | where s matches regex regex_quote({held}) | count") == [(1,)]


@pytest.mark.parametrize("text", ['print "\\ud800"', "print ['a\\u0000'] = 1"])
def test_what_no_engine_keeps_is_refused(mails, text):
    assert "U+" in refused(text)


def test_a_pattern_may_hold_the_character_that_ends_texts_elsewhere(mails):
    assert asked("print 'a\\0b' matches regex 'a\\0b', 'ab' matches regex 'a\\0b'") == [(True, False)]


def test_a_hostile_list_is_a_list(lake):
    header = f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",_DTItemId,"a;b"'
    services.upload_list(
        alias="Bad", file_name="x.csv", data=f'{header}\n\'; DROP --,1,"a\nb"\n'.encode(), address="", now=NOON, by=BOSS
    )
    rows = asked(f"_GetWatchlist('Bad') | project {quoted(HOSTILE)}, ['a;b'], SearchKey")
    assert rows == [("'; DROP --", "a\nb", "'; DROP --")]
    assert "watchlist" in refused("_GetWatchlist('Bad; DROP')")


@pytest.mark.parametrize("alias", ["a'b", "a;b", "../x", 'x"', "a\nb", "", "é"])
def test_a_list_has_no_name_that_means_something_elsewhere(lake, alias):
    with pytest.raises(BadInput):
        services.upload_list(alias=alias, file_name="x.csv", data=b"a\n1\n", address="", now=NOON, by=BOSS)


# --- endless work ----------------------------------------------------------------------------------------------------------

MANY = {
    "characters": "print 1 // " + "x" * 64_000,
    "tokens": "print dynamic(" + "[" * 20_000 + "]" * 20_000 + ")",
    "parentheses": "print " + "(" * 5_000 + "1" + ")" * 5_000,
    "signs": "print " + "-" * 20_000 + "1",
    "nots": "print " + "not(" * 3_000 + "true" + ")" * 3_000,
    "sums": "print " + "+".join(["1"] * 20_000),
    "bags": "print dynamic(" + '{"a":' * 9_000 + "1" + "}" * 9_000 + ")",
    "groups": 'print extract_all("' + "(" * 5_000 + "a" + ")" * 5_000 + '", "a")',
    "steps": "EmailEvents " + "| where 1 == 1 " * 4_000,
    "readings": "union " + ", ".join(["EmailEvents"] * 3_000),
    "columns": "EmailEvents | extend " + ", ".join(f"a{n} = Subject" for n in range(2_500)),
    "joins": "EmailEvents " + "| join (EmailEvents) on NetworkMessageId " * 60,
    "names of names": 'let a0 = "x";' + "".join(f"let a{n + 1} = strcat(a{n}, a{n});" for n in range(60)) + "print a60",
    "columns of columns": "EmailEvents | extend a0 = Subject " + "".join(f"| extend a{n + 1} = strcat(a{n}, a{n})" for n in range(700)),
    "calls": "let f0 = (x: long) { x };" + "".join(f"let f{n + 1} = (x: long) {{ f{n}(x) + f{n}(x) }};" for n in range(25)) + "print f25(1)",
    "tables of tables": "let A0 = EmailEvents;" + "".join(f"let A{n + 1} = union A{n}, A{n};" for n in range(40)) + "A40 | count",
    "lists of lists": "print a = dynamic([1]) " + "| mv-apply a on (take 1) " * 40,
    "readings within readings": "EmailEvents " + "| where Subject in (EmailEvents | project Subject) " * 400,
}  # fmt: skip


@pytest.mark.parametrize("what", MANY)
def test_there_is_an_end_to(mails, what):
    began = time.process_time()
    assert refused(MANY[what])
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "text",
    [
        "range x from 1 to 1000000000000 step 1 | count",
        "print a = range(1, 10000) | mv-expand a | extend b = range(1, 10000) | mv-expand b | extend c = range(1, 10000) | mv-expand c | count",
        "let s = range a from 1 to 3000000 step 1 | extend k = 1; s | join kind=inner (s) on k | summarize sum(a * a1)",
    ],
)  # fmt: skip
def test_a_query_without_end_is_stopped(mails, text):
    with pytest.raises((TooSlow, TooLarge, QueryFailed)):
        asked(text, timeout=0.7)


def test_the_questions_of_plugins_take_their_time_from_the_query(mails, monkeypatch):
    given = []
    engine = kql_run.hunting_engine()
    monkeypatch.setattr(
        engine,
        "run",
        lambda tree, sources, timeout: (
            given.append(timeout) or time.sleep(0.05) or type(engine).run(engine, tree, sources)
        ),
    )
    step = "| extend d = pack('k', Subject) | evaluate bag_unpack(d) | project-away k "
    asked("EmailEvents | project Subject " + step * 3, timeout=5, engine=engine)
    assert given == sorted(given, reverse=True)
    assert given[0] - given[-1] > 0.05


@pytest.mark.parametrize(
    "text",
    [
        "range x from 1 to 3000 step 1 | extend s = range(1, 100000)",
        f"range x from 1 to 100000 step 1 | extend s = strrep('{'a' * 1000}', 1024)",
    ],
)
def test_an_answer_that_would_fill_the_memory_is_refused(mails, text):
    with pytest.raises(TooLarge):
        asked(text)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}$", "((a*)*)*$"])
def test_no_regular_expression_runs_away(mails, pattern):
    began = time.process_time()
    asked(
        f"print s = '{'a' * 5000}b' | where s matches regex @'{pattern}' or s !has 'q' | project extract(@'{pattern}', 0, s)"
    )
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        "print extract_all('(a{99999999999})', 'a')", "print 'x' matches regex '(?P<'", "print extract('[', 0, 'x')", "print 'a' matches regex '(?=a)'",
        "print s = 'x' | parse kind=regex s with '(((' a", "range x from 1 to 3 step 1 | summarize percentiles(x, 1e999)",
        "range x from 1 to 3 step 1 | summarize percentile(x, 500)", "print datetime(9999-12-31) + 365000d", "print 99999999999999999999",
        "EmailEvents | take -1", "print 9223372036854775807 + 1", "print make_string(99999999)", "print binary_shift_left(1, 9999)",
        "print substring('abc', -99999999999, 99999999999)", "print unixtime_seconds_todatetime(1e30)", "print dynamic([1])[99999999999999]",
        "print tolong(pow(10, 400)), toint(1e300), 1e999, -1e999", "print bin(5, 0), bin(1.5, 0.0), bin(now(), 0s), 5 / 0, 5 % 0",
    ],
)  # fmt: skip
def test_values_beyond_every_bound_give_a_value_or_a_clear_error(mails, text):
    with suppress(WatchfloorError):
        asked(text)


# --- rights ----------------------------------------------------------------------------------------------------------------

READER = Actor("ada", "Ada", frozenset({Permission.EMAIL_METADATA_READ}))
WAYS = (
    "{T} | count", "table('{T}') | count", "database('x').{T} | count", "workspace('x').{T} | count", "let A = {T}; A | count", "let A = () {{ {T} }}; A | count",
    "let f = (t: (*)) {{ t | count }}; f({T})", "let A = materialize({T}); A | count", "let A = view () {{ {T} }}; A | count", "union {T} | count", "union (print 1), {T} | count",
    "union isfuzzy=true (print 1), {T} | count", "(print x = '') | join ({T} | extend x = '') on x | count", "(print x = '') | lookup ({T} | extend x = '') on x | count",
    "print x = toscalar({T} | count)", "print '' in ({T} | project TenantId)", "search in ({T}) '' | count", "find in ({T}) where true | count",
    "({T}) | count", "print a = dynamic([1]) | mv-apply a on (where 1 in ({T} | project 1))",
    "{T} | as A | union A | count", "{T} | partition by TenantId (count)",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_naming_a_table_goes_round_the_right_to_it(mails, way):
    with pytest.raises((Forbidden, KqlError)):
        asked(way.format(T="IdentityLogonEvents"), by=READER)


GUARD = parse_one("\"RecipientEmailAddress\" = 'person1@corp.example'", dialect="duckdb")


@pytest.mark.parametrize("way", WAYS)
def test_a_guard_of_rows_stands_below_every_way_of_naming_a_table(mails, way):
    """Every reading of the table is a scan, and every scan is read by one guarded step alone."""
    try:
        compiled = compile_query(
            way.format(T="EmailEvents"), catalogue=KqlTables(), now=NOON, hosts=Hosts(guards={"EmailEvents": GUARD})
        )
    except KqlError:
        return
    assert compiled.scans
    for scan in compiled.scans:
        readers = [
            table.find_ancestor(exp.Select) for table in compiled.tree.find_all(exp.Table) if table.name == scan.name
        ]
        assert len(readers) == 1
        assert GUARD.sql() in readers[0].args["where"].sql()


def test_a_guard_narrows_what_a_view_narrows_already():
    guard = parse_one("\"AccountUpn\" = 'ada'", dialect="duckdb")
    compiled = compile_query(
        "SigninLogs | count", catalogue=KqlTables(), now=NOON, hosts=Hosts(guards={"EntraIdSignInEvents": guard})
    )
    [reader] = [table.find_ancestor(exp.Select) for table in compiled.tree.find_all(exp.Table) if table.name == "scan1"]
    assert guard.sql() in reader.args["where"].sql()


def test_star_reads_only_what_the_reader_may_see(mails):
    services.append("IdentityLogonEvents", [{"Timestamp": NOON, "AccountUpn": "secret@corp.example"}])
    for text in (
        "search 'secret' | count",
        "union * | count",
        "union withsource=t Email*, Identity* | distinct t",
        "find 'secret' | count",
    ):
        try:
            assert "secret" not in str(asked(text, by=READER))
        except (Forbidden, KqlError):
            continue
    assert asked("search 'secret' | count", by=READER) == [(0,)]


def test_a_row_more_than_allowed_is_told(mails):
    answer = selectors.hunt("range x from 1 to 100 step 1", now=NOON, limit=100)
    assert not answer.truncated
    answer = selectors.hunt("range x from 1 to 101 step 1", now=NOON, limit=100)
    assert (answer.truncated, answer.table.num_rows) == (True, 100)
    assert selectors.hunt("EmailEvents | where false", now=NOON).table.num_rows == 0
