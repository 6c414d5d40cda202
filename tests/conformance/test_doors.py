"""Mail comes in through the milter and the journal, from a real Postfix, and is on disk before anybody is told so."""

import asyncio
import smtplib
import ssl
import threading
from contextlib import contextmanager

import pytest

from labs import free_ports, wait_until
from labs.dovecot import Dovecot
from labs.postfix import Postfix
from labs.tls import certificate
from watchfloor.connectors import store
from watchfloor.connectors.contracts import Disposition, InlineAnswer
from watchfloor.connectors.models import Accepted, DeadLetter
from watchfloor.connectors.registry import systems
from watchfloor.connectors.releasing import marked
from watchfloor.connectors.selectors import accepted_after, raw_mail
from watchfloor.connectors.services import set_judge
from watchfloor.connectors.systems.milter.listening import Milter
from watchfloor.connectors.systems.smtp_journal.listening import Journal
from watchfloor.connectors.systems.smtp_journal.system import journal_of
from watchfloor.investigations.models import Restriction
from watchfloor.investigations.services import refusal_of_restricted
from watchfloor.kernel.clock import utc_now

ADA, MAX, EVE = "ada@corp.example", "max@corp.example", "eve@corp.example"
MAIL = (
    b"From: Boss <boss@evil.example>\r\nTo: Ada <ada@corp.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b" folded\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@evil.example>\r\n\r\n.leading dot\r\nbody\r\n"
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.lab]


@contextmanager
def listening(door: Milter | Journal):
    """The door, served by a thread until the block ends."""
    stopping, ready = threading.Event(), threading.Event()
    trouble: list[BaseException] = []

    def serve() -> None:
        try:
            asyncio.run(door.serve(stop=stopping.is_set, ready=ready.set))
        except BaseException as error:
            trouble.append(error)
            ready.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(5)
        assert not trouble, trouble
        yield door
    finally:
        stopping.set()
        thread.join(5)
        set_judge(None)


def milter(**more: object) -> Milter:
    (port,) = free_ports(1)
    return Milter("mx", f"127.0.0.1:{port}", **more)


def judge_says(disposition: Disposition, words: str = "", **more: object):
    asked = []

    def judge(raw, *, mail_from, recipients, client_ip, helo, signed_in):
        asked.append((raw, mail_from, tuple(recipients), client_ip, helo))
        return InlineAnswer(disposition, words, **more)

    set_judge(judge)
    return asked


def test_the_milter_sees_the_whole_envelope_and_the_mail_goes_on_untouched():
    with (
        Dovecot(users=[ADA, MAX, EVE]) as dovecot,
        listening(milter()) as door,
        Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as postfix,
    ):
        postfix.send(MAIL, mail_from="x@evil.example", to=[ADA, MAX, EVE], client_ip="203.0.113.9", helo="evil.example")
        (mail,) = accepted_after(0, limit=10)
        assert (mail.source, mail.mail_from, mail.recipients) == ("mx", "x@evil.example", (ADA, MAX, EVE))
        assert (mail.client_ip, mail.helo) == ("203.0.113.9", "evil.example")
        assert mail.queue_id in postfix.log()
        assert raw_mail(mail.sha256) == MAIL
        wait_until(lambda: dovecot.log().count("saved mail to INBOX") == 3, what="delivery")


def test_the_milter_takes_many_mails_over_one_connection_quickly():
    with listening(milter()) as door, Postfix(milter=f"inet:{door.address}") as postfix:
        with smtplib.SMTP("127.0.0.1", postfix.port) as session:
            for number in range(30):
                session.sendmail("x@evil.example", [ADA], MAIL + b"%d\r\n" % number)
        assert Accepted.objects.count() == 30
        assert len(set(Accepted.objects.values_list("envelope__queue_id", flat=True))) == 30


def test_a_milter_over_a_unix_socket_works_too(tmp_path):
    from tempfile import mkdtemp

    folder = mkdtemp(prefix="wfm")
    with listening(Milter("mx", f"{folder}/s")), Postfix(milter=f"unix:{folder}/s") as postfix:
        import os

        os.chmod(folder, 0o755)
        postfix.send(MAIL, mail_from="x@evil.example", to=[ADA])
    assert Accepted.objects.count() == 1


