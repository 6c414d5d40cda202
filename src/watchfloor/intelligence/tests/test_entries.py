"""Entries: who may, how long they last, what replaces what, lists of indicators, last use."""

import dataclasses
from datetime import date, timedelta

import pytest
from django.utils import timezone

from watchfloor.access.models import AuditEntry
from watchfloor.intelligence.contracts import Effect, Kind, LabelKind, Life
from watchfloor.intelligence.entries import (
    add_entry,
    change_life,
    expire_entry,
    forget_ended,
    import_indicators,
    remove_entry,
    review_entry,
)
from watchfloor.intelligence.facts import facts_at
from watchfloor.intelligence.lasting import lives_of
from watchfloor.intelligence.models import Entry, Label
from watchfloor.intelligence.selectors import EntryFilter, entries, entry_lines
from watchfloor.intelligence.uses import note_uses
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound

from .conftest import NOBODY, NOW, TUNER

pytestmark = pytest.mark.django_db


def block(value="bo@evil.example", kind=Kind.SENDER, **more):
    return add_entry(by=TUNER, kind=kind, effect=Effect.BLOCK, value=value, now=NOW, **more)


def allow(value="bo@good.example", kind=Kind.SENDER, email="", **more):
    return add_entry(by=TUNER, kind=kind, effect=Effect.ALLOW, value=value, now=NOW, email=email, **more)


@pytest.fixture
def wrong(db) -> str:
    """The id of an email whose verdict somebody marked as a false positive."""
    Label.objects.create(
        network_message_id="m-1", kind=LabelKind.FALSE_POSITIVE, by="Ada", by_id="1", at=NOW, received_at=NOW
    )
    return "m-1"


def test_a_block_lasts_thirty_days_unless_said_otherwise():
    assert block(note="phished us") == "block sender:bo@evil.example"
    entry = Entry.objects.get()
    assert (entry.expires_at, entry.note, entry.added_by) == (NOW + timedelta(days=30), "phished us", TUNER.name)


@pytest.mark.parametrize(("life", "days"), [(Life.DAYS_1, 1), (Life.DAYS_90, 90), (Life.NEVER, None)])
def test_a_block_may_last_up_to_ninety_days_or_for_ever(life, days):
    block(life=life)
    assert Entry.objects.get().expires_at == (NOW + timedelta(days=days) if days else None)


def test_an_address_never_ends():
    block("192.0.2.0/24", Kind.IP)
    assert Entry.objects.get().expires_at is None
    assert lives_of(Kind.IP, Effect.ALLOW) == (Life.NEVER,)
    with pytest.raises(BadInput, match="cannot last"):
        block("192.0.2.9", Kind.IP, life=Life.DAYS_7)


def test_an_address_is_allowed_without_a_word_and_all_else_with_a_reason():
    allow("192.0.2.9", Kind.IP)
    for email in ("", "m-2"):
        with pytest.raises(BadInput, match="say why"):
            allow(email=email, note="because")


def test_what_is_allowed_directly_ends_and_is_reviewed_before():
    allow(note="Their invoices were taken for phish")
    entry = Entry.objects.get()
    assert entry.expires_at == NOW + timedelta(days=45)
    assert entry.review_at == NOW + timedelta(days=14)
    allow("x.example", Kind.DOMAIN, note="A partner for one week", life=Life.DAYS_7)
    short = Entry.objects.get(kind="domain")
    assert NOW < short.review_at < short.expires_at
    with pytest.raises(BadInput, match="cannot last"):
        allow("y.example", Kind.DOMAIN, note="A partner for ever", life=Life.NEVER)
    asked = AuditEntry.objects.filter(verb="entry.add", outcome="success").order_by("-pk").first()
    assert asked.after["direct"] is True
    assert asked.reason == "A partner for one week"


def test_a_review_keeps_the_entry_and_comes_again():
    allow(note="Their invoices were taken for phish")
    id = Entry.objects.get().pk
    later = NOW + timedelta(days=15)
    assert list(entries(EntryFilter(state="review"), now=later))
    assert review_entry(by=TUNER, id=id, now=later) == "allow sender:bo@good.example"
    entry = Entry.objects.get()
    assert (entry.reviewed_by, entry.review_at) == (TUNER.name, later + timedelta(days=14))
    assert not list(entries(EntryFilter(state="review"), now=later))
    with pytest.raises(Forbidden):
        review_entry(by=NOBODY, id=id, now=later)


