"""Chromium's debugging protocol over its pipe: calls, answers, and the standing order that every request fails.

Messages are JSON ended by a NUL byte. Source: Chrome DevTools Protocol, `--remote-debugging-pipe`.
"""

import json
import os
import select
import time
from typing import Any

from watchfloor.inspection.rendering.contracts import BrowserEnded, TooLarge, TooSlow

MOST_ANSWER = 96 << 20
"""Bytes of one answer; a picture of the largest size in base64 is far below."""


class Devtools:
    """One conversation with one browser, until the monotonic moment `deadline`."""

    def __init__(self, reading: int, writing: int, *, deadline: float) -> None:
        self._reading, self._writing, self._deadline = reading, writing, deadline
        self._number = 0
        self._buffer = bytearray()
        self._seen: set[str] = set()
        self.refused: list[str] = []
        """Addresses that the document asked for and did not get, at most a hundred."""

    def call(self, method: str, *, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The result of one command. Raises BrowserEnded, TooSlow, TooLarge."""
        number = self._send(method, session, parameters)
        while True:
            message = self._next()
            if message.get("id") == number:
                break
            self._event(message)
        if "error" in message:
            raise BrowserEnded(f"no renderer: Chromium refused {method}: {message['error'].get('message', '')[:200]}")
        result: dict[str, Any] = message.get("result", {})
        return result

    def wait_for(self, event: str, *, seconds: float) -> bool:
        """Whether `event` came, now or before, within `seconds`."""
        until = min(time.monotonic() + seconds, self._deadline)
        while event not in self._seen:
            if not self._buffer.count(0) and not _ready(self._reading, select.POLLIN, until):
                return False
            self._event(self._next())
        return True

    def forget(self, event: str) -> None:
        """Count `event` only when it comes from now on."""
        self._seen.discard(event)

    def _send(self, method: str, session: str, parameters: dict[str, Any]) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        data = json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        view = memoryview(data)
        while view:
            if not _ready(self._writing, select.POLLOUT, self._deadline):
                raise TooSlow("no renderer: Chromium took too long")
            try:
                view = view[os.write(self._writing, view[:65536]) :]
            except OSError as error:
                raise BrowserEnded("no renderer: Chromium ended") from error
        return self._number

    def _event(self, message: dict[str, Any]) -> None:
        method = str(message.get("method", ""))
        self._seen.add(method)
        if method == "Fetch.requestPaused":
            wanted = message["params"]
            if len(self.refused) < 100:
                self.refused.append(str(wanted["request"]["url"])[:500])
            refusal = {"requestId": wanted["requestId"], "errorReason": "Aborted"}
            self._send("Fetch.failRequest", message.get("sessionId", ""), refusal)

    def _next(self) -> dict[str, Any]:
        start = 0
        while (end := self._buffer.find(0, start)) < 0:
            start = len(self._buffer)
            if start > MOST_ANSWER:
                raise TooLarge("no renderer: Chromium's answer is too large")
            if not _ready(self._reading, select.POLLIN, self._deadline):
                raise TooSlow("no renderer: Chromium took too long")
            data = os.read(self._reading, 1 << 20)
            if not data:
                raise BrowserEnded("no renderer: Chromium ended, or needed more memory than it may")
            self._buffer += data
        message: dict[str, Any] = json.loads(self._buffer[:end])
        del self._buffer[: end + 1]
        return message


def _ready(file: int, event: int, until: float) -> bool:
    """Whether it can be read or written before the monotonic moment `until`; any number of file, unlike select(2)."""
    poll = select.poll()
    poll.register(file, event)
    return bool(poll.poll(max(until - time.monotonic(), 0) * 1000))