def test_enforce_tags_a_mail_and_takes_away_a_forged_tag():
    with Dovecot(users=[ADA]) as dovecot, listening(milter(enforce=True)) as door:
        asked = judge_says(Disposition.TAG, "phish: look-alike sender\r\nBcc: all@corp.example")
        with Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as postfix:
            forged = b"X-Watchfloor-Verdict: clean\r\nX-Watchfloor-Id: 1\r\nX-watchfloor-verdict: clean\r\n" + MAIL
            postfix.send(forged, mail_from="x@evil.example", to=[ADA])
            wait_until(lambda: "saved mail to INBOX" in dovecot.log(), what="delivery")
        client = dovecot.login(ADA)
        client.select_folder("INBOX")
        (data,) = client.fetch([1], ["BODY[HEADER]"]).values()
        header = data[b"BODY[HEADER]"].decode()
        (accepted,) = accepted_after(0, limit=2)
        assert header.count("X-Watchfloor-Verdict: phish: look-alike sender  Bcc: all@corp.example\r\n") == 1
        assert f"X-Watchfloor-Id: {accepted.sha256[:16]}\r\n" in header
        assert "clean" not in header
        assert "\r\nBcc" not in header
        assert accepted.facts["disposition"] == "add header"
        assert asked[0][1:3] == ("x@evil.example", (ADA,))


def test_enforce_holds_a_mail_in_the_mail_servers_queue_until_it_is_released():
    with Dovecot(users=[ADA]) as dovecot, listening(milter(enforce=True, hold_there=True)) as door:
        judge_says(Disposition.HOLD, "malware")
        with Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as postfix:
            postfix.send(MAIL, mail_from="x@evil.example", to=[ADA])
            wait_until(lambda: postfix.queue("hold"), what="the hold queue")
            (mail,) = accepted_after(0, limit=2)
            assert postfix.queue("hold")[0]["queue_id"] == mail.queue_id
            assert "saved mail" not in dovecot.log()
            postfix.release(mail.queue_id)
            wait_until(lambda: "saved mail to INBOX" in dovecot.log(), what="delivery after release")


def test_enforce_keeps_a_quarantined_mail_and_the_mail_server_forgets_it():
    with Dovecot(users=[ADA]) as dovecot, listening(milter(enforce=True)) as door:
        judge_says(Disposition.HOLD, "malware")
        with Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as postfix:
            postfix.send(MAIL, mail_from="x@evil.example", to=[ADA])
            (mail,) = accepted_after(0, limit=2)
            assert mail.facts["disposition"] == "quarantine"
            wait_until(lambda: not postfix.queue(), what="an empty queue")
            assert "saved mail" not in dovecot.log()


def test_enforce_keeps_the_copies_of_some_recipients_and_delivers_those_of_the_others():
    with Dovecot(users=[ADA, MAX]) as dovecot, listening(milter(enforce=True)) as door:
        judge_says(Disposition.HOLD, "phish", held=(ADA,))
        with Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as postfix:
            postfix.send(MAIL, mail_from="x@evil.example", to=[ADA, MAX])
            wait_until(lambda: "saved mail to INBOX" in dovecot.log(), what="delivery")
            wait_until(lambda: not postfix.queue(), what="an empty queue")
        for person, copies in ((ADA, 0), (MAX, 1)):
            client = dovecot.login(person)
            client.select_folder("INBOX")
            assert len(client.search()) == copies
        assert accepted_after(0, limit=2)[0].facts["held"] == [ADA]


def test_enforce_delivers_another_body_and_keeps_the_original():
    long = b"".join(b"line %d of the protected mail\r\n" % number for number in range(5000))
    with Dovecot(users=[ADA]) as dovecot, listening(milter(enforce=True)) as door:
        judge_says(Disposition.ACCEPT, body=long)
        with Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as postfix:
            postfix.send(MAIL, mail_from="x@evil.example", to=[ADA])
            wait_until(lambda: "saved mail to INBOX" in dovecot.log(), what="delivery")
        client = dovecot.login(ADA)
        client.select_folder("INBOX")
        (data,) = client.fetch([1], ["BODY[TEXT]"]).values()
        assert data[b"BODY[TEXT]"] == long
        assert raw_mail(accepted_after(0, limit=2)[0].sha256).endswith(MAIL.partition(b"\r\n\r\n")[2])


