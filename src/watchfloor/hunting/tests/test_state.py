"""The address is the state: what is read from it, what is written to it, and what odd addresses mean."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.http import QueryDict

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.explorer.filters import raw_of, read_filter, typed_condition, typed_words
from watchfloor.hunting.explorer.page import sentence, shell
from watchfloor.hunting.explorer.state import read_state
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import Condition, Group, Operator
from watchfloor.lake.selectors import query_from_parameters

NOW = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)
EVIL = Condition("SenderFromDomain", Operator.EQUAL_ANY, ("evil.example",))


def state(address: str = ""):
    return read_state(QueryDict(address), now=NOW)


def again(found):
    """The state that a state's own address gives."""
    return state(urlsplit(found.address()).query)


def test_more_filters_than_a_person_sets_are_refused_rather_than_dropped():
    with pytest.raises(BadInput, match="at most 50 filters"):
        state("&".join(["f=Subject~contains any of~a"] * 51))


@pytest.mark.parametrize(
    "times", ["from=0001-01-01T00:00%2B23:59&to=0002-01-01T00:00", "from=1990-01-01&to=2026-01-01"]
)
def test_a_time_beyond_all_mail_is_said_where_it_was_typed(times):
    found = state(times)
    assert found.range_error
    assert found.preset


@pytest.mark.parametrize("editing", ["²", "9" * 5000, "-1", "7"])
def test_a_filter_that_is_not_there_is_not_edited(editing):
    assert shell(state("f=Subject~contains any of~a"), editing=editing)["editing"] == ""


def test_an_empty_address_is_all_mail_of_the_last_two_days_by_delivery_action():
    found = state()
    assert (found.view.key, found.pivot.column, found.tab.key, found.page) == (
        "all-email",
        "DeliveryAction",
        "email",
        1,
    )
    assert found.end - found.start == timedelta(days=2)
    assert found.query.conditions == ()


def test_a_preset_ends_with_the_running_minute():
    assert state("range=24h").end == datetime(2026, 11, 22, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "view=phish&range=7d&pivot=SenderFromDomain&tab=urls",
        "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&match=any&page=3&sort=Subject&order=asc",
        "pick=query&except=a%7Cb&except=c%7Cd",
    ],
)
def test_a_state_survives_its_own_address(address):
    found = state(address)
    assert again(found) == found


def test_a_filter_survives_with_every_odd_character():
    odd = Condition("Subject", Operator.CONTAINS_ANY, ("a,b~c", "100%", "é&=?#+ |", "\u202e"))
    found = state().with_filter(odd)
    assert again(found).conditions == (odd,)


def test_the_link_to_exactly_this_names_fixed_times():
    pairs = dict(parse_qsl(urlsplit(replace(state("range=7d"), preset=None).address()).query))
    assert pairs["from"] == "2026-11-15T12:31:00Z"
    assert "range" not in pairs


@pytest.mark.parametrize("address", ["page=0", "page=-1", "page=x", "page=99999999999", "page=²"])
def test_an_odd_page_is_a_page(address):
    assert 1 <= state(address).page <= 100_000


@pytest.mark.parametrize("address", ["view=x", "tab=x", "pivot=x", "sort=x", "sort=ReportId", "range=x"])
def test_unknown_words_fall_back_to_the_default(address):
    assert state(address) == state()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("from=yesterday&to=2026-11-02", "must look like"),
        ("from=2026-11-03&to=2026-11-02", "end must lie after"),
        ("from=2026-11-02&to=2026-11-02", "end must lie after"),
    ],
)
def test_a_wrong_time_is_told_and_the_default_shown(address, words):
    found = state(address)
    assert words in found.range_error
    assert found.preset is not None


def test_a_time_without_zone_is_utc():
    assert state("from=2026-11-01T10:00&to=2026-11-02T10:00").start == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_a_views_own_condition_holds_beside_any_of_the_persons_own():
    found = state("view=malware&match=any&f=Subject~contains any of~a&f=Subject~contains any of~b")
    assert found.query.any_of
    assert [one.values for one in found.query.conditions] == [("a",), ("b",)]
    assert [one.values for one in found.query.required] == [("Malware",)]
    assert ("always", "ThreatTypes~equal%20any%20of~Malware") in found.query_parameters


