"""One activity after another is judged against what was usual, and learned."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Scale
from watchfloor.identities.scoring.engine import ORGANISATION, Engine
from watchfloor.identities.scoring.habits import Habits
from watchfloor.identities.scoring.past import Who

START = datetime(2026, 9, 1, 9, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BEA = Who(1, "Bea", "bea@corp.example", ("department:Sales",), domains=frozenset({"corp.example"}))
BERLIN, LIMA, PARIS = (52.5, 13.4), (-12.0, -77.0), (48.9, 2.4)


def sign_in(at, **more) -> Activity:
    usual = {
        "ip": "192.0.2.7",
        "country": "DE",
        "network": "64496",
        "place": BERLIN,
        "device": "laptop-7",
        "client": "Edge on Windows",
        "application": "Mail",
        "report": f"r{at:%m%d%H%M%S}",
    }
    return Activity(at=at, table="EntraIdSignInEvents", kind=Kind.SIGN_IN, **{**usual, **more})


def deed(at, action, kind="", **more) -> Activity:
    raw = ({"ActivityType": kind}, more.pop("raw", {}))
    return Activity(
        at=at,
        table="CloudAppEvents",
        report=f"d{at:%m%d%H%M%S}{action}",
        kind=Kind.ACTION,
        action=action,
        names=("bea@corp.example",),
        raw=raw,
        **more,
    )


def people(number=8, circles=("department:Sales",)):
    return [
        replace(BEA, pk=n, name=f"P{n}", address=f"p{n}@corp.example", circles=circles) for n in range(1, number + 1)
    ]


@pytest.fixture
def engine():
    """Eight people of one department who sat in Berlin for thirty days, from nine to five."""
    made = Engine({}, scale=Scale())
    for day in range(30):
        for who in people():
            for hour in (0, 4, 8):
                made.judge(sign_in(START + day * DAY + hour * HOUR, device=f"laptop-{who.pk}"), who)
    return made


AFTER = START + 30 * DAY


def keys(points):
    return {point.what for point in points}


def test_the_usual_gives_no_points(engine):
    assert engine.judge(sign_in(AFTER, device="laptop-1"), people()[0]) == []


def test_a_new_country_gives_points_once_and_says_how_rare_it_is(engine):
    who = people()[0]
    abroad = sign_in(AFTER, country="PE", place=None, device="laptop-1")
    (point,) = [one for one in engine.judge(abroad, who) if one.what == "new_country"]
    assert point.points == pytest.approx(20)
    assert point.words == "Signed in from PE for the first time (192.0.2.7)"
    assert [factor.name for factor in point.factors] == ["Weight", "Surprise"]
    assert "1 in" in point.factors[1].words
    assert point.key.startswith(f"event:EntraIdSignInEvents:{abroad.report}:new_country:1:")
    assert "new_country" not in keys(engine.judge(replace(abroad, at=AFTER + HOUR, report="x"), who))


def test_a_country_that_colleagues_go_to_surprises_less(engine):
    for who in people()[1:]:
        for day in range(4):
            engine.judge(sign_in(AFTER + day * DAY, country="FR", place=None, device=f"laptop-{who.pk}"), who)
    found = engine.judge(sign_in(AFTER + 4 * DAY, country="FR", place=None, device="laptop-1"), people()[0])
    (point,) = [one for one in found if one.what == "new_country"] or [None]
    other = engine.judge(sign_in(AFTER + 5 * DAY, country="PE", place=None, device="laptop-1"), people()[0])
    rare = next(one for one in other if one.what == "new_country")
    assert point is None or point.points < rare.points


def test_nobody_travels_eleven_thousand_kilometres_in_an_hour(engine):
    who = people()[0]
    engine.judge(sign_in(AFTER, device="laptop-1"), who)
    found = engine.judge(sign_in(AFTER + HOUR, country="PE", place=LIMA, ip="198.51.100.9", device="laptop-1"), who)
    point = next(one for one in found if one.what == "impossible_travel")
    assert point.points == 35
    assert "60 minutes after DE (192.0.2.7)" in point.words
    assert point.techniques == ("T1078",)


def test_a_flight_and_a_known_network_are_no_impossible_travel(engine):
    who = people()[0]
    engine.judge(sign_in(AFTER, device="laptop-1"), who)
    flown = engine.judge(sign_in(AFTER + 2 * HOUR, country="FR", place=PARIS, device="laptop-1"), who)
    assert "impossible_travel" not in keys(flown)
    engine.scale = Scale(known_networks=("198.51.100.0/24",))
    tunnelled = sign_in(AFTER + 3 * HOUR, country="PE", place=LIMA, ip="198.51.100.9", device="laptop-1")
    assert not keys(engine.judge(tunnelled, who)) & {"impossible_travel", "new_country", "new_network"}
    assert "impossible_travel" not in keys(engine.judge(sign_in(AFTER + 4 * HOUR, device="laptop-1"), who))


def test_a_new_device_and_network_give_points_and_a_managed_device_none(engine):
    who = people()[0]
    found = engine.judge(sign_in(AFTER, device="phone-9", network="64999", ip="203.0.113.4"), who)
    assert {"new_device", "new_network"} <= keys(found)
    managed = replace(sign_in(AFTER + DAY, device="laptop-99"), managed=True)
    assert "new_device" not in keys(engine.judge(managed, who))


def test_three_in_the_morning_surprises_and_ten_does_not(engine):
    who = people()[0]
    assert "unusual_hour" in keys(engine.judge(sign_in(AFTER + 18 * HOUR, device="laptop-1"), who))
    assert "unusual_hour" not in keys(engine.judge(sign_in(AFTER + 25 * HOUR, device="laptop-1"), who))


def test_a_new_colleague_is_compared_with_peers_and_gets_at_most_half(engine):
    new = replace(BEA, pk=99, name="New")
    assert engine.judge(sign_in(AFTER, device="laptop-99"), new) == []
    found = engine.judge(sign_in(AFTER + DAY, country="PE", place=None, device="laptop-99"), new)
    (point,) = [one for one in found if one.what == "new_country"]
    assert point.points <= 10
    assert "New here" in [factor.name for factor in point.factors]


def test_an_organisation_that_is_not_known_yet_hears_only_plain_signs():
    fresh = Engine({}, scale=Scale())
    fresh.judge(sign_in(START), BEA)
    found = fresh.judge(sign_in(START + HOUR, country="PE", place=LIMA, device="other", network="1"), BEA)
    assert keys(found) == {"impossible_travel"}


def test_an_important_person_weighs_more_and_the_factor_says_why(engine):
    who = people()[0]
    chief = replace(who, importance="privileged", why="Global Administrator in Entra ID")
    risky = replace(sign_in(AFTER, device="laptop-1"), risk="high", risk_types=("anonymizedIPAddress",))
    plain = Engine(engine.habits, scale=Scale()).judge(risky, replace(who, pk=2))
    (point,) = [one for one in engine.judge(risky, chief) if one.what == "source_risk"]
    (other,) = [one for one in plain if one.what == "source_risk"]
    assert point.points == pytest.approx(1.5 * other.points)
    assert point.factors[-1].value == "×1.5"
    assert "Global Administrator" in point.factors[-1].words


def test_mail_sent_on_outside_counts_and_inside_does_not(engine):
    who = people()[0]

    def forward(address, at=AFTER):
        raw = {"Parameters": [{"Name": "ForwardingSmtpAddress", "Value": f"smtp:{address}"}]}
        return engine.judge(deed(at, "Set-Mailbox", "Mail forwarding", raw=raw), who)

    assert "forwarding" not in keys(forward("max@corp.example"))
    assert "forwarding" not in keys(forward("max@sub.corp.example"))
    (point,) = [one for one in forward("drop@evil.example", AFTER + HOUR) if one.what == "forwarding"]
    assert point.points == 35
    assert point.words == "Mail is sent on to drop@evil.example"


def test_an_inbox_rule_weighs_by_what_it_hides(engine):
    def rule(at, **parameters):
        raw = {"Parameters": [{"Name": name, "Value": value} for name, value in parameters.items()]}
        found = engine.judge(deed(at, "New-InboxRule", "New or changed inbox rule", raw=raw), people()[0])
        return next(one for one in found if one.what == "inbox_rule")

    tidy = rule(AFTER, Name="Newsletters", MoveToFolder="Reading")
    hiding = rule(AFTER + HOUR, Name=".", DeleteMessage="True", SubjectContainsWords="invoice;password")
    assert tidy.points < hiding.points == 25
    assert "deletes mail" in hiding.words


def test_a_burst_of_failures_counts_little_until_one_succeeds(engine):
    who, attacker = people()[0], {"ip": "203.0.113.9", "network": "64999", "country": "NG", "place": None}
    given = []
    for number in range(20):
        failed = replace(sign_in(AFTER + number * MINUTE, **attacker), kind=Kind.FAILED, error="50126")
        given += engine.judge(failed, who)
    assert 0 < sum(one.points for one in given if one.what == "failed_burst") < 9
    found = engine.judge(sign_in(AFTER + 25 * MINUTE, **attacker), who)
    (point,) = [one for one in found if one.what == "failed_burst"]
    assert point.points > 8
    assert "then a success" in point.words


def test_a_forgotten_password_is_no_attack(engine):
    who = people()[0]
    for number in range(12):
        engine.judge(replace(sign_in(AFTER + number * MINUTE), kind=Kind.FAILED, error="50126"), who)
    found = engine.judge(sign_in(AFTER + 13 * MINUTE, device="laptop-1"), who)
    assert sum(one.points for one in found) < 6


def test_a_spray_is_seen_from_each_persons_side(engine):
    found = []
    for number, who in enumerate(people()):
        spray = sign_in(AFTER + number * MINUTE, ip="203.0.113.50", network="64999", country="NG", place=None)
        found += [(who.pk, one.what) for one in engine.judge(replace(spray, kind=Kind.FAILED, error="50126"), who)]
    assert found == [(8, "password_spray")]
    hit = engine.judge(
        sign_in(AFTER + HOUR / 2, ip="203.0.113.50", network="64999", country="NG", place=None), people()[2]
    )
    point = next(one for one in hit if one.what == "password_spray")
    assert "signed in as P3" in point.words


def test_many_downloads_in_an_hour_give_points_that_grow_with_them(engine):
    who = people()[0]
    for day in range(12):
        for number in range(6):
            engine.judge(deed(START + day * DAY + number * MINUTE, "FileDownloaded", "File downloaded"), who)
    given = []
    for number in range(200):
        at = AFTER + number * timedelta(seconds=5)
        given += [
            one
            for one in engine.judge(deed(at, "FileDownloaded", "File downloaded"), who)
            if one.what == "mass_download"
        ]
    assert 1 <= len(given) <= 6
    assert sum(one.points for one in given) <= 30
    assert "median of 6" in given[-1].words


def test_a_honeytoken_counts_whatever_it_does(engine):
    bait = replace(BEA, pk=77, name="svc-old", honeytoken=True)
    failed = replace(sign_in(AFTER), kind=Kind.FAILED, error="50126")
    assert "honeytoken" in keys(engine.judge(failed, bait))


def test_a_disabled_account_and_one_that_slept_are_told(engine):
    who = people()[0]
    tried = replace(sign_in(AFTER), kind=Kind.FAILED, error="50057")
    assert "disabled_account" in keys(engine.judge(tried, who))
    gone = replace(who, enabled=False)
    assert "disabled_account" in keys(engine.judge(sign_in(AFTER + HOUR), gone))
    late = engine.judge(sign_in(AFTER + 90 * DAY, device="laptop-2"), people()[1])
    assert any("after 91 days without any activity" in one.words for one in late)


def test_what_was_called_wrong_gives_no_points_again(engine):
    who = people()[0]
    abroad = sign_in(AFTER, country="PE", place=None, device="laptop-1")
    point = next(one for one in engine.judge(abroad, who) if one.what == "new_country")
    subject = f"new_country:{point.key.rsplit(':', 1)[1]}"
    habits = engine.habits["person:1"]
    habits.body["taught"] = {subject: 1}
    del habits.counts["country"]["PE"], habits.body["given"]
    assert "new_country" not in keys(engine.judge(replace(abroad, at=AFTER + DAY), who))


def test_a_signal_can_be_switched_off_and_weigh_otherwise(engine):
    who, abroad = people()[0], sign_in(AFTER, country="PE", place=None, device="laptop-1")
    quiet = Engine(engine.habits, scale=Scale(off=frozenset({"new_country"})))
    assert "new_country" not in keys(quiet.judge(replace(abroad, country="CL"), who))
    heavy = Engine(engine.habits, scale=Scale(weights={"new_country": 60}))
    assert next(one for one in heavy.judge(abroad, who) if one.what == "new_country").points == pytest.approx(60)


def test_what_was_learned_survives_being_kept_as_json(engine):
    import json

    kept = {
        scope: Habits(json.loads(json.dumps(habits.as_json())), since=habits.since, events=habits.events)
        for scope, habits in engine.habits.items()
    }
    again = Engine(kept, scale=Scale())
    abroad = sign_in(AFTER, country="PE", place=LIMA, device="phone", network="1")
    assert again.judge(abroad, people()[0]) == engine.judge(abroad, people()[0])
    assert kept[ORGANISATION].days(day=AFTER.toordinal()) > 100
