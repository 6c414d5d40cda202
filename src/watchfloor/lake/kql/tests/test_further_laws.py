"""More laws that hold whatever the data: every way of writing a text, logic with nulls, sets of rows, bins of moments."""

import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LAWFUL = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LETTERS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
WORDS = st.text("abcXYZäÄ019 -_.%\\'\"([{é中", max_size=10)
WHOLE = st.one_of(st.none(), st.integers(-9, 9))
ROWS = st.lists(st.tuples(WHOLE, WORDS), max_size=6)
MOMENTS = st.datetimes(datetime(1, 1, 8), datetime(9990, 1, 1))  # noqa: DTZ001 (Hypothesis adds no zone)
SPANS = st.integers(1, 40 * 86_400_000_000)


def escaped(text: str, quote: str) -> str:
    plain = "".join(
        letter if letter.isprintable() and letter not in "\\" + quote else f"\\U{ord(letter):08x}" for letter in text
    )
    return f"{quote}{plain}{quote}"


def verbatim(text: str, quote: str) -> str:
    return f"@{quote}{text.replace(quote, quote * 2)}{quote}"


FORMS = {
    "double": lambda text: escaped(text, '"'),
    "single": lambda text: escaped(text, "'"),
    "hidden double": lambda text: "h" + escaped(text, '"'),
    "hidden single": lambda text: "H" + escaped(text, "'"),
    "verbatim double": lambda text: verbatim(text, '"'),
    "verbatim single": lambda text: verbatim(text, "'"),
    "hidden verbatim": lambda text: "h" + verbatim(text, '"'),
    "block": lambda text: f"```{text}```" if "`" not in text and text[:1] not in "\r\n" else escaped(text, '"'),
    "tildes": lambda text: f"~~~{text}~~~" if "~" not in text and text[:1] not in "\r\n" else escaped(text, '"'),
    "in a bag": lambda text: f"tostring(dynamic({{'k': {json.dumps(text)}}}).k)",
    "in an array": lambda text: f"tostring(dynamic([{json.dumps(text, ensure_ascii=False)}])[0])",
    "as json": lambda text: f"tostring(parse_json({escaped(json.dumps([text]), chr(34))})[0])",
}


@pytest.mark.parametrize("form", FORMS)
@LAWFUL
@given(text=LETTERS)
def test_a_text_survives_every_way_of_writing_it(ask, form, text):
    assert ask(f"print {FORMS[form](text)}") == [(text,)]


@LAWFUL
@given(name=LETTERS.filter(bool))
def test_a_column_may_have_any_name(ask, name):
    held = f"[{escaped(name, chr(34))}]"
    assert ask(f"print {held} = 1 | extend other = {held} + 1 | where {held} == 1 | project {held}, other") == [(1, 2)]


# --- logic -----------------------------------------------------------------------------------------------------------------


def number(value: int | None) -> str:
    return "long(null)" if value is None else str(value)


def rows_of(rows: list[tuple[int | None, str]]) -> str:
    cells = ", ".join(f"{number(n)}, {escaped(t, chr(34))}" for n, t in rows)
    return f"datatable(n: long, t: string)[{cells}]"


def counted(ask, rows, condition: str) -> int:
    return int(ask(f"{rows_of(rows)} | where {condition} | count")[0][0])


CONDITIONS = st.sampled_from(
    ["n > 1", "n < m", "n == 2", "n != 2", "n between (-2 .. 2)", "isnull(n)", "t has 'a'", "t == ''", "t contains 'X'", "n in (1, 2)", "n == long(null)"]
)  # fmt: skip


@LAWFUL
@given(rows=ROWS, p=CONDITIONS, q=CONDITIONS)
def test_conditions_with_nulls_obey_de_morgan_and_a_double_no_is_none(ask, rows, p, q):
    data = rows_of(rows) + " | extend m = 1"
    same = [
        (f"not(not({p}))", p),
        (f"not(({p}) and ({q}))", f"not({p}) or not({q})"),
        (f"not(({p}) or ({q}))", f"not({p}) and not({q})"),
        (f"({p}) and ({q})", f"({q}) and ({p})"),
        (f"({p}) or (({p}) and ({q}))", p),
    ]
    shown = ", ".join(f"a{place} = {one}, b{place} = {other}" for place, (one, other) in enumerate(same))
    for row in ask(f"{data} | project {shown}"):
        assert row[::2] == row[1::2]