def test_enforce_rejects_with_a_reason_and_keeps_what_was_rejected():
    with listening(milter(enforce=True)) as door, Postfix(milter=f"inet:{door.address}") as postfix:
        judge_says(Disposition.REJECT, "100% malware")
        with pytest.raises(smtplib.SMTPDataError, match="100% malware") as refused:
            postfix.send(MAIL, mail_from="x@evil.example", to=[ADA])
        assert refused.value.smtp_code == 550
        assert accepted_after(0, limit=2)[0].facts["disposition"] == "reject"


def test_a_restricted_person_is_refused_by_who_signed_in_whatever_the_envelope_says():
    Restriction.objects.create(address="bob@corp.example", since=utc_now(), by="Max", why="sends to strangers")

    def judge(raw, *, mail_from, signed_in, **how):
        words = refusal_of_restricted(raw, mail_from=mail_from, signed_in=signed_in, at=utc_now())
        return InlineAnswer(Disposition.REJECT if words else Disposition.ACCEPT, words)

    with listening(milter(enforce=True)) as door, Postfix(milter=f"inet:{door.address}") as postfix:
        set_judge(judge)
        with pytest.raises(smtplib.SMTPDataError, match=r"^\(550, b'5\.1\.8 Access denied"):
            postfix.send(MAIL, mail_from="news@corp.example", to=[ADA], login="bob@corp.example")
        with pytest.raises(smtplib.SMTPDataError, match="restricted from sending"):
            postfix.send(b"From: Bob <bob@corp.example>\r\n" + MAIL, mail_from="", to=[ADA], login="relay")
        postfix.send(MAIL, mail_from="news@corp.example", to=[ADA], login="ann@corp.example")
    assert Restriction.objects.get().refused == 2


@pytest.mark.parametrize(("fail_open", "delivered"), [(True, True), (False, False)])
def test_when_the_disk_fails_the_setting_decides(monkeypatch, fail_open, delivered):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "keep", full)
    with listening(milter(fail_open=fail_open)) as door, Postfix(milter=f"inet:{door.address}") as postfix:
        if delivered:
            postfix.send(MAIL, mail_from="x@evil.example", to=[ADA])
        else:
            with pytest.raises(smtplib.SMTPDataError) as refused:
                postfix.send(MAIL, mail_from="x@evil.example", to=[ADA])
            assert refused.value.smtp_code == 451
    assert not Accepted.objects.exists()


def test_a_mail_beyond_the_limit_passes_the_milter_and_is_a_dead_letter():
    with listening(milter(limit=1000)) as door, Postfix(milter=f"inet:{door.address}") as postfix:
        postfix.send(MAIL + b"x" * 500 + b"\r\n" + b"y" * 900, mail_from="x@evil.example", to=[ADA])
    assert not Accepted.objects.exists()
    assert "larger than" in DeadLetter.objects.get().reason


def journal(**settings: str) -> Journal:
    (port,) = free_ports(1)
    return journal_of("journal", {"address": f"127.0.0.1:{port}", "journal": "journal@journal.internal", **settings})


def test_a_journal_copy_from_postfix_names_its_recipients_from_the_headers():
    with listening(journal()) as door, Postfix(journal_port=door.port) as postfix:
        postfix.send(MAIL, mail_from="x@evil.example", to=[ADA, MAX])
        wait_until(Accepted.objects.exists, what="the journal copy")
    (mail,) = accepted_after(0, limit=2)
    assert (mail.mail_from, mail.recipients, mail.source) == ("x@evil.example", (ADA,), "journal")
    assert raw_mail(mail.sha256).endswith(b"\r\n\r\n.leading dot\r\nbody\r\n")


def test_a_copy_with_its_own_envelope_keeps_every_recipient():
    with listening(journal()) as door, smtplib.SMTP("127.0.0.1", door.port, timeout=10) as session:
        session.sendmail("x@evil.example", [ADA, MAX, "bcc@corp.example"], MAIL)
    (mail,) = accepted_after(0, limit=2)
    assert mail.recipients == (ADA, MAX, "bcc@corp.example")
    assert raw_mail(mail.sha256) == MAIL


