"""A real mail server asks before delivery: what lands in the mailbox has protected links, and is still the mail we accepted."""

import email
import email.policy
import smtplib

import pytest
from django.test import Client

from labs import wait_until
from labs.dovecot import Dovecot
from labs.postfix import Postfix
from tests.conformance.test_doors import listening, milter
from watchfloor.access.selectors import actor_of
from watchfloor.config import judging
from watchfloor.connectors.contracts import Disposition, InlineAnswer, NewMail
from watchfloor.connectors.selectors import accepted_after, original_sha256, raw_mail
from watchfloor.connectors.services import accept_many
from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.services import inspect_safely
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.services import add_entry
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import facts as lake_facts
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.models import Email
from watchfloor.response.clicks import policy
from watchfloor.response.clicks.models import LongUrl
from watchfloor.response.clicks.snapshot import WATCH, Watch
from watchfloor.response.services import with_protected_links
from watchfloor.response.submissions.models import SubmissionPolicy

ADA, MAX = "ada@corp.example", "max@corp.example"
RAW = (
    b"From: Bo <bo@partner.example>\r\nTo: ada@corp.example\r\nSubject: Minutes\r\nMessage-ID: <7@partner.example>\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nThey are at https://partner.example/minutes today.\r\n"
)
FACTS = TenantFacts(own_domains=frozenset({"corp.example"}))


class Here:
    """Inspection in this process."""

    def submit(self, raw, envelope, now):
        from concurrent.futures import Future

        done = Future()
        done.set_result(inspect_safely(raw, envelope=envelope, facts=FACTS, now=now))
        return done

    def tell(self, facts):
        """Nothing is kept apart."""


@pytest.fixture
def protected(db, settings, tmp_path, max, monkeypatch):
    """Protection switched on, the judge inspecting here, and corp.example our own."""
    monkeypatch.setattr(Watch, "_keep_new", lambda self: None)
    monkeypatch.setattr(judging, "_pool", Here)
    settings.HOME = tmp_path
    before = list(lake_facts._provider)
    lake_facts._provider[:] = [lambda: FACTS]
    WATCH.forget()
    yield policy.change(
        by=actor_of(max), enabled=True, internal=False, override=False, exempt_domains=["spared.example"],
        exempt_recipients=["eve@corp.example"], at=utc_now(),
    )  # fmt: skip
    lake_facts._provider[:] = before
    WATCH.forget()


def answer(raw=RAW, *, to=(ADA,), sender="bo@partner.example", given=None):
    given = given or InlineAnswer(Disposition.ACCEPT)
    return with_protected_links(given, raw, fingerprint="ab" * 32, mail_from=sender, recipients=to, facts=FACTS)


def test_mail_to_our_people_is_delivered_with_protected_links(protected):
    said = answer()
    assert b"/click/" in said.body
    assert b"https://partner.example/minutes" not in said.body
    assert said.facts["links_protected"] == 1


@pytest.mark.parametrize(
    ("to", "sender"),
    [
        (("x@elsewhere.example",), ADA),
        ((ADA, "x@elsewhere.example"), "bo@partner.example"),
        ((ADA,), MAX),
        ((ADA, "eve@corp.example"), "bo@partner.example"),
        ((), "bo@partner.example"),
    ],
    ids=["outbound", "also outside", "between our own", "spared person", "nobody"],
)
def test_other_mail_goes_as_it_is(protected, to, sender):
    assert answer(to=to, sender=sender).body is None


def test_a_mail_that_is_reported_arrives_as_it_was(protected, max):
    policy.change(
        by=actor_of(max),
        enabled=True,
        internal=True,
        override=False,
        exempt_domains=[],
        exempt_recipients=[],
        at=utc_now(),
    )
    assert answer(to=(MAX,), sender=ADA).body is not None
    SubmissionPolicy.objects.create(pk=1, addresses=[MAX])
    assert answer(to=(MAX,), sender=ADA).body is None


def test_a_url_of_any_length_is_protected_by_a_link_that_gets_through(protected):
    url = b"https://partner.example/" + b"x" * 20_000
    said = answer(RAW.replace(b"https://partner.example/minutes", url))
    assert url not in said.body
    assert max(map(len, said.body.splitlines())) < 998
    assert LongUrl.objects.get().url == url.decode()


