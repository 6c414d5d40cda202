"""Webhooks against a real HTTP server: signed, kept through failures, delivered once by their id, and never where they must not go."""

import contextlib
import http.server
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from labs.tls import certificate
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.connectors.contracts import MailState
from watchfloor.connectors.models import Connection, Delivery
from watchfloor.connectors.outgoing import postbox
from watchfloor.connectors.outgoing.posting import post_again
from watchfloor.connectors.registry import system
from watchfloor.connectors.services import add_connection, post_event, webhooks
from watchfloor.connectors.systems.webhook.guarding import refusal, where
from watchfloor.connectors.systems.webhook.posting import Receiver
from watchfloor.connectors.systems.webhook.signing import signature, verified
from watchfloor.kernel.errors import BadInput, Forbidden, NotConfigured, NotFound, Unreachable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYTHING = Actor("person:1", "Max", frozenset(Permission))
NOBODY = Actor("person:2", "Eve", frozenset())
SECRET = "a secret of enough characters"


class Inbox:
    """A receiver that answers as told and keeps what it got."""

    def __init__(self):
        self.got, self.answers, self.headers, self.slow = [], [], {}, 0.0
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.got.append((self.path, dict(self.headers), body))
                time.sleep(inbox.slow)
                self.send_response(inbox.answers.pop(0) if inbox.answers else 200)
                for name, value in inbox.headers.items():
                    self.send_header(name, value)
                with contextlib.suppress(OSError):  # who asked may have gone
                    self.end_headers()
                    self.wfile.write(b"thank you\n")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hooks?team=soc"


@pytest.fixture
def inbox():
    found = Inbox()
    yield found
    found.server.shutdown()
    found.server.server_close()


def settings_for(url, **more):
    return {"url": url, "secret": SECRET, "inside": "yes", **more}


def connect(url, name="soar", **more):
    return add_connection(by=EVERYTHING, name=name, kind="webhook", settings=settings_for(url, **more))


def posted(key="alert-1", now=NOW, **more):
    fields = {"event": "alert.created", "subject": "Phish", "body": {"resource": {"title": "Phish"}}} | more
    return post_event(connection="soar", dedup_key=key, now=now, **fields)


def deliver(url, *, now=NOW, **more):
    poster = system("webhook").poster(settings_for(url, **more))
    return postbox.empty("soar", poster=poster, now=lambda: now, stop=lambda: False)


def test_an_event_arrives_signed_with_its_id_and_its_kind(db, inbox):
    connect(inbox.url)
    delivery = posted()
    assert deliver(inbox.url) == 1
    (path, headers, body) = inbox.got[0]
    assert path == "/hooks?team=soc"
    assert (headers["Watchfloor-Delivery"], headers["Watchfloor-Event"]) == (delivery, "alert.created")
    assert verified(body, header=headers["Watchfloor-Signature"], secret=SECRET, now=NOW)
    said = json.loads(body)
    assert (said["id"], said["type"], said["resource"]["title"]) == (delivery, "alert.created", "Phish")
    row = Delivery.objects.get()
    assert (row.state, row.status, row.sent_at) == (MailState.SENT, 200, NOW)


def test_a_changed_body_another_secret_or_an_old_time_is_not_verified():
    header = signature(b"body", secret=SECRET, at=NOW)
    assert verified(b"body", header=header, secret=SECRET, now=NOW + timedelta(minutes=4))
    assert not verified(b"bodY", header=header, secret=SECRET, now=NOW)
    assert not verified(b"body", header=header, secret="another", now=NOW)
    assert not verified(b"body", header=header, secret=SECRET, now=NOW + timedelta(minutes=6))
    assert not verified(b"body", header="v1=00", secret=SECRET, now=NOW)


def test_the_same_key_is_one_delivery(db, inbox):
    connect(inbox.url)
    assert posted() == posted(subject="Other words")
    assert deliver(inbox.url) == 1
    assert posted()
    assert deliver(inbox.url) == 0
    assert len(inbox.got) == 1


def test_two_webhooks_may_each_get_the_event_of_one_key(db, inbox):
    connect(inbox.url)
    connect(inbox.url, name="chat")
    args = {"event": "alert.created", "subject": "s", "body": {}, "dedup_key": "alert-1", "now": NOW}
    assert post_event(connection="soar", **args) != post_event(connection="chat", **args)


def test_what_the_receiver_cannot_take_now_is_posted_again_later_under_the_same_id(db, inbox):
    connect(inbox.url)
    delivery = posted()
    inbox.answers = [503, 200]
    deliver(inbox.url)
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.next_at) == (MailState.WAITING, 1, NOW + timedelta(seconds=30))
    assert deliver(inbox.url, now=NOW + timedelta(seconds=29)) == 0
    assert deliver(inbox.url, now=NOW + timedelta(seconds=31)) == 1
    assert {headers["Watchfloor-Delivery"] for _, headers, _ in inbox.got} == {delivery}
    assert inbox.got[0][2] == inbox.got[1][2]
    assert inbox.got[0][1]["Watchfloor-Signature"] != inbox.got[1][1]["Watchfloor-Signature"]