@LAWFUL
@given(rows=ROWS, word=WORDS, other=WORDS)
def test_text_operators_imply_one_another(ask, rows, word, other):
    one, two = escaped(word, '"'), escaped(other, '"')
    never = [
        f"t has {one} and t !contains {one}", f"t has_cs {one} and t !has {one}", f"t startswith {one} and t !contains {one}",
        f"t endswith {one} and t !contains {one}", f"t contains_cs {one} and t !contains {one}", f"t hasprefix {one} and t !contains {one}",
        f"t has {one} and not(t hasprefix {one} and t hassuffix {one})", f"t == {one} and t !~ {one}",
        f"(t =~ {one}) != (tolower(t) == tolower({one}))", f"(t in~ ({one}, {two})) != (t =~ {one} or t =~ {two})",
        f"(t in ({one}, {two})) != (t == {one} or t == {two})", f"(t has_any ({one}, {two})) != (t has {one} or t has {two})",
        f"(t has_all ({one}, {two})) != (t has {one} and t has {two})", f"(t has_any (pack_array({one}, {two}))) != (t has_any ({one}, {two}))",
        f"(t in (pack_array({one}, {two}))) != (t in ({one}, {two}))", f"(t has strcat({one}, t, '')) != (t has strcat({one}, t))",
    ]  # fmt: skip
    for condition in never:
        assert counted(ask, rows, condition) == 0, condition


@LAWFUL
@given(rows=ROWS, word=WORDS)
def test_every_operator_with_a_sign_of_denial_is_the_contrary(ask, rows, word):
    written = escaped(word, '"')
    plain = (
        "has",
        "has_cs",
        "hasprefix",
        "hassuffix",
        "contains",
        "contains_cs",
        "startswith",
        "startswith_cs",
        "endswith",
        "endswith_cs",
    )
    pairs = [(f"t {one} {written}", f"t !{one} {written}") for one in plain]
    pairs += [(f"t == {written}", f"t != {written}"), (f"t =~ {written}", f"t !~ {written}")]
    pairs += [(f"t {one} ({written})", f"t !{one} ({written})") for one in ("in", "in~")]
    pairs += [("n between (-2 .. 2) or isnull(n)", "n !between (-2 .. 2) and isnotnull(n)")]
    for yes, no in pairs:
        assert counted(ask, rows, f"({yes}) == ({no})") == 0, yes
        assert counted(ask, rows, yes) + counted(ask, rows, no) == len(rows), yes


@LAWFUL
@given(rows=ROWS, low=st.integers(-9, 9), high=st.integers(-9, 9))
def test_between_is_both_bounds(ask, rows, low, high):
    assert counted(ask, rows, f"n between ({low} .. {high})") == counted(ask, rows, f"n >= {low} and n <= {high}")
    assert counted(ask, rows, f"n between ({low} .. {high})") == sum(
        n is not None and low <= n <= high for n, _ in rows
    )


# --- sets of rows ----------------------------------------------------------------------------------------------------------


@LAWFUL
@given(left=ROWS, right=ROWS)
def test_union_adds_and_distinct_keeps_one_of_each(ask, left, right):
    one, two = rows_of(left), rows_of(right)
    assert Counter(ask(f"union ({one}), ({two})")) == Counter(left + right)
    assert Counter(ask(f"{one} | union ({two})")) == Counter(left + right)
    assert sorted(ask(f"{one} | distinct n, t"), key=repr) == sorted(set(left), key=repr)
    assert ask(f"{one} | distinct * | count") == ask(f"{one} | summarize by n, t | count")
    assert ask(f"union ({one}), ({one}) | distinct n, t | count") == [(len(set(left)),)]


@LAWFUL
@given(rows=ROWS)
def test_groups_are_what_python_counts(ask, rows):
    found = {
        key: tuple(values)
        for key, *values in ask(f"{rows_of(rows)} | summarize count(), sum(n), min(n), max(n), dcount(n) by t")
    }
    for key, group in itertools.groupby(sorted(rows, key=lambda row: row[1]), key=lambda row: row[1]):
        known = [n for n, _ in group]
        held = [n for n in known if n is not None]
        assert found.pop(key) == (
            len(known),
            sum(held),
            min(held, default=None),
            max(held, default=None),
            len(set(held)),
        )
    assert not found


