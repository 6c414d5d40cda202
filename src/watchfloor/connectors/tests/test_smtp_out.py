"""Outgoing mail against a real Postfix and a server that refuses, stalls and breaks off; its headers cannot be injected into."""

import email
import email.policy
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from labs import free_ports, wait_until
from labs.postfix import Postfix
from labs.tls import certificate
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.connectors.contracts import Attachment, MailState
from watchfloor.connectors.models import Outgoing
from watchfloor.connectors.outgoing import outbox
from watchfloor.connectors.protocols.smtp_session import Session
from watchfloor.connectors.registry import system
from watchfloor.connectors.selectors import outgoing_mail
from watchfloor.connectors.services import add_connection, can_send, send_again, send_mail
from watchfloor.connectors.systems.smtp_out.system import server_of
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound, Unreachable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYTHING = Actor("person:1", "Max", frozenset(Permission))
ADA = "ada@corp.example"


def settings_for(port, **more):
    return {
        "host": "127.0.0.1",
        "port": str(port),
        "security": "none",
        "from_address": "watchfloor@corp.example",
        "from_name": "Watchfloor",
        "helo": "watch.corp.example",
        **more,
    }


def connect(port, **more):
    add_connection(by=EVERYTHING, name="post", kind="smtp_out", settings=settings_for(port, **more))


def deliver(port, *, now=NOW, **more):
    settings = settings_for(port, **more)
    return outbox.empty("post", open_session=lambda: Session(server_of(settings)), now=lambda: now)


def sent(**more):
    given = {"to": [ADA], "subject": "A report", "text": "Hello", "dedup_key": "k1", "now": NOW, **more}
    return send_mail(**given)


class Box:
    """A handler that keeps what it took and answers as told; `before_answer` runs once a mail is taken."""

    def __init__(self):
        self.taken = []
        self.answers = []
        self.rcpt = {}
        self.before_answer = lambda: None

    async def handle_RCPT(self, server, session, envelope, address, options):
        said = self.rcpt.get(address, "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope):
        said = self.answers.pop(0) if self.answers else "250 queued as 4711"
        if said.startswith("250"):
            self.taken.append((envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content))
        self.before_answer()
        return said


@pytest.fixture
def box():
    handler = Box()
    (port,) = free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=port, data_size_limit=None)
    controller.start()
    handler.port = port
    yield handler
    controller.stop()


def parsed(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


# --- a real Postfix ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postfix(tmp_path_factory):
    cert, key = certificate(tmp_path_factory.mktemp("tls"))
    more = f"smtpd_tls_cert_file = {cert}\nsmtpd_tls_key_file = {key}\nsmtpd_tls_security_level = may"
    with Postfix(more=more) as server:
        server.ca = str(cert)
        yield server


@pytest.mark.django_db
def test_a_real_server_takes_a_mail_over_a_checked_line_and_its_queue_id_is_kept(postfix):
    connect(postfix.port, security="starttls", ca_file=postfix.ca)
    made = sent(attachments=[Attachment("report.pdf", "application/pdf", b"%PDF-1.4 bytes")])
    assert deliver(postfix.port, security="starttls", ca_file=postfix.ca) == 1
    found = outgoing_mail("k1")
    assert found.state is MailState.SENT
    assert "queued as" in found.sentence
    wait_until(lambda: f"message-id={made.message_id}" in postfix.log())
    wait_until(lambda: "to=<ada@corp.example>" in postfix.log())


@pytest.mark.django_db
def test_a_recipient_that_a_real_server_refuses_is_named_and_the_others_get_it(postfix):
    connect(postfix.port)
    sent(to=[ADA, "x@elsewhere.example"])
    deliver(postfix.port)
    row = Outgoing.objects.get()
    # this Postfix takes the other too and bounces it later, or refuses it: each is one of the two
    assert set(row.accepted) | set(row.refused) == {ADA, "x@elsewhere.example"}
    assert row.state == MailState.SENT


def test_the_test_says_in_words_what_works(postfix):
    good = system("smtp_out").test(settings_for(postfix.port, security="starttls", ca_file=postfix.ca))
    assert good.ok
    assert [line for _, line in good.lines] == [
        f"reached 127.0.0.1:{postfix.port}; its certificate is trusted",
        "no sign-in is set",
        "it takes mail from watchfloor@corp.example",
    ]


def test_a_certificate_nobody_vouches_for_ends_the_conversation(postfix):
    report = system("smtp_out").test(settings_for(postfix.port, security="starttls"))
    assert not report.ok
    assert "is not trusted" in report.lines[0][1]


# --- signing in ------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path):
    """A submission server that wants a password."""

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"post", b"geheim wie nie"), handled=False)

    import ssl

    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    handler = Box()
    (handler.port,) = free_ports(1)
    options = {"authenticator": check, "auth_required": True, "tls_context": context, "require_starttls": True}
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, **options)
    controller.start()
    handler.ca = str(cert)
    yield handler
    controller.stop()