def test_an_allow_entry_from_a_false_positive_ends_unused_after_45_days(wrong):
    allow(email=wrong)
    entry = Entry.objects.get()
    assert (entry.idle_days, entry.expires_at) == (45, NOW + timedelta(days=45))
    note_uses([("allow sender:bo@good.example", NOW + timedelta(days=20), 3)], now=NOW + timedelta(days=20))
    entry.refresh_from_db()
    assert (entry.uses, entry.expires_at) == (3, NOW + timedelta(days=65))


def test_an_allow_entry_may_not_last_for_ever(wrong):
    with pytest.raises(BadInput, match="cannot last"):
        allow(email=wrong, life=Life.NEVER)


def test_the_same_entry_twice_is_refused_until_it_has_ended():
    block()
    with pytest.raises(Conflict):
        block("BO@evil.example")
    expire_entry(by=TUNER, id=Entry.objects.get().pk, now=NOW)
    block()
    assert Entry.objects.get().expires_at > NOW


def test_our_own_domain_cannot_be_blocked():
    with pytest.raises(BadInput, match="own domain"):
        block("corp.example", Kind.DOMAIN)


@pytest.mark.parametrize("verb", ["add", "remove", "expire", "change", "import"])
def test_without_the_right_nothing_happens_and_the_refusal_is_on_record(verb):
    block("a@b.example")
    id = Entry.objects.get().pk
    calls = {
        "add": lambda: add_entry(by=NOBODY, kind=Kind.IP, effect=Effect.BLOCK, value="192.0.2.1", now=NOW),
        "remove": lambda: remove_entry(by=NOBODY, id=id, now=NOW),
        "expire": lambda: expire_entry(by=NOBODY, id=id, now=NOW),
        "change": lambda: change_life(by=NOBODY, id=id, life=Life.DAYS_7, now=NOW),
        "import": lambda: import_indicators(by=NOBODY, text="x.example", source="us", now=NOW),
    }
    with pytest.raises(Forbidden):
        calls[verb]()
    assert Entry.objects.get().expires_at == NOW + timedelta(days=30)
    assert AuditEntry.objects.latest("id").outcome == "refused"


def test_every_change_is_on_record():
    block()
    id = Entry.objects.get().pk
    change_life(by=TUNER, id=id, life=Life.DAYS_90, now=NOW)
    expire_entry(by=TUNER, id=id, now=NOW)
    remove_entry(by=TUNER, id=id, now=NOW)
    done = AuditEntry.objects.filter(outcome="success").order_by("id").values_list("verb", "target")
    assert list(done) == [
        (f"entry.{verb}", "block sender:bo@evil.example") for verb in ("add", "change", "change", "remove")
    ]
    with pytest.raises(NotFound):
        remove_entry(by=TUNER, id=id, now=NOW)


LIST = """# a report
value,confidence,note
hxxp://evil[.]example/login,high,seen twice
evil.example
192.0.2.7,Low
not a thing at all
evil.example
"""


def test_a_list_of_indicators_is_taken_line_by_line():
    found = import_indicators(by=TUNER, text=LIST, source="CERT", confidence="Medium", now=NOW)
    assert (found.added, [number for number, _, _ in found.refused]) == (3, [6])
    rows = {row.value: row for row in Entry.objects.all()}
    assert {value: (row.kind, row.confidence) for value, row in rows.items()} == {
        "evil.example/login": ("url", "High"),
        "evil.example": ("domain", "Medium"),
        "192.0.2.7": ("ip", "Low"),
    }
    assert rows["evil.example/login"].note == "seen twice"
    assert rows["192.0.2.7"].expires_at == NOW + timedelta(days=90)


def test_a_list_again_adds_what_is_new():
    import_indicators(by=TUNER, text=LIST, source="CERT", now=NOW)
    again = import_indicators(by=TUNER, text=LIST + "other.example\n", source="CERT", now=NOW)
    assert again.added == 1
    assert Entry.objects.count() == 4


def test_a_list_needs_a_source():
    with pytest.raises(BadInput, match="where the list comes from"):
        import_indicators(by=TUNER, text="evil.example", source=" ", now=NOW)


