"""Rows of each table become activities in one shape; what tells nothing is left out."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.identities.scoring.activity import Kind, flat, plain
from watchfloor.identities.scoring.deeds import changed, deed, forwarded_to, outside, same_organisation
from watchfloor.identities.scoring.events import located
from watchfloor.identities.scoring.past import in_networks
from watchfloor.identities.scoring.reading import read
from watchfloor.identities.scoring.signals import signals

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_entra_sign_in_is_read_with_place_device_and_risk():
    found = read(
        "EntraIdSignInEvents",
        {
            "Timestamp": AT,
            "AccountUpn": "Bea@Corp.Example",
            "AccountObjectId": "ABC",
            "ErrorCode": 0,
            "Country": "de",
            "Latitude": "52.5",
            "Longitude": "13.4",
            "RiskLevelAggregated": 50,
            "RiskEventTypes": '["unfamiliarFeatures"]',
            "NetworkLocationDetails": '[{"networkType":"trustedNamedLocation"}]',
            "ReportId": "r1",
            "IsManaged": 1,
        },
    )
    assert found.names == ("bea@corp.example", "abc")
    assert (found.kind, found.country, found.place, found.risk) == (Kind.SIGN_IN, "DE", (52.5, 13.4), "medium")
    assert found.risk_types == ("unfamiliarFeatures",)
    assert found.trusted
    assert found.managed


@pytest.mark.parametrize(("code", "kind"), [(50126, Kind.FAILED), (0, Kind.SIGN_IN), (50140, None), (50074, None)])
def test_a_sign_in_that_only_asks_for_more_is_neither_success_nor_failure(code, kind):
    found = read("EntraIdSignInEvents", {"Timestamp": AT, "AccountUpn": "a@b.example", "ErrorCode": code})
    assert (found.kind if found else None) is kind


def test_a_windows_account_is_named_by_domain_and_name():
    row = {"Timestamp": AT, "ActionType": "LogonFailed", "AccountName": "Bea", "AccountDomain": "CORP", "ReportId": 7}
    found = read("DeviceLogonEvents", row)
    assert found.names == ("corp\\bea", "bea")
    assert (found.kind, found.report) == (Kind.FAILED, "7")


def test_a_change_without_an_actor_is_that_of_its_target():
    found = read(
        "IdentityDirectoryEvents", {"Timestamp": AT, "ActionType": "x", "TargetAccountUpn": "Bea@corp.example"}
    )
    assert found.names == ("bea@corp.example",)
    assert found.details["initiator"] == "no"


def test_a_behaviour_of_entras_protection_brings_its_level():
    more = '{"RiskLevel": "high", "RiskEventType": "leakedCredentials"}'
    row = {"Timestamp": AT, "ActionType": "leakedCredentials", "AccountUpn": "a@b.example", "AdditionalFields": more}
    found = read("BehaviorInfo", row)
    assert (found.risk, found.risk_types) == ("high", ("leakedCredentials",))


def test_tables_that_the_score_does_not_read_give_nothing():
    assert read("EmailEvents", {"Timestamp": AT}) is None
    assert read("CloudAppEvents", {"Timestamp": None}) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(json_values)
def test_any_record_can_be_read_flat(record):
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in flat(record))


@settings(deadline=None)
@given(
    json_values, st.sampled_from(["EntraIdSignInEvents", "CloudAppEvents", "IdentityDirectoryEvents", "BehaviorInfo"])
)
def test_no_record_however_odd_stops_a_signal(record, table):
    from watchfloor.identities.scoring.contracts import Scale
    from watchfloor.identities.scoring.engine import Engine
    from watchfloor.identities.scoring.past import Who

    row = {"Timestamp": AT, "ActionType": "Set-Mailbox", "RawEventData": record, "AdditionalFields": record}
    found = read(table, {**row, "RiskEventTypes": record if isinstance(record, str | list) else ""})
    Engine({}, scale=Scale()).judge(found, Who(1, "Bea"))


def test_name_and_value_pairs_stand_under_their_name_and_json_text_is_opened():
    record = {
        "Parameters": '[{"Name": "ForwardTo", "Value": "a@b.example"}]',
        "Deep": {"modified": [{"displayName": "x", "newValue": "1"}]},
    }
    found = dict(flat(record))
    assert found["forwardto"] == "a@b.example"
    assert found["x"] == "1"


def test_operations_are_the_same_word_however_they_are_written():
    assert plain("New-InboxRule") == plain("NEW_INBOX_RULE") == plain("New inbox rule.")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("corp.example", "corp.example", True),
        ("mail.corp.example", "corp.example", True),
        ("corp.onmicrosoft.com", "corp.example", True),
        ("corp2.example", "corp.example", False),
        ("evil-corp.example", "corp.example", False),
        ("", "corp.example", False),
    ],
)
def test_domains_of_one_organisation_are_told_from_lookalikes(one, other, same):
    assert same_organisation(one, other) is same


def activity(kind="", action="x", **record):
    row = {
        "Timestamp": AT,
        "ActionType": action,
        "ActivityType": kind,
        "AccountId": "bea@corp.example",
        "RawEventData": record,
    }
    return read("CloudAppEvents", row)


def test_a_deed_is_told_by_its_kind_or_else_by_its_name():
    assert deed(activity("Mail forwarding")) == "forwarding"
    assert deed(activity("", "New-InboxRule")) == "inbox rule"
    assert deed(activity("Other", "FileRenamed")) == ""


def test_where_mail_goes_is_found_in_any_of_the_ways_to_say_it():
    found = activity(Parameters=[{"Name": "RedirectTo", "Value": "x@evil.example;[SMTP:y@corp.example]"}])
    assert forwarded_to(found) == ("x@evil.example", "y@corp.example")
    assert outside("x@evil.example", found, frozenset())
    assert not outside("y@corp.example", found, frozenset())


def test_what_a_setting_was_and_is_now_is_found_wherever_it_stands():
    found = activity(
        targetResources=[{"modifiedProperties": [{"oldValue": '{"a":1}', "newValue": None}]}], NEW_VALUE="false"
    )
    assert changed(found) == ('{"a":1}', "false")


def test_addresses_are_held_against_networks_and_nonsense_is_in_none():
    assert in_networks("192.0.2.9", ("192.0.2.0/24",))
    assert in_networks("2001:db8::1", ("192.0.2.0/24", "2001:db8::/32"))
    assert not in_networks("198.51.100.1", ("192.0.2.0/24",))
    assert not in_networks("somewhere", ("192.0.2.0/24",))


def test_one_address_has_one_country_and_network_whichever_source_tells_of_it(db):
    entra = read(
        "EntraIdSignInEvents",
        {"Timestamp": AT, "AccountUpn": "a@b.example", "IPAddress": "8.8.8.8", "AutonomousSystemNumber": "15169"},
    )
    logon = read(
        "IdentityLogonEvents",
        {
            "Timestamp": AT,
            "AccountUpn": "a@b.example",
            "IPAddress": "8.8.8.8",
            "Location": "Mountain View, United States",
        },
    )
    assert located(entra).network == located(logon).network != ""
    assert located(entra).country == located(logon).country == "US"


@pytest.mark.parametrize("signal", signals().values(), ids=lambda signal: signal.key)
def test_every_signal_says_what_it_is_needs_and_which_technique_it_tells(signal):
    assert signal.title
    assert signal.words
    assert signal.needs
    assert 0 < signal.weight <= 100
    assert all(technique.startswith("T") for technique in signal.techniques)
    assert signal.techniques