def test_removing_a_filter_returns_to_the_first_page():
    found = state("page=4").with_filter(EVIL)
    assert found.page == 1
    assert found.without_filter(0).filters == ()


def test_the_same_filter_is_added_once():
    assert len(state().with_filter(EVIL).with_filter(EVIL).filters) == 1


def test_beside_several_alternatives_one_more_condition_stands_apart():
    other = Condition("Subject", Operator.CONTAINS_ANY, ("x",))
    both = state().with_filter(EVIL).with_filter(other)
    either = state(urlsplit(both.address(any_of=True)).query).with_filter(
        Condition("Spf", Operator.EQUAL_ANY, ("Fail",))
    )
    group, last = either.query.conditions
    assert isinstance(group, Group)
    assert group.any_of
    assert len(group.parts) == 2
    assert last == Condition("Spf", Operator.EQUAL_ANY, ("Fail",))
    assert not either.any_of


def test_an_action_on_the_whole_query_gets_the_lakes_own_parameters():
    found = state("view=phish&range=7d").with_filter(EVIL)
    encoded = QueryDict(mutable=True)
    for name, value in found.query_parameters:
        encoded.appendlist(name, value)
    assert query_from_parameters(encoded, now=NOW) == found.query


def test_the_state_is_said_in_words():
    found = state("view=phish&range=7d").with_filter(EVIL)
    assert sentence(found) == (
        "Mail that was judged to be phishing, of the last 7 days, "
        "where sender domain is “evil.example”; shown by delivery action."
    )


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ("nonsense", "column~operator~values"),
        ("Shoe~equal%20any%20of~x", "Shoe"),
        ("Subject~resembles~x", "there is no operator"),
        ("Subject~equal%20any%20of~", "no value is given"),
        ("EmailSize~greater%20than~big", "big"),
        ("x" * 9000, "longer than"),
    ],
)
def test_a_condition_that_cannot_be_used_says_why_at_its_own_place(raw, error):
    found = read_filter(raw)
    assert error in found.error
    assert found.condition is None


def test_a_faulty_condition_does_not_stop_the_others(db):
    found = state(f"f=nonsense&f={raw_of(EVIL)}")
    assert found.faulty
    assert found.conditions == (EVIL,)


def test_every_value_of_a_property_filters_nothing():
    found = read_filter("ThreatTypes~equal%20any%20of~Malware,Phish,Spam")
    assert (found.condition, found.error, found.words) == (None, "", "Threat type is anything")


def test_values_are_typed_with_commas_and_quotes_keep_a_comma():
    condition = typed_condition(
        column="Subject", operator="contains any of", typed=['invoice, "hello, you" ,, invoice']
    )
    assert condition.values == ("invoice", "hello, you")
    assert typed_words(condition.values) == 'invoice, "hello, you"'


@pytest.mark.parametrize(
    ("column", "operator", "words"),
    [
        ("", "equal any of", "choose a property"),
        ("Subject", "", "choose an operator"),
        ("EmailSize", "starts with", "does not fit Email size"),
    ],
)
def test_what_was_typed_wrong_is_told(column, operator, words):
    with pytest.raises(BadInput, match=words):
        typed_condition(column=column, operator=operator, typed=["x"])


def test_a_tag_stands_for_the_people_who_carry_it(db):
    director = system_actor("test", Permission.CONNECTION_MANAGE)
    people = [DirectoryEntry("ann@corp.example", "Ann", tags=(PRIORITY,)), DirectoryEntry("bo@corp.example", "Bo")]
    import_people(by=director, entries=people, source="test", now=NOW)
    found = read_filter(raw_of(Condition("Tags", Operator.EQUAL_ANY, (PRIORITY,))))
    assert found.condition == Condition("RecipientEmailAddress", Operator.EQUAL_ANY, ("ann@corp.example",))
    assert "Priority account" in found.words


def test_a_tag_that_nobody_carries_says_so(db):
    assert "nobody" in read_filter(raw_of(Condition("Tags", Operator.EQUAL_ANY, ("Ghost",)))).error
