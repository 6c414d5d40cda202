"""Rules over the rows of some time: many at once, the others one by one, and nothing stops the rest."""

import json
from datetime import timedelta

import pytest

from watchfloor.hunting.sigma import batch
from watchfloor.hunting.sigma.batch import evaluate, matches
from watchfloor.hunting.sigma.converting import convert
from watchfloor.lake import services

from .sigma_trial import NOON, OKTA, rule

HOUR = timedelta(hours=1)
SIGN_IN = {"product": "azure", "service": "signinlogs"}


def numbered(number, detection, **more):
    return rule(detection, id=f"00000000-0000-4000-8000-{number:012}", **more)


RULES = {
    "encoded.yml": numbered(1, {"Image|endswith": "\\powershell.exe", "CommandLine|contains": " -enc"}),
    "whoami.yml": numbered(2, {"CommandLine|contains": "whoami"}),
    "pattern.yml": numbered(3, {"CommandLine|re": "who.mi"}),
    "okta.yml": numbered(4, {"eventType": "user.lock", "target.displayName": "Ann"}, logsource=OKTA),
    "blocked.yml": numbered(5, {"ResultType": 53003}, logsource=SIGN_IN),
    "many.yml": numbered(6, {"ResultType": 50126}, logsource=SIGN_IN, name="wrong")
    + "---\n"
    + json.dumps(
        {
            "title": "Many wrong passwords",
            "id": "00000000-0000-4000-8000-000000000007",
            "correlation": {
                "type": "event_count",
                "rules": ["wrong"],
                "group-by": ["UserPrincipalName"],
                "timespan": "10m",
                "condition": {"gte": 3},
            },
        }
    ),
}


def short(found):
    """The rules by their last digit."""
    return sorted(int(key[-1]) for key in found)


@pytest.fixture
def rules(db, settings, tmp_path):
    """The rules of above, over a lake of its own with a few events."""
    settings.HOME = tmp_path
    made, refused = convert(RULES)
    assert not refused
    process = {"Timestamp": NOON, "ActionType": "ProcessCreated"}
    services.append(
        "DeviceProcessEvents",
        [
            {**process, "FolderPath": "C:\\x\\PowerShell.exe", "ProcessCommandLine": "powershell -Enc AAAA"},
            {**process, "FolderPath": "C:\\x\\cmd.exe", "ProcessCommandLine": "cmd /c WHOAMI; whoami"},
            {**process, "FolderPath": "C:\\x\\calc.exe", "ProcessCommandLine": "calc"},
            {**process, "ActionType": "OpenProcess", "ProcessCommandLine": "whoami"},
            {**process, "Timestamp": NOON - 2 * HOUR, "ProcessCommandLine": "whoami"},
        ],
    )
    raw = {"eventType": "user.lock", "target": [{"displayName": "Bob"}, {"displayName": "Ann"}]}
    services.append("CloudAppEvents", [{"Timestamp": NOON, "Application": "Okta", "RawEventData": raw}])
    wrong = {"AccountUpn": "ann@corp.example", "ErrorCode": 50126}
    services.append(
        "EntraIdSignInEvents", [{**wrong, "Timestamp": NOON + timedelta(minutes=at)} for at in (-3, -1, 1, 40)]
    )
    return made


def test_every_rule_finds_its_rows(rules):
    found = evaluate(rules, start=NOON - HOUR, end=NOON + HOUR, now=NOON)
    assert not found.failed
    assert {int(key[-1]): len(rows) for key, rows in found.rows.items()} == {1: 1, 2: 1, 3: 1, 4: 1, 7: 1}
    (row,) = found.rows["00000000-0000-4000-8000-000000000001"]
    assert (row["FolderPath"], row["Timestamp"]) == ("C:\\x\\PowerShell.exe", NOON)


def test_matches_are_given_row_by_row(rules):
    given = list(matches(rules, start=NOON - HOUR, end=NOON + HOUR, now=NOON))
    assert short({key for key, _ in given}) == [1, 2, 3, 4, 7]
    assert all(isinstance(row, dict) for _, row in given)


def test_rows_of_another_time_are_left_alone(rules):
    early = evaluate(rules, start=NOON - 3 * HOUR, end=NOON - HOUR, now=NOON)
    assert short(early.rows) == [2, 3]
    assert evaluate(rules, start=NOON + 2 * HOUR, end=NOON + 3 * HOUR, now=NOON).rows == {}


def test_a_correlation_looks_back_as_far_as_its_timespan(rules):
    def many(start, end):
        return 7 in short(evaluate(rules, start=start, end=end, now=NOON).rows)

    assert many(NOON, NOON + HOUR)
    assert not many(NOON - HOUR, NOON)
    assert not many(NOON + timedelta(minutes=30), NOON + HOUR)


def test_a_rule_that_fails_says_so_and_stops_no_other(rules, monkeypatch):
    from dataclasses import replace

    broken = replace(
        rules[0], id="9", kql='DeviceProcessEvents | where ProcessCommandLine matches regex strcat("(", FolderPath)'
    )
    wrong = replace(rules[0], id="8", kql="Nothing | where x == 1")
    found = evaluate([*rules, broken, wrong], start=NOON - HOUR, end=NOON + HOUR, now=NOON)
    assert short(found.rows) == [1, 2, 3, 4, 7]
    assert short(found.failed) == [8, 9]
    assert "there is no table" in found.failed["8"]


def test_a_rule_that_finds_very_much_is_cut_and_says_so(rules, monkeypatch):
    monkeypatch.setattr(batch, "MOST_ROWS", 1)
    made = convert({"all.yml": numbered(8, {"Image": "*"}), **RULES})[0]
    found = evaluate(made, start=NOON - HOUR, end=NOON + HOUR, now=NOON)
    assert short(found.cut) == [8]
    assert all(len(rows) == 1 for rows in found.rows.values())


def test_a_rule_without_an_id_is_known_by_its_file(rules):
    made = convert({"nameless.yml": rule({"CommandLine|contains": "whoami"})})[0]
    found = evaluate(made, start=NOON - HOUR, end=NOON + HOUR, now=NOON)
    assert list(found.rows) == ["nameless.yml"]


def test_no_rules_find_nothing(rules):
    assert evaluate([], start=NOON - HOUR, end=NOON + HOUR, now=NOON).rows == {}
