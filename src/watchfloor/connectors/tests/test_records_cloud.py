"""The unified audit log, Okta, Google Workspace and Azure's activity log become rows whose special activities can be told apart."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.connectors.records import recognised, sources
from watchfloor.connectors.records.activities import activity_named, activity_of
from watchfloor.connectors.records.fields import RAW_AT_MOST, Fields, kept, moment_of, written
from watchfloor.kernel.errors import BadInput
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.catalogue import table

RULE = {
    "CreationTime": "2026-11-02T08:30:15",
    "Id": "audit-1",
    "Operation": "New-InboxRule",
    "OrganizationId": "tenant",
    "RecordType": 1,
    "ResultStatus": "True",
    "UserKey": "1003200",
    "UserType": 2,
    "Workload": "Exchange",
    "ClientIP": "[2001:db8::5]:36185",
    "ObjectId": "host/Hosted/corp/ada\\hide",
    "UserId": "ada@corp.example",
    "Parameters": [
        {"Name": "ForwardTo", "Value": "x@evil.example"},
        {"Name": "DeleteMessage", "Value": "True"},
        {"Name": "SubjectContainsWords", "Value": "invoice"},
    ],
}
OKTA = {
    "uuid": "okta-1",
    "published": "2026-11-02T08:30:15.123Z",
    "eventType": "user.session.start",
    "displayMessage": "User login to Okta",
    "severity": "INFO",
    "actor": {"id": "00u1", "type": "User", "alternateId": "ada@corp.example", "displayName": "Ada"},
    "client": {
        "userAgent": {"rawUserAgent": "Mozilla/5.0", "os": "Mac OS X", "browser": "SAFARI"},
        "device": "Computer",
        "ipAddress": "203.0.113.9",
        "geographicalContext": {"city": "Linz", "country": "Austria"},
    },
    "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
    "securityContext": {"isp": "Example Net", "isProxy": True},
    "authenticationContext": {"externalSessionId": "sess"},
    "target": [
        {"id": "00g1", "type": "UserGroup", "displayName": "Staff"},
        {"id": "00u2", "type": "User", "alternateId": "max@corp.example"},
    ],
}
LOGIN = {
    "kind": "admin#reports#activity",
    "id": {
        "time": "2026-11-02T08:30:15.123Z",
        "uniqueQualifier": "-77",
        "applicationName": "login",
        "customerId": "C1",
    },
    "actor": {"email": "ada@corp.example", "profileId": "1001"},
    "ipAddress": "203.0.113.9",
    "events": [
        {
            "type": "login",
            "name": "login_failure",
            "parameters": [
                {"name": "login_type", "value": "google_password"},
                {"name": "login_failure_type", "value": "login_failure_invalid_password"},
                {"name": "is_suspicious", "boolValue": True},
            ],
        },
        {"type": "login", "name": "logout"},
    ],
}
AZURE = {
    "time": "2026-11-02T08:30:15Z",
    "resourceId": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/SAFE",
    "operationName": "MICROSOFT.KEYVAULT/VAULTS/DELETE",
    "callerIpAddress": "203.0.113.9",
    "resultType": "Success",
    "identity": {"claims": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ada@corp.example"}},
}


def rows_of(record):
    rows = recognised(record).parse(record)
    for name, row in rows:
        to_arrow(table(name), [row])
    return rows


def first(record):
    return rows_of(record)[0][1]


def test_a_new_inbox_rule_says_what_it_does():
    row = first(RULE)
    assert (row["ActionType"], row["ActivityType"]) == ("New-InboxRule", "New or changed inbox rule")
    assert (row["Application"], row["AccountId"], row["IPAddress"]) == (
        "Microsoft Exchange Online",
        "ada@corp.example",
        "2001:db8::5",
    )
    assert row["AdditionalFields"]["Does"] == [
        "forwards to x@evil.example",
        "subject contains invoice",
        "deletes the mail",
    ]
    assert (row["ObjectName"], row["IsAdminOperation"], row["Timestamp"]) == (
        "hide",
        True,
        datetime(2026, 11, 2, 8, 30, 15, tzinfo=UTC),
    )
    assert row["RawEventData"] == RULE


def test_the_portals_csv_and_sentinels_table_give_the_same_activity():
    from_csv = {
        "CreationDate": "x",
        "UserIds": "ada@corp.example",
        "Operations": "New-InboxRule",
        "AuditData": json.dumps(RULE),
    }
    assert first(from_csv) == first(RULE)
    in_table = {
        "TimeGenerated [UTC]": "11/2/2026, 8:30:15.000 AM",
        "Operation": "New-InboxRule",
        "OfficeWorkload": "Exchange",
        "OfficeObjectId": RULE["ObjectId"],
        "OfficeId": "audit-1",
        "UserId": "ada@corp.example",
        "UserId_": "ada@corp.example",
        "UserType": "Admin",
        "RecordType": "ExchangeAdmin",
        "ClientIP": RULE["ClientIP"],
        "Logon_Type": "Owner",
        "Parameters": json.dumps(RULE["Parameters"]),
        "Type": "OfficeActivity",
    }
    row = first(in_table)
    for column in ("Timestamp", "ActionType", "ActivityType", "Application", "ObjectName", "ReportId", "IPAddress"):
        assert row[column] == first(RULE)[column], column
    assert row["RawEventData"]["Workload"] == "Exchange"
    assert row["RawEventData"]["LogonType"] == 0
    assert "UserId_" not in row["RawEventData"]
    small = {key.lower(): value for key, value in RULE.items()}
    assert first(small)["RawEventData"]["Parameters"] == RULE["Parameters"]


@pytest.mark.parametrize(
    ("operation", "parameters", "kind"),
    [
        ("Set-Mailbox", {"ForwardingSmtpAddress": "smtp:x@evil.example"}, "Mail forwarding"),
        ("Set-Mailbox", {"ForwardingSmtpAddress": ""}, "Other"),
        ("Set-Mailbox", {"AuditEnabled": "True"}, "Other"),
        ("Set-Mailbox", {"GrantSendOnBehalfTo": "eve"}, "Mailbox delegation"),
        ("UpdateInboxRules", {}, "New or changed inbox rule"),
        ("Add-MailboxPermission", {"User": "eve", "AccessRights": "FullAccess"}, "Mailbox delegation"),
        ("Consent to application.", {}, "Consent to application"),
        ("Add member to role.", {}, "Administrator role granted"),
        ("MailItemsAccessed", {}, "Mail read"),
        ("FileDownloaded", {}, "File downloaded"),
        ("FileDeleted", {}, "Deleted"),
        ("AnonymousLinkCreated", {}, "Link for anyone"),
        ("PageViewed", {}, "Other"),
    ],
)
def test_operations_that_matter_are_told_apart(operation, parameters, kind):
    record = RULE | {
        "Operation": operation,
        "Parameters": [{"Name": name, "Value": value} for name, value in parameters.items()],
    }
    assert first(record)["ActivityType"] == kind


def test_outlooks_own_rule_says_what_it_does():
    rule = json.dumps([{"ActionType": "Forward", "Recipients": ["x@evil.example"]}])
    said = [{"Name": "RuleOperation", "Value": "AddMailboxRule"}, {"Name": "RuleActions", "Value": rule}]
    row = first(RULE | {"Operation": "UpdateInboxRules", "Parameters": None, "OperationProperties": said})
    assert row["AdditionalFields"]["Does"] == ['Forward ["x@evil.example"]']


@pytest.mark.parametrize(
    ("record", "kind", "why"),
    [
        ({"Operation": "UserLoggedIn"}, "LogonSuccess", None),
        (
            {"Operation": "UserLoginFailed", "LogonError": "InvalidUserNameOrPassword"},
            "LogonFailed",
            "InvalidUserNameOrPassword",
        ),
        (
            {"Operation": "UserLoggedIn", "LogonError": "UserStrongAuthClientAuthNRequired"},
            "LogonFailed",
            "UserStrongAuthClientAuthNRequired",
        ),
    ],
)
def test_a_sign_in_of_the_audit_log_is_a_logon_as_well(record, kind, why):
    actor = [{"ID": "8b1f6a02-0000-4000-8000-00000000000A", "Type": 0}, {"ID": "ada@corp.example", "Type": 5}]
    (_, activity), (name, logon) = rows_of({**RULE, **record, "Workload": "AzureActiveDirectory", "Actor": actor})
    assert (name, logon["ActionType"], logon.get("FailureReason")) == ("IdentityLogonEvents", kind, why)
    assert logon["AccountObjectId"] == activity["AccountObjectId"] == "8b1f6a02-0000-4000-8000-00000000000a"


def test_an_event_of_okta_is_an_activity_and_a_failed_logon():
    (_, activity), (name, logon) = rows_of(OKTA)
    assert (activity["Application"], activity["ActionType"], activity["City"]) == ("Okta", "user.session.start", "Linz")
    assert (activity["IsAnonymousProxy"], activity["ObjectName"], activity["AdditionalFields"]["Country"]) == (
        True,
        "max@corp.example",
        "Austria",
    )
    assert "CountryCode" not in activity
    assert (name, logon["ActionType"], logon["FailureReason"]) == (
        "IdentityLogonEvents",
        "LogonFailed",
        "INVALID_CREDENTIALS",
    )
    assert (logon["AccountUpn"], logon["Location"]) == ("ada@corp.example", "Linz, Austria")


def test_what_one_account_does_to_another_in_okta_is_an_administrators_doing():
    assert first(OKTA | {"eventType": "user.mfa.factor.deactivate"})["IsAdminOperation"] is True
    own = [{"id": "00u1", "type": "User", "alternateId": "ada@corp.example"}]
    assert first(OKTA | {"eventType": "user.mfa.factor.deactivate", "target": own})["IsAdminOperation"] is False
    assert first(OKTA | {"eventType": "system.api_token.create"})["ActivityType"] == "API token"


def test_every_event_of_a_workspace_activity_is_a_row():
    (_, failed), (name, logon), (_, logout) = rows_of(LOGIN)
    assert (failed["ActionType"], logout["ActionType"], name) == ("login_failure", "logout", "IdentityLogonEvents")
    assert (logon["ActionType"], logon["FailureReason"]) == ("LogonFailed", "login_failure_invalid_password")
    assert logon["AdditionalFields"] == {"is_suspicious": "true"}
    assert failed["ReportId"] != logout["ReportId"]


def test_a_workspace_share_with_everyone_is_a_link_for_anyone():
    drive = {
        "id": LOGIN["id"] | {"applicationName": "drive"},
        "actor": LOGIN["actor"],
        "type": "acl_change",
        "name": "change_document_visibility",
        "parameters": {
            "visibility": "people_with_link",
            "doc_title": "Plan",
            "doc_type": "spreadsheet",
            "doc_id": "d1",
        },
    }
    row = first(drive)
    assert (row["ActivityType"], row["ObjectName"], row["ObjectType"]) == ("Link for anyone", "Plan", "spreadsheet")
    assert first(drive | {"parameters": {**drive["parameters"], "visibility": "private"}})["ActivityType"] == "Shared"


def test_azures_activity_names_the_caller_and_the_resource():
    row = first(AZURE)
    assert (row["Application"], row["AccountId"], row["ObjectName"]) == ("Microsoft Azure", "ada@corp.example", "SAFE")
    cell = {
        "Type": "AzureActivity",
        "OperationNameValue": "X/DELETE",
        "Caller": "max@corp.example",
        "TimeGenerated [UTC]": "4/28/2026, 2:08:45.221 PM",
    }
    assert (first(cell)["AccountId"], first(cell)["ActionType"]) == ("max@corp.example", "X/DELETE")


@pytest.mark.parametrize(
    ("key", "record", "place"),
    [
        ("unified-audit", RULE | {"CreationTime": 10**40}, "CreationTime"),
        ("unified-audit", RULE | {"Operation": ""}, "Operation"),
        ("unified-audit", {"AuditData": "{broken"}, "AuditData"),
        ("okta", OKTA | {"published": {}}, "published"),
        ("okta", OKTA | {"eventType": None}, "eventType"),
        ("workspace", {"id": {"applicationName": "login"}, "name": "x"}, "time"),
        ("workspace", {"kind": "admin#reports#activity", "events": [1, "x"]}, "events"),
        ("azure-activity", AZURE | {"operationName": ""}, "operationName"),
    ],
)
def test_a_record_that_cannot_be_read_says_where(key, record, place):
    with pytest.raises(BadInput) as refused:
        sources()[key].parse(record)
    assert refused.value.place == place


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("known", [RULE, OKTA, LOGIN, AZURE], ids=["audit", "okta", "workspace", "azure"])
@given(data=st.data())
def test_wrong_types_are_refused_or_read_and_never_break_the_reader(known, data):
    spoiled = data.draw(st.dictionaries(st.sampled_from(sorted(known)), ANYTHING, max_size=4))
    for source in sources().values():
        source.sniff(known | spoiled)
    source = recognised(known)
    try:
        rows = source.parse(known | spoiled)
    except BadInput:
        return
    for name, row in rows:
        to_arrow(table(name), [row])


def test_a_record_nested_without_end_is_refused():
    deep = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(BadInput, match="nested"):
        sources()["okta"].parse(OKTA | {"debugContext": deep})
    assert Fields({"a": "[" * 100_000}).parts("a") == []


def test_a_huge_record_is_kept_without_its_largest_parts():
    huge = RULE | {"Junk": "x" * 200_000, "More": ["y" * 50_000]}
    row = first(huge)
    assert len(written(row["RawEventData"])) <= RAW_AT_MOST
    assert row["RawEventData"]["watchfloor_left_out"] == ["Junk", "More"]
    assert row["RawEventData"]["Parameters"] == RULE["Parameters"]
    assert kept(RULE) is RULE


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-11-02T08:30:15Z", datetime(2026, 11, 2, 8, 30, 15, tzinfo=UTC)),
        ("2026-11-02 08:30:15.667000000", datetime(2026, 11, 2, 8, 30, 15, 667000, UTC)),
        ("2026-11-02T10:30:15+02:00", datetime(2026, 11, 2, 8, 30, 15, tzinfo=UTC)),
        ("11/2/2026, 12:30:15.000 AM", datetime(2026, 11, 2, 0, 30, 15, tzinfo=UTC)),
        ("11/2/2026 20:30", datetime(2026, 11, 2, 20, 30, tzinfo=UTC)),
        (1793608215, datetime(2026, 11, 2, 8, 30, 15, tzinfo=UTC)),
        ("1793608215000", datetime(2026, 11, 2, 8, 30, 15, tzinfo=UTC)),
        (True, None),
        ("13/45/2026 20:30", None),
        (float("inf"), None),
    ],
)
def test_a_time_is_read_as_products_write_it(said, moment):
    assert moment_of(said) == moment


def test_a_name_is_found_in_any_case_and_with_an_exports_mark():
    fields = Fields({"Plain": "", "Thing_dynamic": '{"a": 1}', "At [UTC]": "2026-11-02", "THING_D": "7"})
    assert fields.part("thing").whole("A") == 1
    assert "at" in fields
    assert "plain" not in fields
    assert fields.switch("thing_d") is None
    assert activity_named("CONSENT TO APPLICATION.") == activity_of("Consent to application", {})


def test_workspace_audits_from_cloud_logging_are_the_same_activities():
    record = {
        "insertId": "i1",
        "timestamp": "2026-11-02T08:30:15.123Z",
        "protoPayload": {
            "serviceName": "admin.googleapis.com",
            "authenticationInfo": {"principalEmail": "max@corp.example"},
            "requestMetadata": {"callerIp": "203.0.113.9"},
            "metadata": {
                "event": [
                    {
                        "eventName": "CHANGE_APPLICATION_SETTING",
                        "eventType": "APPLICATION_SETTINGS",
                        "parameter": [
                            {"name": "SETTING_NAME", "value": "Whatever"},
                            {"name": "ON", "boolValue": False},
                        ],
                    }
                ]
            },
        },
    }
    assert recognised(record).key == "workspace-logging"
    row = first(record)
    assert (row["ActionType"], row["AccountId"], row["ObjectName"]) == (
        "CHANGE_APPLICATION_SETTING",
        "max@corp.example",
        "Whatever",
    )
    assert (row["ActivityType"], row["IPAddress"]) == ("Security setting changed", "203.0.113.9")
    assert row["RawEventData"] == record
    record["protoPayload"]["metadata"]["event"][0]["eventName"] = ""
    with pytest.raises(BadInput):
        sources()["workspace-logging"].parse(record)
