"""Held at a real Postfix by our milter, released into a real Dovecot."""

import asyncio
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from imapclient.exceptions import IMAPClientError

from labs import free_ports, wait_until
from labs.dovecot import Dovecot
from labs.postfix import Postfix
from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.connections import add_connection
from watchfloor.connectors.models import Accepted
from watchfloor.connectors.services import set_judge
from watchfloor.connectors.systems.milter.listening import Milter
from watchfloor.inspection.contracts import Envelope, Reason, ThreatType, Verdict
from watchfloor.inspection.services import InspectionPool, inspect
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotConfigured, Unreachable
from watchfloor.lake.contracts import Query
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.models import Email
from watchfloor.lake.selectors import rows, tenant_facts
from watchfloor.response.freezing import freeze
from watchfloor.response.models import LedgerLine
from watchfloor.response.progress import begin, finish
from watchfloor.response.quarantine import handing, services
from watchfloor.response.quarantine.contracts import CopyStatus, ReleaseOptions
from watchfloor.response.quarantine.holding import hold_pending
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail, ReleaseHandover
from watchfloor.response.quarantine.releasing import release_batch
from watchfloor.response.services import answer_at_border

ANN, BOB, CAT = "ann@corp.example", "bob@corp.example", "cat@corp.example"
RAW = (
    b"From: Boss <boss@evil.example>\r\nTo: Ann <ann@corp.example>\r\nSubject: Your invoice\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <held-1@evil.example>\r\n\r\n.Pay\r\nthis.\r\n"
)
BOSS = Actor("person:77", "Max", frozenset(Permission))
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.lab]


@contextmanager
def listening(door: Milter):
    stopping, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(door.serve(stop=stopping.is_set, ready=ready.set)))
    thread.start()
    try:
        assert ready.wait(5)
        yield door
    finally:
        stopping.set()
        thread.join(5)


def judge_malware(raw, *, mail_from, recipients, client_ip, helo, signed_in):
    """The real policy on a real inspection, of which the verdict is given."""
    found = inspect(
        raw, envelope=Envelope(mail_from, tuple(recipients), client_ip, helo), facts=tenant_facts(), now=utc_now()
    )
    verdict = Verdict((ThreatType.MALWARE,), reasons=(Reason("lab", 9.0, "the lab says so"),))
    from dataclasses import replace

    return answer_at_border(replace(found, verdict=verdict), recipients=recipients)


@pytest.fixture
def dovecot():
    with Dovecot(users=[ANN, BOB, CAT]) as server:
        yield server


@pytest.fixture
def postfix(dovecot):
    """In front of the mailboxes, with our milter that calls everything malware."""
    set_judge(judge_malware)
    (port,) = free_ports(1)
    try:
        with (
            listening(Milter("mx", f"127.0.0.1:{port}", enforce=True)) as door,
            Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as server,
        ):
            yield server
    finally:
        set_judge(None)


def connect_mailboxes(dovecot) -> None:
    settings = {
        "host": "127.0.0.1",
        "port": str(dovecot.imap_port),
        "security": "none",
        "master_user": dovecot.master,
        "master_password": dovecot.master_password,
        "workers": "2",
    }
    add_connection(by=BOSS, name="mailboxes", kind="dovecot", settings=settings)


def connect_release(port: int, protocol: str = "lmtp") -> None:
    settings = {"host": "127.0.0.1", "port": str(port), "protocol": protocol, "security": "none"}
    add_connection(by=BOSS, name="release", kind="mail_release", settings=settings)


@pytest.fixture
def held(postfix) -> QuarantinedMail:
    """One mail to three people, held, known to the lake and listed."""
    postfix.send(RAW, mail_from="boss@evil.example", to=[ANN, BOB, CAT])
    assert hold_pending(now=utc_now()) == 0, "the lake has still to name it"
    pool = InspectionPool(1, tenant_facts())
    try:
        ingest_pending(pool, 10, utc_now())
    finally:
        pool.close()
    assert hold_pending(now=utc_now()) == 1
    return QuarantinedMail.objects.get()


def copies(*people: str) -> list[int]:
    return list(QuarantinedCopy.objects.filter(recipient__in=people).values_list("pk", flat=True))


def run(made):
    made = begin(made.pk, now=utc_now())
    freeze(made, now=utc_now())
    while release_batch(made, clock=utc_now):
        pass
    return finish(made.pk, now=utc_now())


