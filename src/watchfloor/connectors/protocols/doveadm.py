"""doveadm over HTTP: one question to all mailboxes at once (https://doc.dovecot.org/2.3/admin_manual/doveadm_http_api/)."""

import base64
import json
import logging
import ssl
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from watchfloor.connectors.contracts import Located, Target
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.imap_mailbox import same_id
from watchfloor.kernel.errors import NotConfigured, Unreachable

log = logging.getLogger(__name__)

FIELDS = ["user", "mailbox", "uid", "flags", "date.received.unixtime", "hdr.message-id"]
IDS_PER_QUESTION = 25
FEW_MAILBOXES = 20
USERS_FRESH_SECONDS = 60.0
LONGEST_ANSWER = 256 << 20


@dataclass(slots=True)
class Doveadm:
    """The API at `url` (http://host:port/doveadm/v1), with its key. Raises Unreachable, or NotConfigured when the key is wrong."""

    url: str
    key: str
    ca_file: str = ""
    timeout: float = 300.0
    _users: frozenset[str] = field(default=frozenset(), init=False)
    _users_at: float = field(default=float("-inf"), init=False)

    def call(self, command: str, **parameters: Any) -> Any:
        """What one command answers: rows, or for `user` an object."""
        headers = {
            "Authorization": "X-Dovecot-API " + base64.b64encode(self.key.encode()).decode(),
            "Content-Type": "application/json",
        }
        try:
            with closing(self._connection()) as connection:
                # Not urllib: it says Connection: close, on which Dovecot never answers a wrong key.
                connection.request("POST", urlsplit(self.url).path, json.dumps([[command, parameters, "wf"]]), headers)
                response = connection.getresponse()
                if response.status in {401, 403}:
                    raise NotConfigured("the doveadm key is refused; it is doveadm_api_key in dovecot.conf")
                said = response.read(LONGEST_ANSWER + 1)
                if len(said) > LONGEST_ANSWER:
                    raise Unreachable(f"doveadm answers more than {LONGEST_ANSWER >> 20} MB", place=self.url)
                kind, rows, _ = json.loads(said)[0]
        except (OSError, ValueError, LookupError, TypeError, HTTPException) as error:
            raise Unreachable(f"doveadm: {error}", place=self.url) from error
        if kind != "doveadmResponse":
            raise Unreachable(f"doveadm could not do “{command}”: {rows}", place=self.url)
        return rows

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
        if time.monotonic() - self._users_at > USERS_FRESH_SECONDS:
            self._users = frozenset(user.lower() for user in self.call("user", userMask=["*"])["userList"])
            self._users_at = time.monotonic()
        return self._users

    def has(self, mailbox: str) -> bool:
        """Whether the server has that mailbox; yes when it cannot be asked, so that the failure shows where mail is acted on."""
        try:
            return mailbox.lower() in self.users()
        except (Unreachable, NotConfigured):
            return True

    def find_all(self, targets: Sequence[Target], *, names: FolderNames) -> dict[Target, tuple[Located, ...]] | None:
        """Every copy of every target; None when asking each mailbox would be cheaper, or doveadm does not answer."""
        mailboxes = {target.mailbox for target in targets}
        ids = sorted({target.message_id for target in targets})
        questions = -(-len(ids) // IDS_PER_QUESTION)
        try:
            # A question reads about ten mailboxes in the time one IMAP session opens one (measured, see docs/benchmarks.md).
            if len(mailboxes) < FEW_MAILBOXES or questions * len(self.users()) > 10 * len(mailboxes):
                return None
            rows = [
                row
                for start in range(0, len(ids), IDS_PER_QUESTION)
                for row in self._ask(ids[start:][:IDS_PER_QUESTION])
            ]
            return _by_target(targets, rows, names)
        except (Unreachable, NotConfigured, LookupError, TypeError, ValueError, AttributeError) as error:
            log.warning("finding by doveadm failed, asking each mailbox by IMAP instead: %s", error)
            return None

    def _ask(self, ids: Sequence[str]) -> list[dict[str, str]]:
        terms: list[str] = []
        for message_id in ids:
            terms += ["or", "header", "Message-ID", message_id]
        query = ["mailbox", "*", "(", *terms[1:], ")"]
        rows: list[dict[str, str]] = self.call("fetch", allUsers=True, field=FIELDS, query=query)
        return rows


def _by_target(
    targets: Sequence[Target], rows: Sequence[dict[str, str]], names: FolderNames
) -> dict[Target, tuple[Located, ...]]:
    by_mailbox: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_mailbox.setdefault(row["username"].lower(), []).append(row)
    return {
        target: tuple(
            _located(target, row, names)
            for row in by_mailbox.get(target.mailbox.lower(), ())
            if same_id(row["hdr.message-id"].strip(), target.message_id)
        )
        for target in targets
    }


def _located(target: Target, row: dict[str, str], names: FolderNames) -> Located:
    flags = tuple(sorted(flag for flag in row["flags"].split() if flag.lower() != "\\recent"))
    received = datetime.fromtimestamp(int(row["date.received.unixtime"]), UTC)
    path = row["mailbox"]
    return Located(
        target.mailbox, path, int(row["uid"]), 0, target.message_id, flags, received, names.location_of(path)
    )
