"""A server in Nextcloud's shapes, for tests: WebDAV listings and the OCS Share API over a tree in memory.

It is our own, written from Nextcloud's public API documentation, since no Nextcloud is packaged for Debian: what it proves is
that we speak as documented, not that every version answers so.

with Nextcloud() as cloud:
    cloud.put("ada", "plans/budget.ods", size=12)
    cloud.share("ada", "plans/budget.ods", "max")
"""

import base64
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

DAV = "/remote.php/dav/files/"
SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares"
SELF = "/ocs/v2.php/cloud/user"
WHEN = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
PASSWORD = "app-password"


@dataclass
class Node:
    """A file, or a folder with its children by name."""

    id: int
    owner: str
    folder: bool = True
    size: int = 0
    checksum: str = ""
    changed_at: datetime = WHEN
    etag: int = 0
    content: bytes = b""
    children: dict[str, "Node"] = field(default_factory=dict)


class Nextcloud:
    """Starts on entering. `users` sign in with `password`; `prefix` is a path before all addresses.

    `asked` lists each question as "METHOD path"; `faults` are answers given instead, as (status, headers); `broken` maps a
    folder's path to the status it is answered with.
    """

    def __init__(self, *, users: tuple[str, ...] = ("ada", "max"), password: str = PASSWORD, prefix: str = "") -> None:
        self.password, self.prefix = password, prefix
        self._ids, self._etags = count(10), count(1)
        self.homes = {user: Node(next(self._ids), user) for user in users}
        self.shares: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.faults: list[tuple[int, dict[str, str]]] = []
        self.broken: dict[str, int] = {}
        self.body_instead: bytes = b""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}{self.prefix}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, user: str, path: str, *, size: int = 1, sha256: str = "") -> Node:
        """Write a file, with the folders on the way."""
        *way, name = path.split("/")
        here = self.homes[user]
        for part in way:
            here = here.children.setdefault(part, Node(next(self._ids), user))
        node = here.children.setdefault(name, Node(next(self._ids), user, folder=False))
        node.size, node.checksum = size, f"SHA1:00 SHA256:{sha256}" if sha256 else ""
        self._touch(user, path)
        return node

    def remove(self, user: str, path: str) -> Node:
        """Take a file or folder away."""
        parent, _, name = path.rpartition("/")
        gone = self.at(user, parent).children.pop(name)
        self._touch(user, parent)
        return gone

    def move(self, user: str, path: str, to: str) -> None:
        """Give it another place; ids stay."""
        node = self.remove(user, path)
        parent, _, name = to.rpartition("/")
        self.at(user, parent).children[name] = node
        self._touch(user, parent)

    def share(
        self, user: str, path: str, whom: str = "", *, kind: int = 0, permissions: int = 1, until: str = ""
    ) -> None:
        """Give a right; to another user here it appears in the other's own folder."""
        node = self.at(user, path)
        name = path.rpartition("/")[2]
        self.shares.append(
            {
                "id": str(len(self.shares) + 1),
                "share_type": kind,
                "uid_owner": user,
                "uid_file_owner": node.owner,
                "permissions": permissions,
                "expiration": until or None,
                "path": f"/{path}",
                "file_target": f"/{name}",
                "item_type": "folder" if node.folder else "file",
                "item_source": node.id,
                "file_source": node.id,
                "share_with": whom or None,
                "share_with_displayname": whom or "(Shared link)",
            }
        )
        if kind == 0 and whom in self.homes:
            self.homes[whom].children[name] = node
            self._touch(whom, name)

    def unshare(self, whom: str) -> None:
        self.shares = [one for one in self.shares if one["share_with"] != whom]

    def at(self, user: str, path: str) -> Node:
        """KeyError when it is not there."""
        here = self.homes[user]
        for part in path.split("/") if path else ():
            here = here.children[part]
        return here

    def _touch(self, user: str, path: str) -> None:
        """A change moves the ETags of all folders above, as Nextcloud propagates them."""
        here, mark = self.homes[user], next(self._etags)
        here.etag = mark
        for part in path.split("/") if path else ():
            here = here.children[part]
            here.etag = mark


