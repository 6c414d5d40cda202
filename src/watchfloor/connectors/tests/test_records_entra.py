"""Entra's sign-ins, audits and risks become rows, whichever of three shapes they come in."""

import json
from datetime import UTC, datetime

import pytest

from watchfloor.connectors.records import parsers, recognised
from watchfloor.connectors.records.entra import parse, sniff
from watchfloor.kernel.errors import BadInput
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.catalogue import table

SIGN_IN = {
    "id": "req-1",
    "createdDateTime": "2026-11-02T08:30:15.1234567Z",
    "userDisplayName": "Ada",
    "userPrincipalName": "Ada@corp.example",
    "userId": "8b1f6a02-0000-4000-8000-00000000000a",
    "appId": "app-1",
    "appDisplayName": "Exchange Online",
    "ipAddress": "203.0.113.7",
    "clientAppUsed": "Browser",
    "userAgent": "Mozilla/5.0",
    "correlationId": "corr-1",
    "conditionalAccessStatus": "failure",
    "isInteractive": True,
    "riskLevelAggregated": "none",
    "riskLevelDuringSignIn": "high",
    "riskState": "atRisk",
    "riskEventTypes_v2": ["anonymizedIPAddress"],
    "status": {"errorCode": 50126, "failureReason": "Invalid user name or password."},
    "deviceDetail": {
        "displayName": "LAPTOP-1",
        "operatingSystem": "Windows 11",
        "browser": "Edge 130",
        "isManaged": True,
    },
    "location": {
        "city": "Wien",
        "state": "Wien",
        "countryOrRegion": "AT",
        "geoCoordinates": {"latitude": 48.2, "longitude": 16.37},
    },
}
AUDIT = {
    "id": "Directory_1",
    "category": "RoleManagement",
    "result": "success",
    "activityDisplayName": "Add member to role",
    "activityDateTime": "2026-11-02T09:00:00Z",
    "loggedByService": "Core Directory",
    "initiatedBy": {
        "user": {"id": "o-max", "userPrincipalName": "max@corp.example", "ipAddress": "198.51.100.4"},
        "app": None,
    },
    "targetResources": [
        {"id": "r", "type": "Role", "displayName": None, "modifiedProperties": []},
        {"id": "o-ada", "type": "User", "userPrincipalName": "ada@corp.example", "displayName": "Ada"},
    ],
    "additionalDetails": [{"key": "User-Agent", "value": "PowerShell"}],
}


def one(record):
    ((name, row),) = parse(record)
    to_arrow(table(name), [row])
    return name, row


def test_a_sign_in_of_graph_is_a_row_with_place_device_and_risk():
    name, row = one(SIGN_IN)
    assert name == "EntraIdSignInEvents"
    assert row["Timestamp"] == datetime(2026, 11, 2, 8, 30, 15, 123456, UTC)
    assert (row["AccountUpn"], row["ErrorCode"], row["Country"], row["City"]) == (
        "Ada@corp.example",
        50126,
        "AT",
        "Wien",
    )
    assert (row["RiskLevelAggregated"], row["RiskState"], row["ConditionalAccessStatus"]) == (100, 4, 1)
    assert (row["DeviceName"], row["IsManaged"], row["ReportId"]) == ("LAPTOP-1", 1, "req-1")
    assert row["LogonType"] == '["interactiveUser"]'
    assert json.loads(row["RiskEventTypes"]) == ["anonymizedIPAddress"]


def test_the_same_sign_in_says_the_same_from_monitor_and_from_a_table():
    exported = {
        "time": "2026-11-02T08:31:00Z",
        "category": "NonInteractiveUserSignInLogs",
        "resultType": "50126",
        "callerIpAddress": "203.0.113.7",
        "properties": SIGN_IN,
    }
    in_table = {
        key[0].upper() + key[1:]: json.dumps(value) if isinstance(value, dict | list) else value
        for key, value in SIGN_IN.items()
    }
    in_table |= {"Type": "SigninLogs", "LocationDetails_dynamic": in_table.pop("Location"), "Location": "AT"}
    in_table |= {"CreatedDateTime [UTC]": "11/2/2026, 8:30:15.123 AM", "IsInteractive": "TRUE"}
    in_table.pop("CreatedDateTime")
    first, second, third = one(SIGN_IN)[1], one(exported)[1], one(in_table)[1]
    assert second == first | {"LogonType": '["nonInteractiveUser"]'}
    assert third["Timestamp"].replace(microsecond=0) == first["Timestamp"].replace(microsecond=0)
    for column in ("AccountUpn", "ErrorCode", "City", "Latitude", "DeviceName", "IPAddress", "LogonType", "RiskState"):
        assert third[column] == first[column], column


def test_a_success_has_error_code_zero():
    assert one(SIGN_IN | {"status": {"errorCode": 0}})[1]["ErrorCode"] == 0
    assert (
        one({k: v for k, v in SIGN_IN.items() if k != "status"} | {"status": {}, "resultType": "0"})[1]["ErrorCode"]
        == 0
    )