def test_last_use_is_written_once_and_not_for_what_came_before():
    block()
    met = [("block sender:bo@evil.example", NOW + timedelta(hours=1), 2), ("block sender:x@y.example", NOW, 9)]
    assert note_uses(met, now=NOW) == 1
    assert note_uses(met, now=NOW) == 0
    assert note_uses([("block sender:bo@evil.example", NOW - timedelta(days=1), 5)], now=NOW) == 0
    [line] = entry_lines(Entry.objects.all(), now=NOW)
    assert (line.uses, line.last_used_at) == (2, NOW + timedelta(hours=1))
    assert line.explorer.startswith("/explorer?")


def test_what_ended_long_ago_goes():
    block()
    block("cy@evil.example", life=Life.NEVER)
    assert forget_ended(now=NOW + timedelta(days=100)) == 0
    assert forget_ended(now=NOW + timedelta(days=121)) == 1


def test_the_list_is_filtered_by_state_kind_and_words():
    block(note="phished us")
    block("cy@evil.example", life=Life.DAYS_7)
    block("evil.example", Kind.URL, life=Life.NEVER)
    later = NOW + timedelta(days=8)

    def values(**wanted):
        return {entry.value for entry in entries(EntryFilter(**wanted), now=later)}

    assert values() == {"bo@evil.example", "evil.example"}
    assert values(state="ended") == {"cy@evil.example"}
    assert values(state="all", kinds=(Kind.SENDER,)) == {"bo@evil.example", "cy@evil.example"}
    assert values(text="phished") == {"bo@evil.example"}
    assert {e.value for e in entries(EntryFilter(state="soon"), now=NOW + timedelta(days=25))} == {"bo@evil.example"}


def test_a_list_of_indicators_cannot_name_a_public_suffix_or_ourselves(settings):
    settings.WATCHFLOOR = dataclasses.replace(settings.WATCHFLOOR, own_domains="corp.example")
    found = import_indicators(by=TUNER, text="co.uk\ncorp.example\nevil.co.uk\n", source="a feed", now=NOW)
    assert (found.added, [line for line, _, _ in found.refused]) == (1, [1, 2])
    assert [str(one) for one in Entry.objects.all()] == ["indicator domain:evil.co.uk"]


def test_an_entry_may_last_to_the_end_of_any_day_somebody_names():
    block(life=date(2027, 3, 1))
    entry = Entry.objects.get()
    assert timezone.localtime(entry.expires_at).isoformat()[:16] == "2027-03-02T00:00"
    change_life(by=TUNER, id=entry.pk, life=date(2026, 11, 20), now=NOW)
    entry.refresh_from_db()
    assert entry.expires_at > NOW, "today counts whole"
    assert AuditEntry.objects.filter(verb="entry.change").latest("id").after == {"life": "until 20 November 2026"}


def test_an_address_never_ends_but_on_a_day_that_is_named():
    block("192.0.2.0/24", Kind.IP, life=date(2026, 12, 24))
    assert Entry.objects.get().expires_at.year == 2026


@pytest.mark.parametrize(
    ("make", "day"),
    [(block, date(2026, 11, 19)), (block, date(2056, 1, 1)), (block, date.max), (allow, date(2027, 3, 1))],
)
def test_a_day_that_has_passed_or_is_too_far_is_refused(make, day):
    with pytest.raises(BadInput) as refused:
        make(life=day, note="A partner whose mail was taken for phish")
    assert refused.value.place == "until"
    assert not Entry.objects.exists()


def test_a_trusted_sender_is_a_fact_of_judging_and_no_allow_entry():
    add_entry(by=TUNER, kind=Kind.DOMAIN, effect=Effect.TRUST, value="partner.example", now=NOW)
    facts = facts_at(NOW)
    assert facts.trusted == {"domain:partner.example"}
    assert not facts.allowed
    assert Entry.objects.get().expires_at is None
    for kind, value in ((Kind.IP, "192.0.2.1"), (Kind.URL, "partner.example/x")):
        with pytest.raises(BadInput, match="trust an address or a domain"):
            add_entry(by=TUNER, kind=kind, effect=Effect.TRUST, value=value, now=NOW)


def test_of_two_who_add_the_same_at_once_the_second_is_told(db, monkeypatch):
    wanted = {"by": TUNER, "kind": Kind.DOMAIN, "effect": Effect.BLOCK, "value": "evil.example", "now": NOW}
    add_entry(**wanted)
    monkeypatch.setattr("watchfloor.intelligence.entries._make_room", lambda entry, now: None)
    with pytest.raises(Conflict, match="already"):
        add_entry(**wanted)
    assert Entry.objects.count() == 1
