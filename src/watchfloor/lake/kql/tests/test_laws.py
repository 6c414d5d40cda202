"""Laws that hold whatever the data: a text stays a text, a condition and its contrary are everything."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LAWFUL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LETTERS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
WORDS = st.text("abcXYZ019 -_.%\\'\"([{é", max_size=10)
WHOLE = st.one_of(st.none(), st.integers(-50, 50))


def literal(text: str) -> str:
    """A text as KQL writes it."""
    plain = "".join(
        letter if letter.isprintable() and letter not in '"\\' else f"\\U{ord(letter):08x}" for letter in text
    )
    return f'"{plain}"'


def number(value: int | None) -> str:
    return "long(null)" if value is None else str(value)


def rows_of(values: list[tuple[int | None, str]]) -> str:
    return "datatable(n:long, t:string)[" + ", ".join(f"{number(n)}, {literal(t)}" for n, t in values) + "]"


ROWS = st.lists(st.tuples(WHOLE, WORDS), max_size=6)


@LAWFUL
@given(text=LETTERS)
def test_a_text_survives_the_way_into_the_engine(ask, text):
    assert ask(f"print {literal(text)}") == [(text,)]


@LAWFUL
@given(text=LETTERS)
def test_a_text_is_found_in_itself_by_every_operator(ask, text):
    written = literal(text)
    operators = [
        "==",
        "=~",
        "contains",
        "contains_cs",
        "startswith",
        "startswith_cs",
        "endswith",
        "endswith_cs",
        "has_cs",
    ]
    conditions = " and ".join(f"t {operator} {written}" for operator in operators)
    assert ask(f"print t = {written} | where {conditions} and t in ({written}) and t in~ ({written}) | count") == [(1,)]


@LAWFUL
@given(text=LETTERS, around=LETTERS)
def test_a_text_is_replaced_and_split_as_it_is(ask, text, around):
    if not text:
        return
    whole = around + text + around
    found = ask(
        f"print replace_string({literal(whole)}, {literal(text)}, ''), tostring(split({literal(whole)}, {literal(text)})[0])"
    )
    assert found == [(whole.replace(text, ""), whole.split(text)[0])]


@LAWFUL
@given(rows=ROWS, word=WORDS, bound=st.integers(-50, 50))
def test_a_condition_and_its_contrary_are_all_rows(ask, rows, word, bound):
    data, written = rows_of(rows), literal(word)
    conditions = [
        f"t has {written}",
        f"t contains {written}",
        f"t == {written}",
        f"t in ({written}, 'a')",
        f"n == {bound}",
        f"n != {bound}",
    ]
    for condition in conditions:
        [(yes,)] = ask(f"{data} | where {condition} | count")
        [(no,)] = ask(f"{data} | where not({condition}) | count")
        assert yes + no == len(rows), condition


@LAWFUL
@given(rows=ROWS, word=WORDS)
def test_what_has_a_term_contains_it(ask, rows, word):
    data, written = rows_of(rows), literal(word)
    assert ask(f"{data} | where t has {written} and t !contains {written} | count") == [(0,)]


@LAWFUL
@given(rows=ROWS, word=WORDS)
def test_negated_operators_are_the_contrary(ask, rows, word):
    data, written = rows_of(rows), literal(word)
    for operator in ("has", "contains", "startswith", "endswith"):
        assert ask(f"{data} | where (t {operator} {written}) == (t !{operator} {written}) | count") == [(0,)]


@LAWFUL
@given(left=st.lists(WHOLE, max_size=5), right=st.lists(WHOLE, max_size=5))
def test_join_kinds_keep_as_many_rows_as_they_say(ask, left, right):
    sides = f"let L = datatable(k:long)[{', '.join(map(number, left))}]; let R = datatable(k:long)[{', '.join(map(number, right))}];"

    def count(kind: str) -> int:
        return int(ask(f"{sides} L | join kind={kind} R on k | count")[0][0])

    pairs = sum(1 for a in left for b in right if a == b)
    alone = sum(1 for a in left if a not in right)
    other = sum(1 for b in right if b not in left)
    once = sum(1 for a in set(left) for b in right if a == b)
    assert count("inner") == pairs
    assert count("innerunique") == once
    assert count("leftouter") == pairs + alone
    assert count("rightouter") == pairs + other
    assert count("fullouter") == pairs + alone + other
    assert count("leftanti") == alone
    assert count("leftsemi") == len(left) - alone
    assert count("rightanti") == other


@LAWFUL
@given(rows=ROWS)
def test_columns_survive_being_renamed_and_moved(ask, rows):
    data = rows_of(rows)
    there = f"{data} | project-rename a = n | extend b = t | project-away t | project-rename n = a, t = b | project-reorder n, t"
    assert sorted(map(str, ask(there))) == sorted(map(str, ask(data)))


@LAWFUL
@given(rows=ROWS)
def test_groups_add_up_to_the_whole(ask, rows):
    data = rows_of(rows)
    assert ask(f"{data} | summarize c = count() by t | summarize sum(c)") == [(len(rows),)]


@LAWFUL
@given(rows=ROWS, count=st.integers(0, 7))
def test_the_first_of_an_order_are_the_smallest(ask, rows, count):
    found = [row[0] for row in ask(f"{rows_of(rows)} | sort by n asc nulls last | take {count} | project n")]
    known = sorted(n for n, _ in rows if n is not None)
    assert [n for n in found if n is not None] == known[: len([n for n in found if n is not None])]
    assert len(found) == min(count, len(rows))
