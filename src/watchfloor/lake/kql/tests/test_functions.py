"""Functions, each by what Kusto's documentation says of it."""

import json
from datetime import UTC, datetime

import pytest

from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.tests.tables import NOW, Tables

HOUR = 36_000_000_000


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("array_sort_asc(dynamic([3, null, 1]))", [1, 3, None]),
        ("array_sort_asc(dynamic(['b', null, 'a']), false)", [None, "a", "b"]),
        ("array_sort_desc(dynamic(['b', null, 'a']))", ["b", "a", None]),
        ("array_sort_asc(dynamic([10, 9, 100]))", [9, 10, 100]),
        ("array_concat(dynamic([1]), dynamic([2, 3]))", [1, 2, 3]),
        ("array_slice(dynamic([1, 2, 3, 4]), 1, 2)", [2, 3]),
        ("array_slice(dynamic([1, 2, 3, 4]), -2, -1)", [3, 4]),
        ("array_reverse(dynamic([1, 2]))", [2, 1]),
        ("array_shift_left(dynamic([1, 2, 3]), 1)", [2, 3, None]),
        ("array_shift_right(dynamic([1, 2, 3]), 1, 0)", [0, 1, 2]),
        ("array_rotate_left(dynamic([1, 2, 3]), 1)", [2, 3, 1]),
        ("array_rotate_right(dynamic([1, 2, 3]), 4)", [3, 1, 2]),
        ("array_split(dynamic([1, 2, 3, 4]), 1)", [[1], [2, 3, 4]]),
        ("array_split(dynamic([1, 2, 3, 4]), dynamic([1, -1]))", [[1], [2, 3], [4]]),
        ("array_iff(dynamic([true, false]), dynamic([1, 2]), dynamic([3, 4]))", [1, 4]),
        ("array_iff(dynamic([true, false]), 'yes', 'no')", ["yes", "no"]),
        ("set_union(dynamic([2, 1, 2]), dynamic([3]))", [2, 1, 3]),
        ("set_intersect(dynamic([1, 2, 3]), dynamic([3, 1]))", [1, 3]),
        ("set_difference(dynamic([1, 2, 3]), dynamic([2]))", [1, 3]),
        ("zip(dynamic([1, 2]), dynamic(['a', 'b']))", [[1, "a"], [2, "b"]]),
        ("range(1, 7, 3)", [1, 4, 7]),
        ("range(5, 1, -2)", [5, 3, 1]),
        ("range(1h, 2h)", ["01:00:00", "02:00:00"]),
        ("repeat('x', 3)", ["x", "x", "x"]),
        ("pack_array(1, 'a', dynamic({'b': 2}))", [1, "a", {"b": 2}]),
        ("split('a/b/c', '/')", ["a", "b", "c"]),
        ("split('a/b/c', '/', 1)", ["b"]),
        ("extract_all(@'(\\w)(\\d)', 'a1 b2')", [["a", "1"], ["b", "2"]]),
        ("extract_all(@'\\d+', 'a1 b22')", ["1", "22"]),
        ("unicode_codepoints_from_string('Aß')", [65, 223]),
        ("parse_command_line('echo \"hello world!\" /x', 'windows')", ["echo", "hello world!", "/x"]),
        (r"parse_command_line(@'run C:\dir\a.exe', 'windows')", ["run", "C:\\dir\\a.exe"]),
    ],
)
def test_arrays(value, expression, expected):
    assert json.loads(value(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("bag_pack('a', 1, 'b', 'x')", {"a": 1, "b": "x"}),
        ("bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': null}))", {"a": 1, "b": None}),
        ("bag_merge(dynamic({'a': {'x': 1}}), dynamic({'a': {'y': 2}}))", {"a": {"x": 1}}),
        ("bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['a', 'z']))", {"b": 2}),
        ("bag_set_key(dynamic({'a': 1}), 'b', 'x')", {"a": 1, "b": "x"}),
        ("bag_set_key(dynamic({'a': 1}), 'a', 2)", {"a": 2}),
        ("bag_zip(dynamic(['a', 5, 'b']), dynamic([1, 2]))", {"a": 1, "b": None}),
        ("bag_merge(dynamic({'a\"b': 1}), dynamic({'c\\\\d': 2}))", {'a"b': 1, "c\\d": 2}),
        ("parse_urlquery('?a=1&b=x%20y')", {"Query Parameters": {"a": "1", "b": "x%20y"}}),
        ("parse_json('{\"a\": [1]}')", {"a": [1]}),
    ],
)
def test_bags(value, expression, expected):
    assert json.loads(value(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("bag_has_key(dynamic({'a': null}), 'a')", True),
        ("bag_has_key(dynamic({'a': {'b': 1}}), '$.a.b')", True),
        ("bag_has_key(dynamic({'a': 1}), 'A')", False),
        ("set_has_element(dynamic([1, 2]), 2)", True),
        ("array_index_of(dynamic(['x', 'y']), 'y')", 1),
        ("array_length(dynamic({'a': 1}))", None),
        ("isnull(dynamic(null))", True),
        ("isempty(dynamic(null))", True),
        ("isnull('')", False),
        ("gettype(dynamic([1]))", "array"),
        ("gettype(dynamic({}))", "dictionary"),
        ("tostring(dynamic({'a': 'x'}).a)", "x"),
        ("tostring(dynamic([1, 2])[-1])", "2"),
        ("tostring(dynamic({'a': 1}).A)", ""),
        ("dynamic({'a': 'x'}).a == 'x'", True),
        ("toint(dynamic({'a': 5}).a) + 1", 6),
    ],
)
def test_what_stands_in_a_dynamic(value, expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("countof('aaaa', 'aa')", 3),
        ("countof('abcabc', 'a.c', 'regex')", 2),
        ("indexof_regex('abc123', @'\\d')", 3),
        ("indexof_regex('abc', @'\\d')", -1),
        ("indexof('abcabc', 'c', 3)", 5),
        ("substring('abc', -1)", "c"),
        ("substring('abc', 1, 9)", "bc"),
        ("replace_strings('a cat and a dog', dynamic(['cat', 'dog']), dynamic(['dog', 'pig']))", "a dog and a pig"),
        ("replace_regex('is 5', @'is (\\d+)', @'was \\1')", "was 5"),
        ("trim('-', '--a--')", "-a-"),
        ("trim('-+', '--a--')", "a"),
        ("trim_start('x+', 'xxax')", "ax"),
        ("strcat_delim('-', 1, 'a')", "1-a"),
        ("strcat_array(dynamic([1, 'a']), '->')", "1->a"),
        ("url_encode('a b/ä')", "a+b%2f%c3%a4"),
        ("url_encode_component('a b')", "a%20b"),
        ("url_decode('a%20b')", "a b"),
        ("base64_decode_tostring(base64_encode_tostring('Käse'))", "Käse"),
        ("hash_sha256('a')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("unicode_codepoints_to_string(75, dynamic([117, 115]))", "Kus"),
        ("tostring(parse_version('1.2.3.4') > parse_version('1.2.3'))", "True"),
        ("strcmp('a', 'b')", -1),
        ("has_any_index('the quick fox', dynamic(['slow', 'fox']))", 1),
        ("tostring(parse_url('https://u:p@h.example:81/p/q?x=1#f').Port)", "81"),
        ("tostring(parse_path(@'C:\\temp\\a.txt').Filename)", "a.txt"),
        ("tostring(parse_path('file://C:/temp/a.txt:b.exe').AlternateDataStreamName)", "b.exe"),
        ("translate('abc', 'xyz', 'cab')", "zxy"),
        ("reverse('abc')", "cba"),
        ("strrep('ab', 2)", "abab"),
        ("string_size('ä')", 2),
        ("tohex(255)", "ff"),
    ],
)
def test_texts(value, expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ipv4_is_match('192.168.1.1/24', '192.168.1.255')", True),
        ("ipv4_is_match('192.168.1.1', '192.168.1.255', 24)", True),
        ("ipv4_is_match('192.168.1.1', '192.168.1.255')", False),
        ("ipv4_compare('10.0.0.2', '10.0.0.1')", 1),
        ("ipv4_is_private('192.168.1.1/24')", True),
        ("ipv4_is_private('11.0.0.1')", False),
        ("ipv4_is_in_range('10.1.2.3', '10.0.0.0/8')", True),
        ("ipv4_is_in_any_range('10.1.2.3', '192.168.0.0/16', '10.0.0.0/8')", True),
        ("ipv4_is_in_any_range('10.1.2.3', dynamic(['192.168.0.0/16']))", False),
        ("parse_ipv4('127.0.0.1')", 2_130_706_433),
        ("parse_ipv4('192.168.1.7/24')", 3_232_235_776),
        ("parse_ipv4('300.1.1.1')", None),
        ("format_ipv4('192.168.1.255', 24)", "192.168.1.0"),
        ("format_ipv4_mask(3232236031, 24)", "192.168.1.0/24"),
        ("format_ipv4('no address', 24)", ""),
        ("has_ipv4('from 127.0.0.256 to', '127.0.0.256')", False),
        ("has_ipv4('from 127.0.0.1;', '127.0.0.1')", True),
        ("has_ipv4('from 1127.0.0.1', '127.0.0.1')", False),
        ("has_any_ipv4('from 10.0.0.1', dynamic(['1.1.1.1', '10.0.0.1']))", True),
        ("has_ipv4_prefix('from 10.7.0.1 on', '10.7.')", True),
        ("has_ipv4_prefix('from 10.70.0.1 on', '10.7')", False),
        ("has_any_ipv4_prefix('at 192.168.4.5', '10.', '192.168.')", True),
        ("ipv6_is_match('fe80::1/120', 'fe80::7f')", True),
        ("ipv6_is_match('fe80::1', 'fe80::2')", False),
        ("ipv6_compare('::ffff:192.168.1.1', '192.168.1.1')", 0),
        ("ipv6_is_in_range('fd00::5', 'fd00::/8')", True),
        ("ipv6_is_in_any_range('2001:db8::1', 'fe80::/10', '2001:db8::/32')", True),
        ("parse_ipv6('fe80::1')", "fe80:0000:0000:0000:0000:0000:0000:0001"),
        ("parse_ipv6('192.168.255.255/24')", "0000:0000:0000:0000:0000:ffff:c0a8:ff00"),
        ("parse_ipv6('fe80::1::2')", ""),
    ],
)
def test_addresses(value, expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("datetime_diff('week', datetime(2017-10-29), datetime(2017-09-30 23:59))", 5),
        ("datetime_diff('week', datetime(2026-11-01), datetime(2026-10-31))", 1),
        ("datetime_diff('month', datetime(2017-01-01), datetime(2015-12-30))", 13),
        ("datetime_diff('hour', datetime(2017-10-31 01:00), datetime(2017-10-30 23:59))", 2),
        ("datetime_part('month', datetime(2026-03-04))", 3),
        ("datetime(2026-01-02) - datetime(2026-01-01)", 24 * HOUR),
        ("bin(7.5h, 1h)", 7 * HOUR),
        ("bin(-7, 5)", -10),
        ("bin(4.5, 1)", 4.0),
        ("totimespan('1.02:03:04.5')", 26 * HOUR + 1_845_000_000),
        ("tostring(-1h)", "-01:00:00"),
        ("format_timespan(26h, 'd.hh:mm:ss')", "1.02:00:00"),
        ("format_datetime(datetime(2026-01-02 03:04:05.678), 'yyyy/MM/dd HH:mm:ss.fff')", "2026/01/02 03:04:05.678"),
        ("monthofyear(datetime(2026-03-04))", 3),
        ("todatetime('no date')", None),
        ("tostring(datetime(2026-01-02))", "2026-01-02T00:00:00.0000000Z"),
        ("endofday(datetime(2026-01-02)) < datetime(2026-01-03)", True),
        ("make_datetime(2026, 13, 1)", None),
        ("unixtime_seconds_todatetime(0)", datetime(1970, 1, 1, tzinfo=UTC)),
        ("datetime_add('month', 1, datetime(2026-01-31))", datetime(2026, 2, 28, tzinfo=UTC)),
        ("startofmonth(datetime(2026-03-04), -1)", datetime(2026, 2, 1, tzinfo=UTC)),
        ("todatetime('12-02-2022')", datetime(2022, 12, 2, tzinfo=UTC)),
        ("now()", NOW),
        ("ago(1d)", datetime(2026, 10, 31, tzinfo=UTC)),
    ],
)
def test_times(value, expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tolong('1.5')", None),
        ("toint('0x1F')", 31),
        ("tolong(2.9)", 2),
        ("tobool('1')", True),
        ("tobool('maybe')", None),
        ("todouble('1e3')", 1000.0),
        ("tostring(1.0)", "1"),
        ("tostring(true)", "True"),
        ("toguid('0123456789abcdef0123456789abcdef')", "01234567-89ab-cdef-0123-456789abcdef"),
        ("max_of(1, 7, 3)", 7),
        ("min_of('b', 'a')", "a"),
        ("round(2.345, 2)", 2.35),
        ("1 / 0.0", float("inf")),
        ("7 / -2", -3),
        ("-7 % 3", 2),
        ("int(null) == int(null)", None),
        ("int(null) != 5", True),
        ("int(null) < 5", None),
        ("coalesce(int(null), 3)", 3),
        ("iff(int(null) == 1, 'a', 'b')", "b"),
        ("binary_shift_left(1, 4)", 16),
        ("sqrt(-1)", None),
        ("True and not(FALSE)", True),
    ],
)
def test_numbers_and_conversions(value, expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "hash('a')",
        "hash_xxhash64('a')",
        "parse_user_agent('a', 'browser')",
        "parse_xml('<a/>')",
        "replace_strings('a', dynamic(['ab', 'a']), dynamic(['x', 'y']))",
        "parse_command_line('a', 'posix')",
        "extract(@'(?<=a)b', 0, 'ab')",
        "has_ipv4('x', strcat('1.1.1.', tostring(rand())))",
    ],
)
def test_what_cannot_be_right_is_refused(expression):
    with pytest.raises(KqlError) as refused:
        compile_query(f"print {expression}", catalogue=Tables(), now=NOW)
    assert refused.value.kind == "unsupported"


def test_an_array_of_range_has_at_most_what_kusto_gives(ask):
    assert ask("print r = range(1, 1000000000) | mv-expand r | count") == [(1_048_576,)]
