"""A condition means the same in the engine and in memory, whatever people type; a query survives its address."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pyarrow as pa
import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors, services
from watchfloor.lake.arrow import to_arrow, to_rows
from watchfloor.lake.catalogue import table, tables
from watchfloor.lake.contracts import UNVALUED, Condition, Operator, Query
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.engines.source import Source
from watchfloor.lake.query import compile as trees
from watchfloor.lake.query.memory import matching
from watchfloor.lake.text import by_threat, cell_text, elements_of, fold, values_in

from .conftest import DAY, NOON, asked, mail

EQ = Operator.EQUAL_ANY
HARD = [
    "",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "\0",
    "a'b\"c",
    "İ",
    "ΑΣ",
    "ß",
    "ﬁ",
    ",",
    ", ",
    " ",
    "a, b",
    "%2c",
    "%25",
    "{",
    "Phish",
    "[",
    "]",
    '"]',
    '","',
    "u002c",
    "n",
    "\n",
    "/",
    "//",
]
texts = st.one_of(st.sampled_from(HARD), st.text(max_size=6), st.text(alphabet="aAbB'\"\\,[]%/:", max_size=5))
PATTERNS = (Operator.REGEX,)
"""Which only an engine reads."""
TEXT_OPERATORS = [one for one in Operator if one not in (Operator.GREATER, Operator.LESS, *PATTERNS)]
WRITTEN_OUT = (Operator.WILDCARD, Operator.EMPTY, Operator.NOT_EMPTY)
"""Whose values do not stand in the statement as they are."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    home = tmp_path_factory.mktemp("engine")
    return DuckEngine(lake=home / "lake", scratch=home / "scratch", memory="200MB")


def answer(engine, rows, query):
    """Rows the engine finds in an Arrow table of `rows`."""
    owner = table(query.table)
    stored = to_arrow(owner, rows)
    tree = trees.select(query, *map(trees.column, ("NetworkMessageId",)))
    found = engine.run(tree, {query.table: Source((), stored, stored.schema.empty_table())})
    return sorted(found.column(0).to_pylist())


several = st.lists(texts, max_size=3)
THREATS = st.sampled_from(["Phish", "Spam", "a", ""])
SHAPED = {
    "ThreatTypes": several,
    "Tags": several,
    "DetectionMethods": st.dictionaries(THREATS | texts, several, max_size=3),
    "ConfidenceLevel": st.dictionaries(THREATS | texts, texts, max_size=3),
}
"""Columns that hold several values in a cell, one of each shape."""


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.fixed_dictionaries(SHAPED), min_size=1, max_size=5),
    st.lists(
        st.tuples(st.sampled_from(sorted(SHAPED)), st.sampled_from(TEXT_OPERATORS), several.map(tuple)), max_size=3
    ),
    st.booleans(),
)
def test_cells_of_several_values_mean_the_same_in_engine_and_memory(engine, cells, conditions, any_of):
    rows = [mail(n, **cell, NetworkMessageId=f"id-{n}") for n, cell in enumerate(cells)]
    query = asked(*conditions, any_of=any_of)
    stored = to_rows(to_arrow(table("EmailEvents"), rows))
    for told in (rows, stored):
        in_memory = matching(told, conditions=query.conditions, any_of=any_of, table="EmailEvents")
        assert answer(engine, rows, query) == sorted(row["NetworkMessageId"] for row in in_memory)


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries(SHAPED))
def test_a_cell_of_several_values_is_read_as_it_was_written_and_written_once(cell):
    for name, value in cell.items():
        shape = table("EmailEvents").column(name).shape
        stored = cell_text(value, shape)
        assert elements_of(stored, shape) == elements_of(value, shape)
        assert cell_text(stored, shape) == stored


@pytest.mark.parametrize(
    ("column", "value", "stored", "read"),
    [
        ("ThreatTypes", ["Phish", "Spam"], "Phish, Spam", ("Phish", "Spam")),
        ("ThreatTypes", "Phish,Spam", "Phish, Spam", ("Phish", "Spam")),
        ("ThreatNames", ["Trojan, mild", "50%"], "Trojan%2c mild, 50%25", ("Trojan, mild", "50%")),
        (
            "DetectionMethods",
            {"Phish": ("URL malicious reputation", "Bulk"), "Spam": ["Bulk"], "Malware": []},
            '{"Phish":["URL malicious reputation","Bulk"],"Spam":["Bulk"]}',
            ("URL malicious reputation", "Bulk"),
        ),
        ("DetectionMethods", ["Bulk"], '{"":["Bulk"]}', ("Bulk",)),
        ("DetectionMethods", "{broken", '{"":["{broken"]}', ("{broken",)),
        ("ConfidenceLevel", {"Phish": "High", "Spam": "Normal"}, '{"Phish":"High","Spam":"Normal"}', ("High",)),
        ("ConfidenceLevel", {"Spam": "High"}, '{"Spam":"High"}', ()),
        ("ConfidenceLevel", {}, "", ()),
        ("Tags", ["VIP", "a,b"], '["VIP","a\\u002cb"]', ("VIP", "a,b")),
    ],
)
def test_each_column_is_written_as_defender_writes_it(column, value, stored, read):
    found = table("EmailEvents").column(column)
    assert cell_text(value, found.shape) == stored
    assert values_in(stored, found) == read


