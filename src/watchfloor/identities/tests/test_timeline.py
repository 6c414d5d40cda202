"""The timeline of a person: every source in one order, filters that agree with one another, pages that lose nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.models import DirectoryPerson, RiskPoint
from watchfloor.identities.page import asking, timeline
from watchfloor.identities.page.lines import Chosen, chosen, place_of
from watchfloor.lake.services import append

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYTHING = Actor("ada", "Ada", frozenset(Permission))
PEOPLE_ONLY = Actor("sam", "Sam", frozenset({Permission.IDENTITY_READ}))


@pytest.fixture
def ann():
    row = DirectoryPerson.objects.create(address="ann@corp.example", name="Ann", source="test", imported_at=NOW)
    return row.pk


def minutes(count):
    return NOW - timedelta(minutes=count)


def sign_in(at, *, who="ann@corp.example", **given):
    row = {"Timestamp": at, "AccountUpn": who, "Application": "Mail", "Country": "DE", "ReportId": f"s{at:%d%H%M%S%f}"}
    append("EntraIdSignInEvents", [row | given])


def change(at, *, by, to):
    row = {"Timestamp": at, "ActionType": "Password reset", "AccountUpn": by, "TargetAccountUpn": to}
    append("IdentityDirectoryEvents", [row | {"ReportId": f"d{at:%H%M%S}"}])


def mail(at, *, sender="x@evil.example", to="ann@corp.example", **given):
    row = {"Timestamp": at, "SenderFromAddress": sender, "RecipientEmailAddress": to, "Subject": "Pay now"}
    row |= {"ThreatTypes": "Phish", "EmailDirection": "Inbound", "NetworkMessageId": "m1", "ReportId": f"m{at:%H%M%S}"}
    append("EmailEvents", [row | given])


def ask(person, words="period=1d", *, actor=EVERYTHING):
    return timeline.timeline(person, chosen(QueryDict(words), now=NOW), actor=actor, now=NOW)


def test_lines_of_several_tables_stand_in_one_order_newest_first(ann):
    sign_in(minutes(30))
    mail(minutes(20))
    change(minutes(10), by="max@corp.example", to="ann@corp.example")
    sign_in(minutes(5), who="max@corp.example")
    found = ask(ann)
    assert [line.kind for line in found.lines] == ["Directory change", "Threat mail", "Sign-in"]
    assert [line.words for line in found.lines] == [
        "Password reset, by max@corp.example",
        "“Pay now” from x@evil.example",
        "Signed in to Mail",
    ]
    assert found.total == 3


def test_what_is_done_to_a_person_is_told_from_what_they_do(ann):
    change(minutes(10), by="max@corp.example", to="ann@corp.example")
    change(minutes(20), by="ann@corp.example", to="eve@corp.example")
    mail(minutes(30), sender="ann@corp.example", to="eve@corp.example", EmailDirection="Intra-org")
    mail(minutes(40), sender="ann@corp.example", to="eve@corp.example")
    by, on = ask(ann, "period=1d&direction=by"), ask(ann, "period=1d&direction=on")
    assert [line.words for line in by.lines] == ["Password reset: eve@corp.example", "“Pay now” to eve@corp.example"]
    assert [line.words for line in on.lines] == ["Password reset, by max@corp.example"]
    assert by.ways == {"by": 2, "on": 1}


def test_a_filter_offers_only_values_that_occur_past_the_other_filters(ann):
    sign_in(minutes(10), Application="VPN", Country="DE")
    sign_in(minutes(20), Application="Mail", Country="NG", ErrorCode=50126)
    found = ask(ann, "period=1d&app=VPN")
    assert found.values["location"] == (("DE", 1),)
    assert found.values["app"] == (("Mail", 1), ("VPN", 1))
    assert found.values["severity"] == ()
    assert [line.app for line in found.lines] == ["VPN"]


def test_the_same_filters_are_counted_by_the_lake_when_a_person_has_too_many_rows(ann, monkeypatch):
    for number in range(4):
        sign_in(minutes(10 + number), Application="VPN" if number % 2 else "Mail")
    few = ask(ann, "period=1d&app=VPN")
    monkeypatch.setattr(timeline, "AT_HAND", 2)
    many = ask(ann, "period=1d&app=VPN")
    assert many.lines == few.lines
    assert (many.total, many.values, many.ways, many.series) == (few.total, few.values, few.ways, few.series)


@pytest.mark.parametrize("at_hand", [0, 2000])
def test_pages_follow_one_another_without_loss_or_repeat(ann, monkeypatch, at_hand):
    monkeypatch.setattr(timeline, "PAGE", 2)
    monkeypatch.setattr(timeline, "AT_HAND", at_hand)
    same = minutes(7)
    append(
        "EntraIdSignInEvents",
        [{"Timestamp": same, "AccountUpn": "ann@corp.example", "ReportId": f"r{n}"} for n in range(5)],
    )
    seen, words = [], "period=1d"
    while True:
        found = ask(ann, words)
        seen += [line.key for line in found.lines]
        if not found.more:
            break
        query = QueryDict(mutable=True)
        query.update({"period": "1d", "before": place_of(found.lines[-1])})
        words = query.urlencode()
    assert seen == [f"EntraIdSignInEvents:r{n}" for n in (4, 3, 2, 1, 0)]


def test_the_export_has_every_line_that_the_filters_let_through(ann):
    for number in range(60):
        sign_in(minutes(10 + number))
    mail(minutes(5))
    wanted = chosen(QueryDict("period=1d&kind=Sign-in"), now=NOW)
    assert len(list(timeline.every_line(ann, wanted, actor=EVERYTHING, now=NOW))) == 60


def test_sources_somebody_may_not_read_are_left_out(ann):
    sign_in(minutes(10))
    mail(minutes(5))
    assert [line.kind for line in ask(ann, actor=PEOPLE_ONLY).lines] == ["Sign-in"]


def test_a_point_of_the_score_stands_on_the_line_it_is_for_and_alone_when_asked_for(ann):
    sign_in(minutes(10), ReportId="abc")
    key = f"event:EntraIdSignInEvents:abc:new_country:{ann}:DE"
    RiskPoint.objects.create(
        person_id=ann,
        key=key,
        kind="activity",
        what="new_country",
        at=minutes(10),
        points=12,
        words="First time in DE.",
    )
    [line] = ask(ann).lines
    assert (line.points, line.why) == (12, "First time in DE.")
    [alone] = ask(ann, "period=1d&kind=Risk").lines
    assert alone.words == "First time in DE."


def test_the_histogram_counts_what_is_shown_by_type(ann):
    sign_in(minutes(10))
    sign_in(minutes(70))
    found = ask(ann)
    assert sum(found.series["Sign-in"]) == 2
    assert len(found.times) == len(found.series["Sign-in"])
    assert found.step == 3600


def test_names_that_look_like_queries_are_only_names():
    hostile = 'x") | take 1 //\n"@corp.example'
    row = DirectoryPerson.objects.create(address=hostile, name="H", source="test", imported_at=NOW)
    sign_in(minutes(10), who=hostile)
    sign_in(minutes(11))
    assert len(ask(row.pk).lines) == 1


def test_no_table_is_read_by_two_sources_since_that_would_read_it_whole():
    tables = [one.table for one in asking.all_sources() if hasattr(one, "table")]
    assert len(tables) == len(set(tables))


@pytest.mark.parametrize(
    "words",
    [
        "period=",
        "period=custom&from=x",
        "before=nonsense",
        "before=2026|",
        "period=custom&from=2026-11-22&to=2020-01-01",
    ],
)
def test_an_address_that_makes_no_sense_gives_the_usual_month(words):
    found = chosen(QueryDict(words), now=NOW)
    assert (found.start, found.end, found.before) == (NOW - timedelta(days=30), NOW, None)


def test_a_period_of_ones_own_reaches_back_four_hundred_days_at_most():
    found = chosen(QueryDict("period=custom&from=2020-01-01&to=2026-11-01T10:00"), now=NOW)
    assert found.start == NOW - timedelta(days=400)
    assert found.end == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_a_choice_gives_its_own_address_again():
    words = "app=VPN&app=Mail&direction=on&period=7d"
    found = chosen(QueryDict(words), now=NOW)
    assert chosen(QueryDict(found.address()), now=NOW) == found


def test_older_events_are_reached_seven_days_at_a_time_with_the_same_filters():
    found = chosen(QueryDict("period=30d&app=VPN"), now=NOW).slice_before()
    assert (found.start, found.end) == (NOW - timedelta(days=37), NOW - timedelta(days=30))
    assert isinstance(found, Chosen)
    assert found.of("app") == ("VPN",)
