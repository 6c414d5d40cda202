"""What happens to entries is told once; the days on which mail met them are counted; many are changed at once."""

from datetime import date, timedelta

import pytest

from watchfloor.config.entry_news import raise_alerts
from watchfloor.detection.models import FindingRecord
from watchfloor.intelligence import news, uses
from watchfloor.intelligence.contracts import Effect, Kind, Life, NewsKind
from watchfloor.intelligence.entries import add_entry, expire_entry, remove_entry
from watchfloor.intelligence.many import add_entries, change_entries
from watchfloor.intelligence.models import Entry, EntryDay, News
from watchfloor.intelligence.uses import days_of, line_of, note_uses
from watchfloor.intelligence.values import entry_value
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.lake import services as lake
from watchfloor.lake.contracts import LateVerdict
from watchfloor.lake.services import note_late_verdicts

from .conftest import NOBODY, NOW, TUNER

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
WHY = "A partner whose mail was taken for phish"


@pytest.fixture(autouse=True)
def telling():
    """News become alerts, as the composition root has it."""
    news.tell_news_to(raise_alerts)
    yield
    news._teller.clear()


def add(value="evil.example", kind=Kind.DOMAIN, effect=Effect.BLOCK, **more):
    return add_entry(by=TUNER, kind=kind, effect=effect, value=value, now=NOW, **more)


def told():
    news.tell(now=NOW)
    return [(record.rule_id, record.body["description"]) for record in FindingRecord.objects.order_by("id")]


def kinds():
    return [NewsKind(kind) for kind in News.objects.order_by("id").values_list("kind", flat=True)]


def test_an_entry_that_ends_within_a_week_is_told_once():
    add(life=Life.DAYS_30)
    news.watch_ends(now=NOW + 20 * DAY)
    assert kinds() == []
    news.watch_ends(now=NOW + 24 * DAY)
    news.watch_ends(now=NOW + 25 * DAY)
    assert kinds() == [NewsKind.ENDING]
    [(rule, words)] = told()
    assert rule == "entry-ending"
    assert "ends on 20 December 2026" in words
    assert told() == [(rule, words)]


def test_an_entry_for_one_day_is_no_news():
    add(life=Life.DAYS_1)
    add("y.example", life=Life.DAYS_7)
    news.watch_ends(now=NOW + timedelta(hours=1))
    assert kinds() == []


def test_what_was_allowed_directly_is_told_when_its_review_is_due():
    add(effect=Effect.ALLOW, note=WHY)
    news.watch_ends(now=NOW + 15 * DAY)
    assert kinds() == [NewsKind.REVIEW]


def test_removing_what_is_in_force_is_told_and_what_had_ended_is_not():
    add()
    remove_entry(by=TUNER, id=Entry.objects.get().pk, now=NOW)
    assert "removed the entry" in told()[0][1]
    add("y.example")
    id = Entry.objects.get().pk
    expire_entry(by=TUNER, id=id, now=NOW)
    remove_entry(by=TUNER, id=id, now=NOW)
    assert kinds() == [NewsKind.REMOVED]


def mail(id, score=0.0):
    return {
        "Timestamp": NOW - DAY,
        "NetworkMessageId": id,
        "RecipientEmailAddress": "ada@corp.example",
        "SenderFromAddress": "bo@good.example",
        "TenantEntries": ["allow domain:good.example"],
        "VerdictScore": score,
        "ThreatTypes": [],
        "ReportId": id,
    }


def test_allowed_mail_that_turns_out_harmful_is_told_with_the_mail():
    add("good.example", effect=Effect.ALLOW, note=WHY)
    lake.append("EmailEvents", [mail("m-1"), mail("m-2")])
    note_late_verdicts([LateVerdict(NOW, "m-1", ("Phish",), "High", "person", "Max said so")])
    assert news.watch_allowed_mail(now=NOW) == 1
    assert news.watch_allowed_mail(now=NOW) == 0
    [(rule, words)] = told()
    assert rule == "entry-found-bad"
    assert "Phish: Max said so" in words
    assert FindingRecord.objects.get().body["severity"] == "high"


@pytest.mark.parametrize(("worst", "ends"), [(1.0, True), (6.0, False)])
def test_an_allow_entry_that_changes_nothing_ends_early_and_is_told(worst, ends):
    add("good.example", effect=Effect.ALLOW, note=WHY)
    Entry.objects.update(uses=20, added_at=NOW - 10 * DAY)
    lake.append("EmailEvents", [*(mail(f"m-{n}", 0.5) for n in range(12)), mail("m-x", worst)])
    news.end_learned(now=NOW)
    assert (Entry.objects.get().expires_at == NOW) is ends
    assert kinds() == ([NewsKind.LEARNED] if ends else [])


def test_news_wait_until_somebody_can_tell_them():
    news._teller.clear()
    add()
    remove_entry(by=TUNER, id=Entry.objects.get().pk, now=NOW)
    assert news.tell(now=NOW) == 0
    news.tell_news_to(raise_alerts)
    assert news.tell(now=NOW) == 1
    assert news.tell(now=NOW) == 0
    assert [one.kind for one in news.latest()] == [NewsKind.REMOVED]
    news.forget(now=NOW + 91 * DAY)
    assert not News.objects.exists()


# --- uses ---