def test_what_is_said_of_each_threat_can_be_told_apart():
    assert by_threat('{"Phish":["a","a","b"],"Spam":["b"]}') == {"Phish": ("a", "b"), "Spam": ("b",)}
    assert by_threat('{"Phish":"High"}') == {"Phish": ("High",)}
    assert by_threat("") == {}
    assert values_in("a, b", table("EmailEvents").column("Subject")) == ("a, b",)
    assert values_in(None, table("EmailEvents").column("Subject")) == ()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(texts, st.lists(texts, max_size=3)), min_size=1, max_size=6),
    st.lists(
        st.tuples(
            st.sampled_from(["Subject", "RecipientEmailAddress", "ThreatTypes"]),
            st.sampled_from(TEXT_OPERATORS),
            st.lists(texts, max_size=3).map(tuple),
        ),
        max_size=3,
    ),
    st.booleans(),
)
def test_any_text_as_value_finds_the_same_rows_as_in_memory(engine, cells, conditions, any_of):
    rows = [
        mail(n, Subject=text, RecipientEmailAddress=text, ThreatTypes=list_of, NetworkMessageId=f"id-{n}")
        for n, (text, list_of) in enumerate(cells)
    ]
    query = asked(*conditions, any_of=any_of)
    in_memory = matching(rows, conditions=query.conditions, any_of=any_of, table="EmailEvents")
    assert answer(engine, rows, query) == sorted(row["NetworkMessageId"] for row in in_memory)


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, min_size=1, max_size=3).map(tuple), st.sampled_from(TEXT_OPERATORS))
def test_no_text_changes_the_shape_of_the_statement(values, operator):
    def shape(values):
        tree = trees.select(asked(("Subject", operator, values)), trees.column("Subject"))
        again = parse_one(tree.sql(dialect="duckdb"), dialect="duckdb")
        return [type(node) for node in again.walk()], [
            node.this for node in again.find_all(exp.Literal) if node.is_string
        ]

    kinds, literals = shape(values)
    plain_kinds, _ = shape(tuple("x" for _ in values))
    assert kinds == plain_kinds
    if operator not in WRITTEN_OUT:
        assert set(map(fold, values)) <= set(literals)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(texts, texts), min_size=1, max_size=5),
    st.lists(texts, min_size=1, max_size=2).map(tuple),
    st.sampled_from(TEXT_OPERATORS),
    st.sampled_from(["Url", "UrlPath", "UrlDomain"]),
)
def test_urls_match_the_same_in_engine_and_memory(engine, cells, values, operator, column):
    rows = [
        {"Timestamp": NOON, "NetworkMessageId": f"id-{n}", "Url": f"http://{one}", "UrlPath": two, "UrlDomain": two}
        for n, (one, two) in enumerate(cells)
    ]
    query = asked((column, operator, values), table="EmailUrlInfo")
    in_memory = matching(rows, conditions=query.conditions, table="EmailUrlInfo")
    assert answer(engine, rows, query) == sorted(row["NetworkMessageId"] for row in in_memory)


def test_a_domain_filter_ignores_slashes_around_it():
    row = {"Timestamp": NOON, "UrlDomain": "bad.example"}
    condition = Condition("UrlDomain", EQ, ("/BAD.example/",))
    assert matching([row], conditions=[condition], table="EmailUrlInfo") == [row]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("bad.example/a", True),
        ("BAD.example/a/", True),
        ("http://bad.example/a", True),
        ("https://bad.example/a", False),
        ("bad.example", False),
    ],
)
def test_a_url_filter_assumes_http_and_ignores_a_trailing_slash(typed, found):
    row = {"Timestamp": NOON, "Url": "http://bad.example/a/"}
    condition = Condition("Url", EQ, (typed,))
    assert bool(matching([row], conditions=[condition], table="EmailUrlInfo")) is found


