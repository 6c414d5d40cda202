"""The connection's settings, and the lines to put into Dovecot's configuration."""

import socket
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.event_intake import SHAPE_SETTINGS, reading_line, reading_of, report
from watchfloor.connectors.protocols.listening import cannot_listen
from watchfloor.connectors.systems.event_exporter.posting import Postbox
from watchfloor.kernel.errors import BadInput

THREADS = 16
SHORTEST_SECRET = 16


class EventExporterSystem:
    kind = "event_exporter"
    label = "Events over HTTP (Dovecot event exporter, and any JSON)"
    description = (
        "Takes sign-ins and other events that programs post as JSON. Each post is answered when it is on disk. It listens "
        "without encryption: where events cross a network, put it behind a proxy that speaks TLS."
    )
    settings = (
        Setting("address", "Listen on", default="127.0.0.1:8826", help="host:port"),
        Setting(
            "secret",
            "Secret",
            kind="secret",
            help="At least 16 characters; sent as “Authorization: Bearer …” or as the last part of the address",
        ),
        *SHAPE_SETTINGS,
        Setting("megabytes", "Largest post, MB", kind="number", default="8"),
        Setting(
            "connections",
            "Connections at once",
            kind="number",
            required=False,
            default="200",
            help="Whoever comes beyond them waits",
        ),
    )
    capabilities = frozenset({Capability.READ_SIGN_INS, Capability.READ_DEVICES})

    def test(self, settings: dict[str, str]) -> TestReport:
        problem = cannot_listen(settings["address"])
        long = len(settings.get("secret", "")) >= SHORTEST_SECRET
        return report(
            (not problem, problem or f"can listen on {settings['address']}, or listens there already"),
            (long, "the secret is long enough" if long else f"the secret has fewer than {SHORTEST_SECRET} characters"),
            reading_line(settings),
            (True, f"in Dovecot, transport_args of the event exporter: http://{settings['address']}/the-secret"),
        )

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Listen until stopped. Raises BadInput for settings that cannot be right."""
        secret = settings.get("secret", "")
        if len(secret) < SHORTEST_SECRET:
            raise BadInput(f"the secret has fewer than {SHORTEST_SECRET} characters", place="secret")
        limit = int(settings.get("megabytes") or 8) * 2**20
        postbox = Postbox(name=name, secret=secret, reading=reading_of(settings), limit=limit)
        try:
            _serve(postbox, settings["address"], limit, int(settings.get("connections") or 200), stop)
        finally:
            postbox.close()

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None


def _serve(postbox: Postbox, address: str, limit: int, connections: int, stop: Callable[[], bool]) -> None:
    host, _, port = address.rpartition(":")
    listening = socket.create_server((host.strip("[]"), int(port)), backlog=256, family=_family(host))
    everybody: dict[int, Any] = {}
    server = create_server(  # type: ignore[no-untyped-call]
        postbox,
        map=everybody,
        sockets=[listening],
        threads=THREADS,
        connection_limit=connections,
        max_request_body_size=limit,
        channel_timeout=60,
        ident="Watchfloor",
        clear_untrusted_proxy_headers=True,
    )
    try:
        while not stop():
            wasyncore.loop(timeout=0.2, use_poll=True, map=everybody, count=1)  # type: ignore[no-untyped-call]
    finally:
        server.task_dispatcher.shutdown(timeout=5)
        wasyncore.close_all(everybody)  # type: ignore[no-untyped-call]
        listening.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