def test_mails_are_counted_by_day():
    name = add()
    note_uses([(name, NOW + DAY, 3)], now=NOW + DAY)
    note_uses([(name, NOW + 2 * DAY, 10)], now=NOW + 2 * DAY)
    days = days_of([name], now=NOW + 2 * DAY)[name]
    assert (len(days), days[-2:]) == (30, (3, 7))
    assert line_of(days).count(",") == 30
    assert line_of((0, 0)) == ""
    uses.forget_days(now=NOW + 90 * DAY)
    assert not EntryDay.objects.exists()


def test_the_cost_follows_what_was_met_and_not_how_many_entries_there_are(django_assert_max_num_queries):
    name = add()
    Entry.objects.bulk_create(
        Entry(kind="domain", value=f"d{n}.example", effect="indicator", added_by="x", added_at=NOW) for n in range(3000)
    )
    with django_assert_max_num_queries(8):
        assert note_uses([(name, NOW + DAY, 3)], now=NOW + DAY) == 1
    with django_assert_max_num_queries(0):
        assert note_uses([(name, NOW + DAY, 3)], now=NOW + DAY) == 0


# --- many ---


def test_many_are_added_alike_and_what_is_wrong_is_said():
    done = add_entries(
        by=TUNER, kind=Kind.DOMAIN, effect=Effect.BLOCK, values=["a.example", "no domain", "b.example", "a.example"],
        now=NOW, life=None, note="",
    )  # fmt: skip
    assert done.names == ("block domain:a.example", "block domain:b.example")
    assert done.refused[0][0] == "no domain"


def test_many_are_changed_at_once():
    add()
    add("y.example")
    ids = list(Entry.objects.values_list("pk", flat=True))
    change_entries(by=TUNER, ids=ids, to="90", now=NOW)
    assert set(Entry.objects.values_list("expires_at", flat=True)) == {NOW + 90 * DAY}
    assert change_entries(by=TUNER, ids=[*ids, 10_000], to="remove", now=NOW).refused[0][0] == "10000"
    assert not Entry.objects.exists()


@pytest.mark.parametrize("ids", [[], range(501)])
def test_nothing_and_too_many_are_refused(ids):
    with pytest.raises(BadInput):
        change_entries(by=TUNER, ids=ids, to="90", now=NOW)


def test_many_need_the_right_too():
    with pytest.raises(Forbidden):
        change_entries(by=NOBODY, ids=[1], to="90", now=NOW)


# --- pairs ---


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Partner.example, 192.0.2.7/24", "partner.example,192.0.2.0/24"),
        ("boss@Corp.example,mailer.example", "boss@corp.example,mailer.example"),
        ("*, 2001:db8::/32", "*,2001:db8::/32"),
    ],
)
def test_a_spoofed_pair_has_one_form(text, stored):
    assert entry_value(Kind.SPOOF, text) == stored


@pytest.mark.parametrize(
    "text", ["partner.example", "partner.example,", ", x.example", "a b, x.example", "x.example, com"]
)
def test_what_is_no_pair_is_refused(text):
    with pytest.raises(BadInput):
        entry_value(Kind.SPOOF, text)


def test_a_pair_never_ends_and_is_no_indicator():
    add("*, 192.0.2.0/24", Kind.SPOOF)
    assert Entry.objects.get().expires_at is None
    with pytest.raises(BadInput):
        add("*, 192.0.2.0/24", Kind.SPOOF, Effect.INDICATOR)


def test_the_page_adds_changes_and_exports_many(as_ada):
    page = "/settings/allow-block-list"
    answer = as_ada.post(f"{page}/add", {"kind": "domain", "value": "a.example\nb.example", "effect": "block"})
    assert answer.status_code == 302
    wrong = as_ada.post(f"{page}/add", {"kind": "domain", "value": "c.example\nno domain", "effect": "block"})
    assert (wrong.status_code, Entry.objects.count()) == (400, 3)
    ids = [str(pk) for pk in Entry.objects.values_list("pk", flat=True)]
    as_ada.post(f"{page}/change", {"row": ids[:2], "life": "90", "next": f"{page}?tab=senders"})
    as_ada.post(f"{page}/change", {"row": ids[2:], "remove": "remove", "next": "https://evil.example"})
    assert Entry.objects.count() == 2
    assert as_ada.get(f"{page}?tab=ending").status_code == 200
    assert as_ada.get(f"{page}?tab=spoofs").status_code == 200
    assert b"Review due" in b"".join(as_ada.get(f"{page}/export.csv"))


def test_many_entries_of_all_kinds_are_added_and_last_to_a_named_day():
    values = ["bo@evil.example", "evil.example", "203.0.113.9", "https://evil.example/login", "a" * 64]
    done = add_entries(
        by=TUNER, kind=None, effect=Effect.BLOCK, values=values, now=NOW, life=date(2026, 12, 24), note="campaign"
    )
    assert not done.refused
    assert set(Entry.objects.values_list("kind", flat=True)) == {"sender", "domain", "ip", "url", "sha256"}
    ids = list(Entry.objects.values_list("pk", flat=True))
    change_entries(by=TUNER, ids=ids, to="2027-01-31", now=NOW)
    assert {one.expires_at.date() for one in Entry.objects.all()} <= {date(2027, 1, 31), date(2027, 2, 1)}
    assert len(change_entries(by=TUNER, ids=ids, to="soon", now=NOW).refused) == 5
