"""A wrong rule is refused with its file and key."""

import pytest
import yaml

from watchfloor.detection.evaluation import evaluate
from watchfloor.detection.examples import matches
from watchfloor.detection.library import rules_folder
from watchfloor.detection.reading import Reader, read_rule
from watchfloor.detection.words import fill, items, listed, rule_words
from watchfloor.kernel.errors import BadInput

GOOD = {
    "id": "sample",
    "title": "Sample",
    "description": "A sample.",
    "story": "{Subject}",
    "severity": "low",
    "category": "InitialAccess",
    "table": "EmailEvents",
    "where": {"all": [{"column": "Subject", "operator": "contains any of", "values": ["x"]}]},
    "aggregate": {"by": ["SenderFromAddress"], "window": "1h"},
}


def read(**changes):
    return Reader("sample.yaml").rule({key: value for key, value in (GOOD | changes).items() if value is not None})


def condition(column, operator="equal any of", values=("x",)):
    return {"column": column, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"title": None}, "title"),
        ({"severity": "grave"}, "severity"),
        ({"colour": "red"}, "colour"),
        ({"where": None}, "where"),
        ({"where": {"all": [], "any": []}}, "where"),
        ({"where": {"all": [{"column": "Subject"}]}}, "where"),
        ({"where": {"all": [condition("Subject", "is like")]}}, "where"),
        ({"where": {"all": [condition("EmailUrlInfo.Url", "equal none of")]}}, "EmailUrlInfo.Url"),
        ({"aggregate": None}, "aggregate"),
        ({"aggregate": {"by": ["Subject"], "window": "soon"}}, "aggregate.window"),
        ({"entities": [{"column": "Subject", "type": "soul"}]}, "entities.type"),
        (
            {"threshold": {"distinct": "Subject", "at_least": 2, "group_by": "Subject", "window": "long"}},
            "threshold.window",
        ),
        ({"unusual": {"window": "1h", "baseline": "a fortnight", "least": 5}}, "unusual.baseline"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(changes, place):
    with pytest.raises(BadInput) as error:
        read(**changes)
    assert error.value.place.startswith("sample.yaml")
    assert place in error.value.place


def test_a_file_that_is_no_mapping_is_refused(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("- just\n- a list\n")
    with pytest.raises(BadInput):
        read_rule(path)


def test_nested_groups_hold_as_written():
    rule = read(
        where={
            "all": [
                condition("Subject", "contains any of", ["invoice"]),
                {
                    "any": [
                        condition("EmailDirection", values=["Inbound"]),
                        {"all": [condition("DeliveryAction", values=["Junked"])]},
                    ]
                },
            ]
        },
        hits=[
            {"row": {"Subject": "Your INVOICE", "EmailDirection": "Inbound"}},
            {"row": {"Subject": "invoice", "DeliveryAction": "Junked"}},
        ],
        misses=[{"row": {"Subject": "invoice"}}, {"row": {"Subject": "lunch", "EmailDirection": "Inbound"}}],
    )
    assert all(matches(rule, example) for example in rule.hits)
    assert not any(matches(rule, example) for example in rule.misses)
    assert rule_words(rule)[1].count(" or ") == 1


def test_the_same_rows_give_the_same_key_in_any_order():
    rule = read(where={"all": [condition("Subject", "contains any of", ["x"])]})
    example = Reader("x").example({"rows": [{"Subject": "x1"}, {"Subject": "x2", "NetworkMessageId": "m-2"}]})
    forward = matches(rule, example)
    backward = matches(rule, type(example)(example.says, example.rows[::-1], {}))
    assert {match.key for match in forward} == {match.key for match in backward}


def test_no_rows_match_nothing():
    rule = read()
    assert evaluate(rule, [], None) == []


@pytest.mark.parametrize(
    ("column", "value", "texts"),
    [
        ("ThreatTypes", "Phish, Spam", ("Phish", "Spam")),
        ("ThreatTypes", ["Phish"], ("Phish",)),
        ("DetectionMethods", '{"Phish":["Bulk"],"Spam":["Bulk","General filter"]}', ("Bulk", "General filter")),
        ("ConfidenceLevel", '{"Phish":"High"}', ("High",)),
        ("Subject", '["a", "b"]', ('["a", "b"]',)),
        ("Subject", "one\x00two", ("one\ufffdtwo",)),
        ("EmailClusterId", 71, ("71",)),
        ("ThreatTypes", "", ()),
        ("Subject", None, ()),
    ],
)
def test_a_cell_gives_each_value_its_column_holds(column, value, texts):
    assert items({column: value}, column, "EmailEvents") == texts


def test_a_story_counts_and_lists():
    rows = [{"who": "a"}, {"who": "b"}, {"who": "c"}, {"who": "d"}, {"who": "a"}]
    text = fill(
        "{count} of {#who}: {who}; {gone}",
        lambda name: list(dict.fromkeys(r[name] for r in rows if name in r)),
        count=5,
    )
    assert text == "5 of 4: a, b, c and 1 more; (not known)"
    assert listed(["a"]) == "a"


def test_every_rule_file_stands_in_a_folder_of_its_area():
    for path in rules_folder().glob("*/*.yaml"):
        assert yaml.safe_load(path.read_text())["id"] == path.stem