def test_an_audit_tells_who_did_what_to_whom_and_keeps_what_the_view_shows():
    name, row = one(AUDIT)
    assert (name, row["ActionType"], row["Application"]) == (
        "IdentityDirectoryEvents",
        "Add member to role",
        "Microsoft Entra ID",
    )
    assert (row["AccountUpn"], row["TargetAccountUpn"], row["IPAddress"]) == (
        "max@corp.example",
        "ada@corp.example",
        "198.51.100.4",
    )
    more = row["AdditionalFields"]
    assert more["ActivityType"] == "Administrator role granted"
    assert more["UserAgent"] == "PowerShell"
    assert more["TargetResources"] == AUDIT["targetResources"]


def test_an_audit_by_an_application_names_the_application():
    row = one(AUDIT | {"initiatedBy": {"user": None, "app": {"displayName": "Sync", "servicePrincipalId": "sp"}}})[1]
    assert (row.get("AccountUpn"), row["AccountDisplayName"], row["AccountObjectId"]) == (None, "Sync", "sp")


@pytest.mark.parametrize(
    ("activity", "kind"),
    [
        ("Consent to application", "Consent to application"),
        ("User registered security info", "Second factor changed"),
        ("Admin deleted security info", "Second factor changed"),
        ("Reset user password", "Password reset or changed"),
        ("Add member to group", "Group membership changed"),
        ("Disable account", "Account changed"),
        ("Update conditional access policy", "Security setting changed"),
        ("Set federation settings on domain", "Domain or federation changed"),
        ("Update application – Certificates and secrets management ", "Credential or owner added to application"),
        ("Add member to role in PIM completed (permanent)", "Administrator role granted"),
        ("Polish the brass", "Other"),
    ],
)
def test_activities_that_matter_are_told_apart(activity, kind):
    assert one(AUDIT | {"activityDisplayName": activity})[1]["AdditionalFields"]["ActivityType"] == kind


def test_a_detection_is_a_behaviour_and_a_risky_user_a_changed_account():
    detection = {
        "id": "d1",
        "riskEventType": "unfamiliarFeatures",
        "riskState": "atRisk",
        "riskLevel": "medium",
        "detectedDateTime": "2026-11-02T10:00:00Z",
        "activityDateTime": "2026-11-02T09:58:00Z",
        "ipAddress": "203.0.113.7",
        "userPrincipalName": "ada@corp.example",
        "location": {"city": "Wien"},
    }
    name, row = one(detection)
    assert (name, row["ActionType"], row["BehaviorId"]) == ("BehaviorInfo", "unfamiliarFeatures", "d1")
    assert row["AdditionalFields"]["Location"] == {"city": "Wien"}
    user = {
        "id": "o-ada",
        "isDeleted": False,
        "riskLastUpdatedDateTime": "2026-11-02T10:00:00Z",
        "riskLevel": "high",
        "riskState": "atRisk",
        "userPrincipalName": "ada@corp.example",
    }
    name, row = one(user)
    assert (name, row["ActionType"], row["TargetAccountUpn"]) == (
        "IdentityDirectoryEvents",
        "Account risk changed",
        "ada@corp.example",
    )
    assert row["AdditionalFields"]["RiskLevel"] == "high"


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({**SIGN_IN, "createdDateTime": "yesterday"}, "createdDateTime"),
        ({**AUDIT, "activityDateTime": None}, "activityDateTime"),
        ({**AUDIT, "activityDisplayName": " "}, "record"),
        ({"what": "ever"}, "record"),
        ({"Type": "AADUserRiskEvents", "TimeGenerated": "2026-11-02T10:00:00Z"}, "riskEventType"),
        ({"Type": "AADRiskyUsers", "TimeGenerated": "2026-11-02T10:00:00Z"}, "userPrincipalName"),
    ],
)
def test_a_record_that_cannot_be_read_says_where(record, place):
    with pytest.raises(BadInput) as refused:
        parse(record)
    assert refused.value.place in {place, "activityDisplayName"}


def test_an_export_without_time_is_dated_by_the_first_step_of_its_authentication():
    step = [{"authenticationStepDateTime": "2026-11-02T08:30:14Z"}]
    lost = {key: value for key, value in SIGN_IN.items() if key != "createdDateTime"}
    assert one(lost | {"authenticationDetails": json.dumps(step)})[1]["Timestamp"] == datetime(
        2026, 11, 2, 8, 30, 14, tzinfo=UTC
    )


def test_the_registry_finds_the_shape_of_a_record():
    assert recognised(SIGN_IN).key == "entra"
    assert "entra" in parsers()
    assert recognised({"hello": 1}) is None
    assert not sniff([])


def test_the_sign_ins_of_programs_are_known_and_left_out():
    record = {"category": "ServicePrincipalSignInLogs", "time": "2026-11-02T08:31:00Z", "properties": {"appId": "x"}}
    assert recognised(record).parse(record) == ()