def test_each_failure_waits_longer_up_to_an_hour_and_two_days_are_the_end(db, inbox):
    connect(inbox.url)
    posted()
    inbox.answers = [500] * 200
    now, waits = NOW, []
    while (row := Delivery.objects.get()).state == MailState.WAITING:
        now = max(now, row.next_at)
        deliver(inbox.url, now=now)
        waits.append(Delivery.objects.get().next_at - now)
    assert waits[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert max(waits) == timedelta(hours=1)
    assert "given up after 2 days: answered 500" in row.reason


def test_a_receiver_says_how_long_to_wait(db, inbox):
    connect(inbox.url)
    posted()
    inbox.answers, inbox.headers = [429], {"Retry-After": "600"}
    deliver(inbox.url)
    assert Delivery.objects.get().next_at == NOW + timedelta(seconds=600)


def test_a_redirection_is_not_followed(db, inbox):
    connect(inbox.url)
    posted()
    inbox.answers, inbox.headers = [302], {"Location": f"http://127.0.0.1:{inbox.port}/elsewhere"}
    deliver(inbox.url)
    row = Delivery.objects.get()
    assert row.state == MailState.FAILED
    assert "redirections are not followed" in row.reason
    assert len(inbox.got) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_given_up_at_once_and_can_be_posted_again(db, inbox, status):
    connect(inbox.url)
    delivery = posted()
    inbox.answers = [status]
    deliver(inbox.url)
    row = Delivery.objects.get()
    assert (row.state, row.status) == (MailState.FAILED, status)
    post_again(by=EVERYTHING, id=row.pk)
    assert AuditEntry.objects.filter(verb="webhook.resend", outcome="success").exists()
    later = Delivery.objects.get().next_at + timedelta(seconds=1)
    assert deliver(inbox.url, now=later) == 1
    assert Delivery.objects.get().state == MailState.SENT
    assert inbox.got[1][1]["Watchfloor-Delivery"] == delivery


def test_what_was_delivered_is_not_posted_again(db, inbox):
    connect(inbox.url)
    posted()
    deliver(inbox.url)
    with pytest.raises(NotFound):
        post_again(by=EVERYTHING, id=Delivery.objects.get().pk)


def test_nobody_posts_again_without_the_right(db, inbox):
    with pytest.raises(Forbidden):
        post_again(by=NOBODY, id=1)


def test_nobody_there_is_unreachable_and_the_delivery_waits(db):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    connect(url)
    posted()
    with pytest.raises(Unreachable):
        deliver(url)
    row = Delivery.objects.get()
    assert (row.state, row.status, row.attempts) == (MailState.WAITING, 0, 1)
    assert "refused" in row.reason


def test_a_receiver_that_dawdles_is_left(inbox):
    inbox.slow = 3
    receiver = Receiver(inbox.url, SECRET, inside=True, seconds=0.3)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        receiver.post(b"{}", delivery="d", event="test", at=NOW)
    assert time.monotonic() - began < 2.5


def test_a_receiver_that_sends_byte_by_byte_is_left():
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip():
        link, _ = listening.accept()
        with link:
            link.recv(65536)
            while not ended.wait(0.05):
                try:
                    link.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    receiver = Receiver(f"http://127.0.0.1:{listening.getsockname()[1]}/", SECRET, inside=True, seconds=0.5)
    with pytest.raises(Unreachable):
        receiver.post(b"{}", delivery="d", event="test", at=NOW)
    ended.set()
    thread.join(5)
    listening.close()


def test_a_receiver_with_a_certificate_of_its_own_authority_is_trusted_only_with_its_file(tmp_path):
    cert, key = certificate(tmp_path)
    inbox = Inbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    inbox.server.socket = context.wrap_socket(inbox.server.socket, server_side=True)
    url = f"https://127.0.0.1:{inbox.port}/"
    with pytest.raises(Unreachable, match="CERTIFICATE"):
        Receiver(url, SECRET, inside=True).post(b"{}", delivery="d", event="test", at=NOW)
    said = Receiver(url, SECRET, inside=True, ca_file=str(cert)).post(b"{}", delivery="d", event="test", at=NOW)
    assert said.status == 200
    inbox.server.shutdown()
    inbox.server.server_close()


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.0.1", "100.100.100.200", "0.0.0.0", "224.0.0.1", "255.255.255.255"),
        *(
            "fe80::1",
            "::",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ),
    ],
)
def test_link_local_addresses_and_metadata_services_are_never_posted_to(address):
    assert "never" in refusal(ip_address(address), inside_allowed=True)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "::1", "fd12::1", "::ffff:10.0.0.1"]
)
def test_private_networks_need_to_be_allowed(address):
    assert refusal(ip_address(address), inside_allowed=False)
    assert not refusal(ip_address(address), inside_allowed=True)


