"""Running connections: one thread each, started when enabled, again after trouble, anew when its settings change."""

import logging
import threading
import time
from dataclasses import dataclass, field

from django.db import close_old_connections, connections

from watchfloor.connectors.contracts import Capability
from watchfloor.connectors.models import Connection
from watchfloor.connectors.observing import trim_observed
from watchfloor.connectors.outgoing import outbox, postbox
from watchfloor.connectors.registry import system
from watchfloor.connectors.selectors import enabled_connections, settings_of
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every, report_health

log = logging.getLogger(__name__)

RUNNING = {
    Capability.READ_MAIL,
    Capability.RECEIVE_MAIL,
    Capability.JUDGE_INLINE,
    Capability.READ_DIRECTORY,
    Capability.READ_SIGN_INS,
    Capability.READ_ACTIVITY,
    Capability.READ_FILES,
    Capability.READ_DEVICES,
    Capability.SEND_MAIL,
    Capability.POST_WEBHOOKS,
}
LONGEST_WAIT = 60.0


@dataclass(slots=True)
class Runner:
    """One connection at one revision of its settings, in a thread of its own."""

    name: str
    kind: str
    revision: int
    settings: dict[str, str]
    stopping: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def start(self) -> None:
        self.thread = threading.Thread(target=self._keep_running, name=f"connection {self.name}", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Ask to end and wait a little; a thread that hangs is left behind, it can do no harm to what is durable."""
        self.stopping.set()
        if self.thread is not None:
            self.thread.join(timeout=5)

    def _keep_running(self) -> None:
        wait = 1.0
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                _report(self.name, "ok", "running")
                system(self.kind).run(self.settings, name=self.name, stop=self.stopping.is_set)
            except Exception as error:
                log.exception("connection %s failed", self.name)
                _report(self.name, "failing", f"{error}; tried again in {wait:.0f} s")
            finally:
                close_old_connections()
            wait = 1.0 if time.monotonic() - began > LONGEST_WAIT else min(wait * 2, LONGEST_WAIT)
            self.stopping.wait(wait)
        connections.close_all()  # this thread's; nobody else would


_runners: dict[str, Runner] = {}


@every(2, name="connections")
def supervise() -> int:
    """Start, restart and stop threads as the connections ask; returns 0, as there is never more at once."""
    wanted = {connection.name: connection for connection in enabled_connections() if _runs(connection)}
    for name in [name for name, runner in _runners.items() if _outdated(runner, wanted.get(name))]:
        _runners.pop(name).stop()
    for name, connection in wanted.items():
        if name not in _runners:
            _start(connection)
    return 0


@every(60, name="connectors.trim")
def trim() -> int:
    """Forget observations that everybody has read; returns how many batches went."""
    return trim_observed()


@every(3600, name="connectors.outbox.trim")
def trim_outbox() -> int:
    """Forget the text of what was sent or posted a week ago; returns 0, as there is never more at once."""
    outbox.trim(now=utc_now())
    postbox.trim(now=utc_now())
    return 0


def stop_all() -> None:
    """End every connection's thread."""
    for name in list(_runners):
        _runners.pop(name).stop()


def _runs(connection: Connection) -> bool:
    return bool(RUNNING & system(connection.kind).capabilities)


def _outdated(runner: Runner, connection: Connection | None) -> bool:
    return connection is None or connection.revision != runner.revision or connection.kind != runner.kind


def _start(connection: Connection) -> None:
    try:
        settings = settings_of(connection)
    except Exception as error:  # a secret sealed with a lost key: say so, and go on with the others
        _report(connection.name, "failing", str(error))
        return
    runner = Runner(connection.name, connection.kind, connection.revision, settings)
    _runners[connection.name] = runner
    runner.start()


def _report(name: str, state: str, sentence: str) -> None:
    try:
        report_health(f"connection {name}", state=state, sentence=sentence)
    except Exception:
        log.exception("health of connection %s could not be written", name)