def test_lmtp_answers_once_for_each_recipient():
    with listening(journal(protocol="lmtp")) as door:
        session = smtplib.SMTP(timeout=5)
        session.connect("127.0.0.1", door.port)
        assert session.docmd("LHLO", "test")[0] == 250
        session.docmd("MAIL", "FROM:<x@evil.example>")
        for recipient in (ADA, MAX):
            assert session.docmd("RCPT", f"TO:<{recipient}>")[0] == 250
        session.docmd("DATA")
        session.send(MAIL.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert [session.getreply()[0] for _ in range(2)] == [250, 250]
        assert session.docmd("NOOP")[0] == 250
        session.quit()
    assert Accepted.objects.count() == 1


def test_the_journal_refuses_what_is_too_large_and_says_how_much_it_takes():
    with listening(journal(megabytes="1")) as door, smtplib.SMTP("127.0.0.1", door.port, timeout=10) as session:
        session.ehlo()
        assert session.esmtp_features["size"] == str(2**20)
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            session.sendmail("x@evil.example", [ADA], MAIL + b"x\r\n" * 400_000)
        assert refused.value.smtp_code == 552
    assert not Accepted.objects.exists()


def test_the_journal_asks_to_come_again_when_the_disk_fails(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "keep", full)
    with listening(journal()) as door, smtplib.SMTP("127.0.0.1", door.port, timeout=10) as session:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            session.sendmail("x@evil.example", [ADA], MAIL)
        assert refused.value.smtp_code == 451


def test_strangers_may_not_send_copies():
    with listening(journal(clients="192.0.2.0/24")) as door, pytest.raises(smtplib.SMTPConnectError, match="may not"):
        smtplib.SMTP("127.0.0.1", door.port, timeout=10)


def test_the_journal_offers_starttls_with_its_certificate(tmp_path):
    cert, key = certificate(tmp_path)
    door = journal(cert_file=str(cert), key_file=str(key))
    with listening(door), smtplib.SMTP("127.0.0.1", door.port, timeout=10) as session:
        session.starttls(context=ssl.create_default_context(cafile=cert))
        session.sendmail("x@evil.example", [ADA], MAIL)
    assert Accepted.objects.count() == 1


def test_a_door_says_in_words_what_the_mail_server_needs():
    (port,) = free_ports(1)
    report = systems()["milter"].test({"address": f"127.0.0.1:{port}", "mode": "enforce", "on_failure": "accept"})
    assert report.ok
    assert f"smtpd_milters = inet:127.0.0.1:{port}" in report.lines[1][1]
    report = systems()["smtp_journal"].test({"address": f"127.0.0.1:{port}", "protocol": "smtp"})
    assert report.ok
    assert "always_bcc" in report.lines[2][1]
    assert not systems()["milter"].test({"address": "192.0.2.1:25", "mode": "monitor", "on_failure": "accept"}).ok
    assert not systems()["smtp_journal"].test({"address": f"127.0.0.1:{port}", "clients": "everybody"}).ok


def test_released_mail_passes_unjudged_and_is_taken_in_no_second_time():
    (port,) = free_ports(1)
    asked = judge_says(Disposition.HOLD, "Malware")
    with (
        Dovecot(users=[ADA]) as dovecot,
        listening(Milter("mx", f"127.0.0.1:{port}", enforce=True)) as door,
        Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:{door.address}") as postfix,
    ):
        postfix.send(MAIL, mail_from="boss@evil.example", to=[ADA])
        assert Accepted.objects.get().facts["held"] == [ADA]
        assert len(asked) == 1
        postfix.send(marked(MAIL, recipient=ADA, now=utc_now()), mail_from="boss@evil.example", to=[ADA])
        with dovecot.login(ADA) as box:
            wait_until(lambda: box.select_folder("INBOX")[b"EXISTS"] == 1, seconds=10)
            ((_, data),) = box.fetch(box.search("ALL"), ["BODY[]"]).items()
        assert b"X-Watchfloor-Release" not in data[b"BODY[]"]
        assert Accepted.objects.count() == 1
        assert len(asked) == 1


def test_a_forged_mark_helps_nobody():
    (port,) = free_ports(1)
    judge_says(Disposition.HOLD, "Malware")
    with (
        listening(Milter("mx", f"127.0.0.1:{port}", enforce=True)) as door,
        Postfix(milter=f"inet:{door.address}") as postfix,
    ):
        postfix.send(b"X-Watchfloor-Release: 9999999999.AAAA\r\n" + MAIL, mail_from="boss@evil.example", to=[ADA])
        assert Accepted.objects.get().facts["held"] == [ADA]