def inbox(dovecot, person: str) -> list[bytes]:
    with dovecot.login(person) as box:
        try:
            box.select_folder("INBOX", readonly=True)
        except IMAPClientError:  # the first delivery made it in this very moment
            box.select_folder("INBOX", readonly=True)
        found = box.search("ALL")
        return [data[b"BODY[]"] for data in box.fetch(found, ["BODY.PEEK[]"]).values()] if found else []


def locations() -> dict[str, str]:
    found = rows(Query("EmailEvents", utc_now() - timedelta(days=1), utc_now() + timedelta(days=1)), limit=10)
    return {row["RecipientEmailAddress"]: row["LatestDeliveryLocation"] for row in found}


def test_malware_is_held_and_nothing_reaches_an_inbox(held, dovecot, postfix):
    assert (held.reason, held.subject, held.sender, held.recipients) == (
        "Malware",
        "Your invoice",
        "boss@evil.example",
        3,
    )
    assert held.network_message_id == Email.objects.get().pk
    assert (held.policy_type, held.policy_name) == ("Anti-malware", "Border policy: Malware")
    assert held.expires_at == held.received_at + timedelta(days=30)
    assert [inbox(dovecot, person) for person in (ANN, BOB, CAT)] == [[], [], []]
    assert postfix.queue() == []
    assert locations() == dict.fromkeys((ANN, BOB, CAT), "Quarantine")


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_it_is_released_to_two_of_three(held, dovecot, postfix, protocol):
    """By SMTP through the very Postfix whose milter held it: the mark lets it pass."""
    connect_mailboxes(dovecot)
    connect_release(dovecot.lmtp_port if protocol == "lmtp" else postfix.port, protocol)
    done = run(services.release(by=BOSS, copies=copies(ANN, CAT), reason="harmless", at=utc_now()))
    assert (done.status, done.moved, done.failed) == ("Completed", 2, 0)
    assert [len(inbox(dovecot, person)) for person in (ANN, BOB, CAT)] == [1, 0, 1]
    (raw,) = inbox(dovecot, ANN)
    assert raw.endswith(b"\r\n\r\n.Pay\r\nthis.\r\n")
    assert (b"X-Watchfloor-Release" in raw) == (protocol == "lmtp")
    statuses = dict(QuarantinedCopy.objects.values_list("recipient", "status"))
    assert statuses == {ANN: CopyStatus.RELEASED, BOB: CopyStatus.NEEDS_REVIEW, CAT: CopyStatus.RELEASED}
    assert all(LedgerLine.objects.filter(remediation=done).values_list("verified", flat=True))
    assert locations() == {ANN: "Inbox/folder", BOB: "Quarantine", CAT: "Inbox/folder"}
    assert Email.objects.count() == 1
    assert Accepted.objects.count() == 1


def test_without_a_look_into_mailboxes_the_servers_word_counts_and_is_shown(held, dovecot):
    connect_release(dovecot.lmtp_port)
    done = run(services.release(by=BOSS, copies=copies(ANN), at=utc_now()))
    line = LedgerLine.objects.get(remediation=done)
    assert (line.status, line.verified) == ("moved", False)
    assert line.why.startswith("Taken by the mail server, not seen in the mailbox: release: 250")
    assert len(inbox(dovecot, ANN)) == 1


def test_a_copy_goes_to_somebody_else_and_the_mail_stays_held(held, dovecot):
    connect_release(dovecot.lmtp_port)
    options = ReleaseOptions(copy_to=(BOB,), only_copy=True)
    done = run(services.release(by=BOSS, copies=copies(ANN, CAT), options=options, at=utc_now()))
    assert done.failed == 0
    assert [len(inbox(dovecot, person)) for person in (ANN, BOB, CAT)] == [0, 1, 0]
    assert set(QuarantinedCopy.objects.values_list("status", flat=True)) == {CopyStatus.NEEDS_REVIEW}
    assert [BOB] in list(QuarantinedCopy.objects.values_list("released_to", flat=True))


def test_a_refused_recipient_stays_held_with_the_servers_words(held, dovecot):
    connect_release(dovecot.lmtp_port)
    QuarantinedCopy.objects.filter(recipient=ANN).update(recipient="gone@corp.example")
    made = services.release(by=BOSS, copies=copies("gone@corp.example"), at=utc_now())
    LedgerLine.objects.create(
        remediation=made, network_message_id=held.network_message_id, recipient="gone@corp.example"
    )
    while release_batch(made, clock=utc_now):
        pass
    line = LedgerLine.objects.get(remediation=made)
    assert line.status == "failed"
    assert "the mail server refused it: 5" in line.why
    assert QuarantinedCopy.objects.get(recipient="gone@corp.example").status == CopyStatus.NEEDS_REVIEW


