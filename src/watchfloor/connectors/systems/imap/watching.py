"""All mailboxes of a connection: each read to its end, then watched with IDLE (few) or looked at in turns (many)."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import close_old_connections, connections
from imapclient import IMAPClient

from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.systems.imap.accounts import Accounts
from watchfloor.connectors.systems.imap.reading import Client, Reader
from watchfloor.kernel.errors import Unreachable, WatchfloorError
from watchfloor.runtime.services import report_health

log = logging.getLogger(__name__)

IDLE_AT_MOST = 20
"""From more mailboxes on, a connection kept open for each would cost the server more than looking in turns."""
IDLE_SECONDS = 300
WORKERS = 4


@dataclass(slots=True)
class Watch:
    """Reads and watches for the connection `name`; `trouble` maps a mailbox to what is wrong with it now."""

    name: str
    accounts: Accounts
    names: FolderNames
    seconds: int
    stop: Callable[[], bool]
    trouble: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Until stopped. Raises Unreachable when no mailbox can be read at all."""
        mailboxes = self.accounts.mailboxes()
        if len(mailboxes) <= IDLE_AT_MOST:
            threads = [threading.Thread(target=self._watch, args=(mailbox,), daemon=True) for mailbox in mailboxes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return
        while not self.stop():
            with ThreadPoolExecutor(WORKERS, thread_name_prefix="imap") as pool:
                list(pool.map(self._look, self.accounts.mailboxes()))
            self._pause()

    def _watch(self, mailbox: str) -> None:
        """Read, idle, read; after trouble wait and sign in again."""
        while not self.stop():
            try:
                with suppress(OSError, IMAPClient.Error), self.accounts.client(mailbox) as client:
                    self._read_and_idle(client, mailbox)
                    continue
                raise Unreachable("the connection broke")
            except Exception as error:
                self._note(mailbox, error)
            finally:
                close_old_connections()
            self._pause()
        connections.close_all()  # this thread's; nobody else would

    def _read_and_idle(self, client: Client, mailbox: str) -> None:
        reader = Reader(self.name, mailbox, self.names)
        began = time.monotonic()
        while not self.stop() and time.monotonic() - began < 3600:
            reader.read(client, stop=self.stop)
            self._note(mailbox, None)
            if client.has_capability("IDLE"):
                client.select_folder("INBOX", readonly=True)
                self._idle(client)
            else:
                self._pause()

    def _idle(self, client: Client) -> None:
        """Until something arrives in the inbox, or it is time to look at the other folders."""
        client.idle()
        end = time.monotonic() + min(self.seconds, IDLE_SECONDS)
        while not self.stop() and time.monotonic() < end:
            events = client.idle_check(timeout=0.5)
            if any(len(event) > 1 and event[1] == b"EXISTS" for event in events):
                break
        client.idle_done()

    def _look(self, mailbox: str) -> None:
        if self.stop():
            return
        try:
            with self.accounts.client(mailbox) as client:
                Reader(self.name, mailbox, self.names).read(client, stop=self.stop)
            self._note(mailbox, None)
        except Exception as error:
            self._note(mailbox, error)
        finally:
            close_old_connections()

    def _note(self, mailbox: str, error: Exception | None) -> None:
        """Remember, and report when it changed; one thread at a time, so that the last report is the true one."""
        words = ""
        if error is not None:
            log.warning("reading %s failed: %s", mailbox, error)
            words = str(error) if isinstance(error, WatchfloorError) else f"{type(error).__name__}: {error}"
        with self.lock:
            before = self.trouble.get(mailbox, "")
            if words == before:
                return
            if words:
                self.trouble[mailbox] = words
            else:
                del self.trouble[mailbox]
            state, sentence = self._health()
            report_health(f"connection {self.name}", state=state, sentence=sentence)

    def _health(self) -> tuple[str, str]:
        if not self.trouble:
            return "ok", "every mailbox is read"
        mailbox, words = next(iter(self.trouble.items()))
        all_of_them = len(self.trouble) >= len(self.accounts.mailboxes())
        count = (
            f"{len(self.trouble)} mailboxes cannot be read" if len(self.trouble) > 1 else f"{mailbox} cannot be read"
        )
        return "failing" if all_of_them else "warning", f"{count}: {words}"

    def _pause(self) -> None:
        end = time.monotonic() + self.seconds
        while not self.stop() and time.monotonic() < end:
            time.sleep(0.2)
