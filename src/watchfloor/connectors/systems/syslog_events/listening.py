"""The listener: what comes is gathered for a moment, read, and made durable; who sends faster than the disk writes has to wait."""

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from django.db import close_old_connections

from watchfloor.connectors.event_intake import Kept, keep
from watchfloor.connectors.protocols.doorkeeper import Doorkeeper
from watchfloor.connectors.protocols.syslog_wire import frame, is_empty, record_of, text_of
from watchfloor.connectors.protocols.threads import database_threads
from watchfloor.connectors.records.reading import Reading
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import report_health

log = logging.getLogger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Message = tuple[str, str]
"""The sender's address and the text."""
MOST_WAITING = 20_000
TOGETHER = 2_000
GATHER_SECONDS = 0.2
CHUNK = 64 * 1024
TOLD_EVERY = 30.0


@dataclass(slots=True)
class Listener:
    """One connection's listener. `udp` listens on the same port for datagrams, too; `clients` empty means everybody."""

    name: str
    host: str
    port: int
    reading: Reading
    zone: tzinfo
    tls: ssl.SSLContext | None = None
    udp: bool = False
    clients: tuple[Network, ...] = ()
    connections: int = 500
    patience: float = 600.0
    waiting: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    lost: int = 0
    unknown: int = 0
    kept: int = 0
    told: tuple[float, str] = (0.0, "")

    async def serve(self, *, stop: Callable[[], bool], ready: Callable[[], None] = lambda: None) -> None:
        """Listen until stopped; what has come by then is written."""
        doorkeeper = Doorkeeper(self.name, self.connections)
        server = await asyncio.start_server(
            lambda reader, writer: self._hear(reader, writer, doorkeeper), self.host, self.port, ssl=self.tls
        )
        transports = await self._listen_for_datagrams() if self.udp else []
        writing = asyncio.create_task(self._write(stop))
        ready()
        try:
            while not stop() and not writing.done():
                await asyncio.sleep(0.1)
        finally:
            server.close()
            for transport in transports:
                transport.close()
            await writing

    async def _listen_for_datagrams(self) -> list[asyncio.BaseTransport]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(self), local_addr=(self.host, self.port))
        return [transport]

    def may_send(self, peer: str) -> bool:
        """Whether this address lies in one of the networks."""
        if not self.clients:
            return True
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        return any(address.version == network.version and address in network for network in self.clients)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doorkeeper: Doorkeeper) -> None:
        peer = str((writer.get_extra_info("peername") or [""])[0])
        try:
            if self.may_send(peer) and doorkeeper.enter(writer):
                await self._messages(reader, peer)
        except (TimeoutError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass  # it went, or we end; asyncio would log a cancelled handler as a fault
        finally:
            doorkeeper.leave(writer)
            writer.close()

    async def _messages(self, reader: asyncio.StreamReader, peer: str) -> None:
        buffer = b""
        while chunk := await asyncio.wait_for(reader.read(CHUNK), self.patience):
            buffer += chunk
            while True:
                message, buffer, wrong = frame(buffer)
                if wrong:
                    log.warning("%s ends the connection of %s: %s", self.name, peer, wrong)
                    return
                if message is None:
                    break
                if message.strip():
                    await self.waiting.put((peer, text_of(message)))
        if buffer.strip() and not buffer[:1].isdigit():
            await self.waiting.put((peer, text_of(buffer)))

    async def _write(self, stop: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        with database_threads(1, name=f"syslog {self.name}") as pool:
            while not stop() or not self.waiting.empty():
                batch = await self._batch()
                while batch and not await loop.run_in_executor(pool, self._keep, batch):
                    await asyncio.sleep(1)
                    if stop():
                        return
                await loop.run_in_executor(pool, self._tell)

    async def _batch(self) -> list[Message]:
        try:
            batch = [await asyncio.wait_for(self.waiting.get(), GATHER_SECONDS)]
        except TimeoutError:
            return []
        await asyncio.sleep(GATHER_SECONDS if self.waiting.qsize() < TOGETHER else 0)
        while len(batch) < TOGETHER and not self.waiting.empty():
            batch.append(self.waiting.get_nowait())
        return batch

    def _keep(self, batch: Sequence[Message]) -> bool:
        """Whether it is on disk now; a batch that is not is tried again, and senders wait meanwhile."""
        at = utc_now()
        records: list[tuple[str, Mapping[str, Any]]] = []
        for peer, text in batch:
            record = record_of(text, at=at, zone=self.zone, peer=peer)
            if not is_empty(record):
                records.append((f"from {peer}", record))
        try:
            self._count(keep(self.reading, records, source=self.name, at=at))
        except Exception:
            log.exception("%d lines for %s could not be stored, and are tried again", len(batch), self.name)
            return False
        finally:
            close_old_connections()
        return True

    def _count(self, kept: Kept) -> None:
        self.kept += kept.rows
        self.unknown += len(kept.unknown)

    def _tell(self) -> None:
        """Say in health what was lost, at most twice a minute."""
        now = utc_now().timestamp()
        if now - self.told[0] < TOLD_EVERY:
            return
        words = f"running; {self.kept} events kept"
        if self.unknown:
            words += f", {self.unknown} lines of no known kind left out"
        state = "warning" if self.lost else "ok"
        if self.lost:
            words += f", {self.lost} datagrams lost because they came too fast; send by TCP"
        if words != self.told[1]:
            report_health(f"connection {self.name}", state=state, sentence=words)
        self.told = (now, words)


class Datagrams(asyncio.DatagramProtocol):
    """UDP: nobody can be asked to wait, so that what finds no room is counted as lost."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        peer = str(addr[0])
        if not self.listener.may_send(peer) or not data.strip():
            return
        try:
            self.listener.waiting.put_nowait((peer, text_of(data)))
        except asyncio.QueueFull:
            self.listener.lost += 1
