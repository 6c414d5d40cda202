"""Reading mailboxes of a real Dovecot: what is there, what comes, what was numbered anew; all of it once, none of it marked."""

import base64
import hmac
import json
import tempfile
import threading
import time
from pathlib import Path

import pytest

from labs import wait_until
from labs.dovecot import Dovecot
from watchfloor.connectors import jobs
from watchfloor.connectors.contracts import Folder, Target
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.models import Accepted, Connection, DeadLetter, FolderCursor
from watchfloor.connectors.registry import systems
from watchfloor.connectors.selectors import accepted_after, raw_mail
from watchfloor.connectors.systems.imap.accounts import accounts_of
from watchfloor.connectors.systems.imap.reading import Reader
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.selectors import health

ADA, MAX = "ada@corp.example", "max@corp.example"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.lab]


def mail(number: int) -> bytes:
    return b"From: x@evil.example\r\nMessage-ID: <%d@evil.example>\r\nSubject: %d\r\n\r\nbody\r\n" % (number, number)


@pytest.fixture
def server():
    with Dovecot(users=[ADA, MAX]) as running:
        yield running


def settings(server: Dovecot, **more: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "sign_in_with": "master",
        "master_user": server.master,
        "master_password": server.master_password,
        "mailboxes": f"{ADA} {MAX}",
        "seconds": "2",
        **more,
    }


def read(server: Dovecot, mailbox: str = ADA, **more: int) -> int:
    with server.admin(mailbox) as client:
        return Reader("box", mailbox, FolderNames(), **more).read(client, stop=lambda: False)


def test_everything_there_is_read_once_with_folder_flags_and_date(server):
    server.deliver(mail(1), to=[ADA])
    with server.login(ADA) as client:
        client.append("Junk", mail(2), flags=["\\Flagged"])
    assert (read(server), read(server)) == (2, 0)
    by_folder = {one.folder: one for one in accepted_after(0, limit=10)}
    assert set(by_folder) == {"Inbox/folder", "Junk folder"}
    junk = by_folder["Junk folder"]
    assert (junk.recipients, junk.facts["path"], junk.facts["flags"]) == ((ADA,), "Junk", ["\\Flagged"])
    assert raw_mail(junk.sha256) == mail(2)
    with server.login(ADA) as client:
        client.select_folder("INBOX")
        assert client.search("UNSEEN") == [1]


def test_what_was_softly_deleted_or_is_a_draft_is_not_read(server):
    with server.admin(ADA) as client:
        client.append("Recoverable", mail(1))
    assert read(server) == 0


def test_batches_are_bounded_and_the_cursor_follows_each(server, monkeypatch):
    monkeypatch.setattr("watchfloor.connectors.systems.imap.reading.BATCH_MAILS", 3)
    for number in range(8):
        server.deliver(mail(number), to=[ADA])
    stops = iter([False, False, True, True, True, True, True])
    with server.admin(ADA) as client:
        assert Reader("box", ADA, FolderNames()).read(client, stop=lambda: next(stops)) == 6
    assert FolderCursor.objects.get(path="INBOX").last_uid == 6
    assert read(server) == 2
    assert Accepted.objects.count() == 8


