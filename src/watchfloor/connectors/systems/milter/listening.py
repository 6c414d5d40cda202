"""The listener: each mail durable before the mail server hears a word, then what the judge says."""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import close_old_connections

from watchfloor.connectors.burying import bury_unread
from watchfloor.connectors.contracts import Disposition, InlineAnswer, NewMail
from watchfloor.connectors.intake import take_in
from watchfloor.connectors.judging import judge
from watchfloor.connectors.protocols.doorkeeper import Doorkeeper
from watchfloor.connectors.protocols.listening import may_replace
from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES
from watchfloor.connectors.protocols.threads import database_threads
from watchfloor.connectors.releasing import HEADER as RELEASE
from watchfloor.connectors.releasing import is_released
from watchfloor.connectors.systems.milter import protocol
from watchfloor.connectors.systems.milter.protocol import Client, Conversation, Seen
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotConfigured

log = logging.getLogger(__name__)

ID, VERDICT = "X-Watchfloor-Id", "X-Watchfloor-Verdict"
OURS = (ID, VERDICT, RELEASE)
THREADS = 4
STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3} ")
"""An enhanced status code of their own at the beginning of a refusal (RFC 3463)."""
BUSY = protocol.reply_code("451 4.3.2 Watchfloor has no room for another connection; come again later")
MOST_CONNECTIONS = 300
"""Three times what Postfix opens by default (default_process_limit)."""
IDLE_SECONDS = 1800
"""While its client sends a large mail over a slow line, a mail server has nothing to tell us."""