@pytest.mark.parametrize("address", ["203.0.113.9", "8.8.8.8", "2001:db8::1"])
def test_the_rest_of_the_world_may_be_posted_to(address):
    assert not refusal(ip_address(address), inside_allowed=False)


def test_a_name_that_leads_inside_is_refused_and_the_delivery_given_up(db, inbox):
    with pytest.raises(BadInput, match="private network"):
        where("localhost", inbox.port, inside_allowed=False)
    connect(inbox.url, inside="no")
    posted()
    deliver(inbox.url, inside="no")
    assert "private network" in Delivery.objects.get().reason
    assert not inbox.got


def test_an_event_may_be_too_large(db, inbox):
    connect(inbox.url, kilobytes="1")
    with pytest.raises(BadInput, match="at most"):
        posted(body={"text": "x" * 2000})


def test_an_outbox_can_be_full(db, inbox, monkeypatch):
    monkeypatch.setattr("watchfloor.connectors.outgoing.posting.MOST_WAITING", 2)
    connect(inbox.url)
    posted("1")
    posted("2")
    with pytest.raises(BadInput, match="wait"):
        posted("3")


def test_an_event_needs_a_webhook_to_go_to(db, inbox):
    with pytest.raises(NotConfigured):
        posted()
    connect(inbox.url)
    assert webhooks() == ("soar",)
    Connection.objects.update(enabled=False)
    assert webhooks() == ()
    with pytest.raises(NotConfigured):
        posted()


def test_the_secret_lies_sealed_and_must_be_long_enough(db, inbox):
    connect(inbox.url)
    assert SECRET not in json.dumps(Connection.objects.get().settings)
    assert not system("webhook").test(settings_for(inbox.url, secret="short")).ok


def test_an_address_without_encryption_is_only_taken_on_this_machine(db):
    report = system("webhook").test(settings_for("http://soar.example/hook"))
    assert not report.ok
    assert "https" in report.lines[0][1]


def test_the_test_posts_an_event_and_says_what_was_answered(inbox):
    assert system("webhook").test(settings_for(inbox.url)).ok
    assert json.loads(inbox.got[0][2])["type"] == "test"
    inbox.answers = [401]
    report = system("webhook").test(settings_for(inbox.url))
    assert not report.ok
    assert "401: thank you" in report.lines[-1][1]


def test_bodies_are_forgotten_after_a_week(db, inbox):
    connect(inbox.url)
    posted()
    deliver(inbox.url)
    postbox.trim(now=NOW + timedelta(days=8))
    assert Delivery.objects.get().body is None
    postbox.trim(now=NOW + timedelta(days=500))
    assert not Delivery.objects.exists()


def test_the_page_shows_each_delivery_and_posts_again(as_max, inbox):
    connect(inbox.url)
    posted()
    inbox.answers = [404]
    deliver(inbox.url)
    row = Delivery.objects.get()
    text = as_max.get("/settings/webhook-deliveries?state=failed").content.decode()
    assert "Answered 404" in text
    assert "Post again" in text
    assert "Phish" in as_max.get(f"/settings/webhook-deliveries/{row.pk}").content.decode()
    as_max.post(f"/settings/webhook-deliveries/{row.pk}/send-again")
    assert Delivery.objects.get().state == MailState.WAITING
    assert as_max.get("/settings/webhook-deliveries?state=sent").status_code == 200
    assert as_max.get("/settings/webhook-deliveries/99999").status_code == 404


def test_eve_sees_no_deliveries(as_eve):
    assert as_eve.get("/settings/webhook-deliveries").status_code == 403
    assert as_eve.get("/settings/webhook-deliveries/1").status_code == 403
    assert as_eve.post("/settings/webhook-deliveries/1/send-again").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_worker_posts_what_waits_through_trouble_and_says_how_it_is(inbox):
    """The connection's own loop: one failure does not end it."""
    from watchfloor.connectors.systems.webhook import system as module
    from watchfloor.runtime.selectors import health

    connect(inbox.url)
    posted(now=datetime.now(UTC))
    looks = iter([False, False, False, True, True, True])
    module.WebhookSystem().run(settings_for(inbox.url), name="soar", stop=lambda: next(looks))
    assert Delivery.objects.get().state == MailState.SENT
    assert next(one for one in health() if one.part == "connection soar").state == "ok"
