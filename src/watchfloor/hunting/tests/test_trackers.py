"""Threat trackers: queries saved from Explorer, the tracked ones counted again, and what is trending here."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.campaigns.noting import note_campaigns
from watchfloor.hunting.models import Tracker
from watchfloor.hunting.selectors import shared_trackers
from watchfloor.hunting.trackers import counting, keeping, page
from watchfloor.hunting.trackers.counting import Trend, count_due, points
from watchfloor.hunting.trackers.keeping import Draft, address_of, delete, execute, save, tracker_of
from watchfloor.hunting.trackers.trending import families, trending_campaigns
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound

pytestmark = pytest.mark.django_db

FROM_EVIL = "f=SenderFromDomain~equal%20any%20of~evil.example"
ANN = system_actor("ann", Permission.EMAIL_METADATA_READ, Permission.QUERY_SAVE)
BOB = system_actor("bob", Permission.EMAIL_METADATA_READ, Permission.QUERY_SAVE)
READER = system_actor("reader", Permission.EMAIL_METADATA_READ)


def kept(name="From evil", by=ANN, **fields):
    return save(draft=Draft(name, **{"parameters": FROM_EVIL, **fields}), by=by, now=utc_now())


# --- keeping ------------------------------------------------------------------------------------------------------


def test_a_query_is_kept_without_the_time_of_the_look_it_was_saved_from():
    given = QueryDict(f"view=phish&range=7d&{FROM_EVIL}&page=3&tracker=9&pivot=SenderIP")
    assert keeping.without_time(given) == (
        "view=phish&f=SenderFromDomain%7Eequal+any+of%7Eevil.example&pivot=SenderIP".replace("%7E", "~")
    )


def test_saving_is_audited_and_needs_the_right():
    kept()
    assert AuditEntry.objects.filter(verb="tracker.save", outcome="success", target="From evil").exists()
    with pytest.raises(Forbidden):
        kept(by=READER)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"name": "  "}, "name"),
        ({"relative_days": 0}, "days"),
        ({"relative_days": 31}, "days"),
        ({"relative_days": None}, "start"),
        ({"parameters": "view=content-malware"}, "parameters"),
        ({"parameters": "f=" + "x" * 20_000}, "parameters"),
        ({"parameters": "a&" * 1_500}, "parameters"),  # Django refuses to read so many, for whoever lists the queries
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(fields, place):
    with pytest.raises(BadInput) as refused:
        kept(**fields)
    assert refused.value.place == place


def test_a_name_is_there_once_among_what_one_can_read():
    kept("Mine")
    with pytest.raises(BadInput):
        kept("MINE")
    kept("Mine", by=BOB)


def test_a_private_query_is_nobody_elses(as_ada):
    row = kept()
    with pytest.raises(NotFound):
        tracker_of(row.pk, by=BOB)
    assert as_ada.get(f"/trackers/{row.pk}/explore").status_code == 404


def test_a_shared_query_can_be_changed_by_others_but_not_hidden_by_them():
    row = kept(shared=True)
    save(draft=Draft("Better name", FROM_EVIL, shared=True), by=BOB, now=utc_now(), key=row.pk)
    row.refresh_from_db()
    assert (row.name, row.owner_name, row.changed_by) == ("Better name", "ann", "bob")
    with pytest.raises(BadInput):
        save(draft=Draft("Better name", FROM_EVIL, shared=False), by=BOB, now=utc_now(), key=row.pk)


def test_nobody_keeps_queries_without_end(monkeypatch):
    monkeypatch.setattr(keeping, "MOST_KEPT", 2)
    rows = [kept(name=f"Number {number}", shared=True) for number in range(2)]
    with pytest.raises(BadInput, match="delete one first"):
        kept(name="One more")
    assert kept(name="One more", by=BOB).owner_id == BOB.id
    changed = Draft("Number 1", FROM_EVIL, tracked=True, shared=True)
    assert save(draft=changed, by=ANN, now=utc_now(), key=rows[1].pk).tracked


def test_a_key_that_is_no_number_of_ours_is_no_error_of_the_server(as_saver):
    given = {"name": "A\x00 b", "parameters": FROM_EVIL, "days": "7", "key": "9" * 5_000}
    assert as_saver.post("/trackers/save", given).status_code == 302
    assert Tracker.objects.get().name == "A b"


def test_deleting_is_audited():
    delete(key=kept().pk, by=ANN)
    assert not Tracker.objects.exists()
    assert AuditEntry.objects.filter(verb="tracker.delete", outcome="success").exists()


def test_exploring_opens_the_query_as_of_now_and_notes_when_it_was_run():
    row, now = kept(relative_days=3), datetime(2026, 11, 22, 10, 30, 20, tzinfo=UTC)
    address = execute(key=row.pk, by=ANN, now=now)
    assert "from=2026-11-19T10%3A31%3A00Z&to=2026-11-22T10%3A31%3A00Z" in address
    assert f"tracker={row.pk}" in address
    row.refresh_from_db()
    assert row.executed_at == now


def test_exact_dates_stay_what_they_are():
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC)
    row = kept(relative_days=None, start=start, end=end)
    assert "from=2026-01-01T00%3A00%3A00Z&to=2026-01-08T00%3A00%3A00Z" in address_of(row, now=utc_now())
    assert page.time_words(row) == "2026-01-01 00:00 to 2026-01-08 00:00 UTC"


# --- counting -----------------------------------------------------------------------------------------------------


def test_a_tracked_query_is_counted_by_day_and_compared_with_the_week_before(mail):
    for _ in range(3):
        mail(age=timedelta(seconds=1))
    for number in range(1, 8):
        mail(age=timedelta(days=number))
    mail(age=timedelta(days=1), SenderFromAddress="friend@partner.example")
    row = kept(tracked=True)
    assert count_due(now=utc_now()) == 1
    row.refresh_from_db()
    trend = counting.trend_of(row)
    assert (row.last_state, trend.today, trend.prior_day, trend.usual) == ("ok", 3, 1, 1.0)
    assert trend.words == "+200% against 1.0 a day"
    assert len(row.days) == counting.DAYS


def test_a_query_is_not_due_again_before_its_time_and_one_that_is_not_tracked_never(mail):
    kept(tracked=True)
    kept("Not tracked")
    assert count_due(now=utc_now()) == 1
    assert count_due(now=utc_now()) == 0
    assert count_due(now=utc_now() + counting.EVERY) == 1


def test_a_condition_that_cannot_be_used_any_more_is_told_and_the_last_counts_stay(mail):
    row = kept(tracked=True)
    count_due(now=utc_now())
    Tracker.objects.update(parameters="f=Gone~equal%20any%20of~x", next_at=utc_now())
    count_due(now=utc_now())
    row.refresh_from_db()
    assert row.last_state == "failing"
    assert "cannot be used" in row.last_words
    assert len(row.days) == counting.DAYS


def test_a_count_of_a_query_that_was_changed_meanwhile_is_not_written_down(mail):
    row = kept(tracked=True)
    stale = Tracker.objects.get()
    save(draft=Draft("Another", FROM_EVIL, tracked=True), by=ANN, now=utc_now() + timedelta(seconds=5), key=row.pk)
    counting.count(stale, now=utc_now())
    row.refresh_from_db()
    assert row.days == []


def test_a_query_of_the_campaigns_page_is_saved_counted_and_opened_there(attack, mail, as_saver):
    attack(71, age=timedelta(seconds=1))
    attack(72, threat="Malware", age=timedelta(seconds=1))
    mail(age=timedelta(seconds=1))
    note_campaigns(now=utc_now())
    assert "/trackers/new?type=Malware&amp;view=campaigns" in as_saver.get("/campaigns?type=Malware").content.decode()
    parameters = "type=Malware&view=campaigns"
    as_saver.post("/trackers/save", {**FORM, "parameters": parameters, "tracked": "on"})
    count_due(now=utc_now())
    row = Tracker.objects.get()
    assert (row.last_state, counting.trend_of(row).today) == ("ok", 3)
    assert "Malware campaigns in mail" in as_saver.get("/trackers").content.decode()
    assert as_saver.get(f"/trackers/{row.pk}/explore").url.startswith("/campaigns?type=Malware&from=")
    Tracker.objects.update(parameters="q=none-such&view=campaigns", next_at=utc_now())
    count_due(now=utc_now())
    row.refresh_from_db()
    assert counting.trend_of(row).today == 0


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((0,) * 8, "none in the week before"),
        ((0,) * 7 + (4,), "new: none in the week before"),
        ((2,) * 7 + (1,), "-50% against 2.0 a day"),
        ((), "none in the week before"),
    ],
)
def test_a_trend_is_told_in_words(counts, words):
    assert Trend(counts).words == words


def test_the_line_of_a_trend_goes_up_where_there_is_more():
    assert points((0, 1)) == "3.0,25.0 117.0,3.0"
    assert points((5,)) == ""
    assert Trend((0, 1)).last_point == ("117.0", "3.0")


# --- trending -----------------------------------------------------------------------------------------------------


def test_families_and_campaigns_are_ranked_by_today(attack):
    attack(71, threat="Malware", family="W32/x", age=timedelta(seconds=1))
    attack(72, age=timedelta(days=2))
    note_campaigns(now=utc_now())
    (family,) = families(now=utc_now())
    assert (family.name, family.trend.today) == ("W32/x", 3)
    found = trending_campaigns(now=utc_now())
    assert [one.trend.today for one in found] == [3, 0]
    assert found[0].href.startswith("/campaigns/71?from=")


# --- the pages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def as_saver(as_max):
    return as_max


FORM = {"parameters": FROM_EVIL, "dates": "relative", "days": "7", "name": "From the page"}


def saver_of(client):
    return client.get("/trackers").wsgi_request.actor


def test_a_query_is_saved_from_explorer_and_listed(as_saver):
    explorer = as_saver.get(f"/explorer?{FROM_EVIL}").content.decode()
    assert "/trackers/new?" in explorer
    form = as_saver.get(f"/trackers/new?view=phish&{FROM_EVIL}").content.decode()
    assert "SenderFromDomain" in form
    answer = as_saver.post("/trackers/save", FORM)
    assert (answer.status_code, answer.url) == (302, "/trackers?tab=saved")
    listed = as_saver.get("/trackers").content.decode()
    assert "From the page" in listed
    assert "Last 7 days" in listed


def test_what_is_wrong_is_shown_in_the_form_with_what_was_typed(as_saver):
    answer = as_saver.post("/trackers/save", {**FORM, "name": "", "days": "12", "tracked": "on"})
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert "give the query a name" in shown
    assert 'value="12"' in shown


def test_a_wrong_date_is_told(as_saver):
    answer = as_saver.post("/trackers/save", {**FORM, "dates": "exact", "start": "soon", "end": ""})
    assert (answer.status_code, "choose a date" in answer.content.decode()) == (400, True)


def test_a_query_opened_through_explorer_can_be_changed_or_saved_as_another(as_saver):
    as_saver.post("/trackers/save", FORM)
    row = Tracker.objects.get()
    explorer = as_saver.get(f"/trackers/{row.pk}/explore", follow=True).content.decode()
    assert "Saved query settings" in explorer
    form = as_saver.get(f"/trackers/new?tracker={row.pk}&{FROM_EVIL}").content.decode()
    assert "Save as another" in form
    as_saver.post("/trackers/save", {**FORM, "key": row.pk, "name": "Copy", "as": "another"})
    as_saver.post("/trackers/save", {**FORM, "key": row.pk, "name": "Changed", "days": "3"})
    assert {one.name: one.relative_days for one in Tracker.objects.all()} == {"Copy": 7, "Changed": 3}


def test_tracked_queries_show_counts_trend_and_errors(mail, as_saver):
    mail()
    as_saver.post("/trackers/save", {**FORM, "tracked": "on"})
    assert "Not counted yet" in as_saver.get("/trackers?tab=tracked").content.decode()
    count_due(now=utc_now())
    shown = as_saver.get("/trackers?tab=tracked").content.decode()
    assert "new: none in the week before" in shown or "against" in shown
    assert "polyline" in shown
    Tracker.objects.update(last_state="failing", last_words="the query was too slow")
    assert "the query was too slow" in as_saver.get("/trackers?tab=tracked").content.decode()


def test_what_is_trending_comes_with_its_source(attack, as_ada):
    attack(71, threat="Malware", family="W32/x", age=timedelta(seconds=1))
    note_campaigns(now=utc_now())
    shown = as_ada.get("/trackers?tab=trending&complete=1").content.decode()
    assert "From the mail of this organisation alone" in shown
    assert "W32/x" in shown
    assert "Malware · W32/x" in as_ada.get("/trackers/trending").content.decode()


def test_deleting_takes_it_from_the_list(as_saver):
    as_saver.post("/trackers/save", FORM)
    as_saver.post(f"/trackers/{Tracker.objects.get().pk}/delete")
    assert "No saved query" in as_saver.get("/trackers").content.decode()


def test_empty_tabs_say_what_to_do(as_ada):
    assert "Save query" in as_ada.get("/trackers").content.decode()
    assert "Track this query" in as_ada.get("/trackers?tab=tracked").content.decode()


def test_without_rights_nothing_opens(as_eve):
    for address in ("/trackers", "/trackers/trending", "/trackers/new"):
        assert as_eve.get(address).status_code == 403


def test_the_home_page_tells_shared_tracked_queries_but_not_private_ones(mail):
    mail(age=timedelta(seconds=1))
    kept("Everybody's", tracked=True, shared=True)
    kept("Mine", tracked=True)
    kept("Not tracked", shared=True)
    assert shared_trackers(limit=5) == []
    count_due(now=utc_now())
    ((name, href, trend),) = shared_trackers(limit=5)
    assert (name, trend.today) == ("Everybody's", 1)
    assert href.endswith("/explore")
