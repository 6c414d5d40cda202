"""doveadm over HTTP: one question to all mailboxes at once (https://doc.dovecot.org/2.3/admin_manual/doveadm_http_api/)."""

import base64
import json
import logging
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from watchfloor.connectors.contracts import Folder, Located, Target
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.doveadm_masks import Mask, bundles, masks_for
from watchfloor.connectors.protocols.imap_mailbox import same_id
from watchfloor.kernel.errors import NotConfigured, Unreachable


class CannotDo(Unreachable):
    """doveadm answers, but could not do this one thing: no such user, script or plugin."""

    retry = False


log = logging.getLogger(__name__)

FIELDS = ["user", "mailbox", "uid", "flags", "date.received.unixtime", "hdr.message-id"]
IDS_PER_QUESTION = 25
QUESTIONS_AT_ONCE = 2
"""One would fall behind the sixteen sessions that act on what it finds."""
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
    _users: dict[str, str] = field(default_factory=dict, init=False)
    _looked_up: dict[str, str] = field(default_factory=dict, init=False)
    _users_at: float = field(default=float("-inf"), init=False)

    def call(self, command: str, **parameters: Any) -> Any:
        """What one command answers: rows, or for `user` an object."""
        return self.call_all([(command, parameters)])[0]

    def call_all(self, commands: Sequence[tuple[str, dict[str, Any]]]) -> list[Any]:
        """What each of these commands answers, asked in one request."""
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
        for command, kind, rows in told:
            if kind != "doveadmResponse":
                raise CannotDo(f"doveadm could not do “{command}”: {rows}", place=self.url)
        return [rows for _, _, rows in told]

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
        return frozenset(self._named())

    def _named(self) -> dict[str, str]:
        """Every mailbox's lower-case address and its name as the server writes it."""
        if time.monotonic() - self._users_at > USERS_FRESH_SECONDS:
            self._users = {user.lower(): user for user in self.call("user", userMask=["*"])["userList"]}
            self._users_at = time.monotonic()
        return self._users

    def has(self, mailbox: str) -> bool:
        """Whether the server has that mailbox; yes when it cannot be asked, so that the failure shows where mail is acted on."""
        try:
            return mailbox.lower() in self._named()
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

    def find_all(self, targets: Sequence[Target], *, names: FolderNames) -> Iterator[dict[Target, tuple[Located, ...]]]:
        """Every copy of the targets, those of some mailboxes at a time, so that mail can be acted on meanwhile.

        Ends with targets unanswered when asking each mailbox would be cheaper, or doveadm does not answer.
        """
        by_mailbox: dict[str, list[Target]] = {}
        for target in targets:
            by_mailbox.setdefault(target.mailbox.lower(), []).append(target)
        pool = ThreadPoolExecutor(QUESTIONS_AT_ONCE, thread_name_prefix="doveadm")
        try:
            masks = self._worth_asking(by_mailbox, ids=len({target.message_id for target in targets}))
            asked = []
            for together in bundles(masks):
                covered = {user.lower() for mask in together for user in mask.users} & by_mailbox.keys()
                some = [target for mailbox in covered for target in by_mailbox.pop(mailbox)]
                asked.append((some, pool.submit(self._ask, together, some)))
            for some, answer in asked:
                yield _by_target(some, answer.result(), names)
        except (Unreachable, NotConfigured, LookupError, TypeError, ValueError, AttributeError) as error:
            log.warning("finding by doveadm failed, asking each mailbox by IMAP instead: %s", error)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _worth_asking(self, by_mailbox: dict[str, list[Target]], *, ids: int) -> list[Mask]:
        """The masks to ask with; none where one IMAP session per mailbox is cheaper."""
        if len(by_mailbox) < FEW_MAILBOXES:
            return []
        masks = masks_for(self._named().values(), by_mailbox.keys())
        # A question reads about ten mailboxes in the time one IMAP session opens one (measured, see docs/benchmarks.md).
        read = sum(len(mask.users) for mask in masks) * -(-ids // IDS_PER_QUESTION)
        return masks if read <= 10 * len(by_mailbox) else []

    def _ask(self, masks: Sequence[Mask], targets: Sequence[Target]) -> list[dict[str, str]]:
        ids = sorted({target.message_id for target in targets})
        queries = [_query(ids[start:][:IDS_PER_QUESTION]) for start in range(0, len(ids), IDS_PER_QUESTION)]
        answers = self.call_all(
            [("fetch", {"user": mask.text, "field": FIELDS, "query": query}) for query in queries for mask in masks]
        )
        return [row for rows in answers for row in rows]


def _query(message_ids: Sequence[str]) -> list[str]:
    terms: list[str] = []
    for message_id in message_ids:
        terms += ["or", "header", "Message-ID", message_id]
    return ["mailbox", "*", "(", *terms[1:], ")"]


def _by_target(
    targets: Sequence[Target], rows: Sequence[dict[str, str]], names: FolderNames
) -> dict[Target, tuple[Located, ...]]:
    by_mailbox: dict[str, list[Target]] = {}
    for target in targets:
        by_mailbox.setdefault(target.mailbox.lower(), []).append(target)
    found: dict[Target, list[Located]] = {target: [] for target in targets}
    places = {path: names.location_of(path) for path in {row["mailbox"] for row in rows}}
    for row in rows:
        header = row["hdr.message-id"].strip()
        for target in by_mailbox.get(row["username"].lower(), ()):
            if same_id(header, target.message_id):
                found[target].append(_located(target, row, places[row["mailbox"]]))
    return {target: tuple(copies) for target, copies in found.items()}


def _located(target: Target, row: dict[str, str], folder: Folder) -> Located:
    flags = tuple(sorted(flag for flag in row["flags"].split() if flag.lower() != "\\recent"))
    received = datetime.fromtimestamp(int(row["date.received.unixtime"]), UTC)
    return Located(target.mailbox, row["mailbox"], int(row["uid"]), 0, target.message_id, flags, received, folder)
