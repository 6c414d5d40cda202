"""The ladder of trust: off, passive, approve, automatic within the policy, and the kill switch."""

from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.identities.models import DirectoryPerson
from watchfloor.investigations import policy
from watchfloor.investigations.contracts import Level, RecommendationStatus, Status, Verdict, Wish, WishKind
from watchfloor.investigations.models import Recommendation, TrustPolicy
from watchfloor.investigations.selectors import scoreboard
from watchfloor.investigations.services import agree, change_policy, switch_kill
from watchfloor.investigations.tests.conftest import NOW
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.response.models import Remediation

pytestmark = pytest.mark.django_db
REMOVAL = Wish("c", WishKind.MAIL, "Soft delete", "", "soft-delete", copies=10, share=90.0)
AROUND = policy.Circumstances(NOW, 0)


def automatic(**facts):
    return TrustPolicy.objects.update_or_create(pk=1, defaults={"level": Level.AUTOMATIC.value, **facts})[0]


def test_by_default_nothing_is_done_without_approval(phish, begun):
    assert policy.current().level == Level.APPROVE
    begun(phish)
    assert not Remediation.objects.exclude(status="Pending approval").exists()


def test_at_the_passive_level_it_says_what_would_be_done(phish, begun):
    TrustPolicy.objects.create(pk=1, level=Level.PASSIVE.value)
    found = begun(phish)
    assert found.recommendations.get(kind="mail").status == RecommendationStatus.WOULD
    assert found.status == Status.PARTIALLY_INVESTIGATED
    assert not Remediation.objects.exists()


def test_the_scoreboard_counts_how_often_people_agreed(phish, begun, analyst):
    TrustPolicy.objects.create(pk=1, level=Level.PASSIVE.value)
    one = begun(phish).recommendations.get(kind="mail")
    agree(by=analyst, recommendation=one.pk, agreed=True, at=NOW)
    other = begun(phish).recommendations.get(kind="mail")
    agree(by=analyst, recommendation=other.pk, agreed=False, at=NOW)
    [score] = [one for one in scoreboard(dict.fromkeys(policy_keys(), Level.PASSIVE)) if one.playbook == "manual-mail"]
    assert (score.recommended, score.decided, score.agreed, score.share) == (2, 2, 1, "50 %")


def policy_keys():
    from watchfloor.investigations.playbook import playbooks

    return playbooks()


def test_within_the_policy_it_acts_by_itself_and_says_so(phish, begun):
    automatic()
    one = begun(phish).recommendations.get(kind="mail")
    assert (one.status, one.automatic, one.decided_by_name) == (RecommendationStatus.RUNNING, True, "Automation")
    remediation = Remediation.objects.get(pk=one.remediation_id)
    assert (remediation.source, remediation.decided_by_name) == ("Automated email action", "automated investigation")


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"most_copies": 2}, "3 copies are more than 2"),
        ({"daily_cap": 2}, "more than 2 copies would be removed within a day"),
        ({"from_hour": 22, "to_hour": 6}, "outside 22:00 to 6:00"),
        ({"stopped": True}, ""),
    ],
)
def test_outside_the_policy_it_waits_for_a_person_and_says_why(phish, begun, facts, why):
    automatic(**facts)
    one = begun(phish).recommendations.get(kind="mail")
    assert (one.status, one.automatic) == (RecommendationStatus.PENDING, False)
    assert why in one.not_automatic


def test_a_priority_account_is_for_a_person(phish, begun):
    automatic()
    DirectoryPerson.objects.create(address="ann@corp.example", name="Ann", tags=["VIP"], imported_at=NOW, groups=[])
    one = begun(phish).recommendations.get(kind="mail")
    assert one.not_automatic == "ann@corp.example is a priority account"


def test_a_weak_share_is_for_a_person():
    weak = Wish("c", WishKind.MAIL, "Soft delete", "", "soft-delete", copies=10, share=20.0)
    assert "20 %" in policy.why_not_automatic(TrustPolicy(), weak, AROUND)