def test_folding_is_what_the_engine_does_to_every_character(engine):
    characters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]
    rows = pa.table({"c": characters})
    tree = exp.select("c", exp.Lower(this=exp.column("c")).as_("l")).from_("EmailEvents")
    lowered = engine.run(tree, {"EmailEvents": Source((), rows, rows)}).to_pylist()
    assert [row["c"] for row in lowered if row["l"] != fold(row["c"])] == []


moments = st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=200, deadline=None)
@given(
    moments,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
    st.lists(
        st.tuples(
            st.sampled_from(["Subject", "SenderFromAddress", "EmailUrlInfo.Url"]),
            st.sampled_from(TEXT_OPERATORS),
            st.lists(st.one_of(texts, st.text(max_size=8)), min_size=1, max_size=3).map(tuple),
        ),
        max_size=3,
    ),
    st.booleans(),
)
def test_a_query_survives_its_address(start, length, conditions, any_of):
    made = tuple(
        Condition(
            column,
            operator,
            () if operator in UNVALUED else tuple(value.encode("utf-8", "replace").decode() for value in values),
        )
        for column, operator, values in conditions
    )
    query = Query("EmailEvents", start, start + length, made, any_of)
    assert selectors.query_from_parameters(QueryDict(selectors.parameters_of(query)), now=NOON) == query
    plain = parse_qs(selectors.parameters_of(query), keep_blank_values=True)
    assert plain["from"][0].endswith("Z")


