"""Correlations: events counted, values counted, rules that all hit, in order or not, within a time that slides."""

from datetime import timedelta

import pytest
import yaml

from watchfloor.hunting.sigma.converting import convert
from watchfloor.hunting.sigma.rules import Kind

from .sigma_trial import NOON, answer, rule

SIGN_IN = {"product": "azure", "service": "signinlogs"}
FAILED = rule({"ResultType|gt": 0}, logsource=SIGN_IN, name="failed", title="Failed")
WORKED = rule({"ResultType": 0}, logsource=SIGN_IN, name="worked", title="Worked")
REPORTED = rule({"eventType": "reported"}, logsource={"product": "okta", "service": "okta"}, name="reported")


def correlation(kind, rules, *, timespan="5m", group=("UserPrincipalName",), **more):
    said = {"type": kind, "rules": list(rules), "group-by": list(group), "timespan": timespan} | more
    return yaml.safe_dump(
        {"title": "Together", "id": "0f06a3a5-6a09-413f-8743-e6cf35561297", "level": "high", "correlation": said}
    )


def only(*texts):
    """The one rule that these files make, a correlation; what it counts is no rule of its own."""
    made, refused = convert({f"{number}.yml": text for number, text in enumerate(texts)})
    assert not refused, refused
    assert [one.kind for one in made] == [Kind.CORRELATION], [one.title for one in made]
    return made[0]


def refusal(*texts):
    made, refused = convert({f"{number}.yml": text for number, text in enumerate(texts)})
    assert not any(one.kind is Kind.CORRELATION for one in made)
    return refused[0]


def at(seconds, who="ann@corp.example", code=1, **more):
    """A sign-in so many seconds after noon."""
    return {"Timestamp": NOON + timedelta(seconds=seconds), "AccountUpn": who, "ErrorCode": code, **more}


def answers(made, rows, **others):
    """(whoever it is grouped by, seconds after noon of the last event, measure) of what the correlation finds."""
    found = answer(made, {"EntraIdSignInEvents": rows, **others})
    return sorted(
        (
            tuple(value for name, value in row.items() if name not in ("Timestamp", "FirstEvent", "Measure")),
            (row["Timestamp"] - NOON).total_seconds(),
            row.get("Measure"),
        )
        for row in found
    )


def test_events_are_counted_for_each_of_a_group():
    made = only(FAILED, correlation("event_count", ["failed"], condition={"gte": 3}))
    assert (made.table, made.seconds, made.entities) == ("EntraIdSignInEvents", 300, (("AccountUpn", "impacted"),))
    rows = [at(0), at(100), at(200), at(0, "bob@corp.example"), at(50, code=0), at(60, "bob@corp.example")]
    assert answers(made, rows) == [(("ann@corp.example",), 200, 3)]


def test_the_time_slides_so_that_no_edge_of_the_clock_cuts_it():
    made = only(FAILED, correlation("event_count", ["failed"], condition={"gte": 3}))
    assert answers(made, [at(250), at(299), at(301)]) == [(("ann@corp.example",), 301, 3)]
    assert answers(made, [at(0), at(150), at(300)]) == [(("ann@corp.example",), 300, 3)]
    assert answers(made, [at(0), at(150), at(301)]) == []


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"gt": 2}, True),
        ({"gt": 3}, False),
        ({"gte": 3}, True),
        ({"eq": 3}, True),
        ({"lt": 2}, True),
        ({"neq": 3}, True),
    ],
)
def test_a_count_is_compared_as_the_condition_says(condition, found):
    made = only(FAILED, correlation("event_count", ["failed"], condition=condition))
    assert bool(answers(made, [at(0), at(1), at(2)])) is found


def test_without_a_group_everything_counts_together():
    made = only(FAILED, correlation("event_count", ["failed"], group=(), condition={"gte": 2}))
    assert answers(made, [at(0), at(1, "bob@corp.example")]) == [((), 1, 2)]


def test_different_values_are_counted_once_each():
    made = only(
        FAILED,
        correlation("value_count", ["failed"], group=["IPAddress"], condition={"gte": 3, "field": "UserPrincipalName"}),
    )
    rows = [at(n, f"{who}@corp.example", IPAddress="203.0.113.7") for n, who in enumerate(["ann", "bob", "ann", "bob"])]
    assert answers(made, rows) == []
    more = at(9, "cid@corp.example", IPAddress="203.0.113.7")
    assert answers(made, [*rows, more]) == [(("203.0.113.7",), 9, 3)]
    assert answers(made, [*rows, {**more, "AccountUpn": ""}]) == []
    assert answers(made, [*rows, {**more, "IPAddress": ""}]) == []


