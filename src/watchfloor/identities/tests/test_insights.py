"""Questions asked of every account: what they count, and that their queries run as they stand on the hunting page."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import actor_of
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson
from watchfloor.identities.page import further_insights
from watchfloor.identities.page.insights import insights
from watchfloor.identities.page.known import known
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append, upload_list

pytestmark = pytest.mark.django_db
EVERYTHING = Actor("max", "Max", frozenset(Permission))


@pytest.fixture
def ann():
    now = utc_now()
    who = DirectoryPerson.objects.create(
        address="ann@corp.example", name="Ann", department='R"&D', source="corp", imported_at=now, status="active"
    )
    row = Account.objects.create(
        person=who,
        source="ad",
        key="k",
        sid="S-1-5-21-1-2-3-1104",
        upn=who.address,
        mail=who.address,
        first_seen_at=now,
        seen_at=now,
    )
    AccountAlias.objects.create(account=row, kind="sid", value="s-1-5-21-1-2-3-1104")
    at = {"Timestamp": now - timedelta(days=1)}
    mine = at | {"AccountUpn": who.address}
    append("IdentityLogonEvents", [mine | {"ReportId": "1", "ActionType": "LogonFailed", "FailureReason": "Expired"}])
    other = {"AccountUpn": "max@corp.example", "TargetAccountUpn": who.address}
    append("IdentityDirectoryEvents", [at | other | {"ReportId": "2", "ActionType": "Group membership changed"}])
    return who


def test_each_question_is_answered_from_what_events_say(ada, ann):
    told = insights(known(ann.pk, actor=actor_of(ada), now=utc_now()))["insights"]
    found = {one.title: one.found for one in told}
    assert None not in found.values()
    assert found["Failed sign-ins"] == found["Actions on the account"] == found["Group additions"] == 1
    assert found["Actions by the account"] == found["New devices"] == 0
    queries = [parse_qs(urlsplit(one.href).query)["query"][0] for one in told]
    assert all(query.count("30d") or query.startswith("IdentityInfo") or "_GetWatchlist" in query for query in queries)


def test_further_questions_of_sentinels_page_are_asked_too(ada, ann):
    now = utc_now()
    at = {"Timestamp": now - timedelta(days=1)}
    mine = at | {"AccountUpn": ann.address}
    append("IdentityLogonEvents", [mine | {"ReportId": "3", "ActionType": "LogonSuccess", "IPAddress": "203.0.113.66"}])
    append("BehaviorInfo", [mine | {"BehaviorId": "b", "Title": "Odd"}])
    cloud = at | {"AccountId": ann.address, "ActionType": "FileAccessed", "ObjectName": "plan.docx", "ReportId": "4"}
    append("CloudAppEvents", [cloud])
    cleared = at | {"ActionType": "SecurityLogCleared", "AccountSid": "S-1-5-21-1-2-3-1104", "DeviceName": "dc1"}
    append("DeviceEvents", [cleared | {"DeviceId": "d", "ReportId": 5}])
    upload_list(
        alias="VIP",
        address="",
        file_name="vip.csv",
        data=b"Mail,Why\nANN@corp.example,board\n",
        by=EVERYTHING,
        now=now,
    )
    told = insights(known(ann.pk, actor=actor_of(ada), now=now))["insights"]
    found = {one.title: one.found for one in told}
    assert found["Resource access"] == found["Behaviour analytics"] == found["Event logs cleared"] == 1
    assert found["Anomalous sign-in results"] == 2
    assert found["On the list VIP"] == 1
    assert found["Threat indicators"] == 0
    assert None not in found.values()


def test_listed_addresses_and_domains_are_threat_indicators(ada, ann, monkeypatch):
    facts = TenantFacts(blocked=frozenset({"ip:203.0.113.66", "domain:evil.example"}))
    monkeypatch.setattr(further_insights, "tenant_facts", lambda: facts)
    at = {"Timestamp": utc_now() - timedelta(days=1), "AccountUpn": ann.address}
    append("EntraIdSignInEvents", [at | {"IPAddress": "203.0.113.66", "ReportId": "6"}])
    append("UrlClickEvents", [at | {"Url": "http://evil.example/", "UrlDomain": "evil.example", "ReportId": "7"}])
    told = insights(known(ann.pk, actor=actor_of(ada), now=utc_now()))["insights"]
    assert {one.title: one.found for one in told}["Threat indicators"] == 2


def test_who_may_not_read_the_lists_is_not_told_them_in_a_query(ann, monkeypatch):
    facts = TenantFacts(blocked=frozenset({"ip:203.0.113.66", "domain:evil.example"}))
    monkeypatch.setattr(further_insights, "tenant_facts", lambda: facts)
    for rights, told in (
        ({Permission.IDENTITY_READ}, False),
        ({Permission.IDENTITY_READ, Permission.SETTINGS_READ}, True),
    ):
        seen = known(ann.pk, actor=Actor("person:0", "User response", frozenset(rights)), now=utc_now())
        text = str([*further_insights.further_questions(seen)])
        assert ("evil.example" in text) is told


def test_the_tab_asks_for_them_and_they_lead_to_the_hunting_page(as_ada, ann):
    assert f"/identities/{ann.pk}/insights" in as_ada.get(f"/identities/{ann.pk}/observed").content.decode()
    assert 'href="/hunting?query=' in as_ada.get(f"/identities/{ann.pk}/insights").content.decode()


def test_nobody_without_the_right_sees_them(as_eve, ann):
    assert as_eve.get(f"/identities/{ann.pk}/insights").status_code == 403
