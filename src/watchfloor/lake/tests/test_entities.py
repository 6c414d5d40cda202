"""SecurityAlert says what an alert touches, in Sentinel's entities, from the evidence that is in the lake."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.lake import selectors, services

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
ALERT = {
    "Timestamp": NOON,
    "AlertId": "wf1",
    "Title": "Phish",
    "Description": "A mail was delivered",
    "Severity": "High",
}


def asked(text):
    return list(selectors.hunt(text, now=NOON + timedelta(days=1)).rows)


def evidence(kind, *, alert="wf1", minutes=0, **cells):
    return {"Timestamp": NOON + timedelta(minutes=minutes), "AlertId": alert, "EntityType": kind} | cells


def entities(alert="wf1"):
    ((text,),) = asked(f"SecurityAlert | where SystemAlertId == '{alert}' | project Entities")
    return json.loads(text)


@pytest.fixture
def alert(lake):
    services.append("AlertInfo", [ALERT])


SHAPES = [
    (
        evidence("User", AccountUpn="ada@corp.example", AccountName="ada", AccountDomain="corp.example"),
        {"Type": "account", "Name": "ada", "UPNSuffix": "corp.example", "AadUserId": None},
    ),
    (
        evidence("Mailbox", AccountUpn="ada@corp.example"),
        {"Type": "mailbox", "MailboxPrimaryAddress": "ada@corp.example", "Upn": "ada@corp.example"},
    ),
    (evidence("Ip", RemoteIP="198.51.100.7"), {"Type": "ip", "Address": "198.51.100.7"}),
    (evidence("Ip", LocalIP="10.0.0.7"), {"Type": "ip", "Address": "10.0.0.7"}),
    (evidence("Url", RemoteUrl="https://x.example/"), {"Type": "url", "Url": "https://x.example/"}),
    (evidence("MailMessage", NetworkMessageId="m-1"), {"Type": "mailMessage", "NetworkMessageId": "m-1"}),
    (evidence("Machine", DeviceName="pc-7.corp.example"), {"Type": "host", "HostName": "pc-7.corp.example"}),
    (evidence("Process", ProcessCommandLine='cmd "/c"'), {"Type": "process", "CommandLine": 'cmd "/c"'}),
    (evidence("SomethingNew"), {"Type": "somethingnew"}),
]


@pytest.mark.parametrize(("row", "entity"), SHAPES, ids=lambda value: value.get("EntityType", ""))
def test_each_kind_of_evidence_is_an_entity_of_sentinel(alert, row, entity):
    services.append("AlertEvidence", [row])
    (found,) = entities()
    assert found["$id"] == "1"
    assert {name: found[name] for name in entity} == entity


def test_a_file_has_its_hashes(alert):
    services.append("AlertEvidence", [evidence("File", FileName="a.exe", SHA256="ab" * 32)])
    (found,) = entities()
    assert found["FileHashes"][0] == {"Algorithm": "SHA256", "Value": "ab" * 32, "Type": "filehash"}


def test_evidence_that_came_later_is_there_too_in_its_order(alert):
    services.append("AlertEvidence", [evidence("Ip", RemoteIP="198.51.100.7")])
    services.append("AlertEvidence", [evidence("Url", RemoteUrl="https://x.example/", minutes=90)])
    assert [(one["$id"], one["Type"]) for one in entities()] == [("1", "ip"), ("2", "url")]


def test_evidence_of_another_alert_is_not(alert):
    services.append("AlertInfo", [ALERT | {"AlertId": "wf2"}])
    services.append("AlertEvidence", [evidence("Ip", alert="wf2", RemoteIP="198.51.100.7")])
    assert entities("wf1") == []
    assert len(entities("wf2")) == 1


def test_the_first_account_that_was_hit_is_the_compromised_one(alert):
    rows = [
        evidence("MailSender", AccountUpn="bad@x.example", EvidenceRole="Related"),
        evidence("Mailbox", AccountUpn="ada@corp.example", EvidenceRole="Impacted", minutes=1),
        evidence("Mailbox", AccountUpn="bob@corp.example", EvidenceRole="Impacted", minutes=2),
    ]
    services.append("AlertEvidence", rows)
    assert asked("SecurityAlert | project CompromisedEntity, Description") == [
        ("ada@corp.example", "A mail was delivered")
    ]


def test_a_flood_of_evidence_stays_a_list_of_five_hundred(alert):
    rows = [evidence("Mailbox", AccountUpn=f"p{number}@corp.example") for number in range(600)]
    services.append("AlertEvidence", rows)
    assert len(entities()) == 500
    assert asked("AlertEvidence | count") == [(600,)]


def test_entities_that_came_with_the_alert_stay_where_there_is_no_evidence(lake):
    services.append("AlertInfo", [ALERT | {"Entities": '[{"$id":"1","Type":"ip","Address":"198.51.100.9"}]'}])
    assert entities()[0]["Address"] == "198.51.100.9"


def test_what_community_queries_do_with_it(alert):
    services.append(
        "AlertEvidence",
        [
            evidence("User", AccountUpn="ada@corp.example", AccountName="ada", AccountDomain="corp.example"),
            evidence("Ip", RemoteIP="198.51.100.7"),
        ],
    )
    text = """
    SecurityAlert
    | where TimeGenerated > ago(2d)
    | summarize arg_max(TimeGenerated, *) by SystemAlertId
    | extend Entities = parse_json(Entities)
    | mv-expand Entity = Entities
    | where tostring(Entity.Type) == "account"
    | extend Upn = strcat(tostring(Entity.Name), "@", tostring(Entity.UPNSuffix))
    | project DisplayName, Upn
    """
    assert asked(text) == [("Phish", "ada@corp.example")]


def test_alerts_without_asking_for_entities_do_not_read_evidence(alert):
    services.append("AlertEvidence", [evidence("Ip", RemoteIP="198.51.100.7")])
    plain = selectors.hunt("SecurityAlert | project AlertName", now=NOON + timedelta(days=1))
    whole = selectors.hunt("SecurityAlert | project Entities", now=NOON + timedelta(days=1))
    assert (plain.cost.rows, whole.cost.rows) == (1, 2)