def test_it_signs_in_over_an_encrypted_line_only(guarded):
    login = {"user": "post", "password": "geheim wie nie", "security": "starttls", "ca_file": guarded.ca}
    report = system("smtp_out").test(settings_for(guarded.port, **login))
    assert report.ok, report.lines
    assert (True, "signed in as post") in report.lines
    wrong = system("smtp_out").test(settings_for(guarded.port, **{**login, "password": "falsch"}))
    assert "refused the user or the password" in wrong.lines[0][1]
    assert "falsch" not in str(wrong)


def test_a_password_is_never_sent_to_another_machine_without_encryption(box):
    server = server_of(settings_for(box.port, host="localhost.localdomain", user="post", password="geheim"))
    session = Session.__new__(Session)
    session.server, session.encrypted = server, False
    with pytest.raises(NotConfigured, match="without encryption"):
        session._sign_in()


def test_a_server_that_does_not_offer_starttls_gets_nothing(box):
    with pytest.raises(NotConfigured, match="does not offer STARTTLS"):
        Session(server_of(settings_for(box.port, security="starttls")))
    assert box.taken == []


# --- what a mail is ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nothing_that_somebody_else_wrote_can_add_a_header(box):
    connect(box.port, from_name="Watch\u2028floor")
    evil = "Incident\r\nBcc: eve@evil.example\r\n\r\nBody \u2028X-Evil: 1\x00"
    sent(
        subject=evil,
        text="a\r\n.\r\nMAIL FROM:<x@evil.example>\r\n.b",
        attachments=[Attachment('"\r\nX: 1', "text/csv", b"a")],
    )
    deliver(box.port)
    ((sender, to, raw),) = box.taken
    mail = parsed(raw)
    assert (sender, to) == ("watchfloor@corp.example", (ADA,))
    assert mail["Subject"] == "Incident Bcc: eve@evil.example Body X-Evil: 1"
    assert sorted(map(str.lower, mail.keys())) == sorted(
        ["from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type"]
    )
    assert mail.get_body(("plain",)).get_content().splitlines() == ["a", ".", "MAIL FROM:<x@evil.example>", ".b"]
    assert next(mail.iter_attachments()).get_filename() == "_ X_ 1"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["", "ada", "ada@", "@x.example", "a b@x.example", "ada@x.example\r\nRCPT TO:<e@e>", "ada@x.example>", "a,b@x.example",
     "<ada@x.example>", "ada..b@x.example", "ada@-x.example", "ädä@x.example", f"{'a' * 65}@x.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused_at_the_door(box, address):
    connect(box.port)
    with pytest.raises(BadInput):
        sent(to=[address])
    assert Outgoing.objects.count() == 0


@pytest.mark.django_db
def test_a_domain_with_umlauts_goes_out_in_ascii(box):
    connect(box.port)
    assert sent(to=["ada@Müller.example"]).to == ("ada@xn--mller-kva.example",)


@pytest.mark.django_db
def test_text_pictures_and_html_arrive_as_they_were(box):
    connect(box.port)
    text = "Grüße\n" + "ä" * 2000 + "\n.\nEnd"
    sent(text=text, html="<p>Grüße</p>", attachments=[Attachment("Bericht ü.csv", "text/csv", "ä;b\n".encode())])
    deliver(box.port)
    mail = parsed(box.taken[0][2])
    assert mail.get_body(("plain",)).get_content().splitlines() == text.splitlines()
    assert "Grüße" in mail.get_body(("html",)).get_content()
    attached = next(mail.iter_attachments())
    assert attached.get_filename() == "Bericht ü.csv"
    assert max(map(len, box.taken[0][2].split(b"\r\n"))) < 999


@pytest.mark.django_db
def test_the_same_key_is_one_mail(box):
    connect(box.port)
    first, second = sent(), sent(subject="Another")
    assert first.id == second.id
    deliver(box.port)
    assert len(box.taken) == 1


@pytest.mark.django_db
def test_without_a_connection_that_sends_the_message_says_what_to_add(db):
    assert not can_send()
    with pytest.raises(NotConfigured, match="Outgoing mail"):
        sent()


@pytest.mark.django_db
def test_a_mail_larger_than_the_connection_takes_is_refused(box):
    connect(box.port, megabytes="1")
    with pytest.raises(BadInput, match="1 at most"):
        sent(attachments=[Attachment("a.bin", "application/octet-stream", b"x" * (1 << 20))])


# --- servers that do not take it -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_server_that_asks_to_come_again_is_asked_again_later_and_less_often(box):
    connect(box.port)
    sent()
    box.answers = ["451 come again", "452 full"]
    assert deliver(box.port) == 1
    row = Outgoing.objects.get()
    assert (row.state, row.next_at - NOW) == (MailState.WAITING, timedelta(seconds=30))
    assert "451 come again" in outgoing_mail("k1").sentence
    assert deliver(box.port) == 0, "it is not due yet"
    deliver(box.port, now=NOW + timedelta(seconds=31))
    row.refresh_from_db()
    assert row.next_at - NOW == timedelta(seconds=91)
    deliver(box.port, now=NOW + timedelta(minutes=5))
    assert outgoing_mail("k1").state is MailState.SENT
    assert len(box.taken) == 1


@pytest.mark.django_db
def test_a_server_that_refuses_ends_it_with_its_words_and_a_person_may_send_it_again(box):
    connect(box.port)
    made = sent()
    box.answers = ["554 no spam from you"]
    deliver(box.port)
    assert (outgoing_mail("k1").state, outgoing_mail("k1").label) == (MailState.FAILED, "Not sent")
    assert "554 no spam from you" in outgoing_mail("k1").sentence
    send_again(by=EVERYTHING, id=made.id)
    deliver(box.port, now=NOW + timedelta(days=3650))
    assert outgoing_mail("k1").state is MailState.SENT
    assert AuditEntry.objects.filter(verb="mail.resend").exists()
    with pytest.raises(NotFound):
        send_again(by=EVERYTHING, id=made.id)


@pytest.mark.django_db
def test_only_who_was_put_off_is_asked_again(box):
    connect(box.port)
    box.rcpt = {"max@corp.example": "450 greylisted", "nobody@corp.example": "550 unknown"}
    sent(to=[ADA, "max@corp.example", "nobody@corp.example"])
    deliver(box.port)
    row = Outgoing.objects.get()
    assert (row.accepted, row.waiting, list(row.refused)) == ([ADA], ["max@corp.example"], ["nobody@corp.example"])
    box.rcpt = {}
    deliver(box.port, now=NOW + timedelta(minutes=1))
    assert [to for _, to, _ in box.taken] == [(ADA,), ("max@corp.example",)]
    assert "for 2 of 3, refused for 1" in outgoing_mail("k1").sentence


@pytest.mark.django_db
def test_a_server_that_is_away_is_told_as_trouble_and_given_up_after_two_days(box):
    (free,) = free_ports(1)
    connect(free)
    sent()
    with pytest.raises(Unreachable, match="could not be reached"):
        deliver(free)
    assert outgoing_mail("k1").state is MailState.WAITING
    with pytest.raises(Unreachable):
        deliver(free, now=NOW + timedelta(days=2))
    found = outgoing_mail("k1")
    assert found.state is MailState.FAILED
    assert found.sentence.startswith("given up after 2 days: ")


class Rude:
    """A server that takes the whole mail and breaks the line instead of answering."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.taken = 0
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            with peer, peer.makefile("rwb") as line:
                self._talk(line)

    def _talk(self, line):
        def say(words):
            line.write(words + b"\r\n")
            line.flush()

        say(b"220 rude")
        while text := line.readline():
            if text.upper().startswith(b"DATA"):
                say(b"354 go on")
                while line.readline() != b".\r\n":
                    pass
                self.taken += 1
                return
            say(b"250 fine")


@pytest.mark.django_db
def test_a_line_that_breaks_before_the_answer_makes_one_duplicate_at_most():
    rude = Rude()
    connect(rude.port)
    sent()
    deliver(rude.port)
    assert "may have arrived already" in outgoing_mail("k1").sentence
    for minutes in (1, 10, 100, 1000):
        deliver(rude.port, now=NOW + timedelta(minutes=minutes))
    rude.listening.close()
    assert rude.taken == 2
    found = outgoing_mail("k1")
    assert found.state is MailState.FAILED
    assert "up to two times" in found.sentence


@pytest.mark.slow
def test_a_worker_killed_between_server_and_record_sends_it_once_more_and_not_a_third_time(box, tmp_path):
    home = {**os.environ, "WATCHFLOOR_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[4])}
    home.pop("DATABASE_URL", None)

    def program(*words):
        command = [sys.executable, str(Path(__file__).parent / "outbox_program.py"), *words]
        return subprocess.Popen(command, env=home, stdout=subprocess.PIPE, text=True)

    def said(*words):
        return json.loads(program(*words).communicate(timeout=60)[0])

    assert said("put", str(box.port))["state"] == "waiting"
    for _ in range(2):
        worker = program("run", str(box.port))
        box.before_answer = worker.kill
        assert worker.wait(60) == -signal.SIGKILL
    assert said("look")["state"] == "sending"
    box.before_answer = lambda: None
    worker = program("run", str(box.port))
    assert worker.wait(60) == 0
    found = said("look")
    assert found["state"] == "failed"
    assert "up to two times" in found["sentence"]
    assert len(box.taken) == 2
    assert box.taken[0][2] == box.taken[1][2], (
        "the server recognises the second by its Message-ID, and by every other byte"
    )


@pytest.mark.django_db
def test_texts_go_after_a_week_and_rows_after_the_retention(box):
    connect(box.port)
    sent()
    deliver(box.port)
    assert outbox.trim(now=NOW + timedelta(days=8)) == 1
    assert Outgoing.objects.get().raw is None
    outbox.trim(now=NOW + timedelta(days=401))
    assert Outgoing.objects.count() == 0


# --- the page ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_shows_what_became_of_each_mail_and_lets_a_manager_send_again(box, as_max, as_eve):
    connect(box.port)
    box.answers = ["554 <b>no</b>"]
    made = sent(subject="Weekly report")
    deliver(box.port)
    page = as_max.get("/settings/outgoing-mail?state=failed").content.decode()
    assert "Weekly report" in page
    assert "554 &lt;b&gt;no&lt;/b&gt;" in page
    assert as_max.post(f"/settings/outgoing-mail/{made.id}/send-again").status_code == 302
    assert Outgoing.objects.get().state == MailState.WAITING
    assert as_eve.get("/settings/outgoing-mail").status_code == 403
    assert as_eve.post(f"/settings/outgoing-mail/{made.id}/send-again").status_code == 403
