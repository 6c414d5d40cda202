"""Sigma rules as queries over our tables: every modifier means what Sigma says, and what we cannot say is refused."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.hunting.sigma.converting import convert
from watchfloor.hunting.sigma.logsources import entries
from watchfloor.hunting.sigma.rules import Kind, Logsource
from watchfloor.lake.selectors import check_query

from .sigma_trial import NOON, OKTA, PROCESS, answer, converted, finds, hits, refused, rule


def line(text):
    """A process with this command line."""
    return {"ProcessCommandLine": text}


def test_a_rule_keeps_what_its_author_said():
    made = converted(
        rule(
            {"Image|endswith": "\\evil.exe"},
            id="0f06a3a5-6a09-413f-8743-e6cf35561297",
            author="Ada",
            status="test",
            tags=["attack.execution", "attack.t1059.001"],
            references=["https://example.com/why"],
            description="It is evil.",
            falsepositives=["Unlikely"],
        )
    )
    assert (made.id, made.author, made.status, made.level) == (
        "0f06a3a5-6a09-413f-8743-e6cf35561297",
        "Ada",
        "test",
        "high",
    )
    assert made.techniques == ("T1059.001",)
    assert made.references == ("https://example.com/why",)
    assert made.false_positives == ("Unlikely",)
    assert (made.kind, made.table, made.place) == (Kind.RULE, "DeviceProcessEvents", "rule.yml")
    assert made.logsource == Logsource("process_creation", "windows", "")
    assert made.entities == (("AccountUpn", "impacted"), ("SHA256", "source"))


def test_the_query_is_one_that_a_person_could_have_written():
    made = converted(rule({"Image|endswith": "\\evil.exe", "CommandLine|contains|all": ["-a", "-b"]}))
    assert made.kql.splitlines() == [
        "DeviceProcessEvents",
        '| where ActionType == "ProcessCreated"',
        '| where FolderPath endswith "\\\\evil.exe"',
        '| where (ProcessCommandLine contains "-a" and ProcessCommandLine contains "-b")',
    ]


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("CommandLine", "whoami /all", [0, 1]),
        ("CommandLine", "whoami*", [0, 1, 2]),
        ("CommandLine", "*ALL", [0, 1]),
        ("CommandLine", "who?mi /all", [0, 1]),
        ("CommandLine", "w*i /*l", [0, 1]),
        ("CommandLine|contains", "AMI", [0, 1, 2]),
        ("CommandLine|startswith", "WHO", [0, 1, 2]),
        ("CommandLine|endswith", "/ALL", [0, 1]),
        ("CommandLine|contains", ["priv", "all"], [0, 1, 2]),
        ("CommandLine|contains|all", ["who", "priv"], [2]),
        ("CommandLine|cased", "whoami /all", [0]),
        ("CommandLine|contains|cased", "WHO", [1]),
        ("CommandLine|startswith|cased", "who", [0, 2]),
        ("CommandLine|endswith|cased", "ALL", [1]),
        ("CommandLine|re", "^whoami\\s+/(all|priv)$", [0, 2]),
        ("CommandLine|re|i", "^whoami\\s+/all$", [0, 1]),
        ("CommandLine|exists", True, [0, 1, 2]),
        ("CommandLine|exists", False, [3]),
        ("CommandLine", None, [3]),
        ("CommandLine", "", [3]),
        ("CommandLine", "*", [0, 1, 2]),
    ],
)
def test_a_modifier_finds_what_sigma_says(field, value, found):
    rows = (line("whoami /all"), line("WHOAMI /ALL"), line("whoami /priv"), line(""))
    assert finds({field: value}, *rows) == found


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("ProcessId", 4, [0]),
        ("ProcessId", "4", [0]),
        ("ProcessId", [4, 500], [0, 1]),
        ("ProcessId", "5*", [1]),
        ("ProcessId|gt", 4, [1]),
        ("ProcessId|gte", 4, [0, 1]),
        ("ProcessId|lt", 500, [0, 2]),
        ("ProcessId|lte", 4, [0, 2]),
    ],
)
def test_numbers_are_compared_as_numbers(field, value, found):
    assert finds({field: value}, {"ProcessId": 4}, {"ProcessId": 500}, {"ProcessId": 0}) == found


def test_windash_takes_every_dash():
    rows = (line("cmd -enc"), line("cmd /enc"), line("cmd \u2013enc"), line("cmd enc"))
    assert finds({"CommandLine|windash|contains": " -enc"}, *rows) == [0, 1, 2]


def test_base64_looks_for_the_encoded_text():
    coded = base64.b64encode(b"Invoke-Evil").decode()
    assert finds({"CommandLine|base64|contains": "Invoke-Evil"}, line(f"ps -e {coded}"), line("Invoke-Evil")) == [0]


def test_base64offset_finds_the_text_at_any_place_of_the_encoded():
    rows = [line(base64.b64encode(b"x" * shift + b"Invoke-Evil now").decode()) for shift in range(3)]
    assert finds({"CommandLine|base64offset|contains": "Invoke-Evil"}, *rows, line("none")) == [0, 1, 2]


def test_addresses_are_matched_by_network():
    network = {"category": "network_connection", "product": "windows"}
    rows = ({"RemoteIP": "10.1.2.3"}, {"RemoteIP": "11.1.2.3"}, {"RemoteIP": ""}, {"RemoteIP": "2001:db8::7"})
    assert finds({"DestinationIp|cidr": "10.0.0.0/8"}, *rows, logsource=network) == [0]
    assert finds({"DestinationIp|cidr": "2001:db8::/32"}, *rows, logsource=network) == [3]
    outside = {"sel": {"DestinationPort": 0}, "f": {"DestinationIp|cidr": "10.0.0.0/8"}, "condition": "sel and not f"}
    assert finds(outside, *rows, logsource=network) == [1, 2, 3]


def test_two_fields_of_one_event_are_compared():
    rows = (
        {"FolderPath": "C:\\a.exe", "InitiatingProcessFolderPath": "c:\\A.EXE"},
        {"FolderPath": "C:\\a.exe", "InitiatingProcessFolderPath": "C:\\b.exe"},
    )
    assert finds({"Image|fieldref": "ParentImage"}, *rows) == [0]
    assert finds({"CommandLine|fieldref|startswith": "Image"}, {**line("C:\\A.exe -x"), "FolderPath": "c:\\a.exe"}) == [
        0
    ]


def test_the_hour_of_a_time_can_be_asked_for():
    sign_ins = {"product": "azure", "service": "signinlogs"}
    made = refused(rule({"CreatedAt|hour": 3}, logsource=sign_ins))
    assert made.field == "CreatedAt"
    okta = (
        {"RawEventData": {"published": "2026-11-21T03:30:00Z"}},
        {"RawEventData": {"published": "2026-11-21T04:30:00Z"}},
    )
    assert finds({"published|hour": 3}, *okta, logsource=OKTA) == [0]


def test_conditions_join_selections_as_they_say():
    detection = {
        "selection_a": {"CommandLine|contains": "a"},
        "selection_b": [{"Image|endswith": "\\b.exe"}, {"OriginalFileName": "b.exe"}],
        "filter_c": {"ParentImage": None},
        "condition": "all of selection_* and not 1 of filter_*",
    }
    rows = (
        {**line("a"), "FolderPath": "C:\\B.exe", "InitiatingProcessFolderPath": "p"},
        {**line("a"), "FolderPath": "C:\\B.exe"},
        {**line("a"), "ProcessVersionInfoOriginalFileName": "B.EXE", "InitiatingProcessFolderPath": "p"},
        {**line("x"), "FolderPath": "C:\\b.exe", "InitiatingProcessFolderPath": "p"},
    )
    assert finds(detection, *rows) == [0, 2]


def test_values_without_a_field_are_looked_for_where_the_events_words_are():
    assert finds(
        {"selection": ["mimikatz", "lsa?s"], "condition": "selection"}, line("x MimiKatz"), line("lsass"), line("")
    ) == [
        0,
        1,
    ]
    assert finds(
        {"selection": ['a"b'], "condition": "selection"}, {"RawEventData": {"x": 'say A"B'}}, logsource=OKTA
    ) == [0]


def test_hashes_are_looked_for_in_the_column_of_their_kind():
    sha = "aa" * 32
    rows = ({"SHA256": sha}, {"MD5": "bb" * 16}, {})
    assert finds({"Hashes|contains": [f"SHA256={sha.upper()}", f"MD5={'BB' * 16}"]}, *rows) == [0, 1]
    assert refused(rule({"Hashes|contains": f"IMPHASH={'aa' * 16}"})).field == "IMPHASH"


def test_an_account_is_its_domain_and_its_name():
    rows = ({"AccountDomain": "NT AUTHORITY", "AccountName": "SYSTEM"}, {"AccountName": "ada"}, {})
    assert finds({"User": "NT AUTHORITY\\SYSTEM"}, *rows) == [0]
    assert finds({"User|contains": ["AUTHORI", "AUTORI"]}, *rows) == [0]
    assert finds({"User": None}, *rows) == [2]


def test_registry_keys_begin_as_our_column_spells_them():
    made = converted(
        rule(
            {"TargetObject|startswith": "HKLM\\SOFTWARE\\Run"},
            logsource={"category": "registry_set", "product": "windows"},
        )
    )
    row = {
        "ActionType": "RegistryValueSet",
        "RegistryKey": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Run",
        "RegistryValueName": "x",
    }
    assert hits(made, [row, {**row, "RegistryKey": "HKEY_USERS\\SOFTWARE\\Run"}]) == [0]


def test_words_of_a_sign_in_are_read_as_its_code():
    source = {"product": "azure", "service": "signinlogs"}
    rows = (
        {"ErrorCode": 0, "IsCompliant": 0, "RiskState": 4, "ConditionalAccessStatus": 0},
        {"ErrorCode": 50057, "IsCompliant": 1},
        {"ErrorCode": 0, "LogonType": "nonInteractiveUser"},
    )
    assert finds({"ResultType": 50057, "ResultDescription": "Failure"}, *rows, logsource=source) == [1]
    assert finds({"Status": "Success", "RiskState": "atRisk"}, *rows, logsource=source) == [0]
    assert finds({"DeviceDetail.isCompliant": "false"}, *rows, logsource=source) == [0]
    assert finds({"conditionalaccessstatus": "success", "ResultType": "0"}, *rows, logsource=source) == [0]
    gone = refused(rule({"ResultDescription": "Something new"}, logsource=source))
    assert gone.field == "ResultDescription"
    assert "only these values are known" in gone.words


def test_a_field_of_a_record_is_read_by_its_path():
    rows = (
        {"RawEventData": {"outcome": {"result": "FAILURE", "code": 7}}},
        {"RawEventData": {"outcome": {"result": "SUCCESS", "code": 8}}},
        {"RawEventData": {}},
    )
    assert finds({"outcome.result": "failure"}, *rows, logsource=OKTA) == [0]
    assert finds({"outcome.code": 8}, *rows, logsource=OKTA) == [1]
    assert finds({"outcome.code|gt": 7}, *rows, logsource=OKTA) == [1]
    assert finds({"outcome.result": None}, *rows, logsource=OKTA) == [2]
    assert finds({"s": {"outcome.code|exists": False}, "condition": "not s"}, *rows, logsource=OKTA) == [0, 1]


HELD = "IdentityDirectoryEvents"
"""The table that AuditLogs is a view of."""

TARGETS = {
    "target": [
        {"id": "1", "displayName": 'Ann "the boss"', "detail": {"deep": [1, {"displayName": "inner"}]}},
        {"id": "2", "displayName": "Global\\Admins", "type": "Group"},
    ],
    "actor": {"displayName": "Mallory"},
}


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("target.displayName", "global\\admins", True),
        ("target.displayName|contains", '"THE BOSS"', True),
        ("target.displayName|startswith", "Global\\A", True),
        ("target.displayName|endswith", "dmins", True),
        ("target.displayName", "Global?Admins", True),
        ("target.displayName|cased", "Global\\Admins", True),
        ("target.displayName|cased", "global\\admins", False),
        ("target.displayName", "Mallory", False),
        ("target.displayName", "inner", False),
        ("target.displayName|contains", "displayName", False),
        ("target.displayName|exists", True, True),
        ("target.displayName", None, False),
        ("target.alternateId", None, True),
        ("target.id", 2, True),
        ("target.id", 3, False),
        ("target.type", "Group", True),
    ],
)
def test_a_field_in_a_list_is_met_by_any_element_and_by_nothing_beside_it(field, value, found):
    row = {"RawEventData": json.dumps(TARGETS, indent=1)}
    assert finds({field: value}, row, logsource=OKTA) == ([0] if found else [])


def test_a_named_element_is_read_whichever_way_round_it_is_written():
    admin = {"product": "gcp", "service": "google_workspace.admin"}
    one = {"name": "NEW_VALUE", "type": "TYPE_SETTING", "value": "false"}
    other = {"name": "SETTING_NAME", "value": "ContextAware\u00c4"}

    def event(*parameters):
        held = {"protoPayload": {"metadata": {"event": [{"eventName": "CHANGE", "parameter": list(parameters)}]}}}
        return {"Application": "Google Workspace", "RawEventData": held}

    turned = dict(reversed(one.items()))
    rows = (event(one, other), event(other, turned), event({"name": "OLD_VALUE", "value": "false"}), event(other))
    assert finds({"new_value": "false"}, *rows, logsource=admin) == [0, 1]
    assert finds({"setting_name|startswith": "contextaware\u00e4"}, *rows, logsource=admin) == [0, 1, 3]
    assert finds({"eventName": "change"}, *rows, logsource=admin) == [0, 1, 2, 3]


def test_what_changed_in_a_directory_is_read_from_its_lists():
    source = {"product": "azure", "service": "auditlogs"}
    changed = [{"displayName": "ConsentContext.IsAdminConsent", "oldValue": "[]", "newValue": '"False"'}]
    row = {
        "Application": "Microsoft Entra ID",
        "ActionType": "Consent to application",
        "AdditionalFields": {"TargetResources": [{"type": "App", "displayName": "x", "modifiedProperties": changed}]},
    }
    made = converted(rule({"ConsentContext.IsAdminConsent": "false"}, logsource=source))
    admin = json.loads(json.dumps(row).replace("False", "True"))
    assert len(answer(made, {HELD: [row, admin]})) == 1
    named = converted(rule({"properties.message": "consent to application"}, logsource=source))
    assert len(answer(named, {HELD: [row, admin]})) == 2
    assert (
        len(answer(converted(rule({"targetResources.type": "Service Principal"}, logsource=source)), {HELD: [row]}))
        == 0
    )


# --- what is refused ---


def test_a_field_without_a_column_is_refused_by_name():
    gone = refused(rule({"CurrentDirectory": "C:\\"}, id="0f06a3a5-6a09-413f-8743-e6cf35561297"))
    assert (gone.field, gone.place) == ("CurrentDirectory", "rule.yml")
    assert gone.id == "0f06a3a5-6a09-413f-8743-e6cf35561297"
    assert "DeviceProcessEvents has no column for the field “CurrentDirectory”" in gone.words


def test_events_we_have_no_table_for_are_refused():
    assert (
        "we have no table for events of windows / security"
        in refused(rule({"EventID": 4648}, logsource={"product": "windows", "service": "security"})).words
    )


def test_a_pattern_that_no_safe_engine_knows_is_refused():
    assert refused(rule({"CommandLine|re": "a(?=b)"})).words
    assert refused(rule({"CommandLine|re": "a(b"})).words


def test_placeholders_are_refused():
    assert "%admins%" in refused(rule({"User|expand": "%admins%"})).words


def test_inside_lists_a_pattern_is_refused_and_so_is_order():
    assert refused(rule({"target.displayName|re": "a.*"}, logsource=OKTA)).field == "target.displayName"
    assert refused(rule({"target.id|gt": 3}, logsource=OKTA)).field == "target.id"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [", "no YAML"),
        ("just words", "this is no rule"),
        ("title: x", "log source"),
        ("title: x\nlogsource: {category: process_creation}\ndetection: {a: {CommandLine: x}}", "condition"),
        (rule({"selection": {"CommandLine": "x"}, "condition": "selection and missing"}), "missing"),
        (rule({"CommandLine|nothing": "x"}), "nothing"),
        ("a: &a [1]\n" + "\n".join(f"b{n}: &b{n} [*{'a' if not n else f'b{n - 1}'}, x]" for n in range(40)), "rule"),
    ],
)
def test_a_text_that_is_no_rule_says_why_and_where(text, said):
    made, found = convert({"folder/broken.yml": text})
    assert not made
    assert found[0].place.startswith("folder/broken.yml")
    assert said in found[0].words.lower() or said in found[0].words


def test_one_broken_rule_does_not_stop_the_others():
    both = rule({"CommandLine": "a"}) + "---\n" + rule({"Nothing": "b"}) + "---\n" + rule({"CommandLine": "c"})
    made, found = convert({"three.yml": both, "bad.yml": "title: ["})
    assert [one.place for one in made] == ["three.yml, document 1", "three.yml, document 3"]
    assert {one.place.split(",")[0] for one in found} == {"three.yml", "bad.yml"}


# --- values are exactly themselves ---

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)


def sigma(text):
    """The text as a value of Sigma that means itself."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


