"""The card, the fly-outs and the settings of the score, as people see them."""

from datetime import timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.config.slices import load
from watchfloor.identities.models import RiskDay, RiskPoint
from watchfloor.identities.page.registry import panels_of
from watchfloor.identities.scoring.scale import scale
from watchfloor.identities.scoring.showing import chart_of, shown
from watchfloor.identities.scoring.signals import signals
from watchfloor.identities.scoring.standing import refresh
from watchfloor.identities.scoring.tables import RiskSetting
from watchfloor.identities.selectors import points_of, risk_of
from watchfloor.kernel.clock import utc_now


@pytest.fixture
def now():
    return utc_now()


@pytest.fixture
def bea(world, now):
    """Bea forwarded mail two days ago, which an event of the lake shows."""
    who = world.person("bea")
    for number in range(9):
        world.person(f"p{number}")
    world.now = now - timedelta(days=2)
    raw = {"Parameters": [{"Name": "ForwardingSmtpAddress", "Value": "smtp:drop@evil.example"}]}
    deed = {
        "Timestamp": world.now,
        "AccountId": who.address,
        "ActionType": "Set-Mailbox",
        "ActivityType": "Mail forwarding",
    }
    world.happen({**deed, "RawEventData": raw, "ReportId": "c1", "IPAddress": "203.0.113.9"}, table="CloudAppEvents")
    refresh([who.pk], now=now)
    return who


def test_the_card_shows_score_percentile_level_state_and_history(bea, ada):
    load("panels")
    ((title, html),) = [one for one in panels_of(bea.pk, actor=actor_of(ada), place="risk") if one[0] == "Risk"]
    assert title == "Risk"
    assert "Higher than 100 % of the others" in html
    assert "percentile red" in html
    assert "At risk" in html
    assert 'id="risk-history"' in html
    assert f'hx-get="/identities/{bea.pk}/risk"' in html


def test_the_card_of_somebody_never_scored_says_so(bea, world, ada):
    load("panels")
    other = world.person("new")
    ((_, html),) = [one for one in panels_of(other.pk, actor=actor_of(ada), place="risk") if one[0] == "Risk"]
    assert "No score yet" in html


def test_the_fly_out_lists_each_point_with_why_decay_and_evidence(bea, as_ada, now):
    page = as_ada.get(f"/identities/{bea.pk}/risk").content.decode()
    (point,) = points_of(bea.pk)
    assert "Mail is sent on to drop@evil.example" in page
    assert f"worth 25 of 35 now, gone on {point.gone_at:%d %b}" in page
    assert "“Mail forwarded outside” gives at most 35 points" in page
    assert point.evidence.replace("&", "&amp;") in page
    assert "T1114.003" in page


def test_a_point_shows_the_event_it_rests_on(bea, as_ada):
    (point,) = points_of(bea.pk)
    page = as_ada.get(f"/identities/risk-points/{point.id}").content.decode()
    assert "The event" in page
    assert "203.0.113.9" in page
    assert "Set-Mailbox" in page
    assert as_ada.get("/identities/risk-points/999999").status_code == 404


def test_whoever_may_not_set_risk_cannot_call_a_point_wrong(bea, as_ada, as_eve, as_max, ada):
    (point,) = points_of(bea.pk)
    address = f"/identities/risk-points/{point.id}/void"
    assert as_eve.post(address, {"reason": "x"}).status_code == 403
    assert not points_of(bea.pk)[0].void
    assert as_max.post(address, {"reason": " "}).status_code == 400
    answer = as_max.post(address, {"reason": "an agreed test"})
    assert answer.status_code == 200
    assert "void: Max" in answer.content.decode()
    assert points_of(bea.pk)[0].void
    assert risk_of(bea.pk).score == 0


def test_the_worth_of_points_on_the_fly_out_sums_to_the_score(bea, now):
    points = shown(points_of(bea.pk), now=now)
    assert sum(one.worth for one in points) == pytest.approx(risk_of(bea.pk).score, abs=0.05)


def test_gone_and_void_points_say_so(bea, now):
    (one,) = shown(points_of(bea.pk), now=now + timedelta(days=9))
    assert one.decay.startswith("was worth 35, gone since")
    RiskPoint.objects.update(void=True, void_by="Max")
    (one,) = shown(points_of(bea.pk), now=now)
    assert one.decay == "35 points, void: Max"


def test_the_history_has_a_value_for_every_day_quiet_ones_too(bea, now):
    RiskDay.objects.create(person=bea, day=(now - timedelta(days=5)).date(), score=12.345)
    chart = chart_of(bea.pk, now=now, days=30)
    assert len(chart["categories"]) == 6
    assert chart["series"][0]["values"][0] == 12.3
    assert chart["series"][0]["values"][1] == 0


def test_the_settings_say_the_formulas_and_every_signal(as_ada, as_max):
    for client in (as_max,):
        page = client.get("/settings/risk-score").content.decode()
        assert "A point loses the same part every hour and is gone after 7 days." in page
        assert "privileged ×1.5" in page
        assert all(signal.title.split("'")[0] in page for signal in signals().values())


def posted(**more):
    usual = {
        "low": 5, "medium": 30, "high": 60, "rise_least": 45, "rise_spread": 6, "rise_per_day": 20, "alert_weight": 1,
        "known_networks": "",
    }  # fmt: skip
    weights = {f"weight-{key}": signal.weight for key, signal in signals().items()}
    return {**usual, **weights, **{f"on-{key}": "on" for key in signals()}, **more}


def test_weights_switches_and_networks_can_be_changed_and_are_audited(as_max):
    from watchfloor.access.models import AuditEntry

    body = posted(**{"weight-new_country": 5, "known_networks": "192.0.2.0/24\n2001:db8::/32", "high": 80})
    del body["on-unusual_hour"]
    assert as_max.post("/settings/risk-score", body).status_code == 302
    chosen = scale()
    assert (chosen.high, dict(chosen.weights), chosen.off) == (80, {"new_country": 5}, frozenset({"unusual_hour"}))
    assert chosen.known_networks == ("192.0.2.0/24", "2001:db8::/32")
    entry = AuditEntry.objects.filter(verb="risk.settings", outcome="success").get()
    assert entry.after["weights"] == {"new_country": 5}
    as_max.post("/settings/risk-score", posted())
    assert dict(scale().weights) == {}
    assert not RiskSetting.objects.filter(key__startswith="weight:").exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"medium": 3}, "must rise"),
        ({"known_networks": "somewhere"}, "is no network"),
        ({"weight-forwarding": 101}, "100"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(as_max, wrong, says):
    answer = as_max.post("/settings/risk-score", posted(**wrong))
    assert answer.status_code == 400
    assert not RiskSetting.objects.exists()
    if "weight-forwarding" not in wrong:
        assert says in answer.content.decode()


def test_whoever_may_only_read_settings_cannot_change_them(as_ada, as_eve):
    assert as_eve.get("/settings/risk-score").status_code == 403
    assert as_ada.post("/settings/risk-score", posted(high=99)).status_code == 403
    assert scale().high == 60
