"""The connection's settings, its test, and the thread that empties its outbox."""

import json
import time
from collections.abc import Callable
from uuid import uuid4

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.outgoing import postbox
from watchfloor.connectors.protocols.rest import checked_address
from watchfloor.connectors.systems.webhook.posting import Receiver
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Unreachable, WatchfloorError
from watchfloor.runtime.services import report_health

LOOK_SECONDS = 1.0
SHORTEST_SECRET = 16
LARGEST_KILOBYTES = 4096


class WebhookSystem:
    kind = "webhook"
    label = "Webhook"
    description = (
        "Posts alerts and incidents as signed JSON, in the shape of Microsoft Graph, to an address of your choice. What the "
        "receiver does not take waits here and is posted again."
    )
    settings = (
        Setting("url", "Address", help="https://…; http only on this machine", guards=True),
        Setting(
            "secret", "Secret", kind="secret", help="At least 16 characters; the receiver checks signatures with it"
        ),
        Setting(
            "inside",
            "Private networks",
            kind="choice",
            default="no",
            choices=("no", "yes"),
            labels=("Never", "Allowed"),
            help="Allow it when the receiver stands in your own network",
            guards=True,
        ),
        Setting(
            "ca_file",
            "CA file",
            required=False,
            help="PEM file to trust instead of the system's authorities",
            guards=True,
        ),
        Setting("kilobytes", "Largest event, KB", kind="number", required=False, default="256"),
    )
    capabilities = frozenset({Capability.POST_WEBHOOKS})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Post one event of type “test”, signed as all are."""
        lines: list[tuple[bool, str]] = []
        delivery, now = str(uuid4()), utc_now()
        body = {
            "id": delivery,
            "type": "test",
            "createdDateTime": now.isoformat(),
            "resource": {"title": "Test of Watchfloor"},
        }
        try:
            said = self.poster(settings).post(json.dumps(body).encode(), delivery=delivery, event="test", at=now)
        except WatchfloorError as error:
            return TestReport(ok=False, lines=((False, str(error)),))
        lines.append((True, f"posted a test event, delivery {delivery}"))
        taken = 200 <= said.status < 300
        lines.append((taken, f"it answered {said.status}{'' if taken else f': {said.words}'}"))
        return TestReport(ok=taken, lines=tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Post what is due until stopped; each delivery waits longer after each failure, so a silent receiver ends nothing here."""
        poster = self.poster(settings)
        postbox.release(name, now=utc_now())
        while not stop():
            try:
                done = postbox.empty(name, poster=poster, now=utc_now, stop=stop)
            except Unreachable as error:
                words = f"{error}; what waits is posted again"
                report_health(f"connection {name}", state="failing", sentence=words)
                done = 0
            else:
                if done:
                    report_health(f"connection {name}", state="ok", sentence="running")
            if not done:
                time.sleep(LOOK_SECONDS)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def poster(self, settings: dict[str, str]) -> Receiver:
        """Where it posts to. Raises NotConfigured for an address that cannot be, BadInput for a short secret."""
        if len(settings.get("secret", "")) < SHORTEST_SECRET:
            raise BadInput(f"the secret has fewer than {SHORTEST_SECRET} characters", place="secret")
        kilobytes = min(max(int(settings.get("kilobytes") or 256), 1), LARGEST_KILOBYTES)
        return Receiver(
            checked_address(settings.get("url", ""), setting="url"),
            settings["secret"],
            largest=kilobytes << 10,
            inside=settings.get("inside") == "yes",
            ca_file=settings.get("ca_file", ""),
        )