@settings(max_examples=25, deadline=None)
@given(TEXTS)
def test_every_value_finds_itself_and_nothing_near_it(text):
    rows = (line(text), line(text + "x"), line("x" + text), line("x" + text + "x"), line(text[1:] + "\u2603"))
    value = sigma(text)
    assert finds({"CommandLine": value}, *rows) == [0]
    assert finds({"CommandLine|cased": value}, *rows) == [0]
    assert finds({"CommandLine|contains": value}, *rows) == [0, 1, 2, 3]
    assert set(finds({"CommandLine|startswith": value}, *rows)) >= {0, 1}
    assert set(finds({"CommandLine|endswith": value}, *rows)) >= {0, 2}
    assert finds({"CommandLine": f"x*{value}?"}, *rows, line("x" + text + "yy")) == [3]


@settings(max_examples=25, deadline=None)
@given(TEXTS)
def test_every_value_finds_itself_in_a_list_of_json(text):
    near = {"target": [{"displayName": text + "x"}, {"id": text}]}
    rows = [{"RawEventData": {"target": [{"displayName": "a"}, {"displayName": text}]}}, {"RawEventData": near}]
    escaped = {"RawEventData": json.dumps(rows[0]["RawEventData"], ensure_ascii=True)}
    assert finds({"target.displayName": sigma(text)}, *rows, escaped, logsource=OKTA) == [0, 2]
    assert finds({"target.displayName|contains": sigma(text)}, *rows, escaped, logsource=OKTA) == [0, 1, 2]


# --- the data file ---


def test_every_kind_of_event_has_columns_and_conditions_that_are_there():
    for entry in entries():
        events = entry.events
        wheres = [*events.wheres, *(f"isnotempty({column})" for column, _ in events.entities)]
        assert not check_query("\n| where ".join([events.table, *wheres]), now=NOON), entry.when
        for field, place in events.fields.items():
            assert all(column in events.types for column in place.columns), field
            for condition in getattr(place, "words", {}).values():
                assert not check_query(f"{events.table} | where {condition}", now=NOON), field


def test_a_process_rule_of_any_system_reads_the_same_table():
    for product in ("windows", "linux", "macos"):
        source = {"category": "process_creation", "product": product}
        assert converted(rule({"Image|endswith": "/sh"}, logsource=source)).table == "DeviceProcessEvents"
    assert finds({"Image|endswith": "/sh"}, {"FolderPath": "/bin/sh"}, logsource=PROCESS) == [0]
