"""Functions of distances, units, encodings, clocks and places in texts, each by what Kusto's documentation prints for it."""

import json
from datetime import UTC, datetime

import pytest

from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.tests.tables import NOW, Tables

WORDS = 'dynamic(["this", "is", "an", "example", "an", "example"])'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("geo_distance_2points(-122.407628, 47.578557, -118.275287, 34.019056)", pytest.approx(1546754.35197381)),
        ("geo_distance_2points(300, 1, 1, 1)", None),
        ("geo_point_in_circle(-122.143564, 47.535677, -122.100896, 47.527351, 3500)", True),
        ("geo_point_in_circle(-122.137575, 47.630683, -122.100896, 47.527351, 3500)", False),
        ("geo_point_in_circle(1, 1, 1, 1, -1)", None),
        ("geo_azimuth(5, 10, 10, -40)", pytest.approx(3.05459939796449)),
        ("geo_azimuth(5, 10, 5, 10)", None),
        ("geo_angle(0, 10, 0, 5, 3, -10)", pytest.approx(2.94493843406882)),
        ("geo_angle(0, 10, 0, 10, 3, -10)", None),
        ("geo_point_to_geohash(-80.195829, 25.802215, 8)", "dhwfz15h"),
        ("geo_point_to_geohash(-122.303404, 47.570482)", "c23n8"),
        ("geo_point_to_geohash(200, 1, 8)", ""),
        ("geo_geohash_to_central_point('a')", None),
        ("convert_angle(1.2, 'Degree', 'Arcminute')", pytest.approx(72)),
        ("convert_energy(1.2, 'Joule', 'BritishThermalUnit')", pytest.approx(0.00113738054437598)),
        ("convert_force(1.2, 'Newton', 'Decanewton')", pytest.approx(0.12)),
        ("convert_length(1.2, 'Meter', 'Foot')", pytest.approx(3.93700787401575)),
        ("convert_mass(1.2, 'Kilogram', 'Pound')", pytest.approx(2.64554714621853)),
        ("convert_speed(1.2, 'MeterPerSecond', 'CentimeterPerHour')", pytest.approx(432000)),
        ("convert_temperature(1.2, 'Kelvin', 'DegreeCelsius')", pytest.approx(-271.95)),
        ("convert_volume(1.2, 'CubicMeter', 'AcreFoot')", pytest.approx(0.0009728568)),
        ("format_bytes(564)", "564 Bytes"),
        ("format_bytes(10332, 1)", "10.1 KB"),
        ("format_bytes(20010332)", "19 MB"),
        ("format_bytes(20010332, 2)", "19.08 MB"),
        ("format_bytes(20010332, 0, 'KB')", "19541 KB"),
        ("tohex(-256)", "ffffffffffffff00"),
        ("tohex(toint(-256), 8)", "ffffff00"),
        ("tohex(256, 8)", "00000100"),
        ("tohex(256, 2)", "100"),
        ("strrep(123, 3, '.')", "123.123.123"),
        ("strrep('a', 0, '.')", ""),
        ("base64_encode_fromguid(toguid('ae3133f2-6e22-49ae-b06a-16e6a9b212eb'))", "8jMxriJurkmwahbmqbIS6w=="),
        ("base64_decode_toguid('8jMxriJurkmwahbmqbIS6w==')", "ae3133f2-6e22-49ae-b06a-16e6a9b212eb"),
        ("base64_encode_fromarray(dynamic([75, 117, 115, 116, 111]))", "S3VzdG8="),
        ("base64_encode_fromarray(dynamic([300]))", ""),
        ("ipv4_netmask_suffix('192.168.1.1/24')", 24),
        ("ipv4_netmask_suffix('10.1.2.3')", 32),
        ("ipv4_netmask_suffix('x')", None),
        ("parse_ipv4_mask('192.168.1.7', 24)", 3232235776),
        ("parse_ipv6_mask('fe80::85d:e82c:9446:7994', 120)", "fe80:0000:0000:0000:085d:e82c:9446:7900"),
        ("around(datetime(2021-01-01 01:29), datetime(2021-01-01 01:30), 1m)", True),
        ("around(5, 3, 1)", False),
    ],
)
def test_values(value, expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"array_index_of({WORDS}, 'an')", 2),
        (f"array_index_of({WORDS}, 'example', 1, 3)", 3),
        (f"array_index_of({WORDS}, 'example', 1, 2)", -1),
        (f"array_index_of({WORDS}, 'is', 2, 4)", -1),
        (f"array_index_of({WORDS}, 'an', 1, -1, 2)", 4),
        (f"array_index_of({WORDS}, 'an', 1, -1, 3)", -1),
        (f"array_index_of({WORDS}, 'an', -3)", 4),
        ("indexof('abcdefg', 'cde', 1, 4)", 2),
        ("indexof('abcdefg', 'cde', 1, 2)", -1),
        ("indexof('abcdefg', 'cde', 3, 4)", -1),
        ("indexof('abcdefg', 'cde', -5)", 2),
        ("indexof(1234567, 5, 1, 4)", 4),
        ("indexof('abcdefgabcdefg', 'cde', 1, -1, 2)", 9),
        ("has_any_index('Example number 2', range(1, 3, 1))", 1),
        ("has_any_index('this is an example', split('not,found', ','))", -1),
        ("has_any_index('x', dynamic([]))", -1),
    ],
)
def test_places(value, expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("geo_geohash_to_central_point('sunny')", {"type": "Point", "coordinates": [42.47314453125, 23.70849609375]}),
        ("base64_decode_toarray('S3VzdG8=')", [75, 117, 115, 116, 111]),
        ("parse_csv('aa,\"b,b,b\",cc,\"Escaping quotes: \"\"Title\"\"\",\"line1\\nline2\"')", ["aa", "b,b,b", "cc", 'Escaping quotes: "Title"', "line1\nline2"]),
        ("parse_csv('record1,a,b,c\\nrecord2,x,y,z')", ["record1", "a", "b", "c"]),
        ("parse_csv('a,,c')", ["a", "", "c"]),
        ("bag_remove_keys(dynamic({'key1': 123, 'key2': {'prop1': 'abc', 'prop2': null}, 'key3': [1]}), dynamic(['$.key2.prop1', 'key3']))", {"key1": 123, "key2": {"prop2": None}}),
        ("bag_remove_keys(dynamic({'key1': 123}), dynamic(['$.other.prop']))", {"key1": 123}),
        ("bag_set_key(dynamic({'key1': 123, 'key2': {'prop1': 123, 'prop2': 'xyz'}}), '$.key2.prop1', 'abc')", {"key1": 123, "key2": {"prop1": "abc", "prop2": "xyz"}}),
        ("bag_set_key(dynamic({'key1': 123}), '$.key2.prop1', 'abc')", {"key1": 123, "key2": {"prop1": "abc"}}),
        ("array_sort_asc(dynamic([3, 1, 2]), dynamic(['c', 'a', 'b']))[1]", ["a", "b", "c"]),
    ],
)  # fmt: skip
def test_arrays_and_bags(value, expression, expected):
    assert json.loads(value(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("datetime_local_to_utc(datetime(2020-02-02 20:02:20), 'Europe/Paris')", datetime(2020, 2, 2, 19, 2, 20, tzinfo=UTC)),
        ("datetime_local_to_utc(datetime(2022-03-27 02:00), 'Europe/Brussels')", datetime(2022, 3, 27, 0, 0, tzinfo=UTC)),
        ("datetime_local_to_utc(datetime(2022-03-27 03:00), 'Europe/Brussels')", datetime(2022, 3, 27, 1, 0, tzinfo=UTC)),
        ("datetime_utc_to_local(datetime(2022-07-11 22:18:48), 'US/Pacific')", datetime(2022, 7, 11, 15, 18, 48, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_clocks_of_zones(value, expression, expected):
    assert value(expression) == expected


def test_several_arrays_are_sorted_by_the_first(ask):
    query = "print a = dynamic([1, 3, 2]), b = dynamic(['x', 'y', 'z']) | project array_sort_desc(a, b)"
    assert [name for name, _ in compile_query(query, catalogue=Tables(), now=NOW).columns] == ["a_sorted", "b_sorted"]
    assert [json.loads(cell) for cell in ask(query)[0]] == [[3, 2, 1], ["y", "z", "x"]]


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [("covariance(x, y)", 20.5), ("covariancep(x, y)", 16.4), ("covarianceif(x, y, x < 3)", -2.0), ("varianceif(x, x < 3)", 0.5), ("variancepif(x, x < 3)", 0.25)],
)  # fmt: skip
def test_covariances(ask, aggregate, expected):
    rows = "datatable(x: real, y: real) [1.0, 14.0, 2.0, 10.0, 3.0, 17.0, 4.0, 20.0, 5.0, 50.0]"
    assert ask(f"{rows} | summarize {aggregate}") == [(pytest.approx(expected),)]


def test_keys_and_values_come_by_an_expression_and_as_far_as_the_next_key(ask):
    people = "print s = 'name=John Doe phone=555 5555 city=New York'"
    kinds = "(name: string, phone: string, city: string)"
    separators = "pair_delimiter=' ', kv_delimiter='='"
    greedy = f"{people} | parse-kv s as {kinds} with ({separators}, greedy=true) | project-away s"
    assert ask(greedy) == [("John Doe", "555 5555", "New York")]
    pairs = """print s = '["referer: https://a/?h=1", "id: 7"]'"""
    regex = """parse-kv s as (id: long, referer: string, none: string) with (regex=@'"([\\w ]+)\\s*:\\s*([^"]*)"')"""
    assert ask(f"{pairs} | {regex} | project-away s") == [(7, "https://a/?h=1", "")]


def test_a_random_number_lies_below_the_one_that_is_named(ask):
    rows = "range x from 1 to 200 step 1 | extend r = rand(3), f = rand()"
    assert ask(f"{rows} | distinct r | sort by r asc") == [(0.0,), (1.0,), (2.0,)]
    assert ask(f"{rows} | where f < 0 or f >= 1 | count") == [(0,)]


def test_rows_near_those_that_fulfil_a_condition(ask):
    rows = "range x from 1 to 9 step 1 | sort by x asc | evaluate rows_near(x == 5, 1, 2)"
    assert sorted(ask(rows)) == [(4,), (5,), (6,), (7,)]
    with pytest.raises(KqlError, match="sort them first"):
        ask("range x from 1 to 9 step 1 | evaluate rows_near(x == 5, 1)")


def test_ipv6_lookup_finds_networks_of_both_kinds(ask):
    networks = 'let N = datatable(network: string, c: string) ["2001:db8::/32", "x", "10.0.0.0/8", "y"];'
    rows = f'{networks} datatable(ip: string) ["2001:db8::1", "10.1.2.3", "::1"] | evaluate ipv6_lookup(N, ip, network)'
    assert sorted(ask(rows)) == [("10.1.2.3", "10.0.0.0/8", "y"), ("2001:db8::1", "2001:db8::/32", "x")]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("convert_length(1, 'Meter', 'Cubit')", "no unit here; known are Meter"),
        ("datetime_utc_to_local(now(), 'Atlantis')", "no time zone"),
        ("indexof('a', 'b', 0, 5, 2)", "not supported"),
        ("bag_set_key(dynamic({}), '$.a[0]', 1)", "path"),
    ],
)
def test_refusals_say_what_is_wrong(expression, said):
    with pytest.raises(KqlError, match=said):
        compile_query(f"print {expression}", catalogue=Tables(), now=NOW)
