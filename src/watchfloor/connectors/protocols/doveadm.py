"""doveadm over HTTP (https://doc.dovecot.org/2.3/admin_manual/doveadm_http_api/): its commands, and which users it has."""

import base64
import json
import ssl
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from watchfloor.kernel.errors import NotConfigured, Unreachable


class CannotDo(Unreachable):
    """doveadm answers, but could not do this one thing: no such user, script or plugin."""

    retry = False


Command = tuple[str, dict[str, Any]]
USERS_FRESH_SECONDS = 60.0
LONGEST_ANSWER = 256 << 20


@dataclass(slots=True)
class Doveadm:
    """The API at `url` (http://host:port/doveadm/v1), with its key. Raises Unreachable, or NotConfigured when the key is wrong."""

    url: str
    key: str
    ca_file: str = ""
    timeout: float = 300.0
    _users: dict[str, str] = field(default_factory=dict, init=False)
    _looked_up: dict[str, str] = field(default_factory=dict, init=False)
    _users_at: float = field(default=float("-inf"), init=False)

    def call(self, command: str, **parameters: Any) -> Any:
        """What one command answers: rows, or for `user` an object."""
        return self.call_all([(command, parameters)])[0]

    def call_all(self, commands: Sequence[Command]) -> list[Any]:
        """What each of these commands answers, asked in one request; CannotDo for the first that failed."""
        answers = self.answers(commands)
        for answer in answers:
            if isinstance(answer, CannotDo):
                raise answer
        return answers

    def answers(self, commands: Sequence[Command]) -> list[Any]:
        """What each of these commands answers, done one after another in one request; CannotDo in the place of one that failed."""
        headers = {
            "Authorization": "X-Dovecot-API " + base64.b64encode(self.key.encode()).decode(),
            "Content-Type": "application/json",
        }
        asked = json.dumps([[command, parameters, str(tag)] for tag, (command, parameters) in enumerate(commands)])
        try:
            with closing(self._connection()) as connection:
                # Not urllib: it says Connection: close, on which Dovecot never answers a wrong key.
                connection.request("POST", urlsplit(self.url).path, asked, headers)
                response = connection.getresponse()
                if response.status in {401, 403}:
                    raise NotConfigured("the doveadm key is refused; it is doveadm_api_key in dovecot.conf")
                said = response.read(LONGEST_ANSWER + 1)
                if len(said) > LONGEST_ANSWER:
                    raise Unreachable(f"doveadm answers more than {LONGEST_ANSWER >> 20} MB", place=self.url)
                answers = {tag: (kind, rows) for kind, rows, tag in json.loads(said)}
                told = [(command, *answers[str(tag)]) for tag, (command, _) in enumerate(commands)]
        except (OSError, ValueError, LookupError, TypeError, HTTPException) as error:
            raise Unreachable(f"doveadm: {error}", place=self.url) from error
        return [
            rows if kind == "doveadmResponse" else CannotDo(f"doveadm could not do “{command}”: {rows}", place=self.url)
            for command, kind, rows in told
        ]

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise NotConfigured("the doveadm address must start with http:// or https://", place=self.url)
        if parts.scheme == "http":
            return HTTPConnection(parts.hostname, parts.port, timeout=self.timeout)
        context = ssl.create_default_context(cafile=self.ca_file or None)
        return HTTPSConnection(parts.hostname, parts.port, timeout=self.timeout, context=context)

    def users(self) -> frozenset[str]:
        """Every mailbox, lower-case; asked at most once a minute."""
        return frozenset(self.named())

    def named(self) -> dict[str, str]:
        """Every mailbox's lower-case address and its name as the server writes it."""
        if time.monotonic() - self._users_at > USERS_FRESH_SECONDS:
            self._users = {user.lower(): user for user in self.call("user", userMask=["*"])["userList"]}
            self._users_at = time.monotonic()
        return self._users

    def has(self, mailbox: str) -> bool:
        """Whether the server has that mailbox; yes when it cannot be asked, so that the failure shows where mail is acted on."""
        try:
            return mailbox.lower() in self.named()
        except (Unreachable, NotConfigured):
            return True

    def name_of(self, mailbox: str) -> str:
        """One mailbox as the server writes it, "" when it has no such; does not list all the others for it."""
        if mailbox not in self._looked_up:
            self._looked_up[mailbox] = "" if set(mailbox) & set("*?") else self._look_up(mailbox)
        return self._looked_up[mailbox]

    def _look_up(self, mailbox: str) -> str:
        try:
            return next(iter(self.call("user", userMask=[mailbox])), "")
        except CannotDo:
            return ""