@LAWFUL
@given(
    left=st.lists(st.tuples(WHOLE, st.sampled_from("abA")), max_size=5),
    right=st.lists(st.tuples(WHOLE, st.sampled_from("abA")), max_size=5),
)
def test_joins_on_two_keys_are_what_python_joins(ask, left, right):
    sides = f"let L = {rows_of(left)}; let R = {rows_of(right)};"

    def rows(kind: str) -> Counter[tuple[object, ...]]:
        return Counter(ask(f"{sides} L | join kind={kind} R on n, t"))

    pairs = [(*a, *b) for a in left for b in right if a == b]
    lonely, other = [a for a in left if a not in right], [b for b in right if b not in left]
    assert rows("inner") == Counter(pairs)
    assert rows("innerunique") == Counter((*a, *b) for a in dict.fromkeys(left) for b in right if a == b)
    assert rows("leftouter") == Counter(pairs + [(*a, None, "") for a in lonely])
    assert rows("rightouter") == Counter(pairs + [(None, "", *b) for b in other])
    assert rows("fullouter") == Counter(pairs + [(*a, None, "") for a in lonely] + [(None, "", *b) for b in other])
    assert rows("leftanti") == Counter(lonely)
    assert rows("rightsemi") == Counter(b for b in right if b in left)


@LAWFUL
@given(lists=st.lists(st.one_of(st.none(), st.lists(st.integers(0, 9), max_size=4)), min_size=1, max_size=4))
def test_a_list_expanded_has_its_elements_and_a_null_one_row(ask, lists):
    cells = ", ".join(f"{place}, dynamic({json.dumps(one)})" for place, one in enumerate(lists))
    found = ask(f"datatable(i: long, d: dynamic)[{cells}] | mv-expand d to typeof(long)")
    assert Counter(found) == Counter(
        (place, value) for place, one in enumerate(lists) for value in ([None] if one is None else one)
    )
    assert ask(f"datatable(i: long, d: dynamic)[{cells}] | summarize sum(array_length(d))") == [
        (sum(len(one or []) for one in lists),)
    ]


# --- moments ---------------------------------------------------------------------------------------------------------------


def moment(value: datetime) -> str:
    return f"datetime({value.isoformat()})"


@LAWFUL
@given(at=MOMENTS, span=SPANS)
def test_a_bin_holds_its_moment_and_is_its_own(ask, at, span):
    step = f"{span}microseconds"
    [(low, again, late)] = ask(f"let b = bin({moment(at)}, {step}); print b, bin(b, {step}), {moment(at)} - b")
    assert low == again
    assert low <= at.replace(tzinfo=UTC)
    assert 0 <= late < span * 10
    since = (low - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert since % span == 0


@LAWFUL
@given(at=MOMENTS, unit=st.sampled_from(["day", "week", "month", "year"]))
def test_a_moment_lies_between_the_edges_of_its_day_week_month_and_year(ask, at, unit):
    here = moment(at)
    [(start, end, next_start, of_end)] = ask(
        f"print startof{unit}({here}), endof{unit}({here}), startof{unit}({here}, 1), startof{unit}(endof{unit}({here}))"
    )
    assert start <= at.replace(tzinfo=UTC) <= end < next_start
    assert of_end == start
    assert (start.hour, start.minute, start.second, start.microsecond) == (0, 0, 0, 0)


@LAWFUL
@given(at=MOMENTS, span=st.integers(-(10**12), 10**12))
def test_moments_and_spans_add_up(ask, at, span):
    there = f"({moment(at)} + {span} * 1microsecond)"
    assert ask(
        f"print {there} - {moment(at)} == {span} * 1microsecond, {there} - {span} * 1microsecond == {moment(at)}"
    ) == [(True, True)]
    assert ask(
        f"print todatetime(tostring({moment(at)})) == {moment(at)}, totimespan(tostring({span} * 1microsecond)) == {span} * 1microsecond"
    ) == [(True, True)]
