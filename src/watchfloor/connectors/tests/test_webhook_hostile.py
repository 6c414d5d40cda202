"""Webhooks against whoever would have us post elsewhere, or hold the outbox up."""

import socket
import threading
import time
from ipaddress import ip_address

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.models import Delivery
from watchfloor.connectors.outgoing import post_reading, post_views
from watchfloor.connectors.systems.webhook.guarding import refusal
from watchfloor.connectors.systems.webhook.posting import Receiver
from watchfloor.connectors.systems.webhook.signing import verified
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Unreachable

SECRET = "long enough to be one"


@pytest.mark.parametrize(
    "address",
    [
        "::169.254.169.254",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:fffe:a9:fea9:fe00:0",
        "2001:0:a9fe:a9fe::1",
        "168.63.129.16",
        "fd00:ec2::23",
        "2002:a9fe:a9fe::1",
        "::ffff:169.254.169.254",
    ],
)
def test_no_form_of_a_metadata_address_is_ever_posted_to(address):
    assert "never" in refusal(ip_address(address), inside_allowed=True)


@pytest.mark.parametrize("address", ["::127.0.0.1", "64:ff9b::7f00:1", "::ffff:10.0.0.1", "198.18.0.1", "192.0.0.8"])
def test_a_private_network_in_another_form_is_private(address):
    assert refusal(ip_address(address), inside_allowed=False)


def test_a_receiver_that_drips_its_handshake_is_left_in_time():
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        link, _ = server.accept()
        with link:
            for sign in b"\x16\x03\x03\x40\x00" + b"\x02" * 400:
                if stop.wait(0.2):
                    return
                try:
                    link.sendall(bytes([sign]))
                except OSError:
                    return

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    began = time.monotonic()
    receiver = Receiver(f"https://127.0.0.1:{server.getsockname()[1]}/hook", SECRET, inside=True, seconds=1.0)
    with pytest.raises(Unreachable):
        receiver.post(b"{}", delivery="1", event="test", at=utc_now())
    assert time.monotonic() - began < 15
    stop.set()
    dripping.join(5)
    server.close()


def test_a_kind_of_address_this_machine_does_not_speak_is_unreachable(monkeypatch):
    def refuse(*_):
        raise OSError("Address family not supported by protocol")

    monkeypatch.setattr("watchfloor.connectors.systems.webhook.posting.socket.socket", refuse)
    with pytest.raises(Unreachable, match="not supported"):
        Receiver("http://127.0.0.1:9/hook", SECRET, inside=True).post(b"{}", delivery="1", event="test", at=utc_now())


def test_a_signature_of_strange_letters_is_only_wrong():
    assert not verified(b"{}", header=f"t={int(utc_now().timestamp())},v1=ü", secret=SECRET, now=utc_now())


def test_what_a_delivery_is_about_is_shown_to_whoever_may_read_alerts_only(db, eve, as_ada):
    at = utc_now()
    row = Delivery.objects.create(
        connection="soar", dedup_key="k", delivery_id="d-1", event="alert.created", subject="Ann fell for a phish",
        body=b"{}", size=2, state="waiting", created_at=at, queued_at=at, next_at=at,
    )  # fmt: skip
    settings_only = Actor(f"person:{eve.pk}", "Eve", frozenset({Permission.SETTINGS_READ}))
    assert "Ann fell" not in str(post_views.shown(post_reading.as_contract(row), settings_only))
    everything = as_ada.get("/settings/webhook-deliveries").content.decode()
    assert "Ann fell" in everything