@pytest.mark.parametrize(
    ("kind", "condition", "measure"),
    [
        ("value_sum", {"gte": 6}, 6.0),
        ("value_avg", {"gte": 2}, 2.0),
        ("value_median", {"gte": 2}, 2.0),
        ("value_percentile", {"gte": 3, "percentile": 90}, 3.0),
    ],
)
def test_values_are_added_and_averaged(kind, condition, measure):
    made = only(FAILED, correlation(kind, ["failed"], condition={**condition, "field": "ResultType"}))
    ((_, _, found),) = answers(made, [at(0, code=1), at(0, code=2), at(0, code=3)])
    assert found == pytest.approx(measure)


def test_all_rules_must_find_something_in_any_order():
    made = only(FAILED, WORKED, correlation("temporal", ["failed", "worked"]))
    assert answers(made, [at(10, code=0), at(20)]) == [(("ann@corp.example",), 20, 2)]
    assert answers(made, [at(10), at(20)]) == []
    assert answers(made, [at(10, code=0), at(20, "bob@corp.example")]) == []
    assert answers(made, [at(10, code=0), at(400)]) == []


def test_rules_must_follow_one_another():
    made = only(FAILED, WORKED, correlation("temporal_ordered", ["failed", "worked"]))
    assert answers(made, [at(10), at(20, code=0)]) == [(("ann@corp.example",), 20, None)]
    assert answers(made, [at(10, code=0), at(20)]) == []
    assert answers(made, [at(10), at(311, code=0)]) == []


def test_three_rules_follow_one_another_within_the_whole_time():
    third = rule({"ResultType": 0, "AppDisplayName": "Graph"}, logsource=SIGN_IN, name="third")
    made = only(FAILED, WORKED, third, correlation("temporal_ordered", ["failed", "worked", "third"]))
    end = at(300, code=0, Application="Graph")
    assert answers(made, [at(0), at(299, code=0), end]) == [(("ann@corp.example",), 300, None)]
    assert answers(made, [at(0), at(299, code=0), {**end, "Timestamp": NOON + timedelta(seconds=301)}]) == []
    assert answers(made, [at(0), at(1, code=0, Application="Other"), end]) == [(("ann@corp.example",), 300, None)]


def test_a_condition_in_words_says_which_rules_and_which_not():
    made = only(FAILED, WORKED, correlation("temporal", ["failed", "worked"], condition="failed and not worked"))
    assert [who for (who,), _, _ in answers(made, [at(0), at(1, code=0), at(0, "bob@corp.example")])] == [
        "bob@corp.example"
    ]


def test_an_alias_joins_fields_of_different_names_and_tables():
    aliases = {"who": {"failed": "UserPrincipalName", "reported": "actor.alternateId"}}
    made = only(FAILED, REPORTED, correlation("temporal", ["failed", "reported"], group=["who"], aliases=aliases))
    raw = {"eventType": "reported", "actor": {"alternateId": "ann@corp.example"}}
    event = {"Timestamp": NOON, "Application": "Okta", "RawEventData": raw}
    assert answers(made, [at(3), at(4, "bob@corp.example")], CloudAppEvents=[event]) == [(("ann@corp.example",), 3, 2)]


def test_a_rule_that_is_counted_may_be_a_rule_of_its_own_too():
    made, refused = convert(
        {"a.yml": FAILED + "---\n" + correlation("event_count", ["failed"], condition={"gte": 3}, generate=True)}
    )
    assert not refused
    assert sorted(one.kind for one in made) == [Kind.CORRELATION, Kind.RULE]


def test_what_cannot_be_counted_is_refused_with_the_reason():
    condition = {"gte": 3}
    assert "missing" in refusal(FAILED, correlation("event_count", ["missing"], condition=condition)).words
    gone = refusal(FAILED, correlation("event_count", ["failed"], group=["nothing.here"], condition=condition))
    assert gone.field == "nothing.here"
    long = refusal(FAILED, correlation("event_count", ["failed"], timespan="1y", condition=condition))
    assert long.field == "timespan"
    half = refusal(FAILED, WORKED, correlation("temporal_ordered", ["failed", "worked"], condition={"gte": 1}))
    assert "one after the other" in half.words
    inner = correlation("event_count", ["failed"], condition=condition).replace(
        "title: Together", "title: Inner\nname: inner"
    )
    outer = correlation("event_count", ["inner"], condition=condition).replace("0f06a3a5", "1f06a3a5")
    found = convert({"a.yml": FAILED, "b.yml": inner, "c.yml": outer})[1]
    assert any("a correlation itself" in one.words for one in found)
