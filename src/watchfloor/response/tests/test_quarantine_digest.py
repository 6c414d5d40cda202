"""Digests: when they are due, whom they tell of what, once each; and the settings that say so."""

import dataclasses
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from watchfloor.access.models import AuditEntry
from watchfloor.connectors.models import Connection, Outgoing
from watchfloor.response.quarantine import digest, links
from watchfloor.response.quarantine.digest import (
    change_digest,
    digest_mail,
    due_since,
    end_links,
    send_digests,
    unlinked,
)
from watchfloor.response.quarantine.models import QuarantinedCopy
from watchfloor.response.quarantine.page_models import DigestSettings, MailboxSender
from watchfloor.response.tests.quarantined import ANN, BOB, NOW, SENDER, copy_of, days, hold
from watchfloor.response.tests.test_quarantine_verbs import BOSS


@pytest.fixture
def sending(db):
    Connection.objects.create(
        name="out",
        kind="smtp_out",
        settings={"host": "127.0.0.1", "port": "25", "from_address": "watchfloor@corp.example"},
        created_at=NOW,
        changed_at=NOW,
    )


def say(**changes) -> DigestSettings:
    said = {"every": "daily", "language": "en", "introduction": "", "with_blocked": False, "link_days": 14} | changes
    return change_digest(by=BOSS, at=NOW, **said)


def text_of(row: Outgoing) -> str:
    from email import message_from_bytes, policy

    return message_from_bytes(bytes(row.raw), policy=policy.default).get_body().get_content()