def test_folders_numbered_anew_are_read_again(server):
    server.deliver(mail(1), to=[ADA])
    with server.login(ADA) as client:
        client.create_folder("Projects")
        client.append("Projects", mail(2))
    assert read(server) == 2
    with server.login(ADA) as client:
        before = client.folder_status("Projects", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        client.delete_folder("Projects")
        time.sleep(1.1)  # UIDVALIDITY is a second
        client.create_folder("Projects")
        client.append("Projects", mail(3))
        assert client.folder_status("Projects", ["UIDVALIDITY"])[b"UIDVALIDITY"] != before
    assert read(server) == 1
    assert raw_mail(accepted_after(0, limit=10)[-1].sha256) == mail(3)


def test_a_mail_beyond_the_limit_is_a_dead_letter_and_the_rest_comes_in(server):
    server.deliver(mail(1) + b"x" * 3000 + b"\r\n", to=[ADA])
    server.deliver(mail(2), to=[ADA])
    assert read(server, limit=2000) == 1
    assert f"{ADA} INBOX UID 1" in DeadLetter.objects.get().place


def connect(server: Dovecot, **more: str) -> Connection:
    now = utc_now()
    values = settings(server, **more)
    from watchfloor.runtime.services import seal

    values["master_password"] = seal(values["master_password"])
    return Connection.objects.create(name="box", kind="imap", settings=values, created_at=now, changed_at=now)


def test_a_running_connection_brings_new_mail_within_a_second_and_stops_when_switched_off(server):
    server.deliver(mail(1), to=[ADA, MAX])
    connection = connect(server, seconds="60")
    try:
        jobs.supervise()
        wait_until(lambda: Accepted.objects.count() == 2, what="the backfill")
        time.sleep(0.5)
        began = time.monotonic()
        server.deliver(mail(2), to=[ADA])
        wait_until(lambda: Accepted.objects.count() == 3, seconds=5, what="IDLE's word")
        assert time.monotonic() - began < 2
        connection.enabled = False
        connection.save()
        jobs.supervise()
        assert not [thread for thread in threading.enumerate() if thread.name == "connection box"]
    finally:
        jobs.stop_all()


def test_a_server_that_comes_back_is_read_on_and_health_says_how_it_is(server):
    connect(server, port="1")
    try:
        jobs.supervise()
        wait_until(lambda: any(one.state == "failing" for one in health() if one.part == "connection box"))
        Connection.objects.update(settings=connect_settings(server), revision=2)
        server.deliver(mail(1), to=[ADA])
        jobs.supervise()
        wait_until(Accepted.objects.exists, what="reading after the settings were mended")
    finally:
        jobs.stop_all()


def connect_settings(server: Dovecot) -> dict[str, str]:
    from watchfloor.runtime.services import seal

    return settings(server) | {"master_password": seal(server.master_password)}


def test_passwords_per_mailbox_sign_in_and_act(server):
    server.deliver(mail(1), to=[ADA])
    own = settings(server, sign_in_with="passwords", mailboxes="", credentials=f"{ADA} pw\n{MAX} pw", act="yes")
    assert systems()["imap"].test(own).lines[1] == (True, "will read 2 mailboxes")
    actions = systems()["imap"].actions(own)
    copies = list(actions.find([Target(ADA, "<1@evil.example>")]))
    ((_, outcome),) = actions.move(copies, to=Folder.JUNK)
    assert (outcome.status, outcome.verified) == ("moved", True)
    assert systems()["imap"].actions({**own, "act": "no"}) is None


def test_the_test_names_a_wrong_password_and_lists_all_mailboxes_by_doveadm(server):
    wrong = systems()["imap"].test(settings(server, master_password="wrong"))
    assert any("cannot sign in" in words for ok, words in wrong.lines if not ok)
    url = f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1"
    fine = systems()["imap"].test(settings(server, mailboxes="", doveadm_url=url, doveadm_key=server.api_key))
    assert fine.ok, fine.lines
    assert any("2 mailboxes" in words for _, words in fine.lines)


def token(secret: bytes, user: str) -> str:
    """A JWT as an identity provider would sign it."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"email": user, "sub": user, "exp": int(time.time()) + 600, "iat": 1})
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    seal = base64.urlsafe_b64encode(hmac.new(secret, signed, "sha256").digest()).rstrip(b"=")
    return (signed + b"." + seal).decode()


OAUTH = """
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""


def test_an_access_token_opens_a_mailbox_and_a_wrong_one_is_refused():
    secret = b"0123456789abcdef0123456789abcdef"
    keys = Path(tempfile.mkdtemp(prefix="wfo"))
    keys.chmod(0o755)
    (keys / "default" / "HS256").mkdir(parents=True)
    (keys / "default" / "HS256" / "default").write_text(base64.b64encode(secret).decode())
    (keys / "oauth2.conf").write_text(
        f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={keys}/\nusername_attribute = email\n"
    )
    with Dovecot(users=[ADA], more=OAUTH.format(folder=keys)) as server:
        server.deliver(mail(1), to=[ADA])
        right = settings(server, sign_in_with="xoauth2", mailboxes="", credentials=f"{ADA} {token(secret, ADA)}")
        report = systems()["imap"].test(right)
        assert any("can sign in" in words for ok, words in report.lines if ok), (report.lines, server.log())
        with accounts_of(right).client(ADA) as client:
            assert Reader("box", ADA, FolderNames()).read(client, stop=lambda: False) == 1
        wrong = settings(server, sign_in_with="xoauth2", mailboxes="", credentials=f"{ADA} {token(b'other', ADA)}")
        report = systems()["imap"].test(wrong)
        assert any("cannot sign in" in words for ok, words in report.lines if not ok)