def test_without_an_address_it_is_yesterday_and_today():
    query = selectors.query_from_parameters(QueryDict(""), now=NOON)
    assert (query.start, query.end) == (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
    assert query.conditions == ()


def test_choosing_every_value_is_not_filtering():
    every = ",".join(table("EmailEvents").column("EmailDirection").choices)
    query = selectors.query_from_parameters(QueryDict(f"f=EmailDirection~equal any of~{every}"), now=NOON)
    assert query.conditions == ()


@pytest.mark.parametrize(
    "address",
    [
        "f=Subject",
        "f=Subject~resembles~x",
        "f=Colour~equal any of~red",
        "f=UrlCount~greater than~many",
        "f=Subject~greater than~3",
        "f=UrlCount~contains any of~3",
        "f=ForwardedMessage~equal any of~maybe",
        "f=Nowhere.Subject~equal any of~x",
        "from=yesterday",
        "from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z",
        "from=1000-01-01T00:00:00Z",
    ],
)
def test_an_address_that_makes_no_sense_says_where(address):
    with pytest.raises(BadInput) as error:
        selectors.query_from_parameters(QueryDict(address), now=NOON)
    assert error.value.place


def test_a_query_says_itself_in_words():
    query = asked(
        ("SenderFromDomain", EQ, ("evil.example", "bad.example")),
        ("Subject", Operator.CONTAINS_NONE, ("invoice",)),
        ("EmailUrlInfo.UrlDomain", EQ, tuple("abcdefg")),
    )
    words = selectors.sentence(query)
    assert "from 19 Nov 2026 12:00 to 23 Nov 2026 12:00 UTC" in words
    assert "sender domain is any of “evil.example” or “bad.example” and subject does not contain “invoice”" in words
    assert "URL domain is any of “a” or “b” or “c” or “d” or “e” or 2 more" in words


def test_numbers_and_times_compare_as_such():
    rows = [mail(n, UrlCount=n) for n in range(4)]

    def found(*condition):
        return len(matching(rows, conditions=[Condition(*condition)], table="EmailEvents"))

    assert found("UrlCount", Operator.GREATER, ("1",)) == 2
    assert found("UrlCount", EQ, ("0", "3")) == 2
    assert found("Timestamp", Operator.LESS, (NOON.isoformat(),)) == 0
    assert found("ForwardedMessage", EQ, ("false",)) == 4


def test_memory_does_not_pretend_to_answer_across_tables():
    with pytest.raises(BadInput):
        matching([mail(1)], conditions=[Condition("EmailUrlInfo.Url", EQ, ("x",))], table="EmailEvents")


@pytest.mark.parametrize("owner", tables(), ids=lambda owner: owner.name)
def test_every_column_is_described_and_answers_a_filter(engine, owner):
    row = {"Timestamp": NOON}
    stored = to_arrow(owner, [row])
    for column in owner.columns:
        assert column.description, column.name
        value = {"int": "0", "long": "0", "real": "0", "bool": "false", "datetime": NOON.isoformat()}.get(
            column.type.value, ""
        )
        query = Query(owner.name, NOON, NOON + timedelta(seconds=1), (Condition(column.name, EQ, (value,)),))
        tree = trees.select(query, trees.column(column.name))
        events = to_arrow(table("EmailPostDeliveryEvents"), [row])
        sources = {"EmailPostDeliveryEvents": Source((), events, events), owner.name: Source((), stored, stored)}
        found = to_rows(engine.run(tree, sources))
        in_memory = matching(to_rows(stored), conditions=query.conditions, table=owner.name)
        assert len(found) == len(in_memory), column.name


@pytest.mark.parametrize("days", [0.0003, 0.01, 0.5, 1, 2, 7, 30, 90, 365, 3000])
def test_a_chart_without_a_step_has_24_to_120_points(days):
    from watchfloor.lake.charts import bucket_starts, step_for

    start = datetime(2026, 10, 23, 11, 7, 13, tzinfo=UTC)
    end = start + timedelta(days=days)
    assert 24 <= len(bucket_starts(start, end, step_for(start, end))) <= 120


MALWARE = Condition("ThreatTypes", EQ, ("Malware",))
EVIL = Condition("SenderFromDomain", EQ, ("evil.example",))
URGENT = Condition("Subject", Operator.CONTAINS_ANY, ("urgent",))


def test_required_conditions_hold_beside_any_of_the_others(engine):
    rows = [
        mail(SenderFromDomain="evil.example", ThreatTypes="Malware", Subject="a", NetworkMessageId="1"),
        mail(SenderFromDomain="good.example", ThreatTypes="Malware", Subject="urgent", NetworkMessageId="2"),
        mail(SenderFromDomain="good.example", ThreatTypes="Malware", Subject="b", NetworkMessageId="3"),
        mail(SenderFromDomain="evil.example", ThreatTypes="", Subject="urgent", NetworkMessageId="4"),
    ]
    query = Query("EmailEvents", NOON - DAY, NOON + DAY, (EVIL, URGENT), any_of=True, required=(MALWARE,))
    in_memory = matching(rows, conditions=query.conditions, any_of=True, table="EmailEvents", required=query.required)
    assert [row["NetworkMessageId"] for row in in_memory] == ["1", "2"]
    assert answer(engine, rows, query) == ["1", "2"]
    alone = Query("EmailEvents", NOON - DAY, NOON + DAY, any_of=True, required=(MALWARE,))
    assert answer(engine, rows, alone) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("conditions", "any_of", "words"),
    [
        (
            (EVIL, URGENT),
            True,
            "threat type is “Malware” and (sender domain is “evil.example” or subject contains “urgent”)",
        ),
        (
            (EVIL, URGENT),
            False,
            "threat type is “Malware” and sender domain is “evil.example” and subject contains “urgent”",
        ),
        ((EVIL,), True, "threat type is “Malware” and sender domain is “evil.example”"),
        ((), True, "threat type is “Malware”"),
    ],
)
def test_required_conditions_are_said_apart_from_the_alternatives(conditions, any_of, words):
    query = Query("EmailEvents", NOON - DAY, NOON + DAY, conditions, any_of, (MALWARE,))
    assert selectors.sentence(query).endswith(f" where {words}")


def test_required_conditions_survive_an_address_so_that_an_action_on_a_view_stays_within_it():
    query = Query("EmailEvents", NOON - DAY, NOON + DAY, (EVIL, URGENT), True, (MALWARE,))
    assert selectors.query_from_parameters(QueryDict(selectors.parameters_of(query)), now=NOON) == query


def test_very_many_values_are_one_leaf_and_find_the_same(lake, monkeypatch):
    services.append("EmailEvents", [mail(number, EmailClusterId=number) for number in range(6)])
    clusters = ("EmailClusterId", Operator.EQUAL_ANY, tuple(map(str, range(2, 500))))
    people = ("RecipientEmailAddress", Operator.EQUAL_ANY, tuple(f"PERSON{n}@corp.example" for n in range(1, 300)))
    odd = ("Subject", Operator.EQUAL_NONE, tuple(f'it\'s \\ "{n}" ü' for n in range(300)))
    for conditions in ([clusters], [people], [odd], [clusters, people], [clusters, odd]):
        many = selectors.rows(asked(*conditions), columns=["ReportId"])
        with monkeypatch.context() as patched:
            patched.setattr(trees, "FEW", 10_000)
            assert selectors.rows(asked(*conditions), columns=["ReportId"]) == many
        assert many
    tree = trees.select(asked(clusters))
    assert sum(1 for _ in tree.walk()) < 60