@pytest.mark.parametrize(
    ("every", "at", "due"),
    [
        ("4h", "2026-11-22T13:59", "2026-11-22T12:00"),
        ("daily", "2026-11-22T13:00", "2026-11-22T07:00"),
        ("daily", "2026-11-22T06:59", "2026-11-21T07:00"),
        ("weekly", "2026-11-22T13:00", "2026-11-16T07:00"),
        ("weekly", "2026-11-23T06:00", "2026-11-16T07:00"),
        ("weekly", "2026-11-23T07:00", "2026-11-23T07:00"),
        ("never", "2026-11-23T07:00", None),
    ],
)
def test_digests_are_due_at_full_hours_of_the_local_day(every, at, due):
    with timezone.override("UTC"):
        found = due_since(every, now=datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found == (datetime.fromisoformat(due).replace(tzinfo=UTC) if due else None)


def test_each_recipient_is_told_once_of_what_is_new(sending):
    hold(ANN, BOB, key="1")
    hold(ANN, key="2", subject="Another one")
    assert send_digests(now=NOW) == 2
    assert send_digests(now=NOW) == 0
    assert {tuple(row.to): row.subject for row in Outgoing.objects.all()} == {
        (ANN,): "2 messages are held in quarantine for you",
        (BOB,): "1 message is held in quarantine for you",
    }
    hold(ANN, key="3", subject="The next day", at=NOW + days(0.5))
    assert send_digests(now=NOW + days(1)) == 1
    assert "Another one" not in text_of(Outgoing.objects.latest("pk"))


def test_a_digest_holds_the_recipients_own_link_and_nothing_that_can_be_clicked_of_the_mail(sending):
    hold(ANN, subject="Visit evil.example or https://evil.example/now", sender="a@evil.example")
    send_digests(now=NOW)
    text = text_of(Outgoing.objects.get())
    token = text.split("/quarantine/mine/")[1].split()[0]
    assert links.recipient_of(token, said=links.digest_settings()) == ANN
    assert "evil.example" not in text
    assert text.count("://") == 1
    assert b"text/html" not in bytes(Outgoing.objects.get().raw)


def test_nobody_is_told_of_what_the_policy_keeps_to_the_team(sending):
    hold(ANN, reason="Malware")
    assert send_digests(now=NOW) == 0
    assert not Outgoing.objects.exists()


def test_blocked_senders_are_left_out_unless_asked_for(sending):
    MailboxSender.objects.create(recipient=ANN, sender=SENDER, blocked=True, at=NOW, by=ANN)
    hold(ANN, key="1")
    send_digests(now=NOW)
    assert not Outgoing.objects.exists()
    assert copy_of(ANN).notified_at == NOW
    say(with_blocked=True)
    hold(BOB, key="2", at=NOW + days(0.1))
    MailboxSender.objects.create(recipient=BOB, sender=SENDER, blocked=True, at=NOW, by=BOB)
    send_digests(now=NOW + days(1))
    assert Outgoing.objects.get().to == [BOB]


def test_the_mark_and_the_mail_are_one_transaction(sending, monkeypatch):
    hold(ANN)

    def broken(**arguments):
        raise RuntimeError("killed")

    monkeypatch.setattr(digest, "send_mail", broken)
    with pytest.raises(RuntimeError):
        send_digests(now=NOW)
    assert copy_of(ANN).notified_at is None


def test_many_recipients_are_told_in_several_goes(sending, monkeypatch):
    monkeypatch.setattr(digest, "PEOPLE_AT_ONCE", 2)
    hold(*(f"p{number}@corp.example" for number in range(5)))
    assert [send_digests(now=NOW) for _ in range(4)] == [2, 2, 1, 0]
    assert Outgoing.objects.count() == 5


def test_an_address_that_is_none_stops_nobody_elses_digest(sending):
    hold("two@signs@corp.example", ANN)
    send_digests(now=NOW)
    assert Outgoing.objects.get().to == [ANN]
    assert not QuarantinedCopy.objects.filter(notified_at=None).exists()


def test_without_a_way_to_send_nothing_is_marked(db):
    hold(ANN)
    assert send_digests(now=NOW) == 0
    assert copy_of(ANN).notified_at is None


def test_long_digests_name_the_first_and_count_the_rest_in_the_chosen_language(db):
    for number in range(22):
        hold(ANN, key=str(number), read=False)
    copies = list(QuarantinedCopy.objects.select_related("mail"))
    subject, text = digest_mail(ANN, copies, say(language="de", introduction="Fragen an die 4711"))
    assert subject == "22 Nachrichten werden für Sie in Quarantäne gehalten"
    assert text.startswith("Fragen an die 4711")
    assert "… und 2 weitere" in text
    assert "Grund: Spam" in text


def test_a_strangers_words_hold_no_link():
    assert unlinked("http://a.b/c?d=e.f x@y.z") == "http[:]//a[.]b/c?d=e[.]f x[at]y[.]z"


def test_ending_all_links_ends_those_sent_before(db):
    token = links.token_for(ANN, said=links.digest_settings())
    end_links(by=BOSS, at=NOW)
    from watchfloor.kernel.errors import NotFound

    with pytest.raises(NotFound):
        links.recipient_of(token, said=links.digest_settings())
    assert AuditEntry.objects.filter(verb="quarantine.end_links", outcome="success").count() == 1


def test_the_settings_page_shows_changes_and_refuses(as_max, as_ada, db):
    page = as_max.get("/settings/quarantine-digest").content.decode()
    assert "No digest is sent" in page
    assert "Every 4 hours" in page
    said = {"every": "weekly", "language": "de", "introduction": "Hallo", "link_days": "7"}
    assert as_max.post("/settings/quarantine-digest", said).status_code == 302
    row = DigestSettings.objects.get()
    assert (row.every, row.language, row.introduction, row.link_days) == ("weekly", "de", "Hallo", 7)
    assert as_max.post("/settings/quarantine-digest", said | {"link_days": "900"}).status_code == 400
    as_max.post("/settings/quarantine-digest/end-links")
    row.refresh_from_db()
    assert row.links == 2


def test_whoever_is_not_ours_gets_no_digest_and_keeps_nobody_of_ours_from_one(sending, settings, monkeypatch):
    settings.WATCHFLOOR = dataclasses.replace(settings.WATCHFLOOR, own_domains="corp.example")
    monkeypatch.setattr(digest, "ASKED_AT_ONCE", 1)
    for place, who in enumerate(("a@partner.example", "b@partner.example", "tim@lab.corp.example")):
        hold(who, key=str(place))
    assert send_digests(now=NOW) == 1
    assert Outgoing.objects.get().to == ["tim@lab.corp.example"]