@pytest.mark.parametrize("kind", [WishKind.BLOCK, WishKind.ACCOUNTS])
def test_only_soft_delete_is_ever_automatic(kind):
    wish = Wish("x", kind, "x", "", "suspend")
    assert "only soft delete" in policy.why_not_automatic(TrustPolicy(), wish, AROUND)


def test_the_daily_cap_counts_what_was_done_today(phish, begun):
    automatic(daily_cap=5)
    begun(phish)
    assert policy.done_today(now=NOW + timedelta(hours=1)) == 3
    second = begun(phish, at=NOW + timedelta(hours=1)).recommendations.get(kind="mail")
    assert not second.automatic
    assert policy.done_today(now=NOW + timedelta(days=2)) == 0


def test_the_kill_switch_is_pulled_by_whoever_may_purge(analyst):
    automatic()
    switch_kill(by=analyst, stopped=True, at=NOW)
    assert policy.level_of(policy.current(), "zapped") == Level.APPROVE
    assert AuditEntry.objects.filter(verb="investigation.kill_switch", outcome="success").exists()


def test_changing_the_policy_needs_the_right_to_connect_systems(analyst):
    with pytest.raises(Forbidden):
        change_policy(by=analyst, at=NOW, level="automatic")


def test_impossible_numbers_are_refused(max):
    from watchfloor.access.selectors import actor_of

    for wrong in ({"from_hour": 25}, {"thresholds": {"url": [0, 10, 1, 10]}}, {"least_share": 101}):
        with pytest.raises(BadInput):
            change_policy(by=actor_of(max), at=NOW, **wrong)


def test_an_edited_threshold_changes_what_is_malicious(phish, begun):
    TrustPolicy.objects.create(pk=1, thresholds={kind: [10, 100, 10, 100] for kind in (
        "likeness-ip", "likeness-domain", "subject-ip", "subject-domain")})  # fmt: skip
    found = begun(phish)
    assert {one.verdict for one in found.clusters.all()} == {Verdict.CLEAN}
    assert found.recommendations.get(kind="mail").key == "mails", "the mail itself stays malicious"


def test_mailboxes_of_the_security_team_stand_in_the_query_and_are_left_out(phish, begun):
    TrustPolicy.objects.create(pk=1, exempt=["ann@corp.example"])
    counted = begun(phish).clusters.first()
    assert counted.counted_then.copies == 3
    assert "ann@corp.example" in counted.text


def test_the_settings_page_shows_and_changes_the_ladder(as_max):
    words = as_max.get("/settings/investigations").content.decode()
    assert "Same body, same sender IP" in words and "Stop everything automatic" in words  # noqa: PT018
    fields = {
        "level": "passive", "most_copies": 7, "daily_cap": 9, "least_share": 60, "from_hour": 8, "to_hour": 18,
        "exempt": "Soc@corp.example", "level_zapped": "off",
    }  # fmt: skip
    for kind in ("likeness-ip", "likeness-domain", "subject-ip", "subject-domain", "url", "file", "sent", "sender"):
        fields |= {f"{kind}_hits": 2, f"{kind}_share": 30, f"{kind}_hits_suspicious": 1, f"{kind}_share_suspicious": 5}
    assert as_max.post("/settings/investigations", fields).status_code == 302
    kept = policy.current()
    assert (kept.level, kept.levels, kept.exempt) == ("passive", {"zapped": "off"}, ["soc@corp.example"])
    assert kept.thresholds["url"] == [2, 30, 1, 5]


def test_the_kill_switch_stands_on_the_settings_page(as_max):
    as_max.post("/settings/investigations/kill-switch", {"stopped": "yes"})
    assert policy.current().stopped
    assert "The kill switch is on" in as_max.get("/settings/investigations").content.decode()


def test_recommendations_never_expire(phish, begun):
    begun(phish)
    assert Recommendation.objects.filter(status=RecommendationStatus.PENDING).exists()