def _handler(cloud: Nextcloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer(_ocs)

        def do_PROPFIND(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(_listing)

        def _answer(self, how: Any) -> None:
            path = unquote(urlsplit(self.path).path)
            cloud.asked.append(f"{self.command} {path}")
            user = _signed_in(cloud, self.headers.get("Authorization", ""))
            headers: dict[str, str] = {}
            if cloud.faults:
                status, headers = cloud.faults.pop(0)
                body = b""
            elif not user:
                status, body = 401, b""
            elif not path.startswith(cloud.prefix):
                status, body = 404, b""
            else:
                status, body = how(cloud, self, user, path[len(cloud.prefix) :])
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _signed_in(cloud: Nextcloud, header: str) -> str:
    try:
        user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except ValueError:
        return ""
    return user.partition("@")[0] if password == cloud.password and user.partition("@")[0] in cloud.homes else ""


def _ocs(cloud: Nextcloud, request: BaseHTTPRequestHandler, user: str, path: str) -> tuple[int, bytes]:
    query = parse_qs(urlsplit(request.path).query)
    if path.startswith(f"{DAV}{user}/"):
        try:
            return 200, cloud.at(user, path.removeprefix(f"{DAV}{user}/")).content
        except KeyError:
            return 404, b""
    if request.headers.get("OCS-APIRequest") != "true":
        return 412, b""
    if query.get("format") != ["json"]:
        return 200, b"<?xml version='1.0'?><ocs/>"
    data: Any
    if path == SELF:
        data = {"id": user, "display-name": user.title()}
    elif path == SHARES and query.get("shared_with_me") == ["true"]:
        data = [one for one in cloud.shares if one["share_with"] == user]
    elif path == SHARES:
        data = [one for one in cloud.shares if one["uid_owner"] == user]
    else:
        return 404, b""
    meta = {"status": "ok", "statuscode": 200, "message": "OK"}
    return 200, json.dumps({"ocs": {"meta": meta, "data": data}}).encode()


def _listing(cloud: Nextcloud, request: BaseHTTPRequestHandler, user: str, path: str) -> tuple[int, bytes]:
    below = path.removeprefix(f"{DAV}{user}").strip("/")
    if not path.startswith(f"{DAV}{user}"):
        return 404, b""
    if below in cloud.broken:
        return cloud.broken[below], b""
    if cloud.body_instead:
        return 207, cloud.body_instead
    try:
        node = cloud.at(user, below)
    except KeyError:
        return 404, b""
    found = [(below, node)]
    if request.headers.get("Depth") == "1":
        found += [(f"{below}/{name}".strip("/"), child) for name, child in node.children.items()]
    inner = "".join(_response(cloud, user, at, one) for at, one in found)
    names = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"'
    return 207, f'<?xml version="1.0"?><d:multistatus {names}>{inner}</d:multistatus>'.encode()


def _response(cloud: Nextcloud, user: str, path: str, node: Node) -> str:
    href = quote(f"{cloud.prefix}{DAV}{user}/{path}") + ("/" if node.folder and path else "")
    sums = f"<oc:checksums><oc:checksum>{node.checksum}</oc:checksum></oc:checksums>"
    return (
        f"<d:response><d:href>{escape(href)}</d:href><d:propstat><d:prop>"
        f"<d:getetag>&quot;{node.etag:x}&quot;</d:getetag>"
        f"<d:getlastmodified>{format_datetime(node.changed_at, usegmt=True)}</d:getlastmodified>"
        f"<d:resourcetype>{'<d:collection/>' if node.folder else ''}</d:resourcetype>"
        f"<oc:fileid>{node.id}</oc:fileid><oc:size>{node.size}</oc:size><oc:owner-id>{escape(node.owner)}</oc:owner-id>"
        f"<nc:creation_time>0</nc:creation_time><nc:upload_time>{int(node.changed_at.timestamp())}</nc:upload_time>"
        f"{sums if node.checksum else ''}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
        f"<d:propstat><d:prop>{'' if node.checksum else '<oc:checksums/>'}</d:prop>"
        "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
    )
