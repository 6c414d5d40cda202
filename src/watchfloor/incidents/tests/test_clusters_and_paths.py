"""Mail clusters of an incident counted as they are now; ways from its accounts to critical assets."""

import re
from datetime import timedelta

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.incidents import attack_paths as module
from watchfloor.incidents.attack_paths import attack_paths, path_map, register_attack_paths
from watchfloor.incidents.contracts import AttackPath
from watchfloor.lake.services import append

READER = system_actor("test", Permission.IDENTITY_READ)
ADA, GROUP, PC, BOSS = (
    *(("person", "Ada", "/identities/1"), ("group", "Admins", "/identities/groups/2")),
    *(("device", "pc-1", ""), ("person", "Boss", "/identities/3")),
)


def copy(number, **columns):
    return {"NetworkMessageId": f"m-{number}", "ReportId": f"r-{number}", "EmailClusterId": 77} | columns


def test_clusters_are_split_by_confidence_and_by_where_the_copies_lie(findings, make, as_ada):
    alert = findings.raised(make.message(1), make.cluster(77), make.mailbox())
    at = {"Timestamp": make.start - timedelta(hours=1)}
    sure, unsure = '{"Phish":"High"}', '{"Phish":"Normal"}'
    append(
        "EmailEvents",
        [
            copy(1, ThreatTypes="Phish", ConfidenceLevel=sure, LatestDeliveryLocation="Inbox/folder", **at),
            copy(2, ThreatTypes="Phish", ConfidenceLevel=sure, LatestDeliveryLocation="Quarantine", **at),
            copy(3, ThreatTypes="Phish", ConfidenceLevel=unsure, LatestDeliveryLocation="On-prem/external", **at),
            copy(4, EmailClusterId=78, **at),
        ],
    )
    assert 'id="clusters"' not in as_ada.get(f"/incidents/{alert.incident_id}?tab=evidence").content.decode()
    page = as_ada.get(f"/investigations/evidence-of-incident/{alert.incident_id}").content.decode()
    row = page.split('id="clusters"')[1].split("<tbody>")[1].split("</tbody>")[0]
    numbers = re.findall(r'class="number"[^>]*>([^<]+)<', row)
    assert numbers == ["3", "0", "2", "1", "0", "1", "1", "1"]
    assert "Not judged" in row
    assert "Counted" in row


class Knowing:
    permission = Permission.IDENTITY_READ

    def __init__(self):
        self.asked = []

    def paths(self, values, actor, now, /):
        self.asked = list(values)
        return [
            AttackPath(
                ADA, BOSS, "Holds an administrator’s role", ((ADA, PC, "signs in"), (PC, BOSS, "signed in")), False
            ),
            AttackPath(ADA, GROUP, "Sensitive", ((ADA, GROUP, "is a member"),)),
        ]


@pytest.fixture
def knowing(monkeypatch):
    monkeypatch.setattr(module, "_knowledge", [])
    return register_attack_paths(Knowing())


def test_ways_are_looked_for_from_those_that_acted_first_and_listed_shortest_first(findings, make, knowing, as_max):
    alert = findings.raised(make.mailbox("zoe@corp.example"), make.user("ada@corp.example", role="compromised"))
    found, accounts, may_see = attack_paths(alert.incident_id, actor=READER, now=make.start)
    assert knowing.asked == accounts == ["ada@corp.example", "zoe@corp.example"]
    assert may_see
    assert [one.target[1] for one in found] == ["Admins", "Boss"]
    page = as_max.get(f"/incidents/{alert.incident_id}?tab=paths").content.decode()
    assert "Ada to Admins" in page
    assert "Rests on sign-ins" in page


def test_the_map_draws_each_end_once(knowing):
    drawn = path_map(knowing.paths((), None, None))
    assert [node["name"] for node in drawn["nodes"]] == ["Ada", "pc-1", "Boss", "Admins"]
    assert [node["name"] for node in drawn["nodes"] if node.get("tone")] == ["Boss", "Admins"]
    assert len(drawn["links"]) == 3


def test_who_may_not_read_people_gets_no_ways(findings, make, knowing):
    alert = findings.raised(make.mailbox())
    other = system_actor("test", Permission.INCIDENT_READ)
    assert attack_paths(alert.incident_id, actor=other, now=make.start) == ([], ["ada@corp.example"], False)
    assert knowing.asked == []