@dataclass(frozen=True, slots=True)
class Milter:
    """`address` is host:port or the path of a unix socket; `enforce` asks the judge; `fail_open` lets mail pass when we fail.

    What is held stays with us and the mail server forgets it, or with `hold_there` waits in the mail server's hold queue.

    Beyond `connections` at once, a mail server hears at once what `fail_open` says; `idle` seconds of silence end one.
    """

    name: str
    address: str
    enforce: bool = False
    hold_there: bool = False
    fail_open: bool = True
    limit: int = MAX_BYTES
    connections: int = MOST_CONNECTIONS
    idle: float = IDLE_SECONDS

    async def serve(self, *, stop: Callable[[], bool], ready: Callable[[], None] = lambda: None) -> None:
        """Listen until stopped."""
        with database_threads(THREADS, name="milter") as pool:
            loop = asyncio.get_running_loop()
            inside = Doorkeeper(self.name, self.connections)
            outside = Doorkeeper(f"{self.name}, where it explains why,", self.connections)

            async def decide(client: Client, seen: Seen) -> list[bytes]:
                return await loop.run_in_executor(pool, self.decide, client, seen)

            async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    one = Conversation(reader, writer, decide, limit=self.limit, idle=self.idle)
                    if inside.enter(writer):
                        await one.run()
                    elif outside.enter(writer):
                        await one.turn_away(protocol.ACCEPT if self.fail_open else BUSY)
                finally:
                    inside.leave(writer)
                    outside.leave(writer)
                    writer.close()

            server = await self._listen(converse)
            ready()
            try:
                while not stop():
                    await asyncio.sleep(0.2)
            finally:
                server.close()

    async def _listen(self, converse: Any) -> asyncio.Server:
        if self.address.startswith("/"):
            if not may_replace(Path(self.address)):
                raise NotConfigured(f"{self.address} is there already and is no socket", place="address")
            Path(self.address).unlink(missing_ok=True)
            server = await asyncio.start_unix_server(converse, self.address)
            Path(self.address).chmod(0o666)  # the mail server runs as another user; the folder's mode guards the socket
            return server
        host, _, port = self.address.rpartition(":")
        return await asyncio.start_server(converse, host.strip("[]"), int(port))

    def decide(self, client: Client, seen: Seen) -> list[bytes]:
        """Judge, make durable, answer; when we fail, the setting decides."""
        try:
            return self._decide(client, seen)
        except Exception:
            log.exception("the milter %s failed on a mail from %s", self.name, client.ip)
            return [protocol.ACCEPT if self.fail_open else protocol.TEMPFAIL]
        finally:
            close_old_connections()

    def _decide(self, client: Client, seen: Seen) -> list[bytes]:
        queue_id = client.macros.get("i", "")
        if why := seen.too_much(self.limit):
            bury_unread(source=self.name, place=f"queue id {queue_id}", reason=why)
            return [protocol.ACCEPT]
        if _is_released(seen):
            # It was taken in and judged when it came first; only the mark goes.
            return [*_without_forgeries(seen), protocol.ACCEPT]
        raw = seen.raw()
        answer = self._judge(raw, client, seen)
        facts = {**answer.facts, "door": "milter", "disposition": str(answer.disposition), "verdict": answer.words}
        if user := client.macros.get("{auth_authen}"):
            facts["signed_in_as"] = user
        if held := self._held(seen, answer):
            facts["held"] = sorted(held)
        mail = NewMail(
            raw=raw,
            source=self.name,
            received_at=utc_now(),
            mail_from=seen.mail_from,
            recipients=tuple(seen.recipients),
            client_ip=client.ip,
            helo=client.helo,
            queue_id=queue_id,
            facts=facts,
        )
        try:
            (accepted,) = take_in([mail])
        except Exception:
            if answer.disposition not in {Disposition.HOLD, Disposition.REJECT}:
                raise
            log.exception(
                "the milter %s could not keep a mail that is not to be delivered; it is to come again", self.name
            )
            return [protocol.TEMPFAIL]
        return self._replies(seen, accepted.sha256[:16], answer)

    def _judge(self, raw: bytes, client: Client, seen: Seen) -> InlineAnswer:
        asked = judge()
        if not self.enforce or asked is None:
            return InlineAnswer(Disposition.ACCEPT)
        return asked(
            raw,
            mail_from=seen.mail_from,
            recipients=seen.recipients,
            client_ip=client.ip,
            helo=client.helo,
            signed_in=client.macros.get("{auth_authen}", ""),
        )

    def _replies(self, seen: Seen, id: str, answer: InlineAnswer) -> list[bytes]:
        """What the mail server is told; the mail is on disk by now."""
        if not self.enforce:
            return [protocol.ACCEPT]
        if answer.disposition is Disposition.REJECT:
            words = answer.words or "Blocked by policy"  # which may begin with an enhanced status code of their own
            return [protocol.reply_code(f"550 {words if STATUS.match(words) else f'5.7.1 {words}'}")]
        held = self._held(seen, answer)
        if held and not held.symmetric_difference(seen.recipients):
            return [protocol.DISCARD]
        replies = [*_without_forgeries(seen), protocol.add_header(ID, id)]
        if answer.disposition is not Disposition.ACCEPT:
            replies.append(protocol.add_header(VERDICT, answer.words or str(answer.disposition)))
        replies += [protocol.remove_recipient(one) for address in held for one in seen.spelled.get(address, (address,))]
        if answer.body is not None:
            replies += protocol.replace_body(answer.body)
        if answer.disposition is Disposition.HOLD and self.hold_there:
            replies.append(protocol.quarantine(answer.words or "held by Watchfloor"))
        return [*replies, protocol.ACCEPT]

    def _held(self, seen: Seen, answer: InlineAnswer) -> frozenset[str]:
        """Whose copies stay with us. A mail server that may not forget recipients is not asked to: the mail waits there."""
        if answer.disposition is not Disposition.HOLD or self.hold_there:
            return frozenset()
        return frozenset(answer.held or seen.recipients) & frozenset(seen.recipients)


def _is_released(seen: Seen) -> bool:
    marks = [
        value.decode("ascii", "replace") for name, value in seen.headers if name.lower() == RELEASE.lower().encode()
    ]
    return bool(marks) and is_released(
        marks, b"".join(seen.body), headers=seen.headers, recipients=seen.recipients, now=utc_now()
    )


def _without_forgeries(seen: Seen) -> list[bytes]:
    """Take away headers of ours that a stranger put in, last first so that the numbers stay right."""
    names = [name.decode("ascii", "replace").lower() for name, _ in seen.headers]
    return [protocol.remove_header(ours, index) for ours in OURS for index in range(names.count(ours.lower()), 0, -1)]
