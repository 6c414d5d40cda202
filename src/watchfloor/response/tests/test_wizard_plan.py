"""The wizard's further questions: what is said and blocked, copies sent on, late copies, who opened it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

import watchfloor.lake.jobs  # noqa: F401  # registers the tick of ingest
from watchfloor.connectors import selectors as connectors
from watchfloor.connectors.contracts import NewMail
from watchfloor.connectors.services import accept_many
from watchfloor.intelligence.contracts import Effect
from watchfloor.intelligence.models import Entry
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import services as lake
from watchfloor.lake.models import Email
from watchfloor.response import opened, services, wizard
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import Opened, RemediationStatus, Row, Targets
from watchfloor.response.models import LateWatch, Remediation
from watchfloor.response.nameable import nameable
from watchfloor.response.sent_on import sent_on
from watchfloor.response.submitting import carry_out_entries
from watchfloor.response.tests.conftest import NOW, PEOPLE, PHISH, email_row
from watchfloor.runtime.services import run_ticks

ANN, BOB = f"{PHISH}|ann@corp.example", f"{PHISH}|bob@corp.example"
TWO = Targets(rows=(Row.parse(ANN), Row.parse(BOB)))
FORWARD = "77777777-7777-4777-8777-777777777777"


def letter(identity, *, sender, to, subject="Invoice", more="", body="Please pay at https://evil.example/pay now."):
    return (
        f"Message-ID: <{identity}@corp.example>\r\nFrom: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n{more}"
        f"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def sent(db):
    """Outside mail to Ann; she answers Bob, forwards to Cat, and writes Dan about lunch."""
    first = letter("first", sender="it@evil.example", to="ann@corp.example")
    reply = letter(
        "reply",
        sender="ann@corp.example",
        to="bob@corp.example",
        more="In-Reply-To: <first@corp.example>\r\n",
        body="Is this real?",
    )
    onward = letter(
        "fwd",
        sender="ann@corp.example",
        to="cat@corp.example",
        subject="Fwd: Invoice",
        more="References: <x@y> <first@corp.example>\r\n",
        body="See below, please.",
    )
    lunch = letter("lunch", sender="ann@corp.example", to="dan@corp.example", subject="Lunch", body="At noon?")
    outside = letter(
        "out",
        sender="ann@corp.example",
        to="al@partner.example",
        more="In-Reply-To: <first@corp.example>\r\n",
        body="Is it yours?",
    )
    mails = [
        (first, "ann@corp.example"),
        (reply, "bob@corp.example"),
        (onward, "cat@corp.example"),
        (lunch, "dan@corp.example"),
        (outside, "al@partner.example"),
    ]
    accept_many(
        [NewMail(raw, "test", NOW + timedelta(minutes=n), recipients=(to,)) for n, (raw, to) in enumerate(mails)]
    )
    run_ticks("lake.ingest")
    return {mail.recipient: mail for mail in map(row_of, lake_rows())}


def lake_rows():
    from watchfloor.lake.contracts import Query
    from watchfloor.lake.selectors import rows

    return rows(Query("EmailEvents", NOW - timedelta(days=1), NOW + timedelta(days=1)), limit=100)


def row_of(row):
    return Row(row["NetworkMessageId"], row["RecipientEmailAddress"])


def test_copies_sent_on_to_colleagues_are_found_by_their_headers(sent):
    targets = Targets(rows=(sent["ann@corp.example"],))
    found = sent_on(targets, now=NOW + timedelta(hours=2))
    assert [(one.by, one.row.recipient) for one in found] == [
        ("ann@corp.example", "cat@corp.example"), ("ann@corp.example", "bob@corp.example"),
    ]  # fmt: skip
    assert {one.how for one in found} == {"it answers or forwards it, by its headers"}
    assert sent_on(Targets(rows=(sent["dan@corp.example"],)), now=NOW) == ()
    assert sent_on(Targets(rows=(Row(PHISH, "who@corp.example"),)), now=NOW) == ()


def test_a_copy_is_known_by_its_cluster_and_by_its_message_id(db):
    lake.append("EmailEvents", [
        email_row(PHISH, "ann@corp.example", EmailClusterId=4711, RecipientDomain="corp.example"),
        email_row(PHISH, "bob@corp.example", EmailClusterId=4711),
        email_row(FORWARD, "cat@corp.example", SenderFromAddress="ann@corp.example", EmailClusterId=4711, Timestamp=NOW + timedelta(hours=1), RecipientDomain="corp.example"),
        email_row("88888888-8888-4888-8888-888888888888", "dan@corp.example", SenderFromAddress="bob@corp.example", InternetMessageId=f"<{PHISH}@elsewhere.example>", Timestamp=NOW + timedelta(hours=1), RecipientDomain="corp.example"),
    ])  # fmt: skip
    found = {one.row.recipient: one.how for one in sent_on(TWO, now=NOW + timedelta(hours=2))}
    assert found == {"cat@corp.example": "the same cluster", "dan@corp.example": "the same Message-ID"}


def test_the_second_step_offers_copies_values_and_late_days_and_the_third_says_them(as_max, sent):
    chosen = str(sent["ann@corp.example"])
    form = {"row": chosen, "action": "soft-delete", "judgement": "phish", "note": "a fake invoice"}
    page = as_max.post("/actions/new/targets", form).content.decode()
    assert "2 copies sent on inside the organisation" in page
    assert 'value="domain:evil.example"' in page
    assert 'value="url:https://evil.example/pay"' in page
    assert "sender:it@evil.example" in page
    also = str(sent["cat@corp.example"])
    form |= {"also": also, "entry": ["domain:evil.example"], "life": "7"}
    review = as_max.post("/actions/new/review", form)
    page = review.content.decode()
    assert "1 chosen message, and 1 copy sent on inside the organisation" in page
    assert "Soft delete, submit and block 1 value" in page
    assert "Block domain:evil.example, 7 days." in page
    assert "Submit: I&#x27;ve confirmed it&#x27;s a threat: phish." in page
    hidden = re.findall(r'name="(also|entry|judgement|note|life|action)" value="([^"]*)"', page)
    assert ("also", also) in hidden
    assert ("entry", "domain:evil.example") in hidden
    answer = as_max.post("/actions/new/submit", form | {"name": "Campaign", "reason": "phish", "do": "start"})
    moved, said = Remediation.objects.order_by("action")[0], Remediation.objects.get(action="submit")
    assert answer["Location"] == moved.href
    assert (moved.action, moved.also, moved.expected) == ("soft-delete", [also], 2)
    assert (said.name, said.judgement, said.note) == ("Campaign: submission", "phish", "a fake invoice")
    assert said.entries == [{"kind": "domain", "value": "evil.example", "effect": "block", "life": "7"}]
    page = as_max.get(moved.href).content.decode()
    assert said.href in page


def test_a_person_may_only_block_and_touch_nothing(as_max, sent):
    form = {"row": str(sent["ann@corp.example"]), "action": "none"}
    page = as_max.post("/actions/new/targets", form).content.decode()
    assert "Delete the sender" not in page
    assert "late_days" not in page
    nothing = as_max.post("/actions/new/review", form).content.decode()
    assert "tick values to block" in nothing
    form |= {"entry": "sender:it@evil.example", "name": "Block him", "reason": "", "do": "start"}
    assert "Block 1 value" in as_max.post("/actions/new/review", form).content.decode()
    as_max.post("/actions/new/submit", form)
    one = Remediation.objects.get()
    assert (one.name, one.action, one.judgement) == ("Block him", "submit", "")


def test_what_is_clean_may_be_allowed_and_for_no_longer_than_offered(as_max, sent):
    form = {
        "row": str(sent["ann@corp.example"]),
        "action": "none",
        "judgement": "clean",
        "life": "never",
        "entry": "sender:it@evil.example",
    }
    assert "Allow what they came with" in as_max.post("/actions/new/targets", form).content.decode()
    as_max.post("/actions/new/submit", form | {"name": "Fine", "reason": "", "do": "start"})
    (entry,) = Remediation.objects.get().entries
    assert (entry["effect"], entry["life"]) == ("allow", "1")


def test_a_day_of_ones_own_choosing_ends_the_entries(as_max, sent):
    form = {"row": str(sent["ann@corp.example"]), "action": "none", "entry": "sender:it@evil.example", "life": "7"}
    day = f"{utc_now() + timedelta(days=400):%Y-%m-%d}"
    form |= {"until": day, "values": "3"}
    page = as_max.post("/actions/new/targets", form).content.decode()
    assert f'name="until" value="{day}"' in page
    page = as_max.post("/actions/new/review", form).content.decode()
    assert "1 of the 3 values they came with:" in page
    assert f"until {utc_now() + timedelta(days=400):%d %B %Y}." in page
    assert ("until", day) in re.findall(r'name="(until)" value="([^"]*)"', page)
    as_max.post("/actions/new/submit", form | {"name": "Block him", "reason": "", "do": "start"})
    one = Remediation.objects.get()
    assert one.entries[0]["life"] == day
    assert carry_out_entries(one, effect=Effect.BLOCK, now=utc_now()) == 1
    ends = Entry.objects.get().expires_at
    assert timedelta(days=399) < ends - utc_now() < timedelta(days=402)


@pytest.mark.parametrize(("judgement", "days", "words"), [("", -2, "has passed"), ("clean", 60, "within 30 days")])
def test_a_day_that_such_an_entry_may_not_have_is_said_before_the_review(as_max, sent, judgement, days, words):
    form = {"row": str(sent["ann@corp.example"]), "action": "none", "entry": "sender:it@evil.example"}
    form |= {"judgement": judgement, "until": f"{utc_now() + timedelta(days=days):%Y-%m-%d}"}
    page = as_max.post("/actions/new/review", form).content.decode()
    assert words in page
    assert 'id="until"' in page
    answer = as_max.post("/actions/new/submit", form | {"name": "Block him", "reason": "", "do": "start"})
    assert words in answer.content.decode()
    assert not Remediation.objects.exists()
    assert as_max.post("/actions/new/review", form | {"until": "soon"}).status_code == 400


def test_addresses_of_our_people_and_domains_below_ours_are_no_values_to_block(db, settings):
    from watchfloor.identities.models import DirectoryPerson

    settings.WATCHFLOOR = replace(settings.WATCHFLOOR, own_domains="corp.example")
    DirectoryPerson.objects.create(address="ceo@private.example", name="Our boss", source="test", imported_at=NOW)
    senders = ("ceo@private.example", "news@mail.corp.example", "it@evil.example")
    lake.append("EmailEvents", [
        email_row(f"7777777{n}-7777-4777-8777-777777777777", "ann@corp.example", SenderFromAddress=one, SenderFromDomain=one.partition("@")[2])
        for n, one in enumerate(senders)
    ])  # fmt: skip
    rows = tuple(Row(f"7777777{n}-7777-4777-8777-777777777777", "ann@corp.example") for n in range(3))
    found = {one.field for one in nameable(Targets(rows=rows), now=NOW + timedelta(hours=1))}
    assert found == {"sender:it@evil.example", "domain:evil.example", "domain:private.example"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"judgement": "nonsense"},
        {"entry": "nonsense"},
        {"late_days": "-1"},
        {"late_days": "x"},
        {"late_days": "91"},
        {"action": "submit"},
        {"also": "x"},
    ],
)
def test_what_cannot_be_understood_is_refused(as_ada, mails, wrong):
    assert as_ada.post("/actions/new/targets", {"row": ANN, "action": "soft-delete", **wrong}).status_code == 400


def test_a_missing_reason_is_said_in_the_last_step(as_ada, mails, max):
    from watchfloor.access.selectors import actor_of

    services.change_policy(by=actor_of(max), reason_required=True)
    form = {"row": ANN, "action": "soft-delete", "name": "Purge", "do": "start"}
    page = as_ada.post("/actions/new/submit", form).content.decode()
    assert "give a reason; the organisation asks for one" in page
    assert not Remediation.objects.exists()


def test_whoever_may_not_tune_may_only_propose_to_block(client, mails, db):
    from watchfloor.access.services import add_person, ensure_built_in_roles

    ensure_built_in_roles()
    paul = add_person(
        email="paul@corp.example", name="Paul", password="long enough pass", roles=["Search and Purge"], by=None
    )
    client.force_login(paul, backend="django.contrib.auth.backends.ModelBackend")
    form = {"row": ANN, "action": "soft-delete", "entry": "domain:evil.example"}
    page = client.post("/actions/new/review", form).content.decode()
    assert 'value="start"' not in page
    client.post("/actions/new/submit", form | {"name": "Both", "reason": "", "do": "propose"})
    assert {one.status for one in Remediation.objects.all()} == {RemediationStatus.PENDING}


def test_the_senders_copy_is_offered_for_mail_from_inside_and_kept_only_where_it_fits(as_ada, db):
    lake.append(
        "EmailEvents",
        [email_row(PHISH, "bob@corp.example", SenderFromAddress="ann@corp.example", EmailDirection="Intra-org")],
    )
    form = {"row": BOB, "action": "soft-delete"}
    assert "Delete the sender&#x27;s copy too: 1" in as_ada.post("/actions/new/targets", form).content.decode().replace(
        "sender's", "sender&#x27;s"
    )
    as_ada.post("/actions/new/submit", form | {"sender_copy": "yes", "name": "Both", "do": "start"})
    as_ada.post(
        "/actions/new/submit", form | {"action": "move-to-junk", "sender_copy": "yes", "name": "One", "do": "start"}
    )
    assert dict(Remediation.objects.values_list("name", "sender_copy")) == {"Both": True, "One": False}


def test_late_copies_are_offered_in_words_and_begin_with_the_start(as_ada, mails):
    query = {
        "scope": "query", "from": "2026-11-14T00:00:00Z", "to": "2026-11-21T00:00:00Z",
        "f": "Subject~contains any of~password", "action": "soft-delete",
    }  # fmt: skip
    assert "Caught would be" in as_ada.post("/actions/new/targets", query).content.decode()
    as_ada.post("/actions/new/submit", query | {"late_days": "5", "name": "Purge", "do": "start"})
    watch = LateWatch.objects.get()
    assert (watch.until - watch.since).days == 5
    page = as_ada.get(watch.remediation.href).content.decode()
    assert "Catch no more" in page
    as_ada.post(f"{watch.remediation.href}/stop-late")
    watch.refresh_from_db()
    assert watch.stopped_by == "Ada"


def test_who_opened_it_is_asked_of_the_mailboxes(as_ada, phish_rows, dovecot, mailboxes, monkeypatch):
    with dovecot.admin("bob@corp.example") as box:
        box.select_folder("INBOX")
        box.add_flags(box.search(["SUBJECT", "password"]), [b"\\Seen"])
    monkeypatch.setattr(wizard, "mailbox_actions", lambda: mailboxes)
    form = {"row": [f"{PHISH}|{who}" for who in PEOPLE], "action": "soft-delete"}
    page = as_ada.post("/actions/new/opened", form).content.decode()
    assert re.search(r"Opened.*?1.*?Unread.*?3", page, re.DOTALL)
    found = opened.opened_by(action_of("soft-delete"), phish_rows, mailboxes=mailboxes, now=NOW)
    assert found == Opened(opened=1, unread=3)


def test_no_more_mailboxes_are_asked_than_the_bound_allows(phish_rows, mailboxes, monkeypatch):
    monkeypatch.setattr(opened, "MOST_ASKED", 3)
    found = opened.opened_by(action_of("soft-delete"), phish_rows, mailboxes=mailboxes, now=NOW)
    assert (found.unread, found.unasked) == (3, 1)
    ticks = iter((0.0, *([99.0] * 10)))
    late = opened.opened_by(
        action_of("soft-delete"), phish_rows, mailboxes=mailboxes, now=NOW, clock=lambda: next(ticks)
    )
    assert (late.unread, late.unasked) == (1, 3)


def test_without_a_mail_system_nobody_knows_who_opened_it(as_ada, mails):
    assert not connectors.enabled_connections()
    page = as_ada.post("/actions/new/opened", {"row": ANN, "action": "soft-delete"})
    assert page.status_code == 200
    assert b"Who opened it is not known" in page.content or b"No longer there" in page.content


def test_values_of_our_own_are_not_offered_for_blocking(sent, monkeypatch):
    every = nameable(Targets(rows=tuple(sent.values())), now=NOW)
    assert ("domain", "evil.example") in {(one.kind.value, one.value) for one in every}
    assert Email.objects.count() == 5