def test_links_of_exempt_domains_and_our_own_stay(protected):
    own = f"{policy.public_address()}/email/1".encode()
    raw = RAW.replace(b"https://partner.example/minutes", b"https://a.spared.example/x and " + own)
    assert answer(raw).body is None


def test_what_nobody_gets_is_not_rewritten(protected):
    assert answer(given=InlineAnswer(Disposition.HOLD)).body is None
    assert answer(given=InlineAnswer(Disposition.REJECT)).body is None
    assert answer(to=(ADA, MAX), given=InlineAnswer(Disposition.HOLD, held=(MAX,))).body is not None


def test_switched_off_nothing_is_rewritten(db):
    assert answer().body is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.lab
def test_the_mailbox_gets_the_protected_mail_and_the_lake_knows_it_for_the_same(protected):
    from watchfloor.connectors.services import set_judge

    with Dovecot(users=[ADA]) as dovecot, listening(milter(enforce=True)) as door:
        set_judge(judging._judge)
        with Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as server:
            server.send(RAW, mail_from="bo@partner.example", to=[ADA])
            wait_until(lambda: "saved mail to INBOX" in dovecot.log(), what="delivery")
        client = dovecot.login(ADA)
        client.select_folder("INBOX")
        (number,) = client.search()
        copy = client.fetch([number], ["BODY.PEEK[]"])[number][b"BODY[]"]
    body = email.message_from_bytes(copy, policy=email.policy.default).get_content()
    link = body[body.index("/click/") :].split()[0]
    (accepted,) = accepted_after(0, limit=10)
    assert original_sha256(copy) == accepted.sha256
    assert b"https://partner.example/minutes" in raw_mail(accepted.sha256)
    accept_many([NewMail(raw=copy, source="dovecot", received_at=utc_now(), recipients=(ADA,), folder="INBOX")])
    ingest_pending(Here(), 10, utc_now())
    assert Email.objects.count() == 1
    assert Client().get(link)["Location"] == "https://partner.example/minutes"


def test_a_forged_header_makes_no_mail_another(protected):
    accept_many([NewMail(raw=RAW, source="x", received_at=utc_now(), facts={"delivered_body": "0" * 64})])
    (accepted,) = accepted_after(0, limit=1)
    forged = b"X-Watchfloor-Id: " + accepted.sha256[:16].encode() + b"\r\n" + RAW.replace(b"minutes", b"malware")
    assert original_sha256(forged) == ""
    assert original_sha256(b"X-Watchfloor-Id: ../../../etc\r\n\r\nx") == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.lab
def test_nobody_here_sends_to_whom_the_organisation_blocks(protected, max, monkeypatch):
    from watchfloor.connectors.services import set_judge
    from watchfloor.intelligence.selectors import tenant_facts

    add_entry(by=actor_of(max), kind=Kind.SENDER, effect=Effect.BLOCK, value="left@corp.example", now=utc_now())
    lake_facts._provider[:] = [lambda: __import__("dataclasses").replace(tenant_facts(), own_domains=FACTS.own_domains)]
    with listening(milter(enforce=True)) as door, Postfix(milter=f"inet:{door.address}") as server:
        set_judge(judging._judge)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            server.send(RAW, mail_from=ADA, to=["left@corp.example"])
        server.send(RAW, mail_from=ADA, to=[MAX])
    assert refused.value.smtp_code == 550
    assert refused.value.smtp_error.startswith(b"5.7.703")


def test_an_envelope_without_sender_is_nobody_of_ours():
    from watchfloor.intelligence.services import refusal_to_send

    facts = TenantFacts(own_domains=frozenset({"corp.example"}), blocked=frozenset({"sender:a@evil.example"}))
    assert refusal_to_send(mail_from="", recipients=["a@evil.example"], facts=facts) == ""
    assert refusal_to_send(mail_from="x@other.example", recipients=["a@evil.example"], facts=facts) == ""
    assert refusal_to_send(mail_from="ada@mail.corp.example", recipients=["A@Evil.example"], facts=facts).startswith(
        "5.7.703"
    )
    assert Envelope().mail_from == ""