def test_without_a_server_the_release_says_what_to_add_and_waits(held):
    made = services.release(by=BOSS, copies=copies(ANN), at=utc_now())
    made = begin(made.pk, now=utc_now())
    freeze(made, now=utc_now())
    with pytest.raises(NotConfigured, match="Delivery of released mail"):
        release_batch(made, clock=utc_now)
    assert made.lines.get().status == "pending"


def test_a_server_that_is_away_is_asked_again_later(held, dovecot):
    (port,) = free_ports(1)
    connect_release(port)
    made = services.release(by=BOSS, copies=copies(ANN), at=utc_now())
    made = begin(made.pk, now=utc_now())
    freeze(made, now=utc_now())
    with pytest.raises(Unreachable):
        release_batch(made, clock=utc_now)
    assert ReleaseHandover.objects.get().state == handing.DEFERRED
    assert made.lines.get().status == "pending"


@pytest.fixture
def begun(held, dovecot):
    """A release whose process was killed after the intent: nobody knows whether the server heard of it."""
    made = services.release(by=BOSS, copies=copies(ANN), at=utc_now())
    made = begin(made.pk, now=utc_now())
    freeze(made, now=utc_now())
    copy = QuarantinedCopy.objects.get(recipient=ANN)
    ReleaseHandover.objects.create(
        remediation=made, copy=copy, address=ANN, state=handing.INTENDED, at=utc_now(), attempts=1
    )
    return made


def test_a_hand_over_in_doubt_that_arrived_is_not_done_twice(begun, dovecot):
    connect_mailboxes(dovecot)
    connect_release(dovecot.lmtp_port)
    dovecot.deliver(RAW, to=[ANN])
    assert run(begun).moved == 1
    assert len(inbox(dovecot, ANN)) == 1


def test_a_hand_over_in_doubt_that_never_arrived_is_done_where_the_server_keeps_no_queue(begun, dovecot, monkeypatch):
    monkeypatch.setattr(handing, "LOOK_SECONDS", 0.5)
    connect_mailboxes(dovecot)
    connect_release(dovecot.lmtp_port)
    assert run(begun).moved == 1
    assert len(inbox(dovecot, ANN)) == 1


def test_a_hand_over_in_doubt_is_left_to_a_person_where_the_server_may_have_it_in_its_queue(begun, dovecot, postfix):
    connect_mailboxes(dovecot)
    connect_release(postfix.port, "smtp")
    done = run(begun)
    assert (done.moved, done.failed) == (0, 1)
    assert LedgerLine.objects.get(remediation=done).why == f"{ANN}: {handing.NOBODY_KNOWS}"
    assert inbox(dovecot, ANN) == []
    services_retry(done)
    assert len(inbox(dovecot, ANN)) == 1


def services_retry(made) -> None:
    from watchfloor.response.services import retry

    again = retry(by=BOSS, remediation_id=made.pk)
    assert run(again).moved == 1


def test_held_mail_that_comes_again_is_held_again(held, postfix):
    """The lake knows one mail; what was kept back twice is listed twice, so nothing is lost."""
    postfix.send(RAW, mail_from="boss@evil.example", to=[ANN])
    assert hold_pending(now=utc_now()) == 1
    assert QuarantinedMail.objects.count() == 2
    assert len(set(QuarantinedMail.objects.values_list("network_message_id", flat=True))) == 1
    wait_until(lambda: postfix.queue() == [])


def test_who_is_written_in_capitals_or_twice_gets_no_held_mail_beside_an_exempt_mailbox(dovecot, postfix, settings):
    """The mail server knows recipients by the letters that its client used."""
    services.change_border_policy(by=BOSS, rules={}, exempt=[CAT], at=utc_now())
    postfix.send(
        RAW, mail_from="boss@evil.example", to=["Ann@Corp.Example", ANN, "BOB@corp.example", "Cat@corp.example"]
    )
    wait_until(lambda: inbox(dovecot, CAT), what="the exempt mailbox gets it")
    accepted = Accepted.objects.latest("position")
    assert accepted.facts["held"] == [ANN, BOB]
    assert inbox(dovecot, ANN) == inbox(dovecot, BOB) == []
