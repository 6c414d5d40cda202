"""What Nextcloud answers, as our own shapes: WebDAV's multistatus and the shares of the OCS Share API; pure.

Properties: https://docs.nextcloud.com/server/latest/developer_manual/client_apis/WebDAV/basic.html
Shares: https://docs.nextcloud.com/server/latest/developer_manual/client_apis/OCS/ocs-share-api.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from watchfloor.connectors.contracts import Share
from watchfloor.kernel.errors import BadInput

DAV, OC, NC = "{DAV:}", "{http://owncloud.org/ns}", "{http://nextcloud.org/ns}"
QUESTION = b"""<?xml version="1.0"?>
<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>
<d:getetag/><d:getlastmodified/><d:resourcetype/><oc:fileid/><oc:size/><oc:owner-id/><oc:checksums/>
<nc:creation_time/><nc:upload_time/>
</d:prop></d:propfind>"""
USER, GROUP, LINK, MAIL, REMOTE, CIRCLE, REMOTE_GROUP, TALK = 0, 1, 3, 4, 6, 7, 9, 10
WRITING = 2 | 4 | 8
"""Update, create and delete, of a share's permissions."""
ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Node:
    """One file or folder: `path` below the account's own folder, "" for that itself; `key` is its id on the whole server."""

    path: str
    key: str
    etag: str
    folder: bool
    owner: str
    size: int = 0
    sha256: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def nodes(body: bytes, *, prefix: str) -> Iterator[Node]:
    """The nodes of a multistatus, of those below `prefix` (the path of the account's folder, decoded). Raises BadInput."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadInput("the answer declares entities, which no WebDAV server does", place="PROPFIND")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  entities are refused above
    except ElementTree.ParseError as error:
        raise BadInput(f"the answer is no XML: {error}", place="PROPFIND") from error
    for response in root.iter(f"{DAV}response"):
        path = unquote(urlsplit(response.findtext(f"{DAV}href", "")).path).rstrip("/")
        found = _node(response, path, prefix.rstrip("/"))
        if found is not None:
            yield found


def _node(response: ElementTree.Element, path: str, prefix: str) -> Node | None:
    if path != prefix and not path.startswith(f"{prefix}/"):
        return None
    told = [
        part.find(f"{DAV}prop")
        for part in response.iter(f"{DAV}propstat")
        if " 200" in part.findtext(f"{DAV}status", "")
    ]
    props = next((part for part in told if part is not None), None)
    key = props.findtext(f"{OC}fileid", "") if props is not None else ""
    if props is None or not key:
        return None
    return Node(
        path=path[len(prefix) + 1 :],
        key=key,
        etag=props.findtext(f"{DAV}getetag", "").strip('"'),
        folder=props.find(f"{DAV}resourcetype/{DAV}collection") is not None,
        owner=props.findtext(f"{OC}owner-id", ""),
        size=_whole(props.findtext(f"{OC}size", "")),
        sha256=_sha256(props),
        created_at=_since_1970(props.findtext(f"{NC}creation_time")) or _since_1970(props.findtext(f"{NC}upload_time")),
        changed_at=_http_time(props.findtext(f"{DAV}getlastmodified", "")),
    )


@dataclass(frozen=True, slots=True)
class Given:
    """One share: the id and the path of the file, as the account sees it, and the right."""

    key: str
    path: str
    share: Share


def given(record: Mapping[str, Any], *, own: bool) -> Given | None:
    """A share of the OCS answer; `own` are those this account gave, of the others it is the receiver. None for what is none."""
    key = str(record.get("item_source") or record.get("file_source") or "")
    kind, rights = _whole(record.get("share_type")), _whole(record.get("permissions"))
    path = record.get("path") if own else record.get("file_target")
    if not key or not isinstance(path, str):
        return None
    whom, link, group = (
        str(record.get("share_with") or ""),
        kind in (LINK, MAIL),
        kind in (GROUP, CIRCLE, REMOTE_GROUP, TALK),
    )
    if kind == LINK:
        whom = ANYONE
    elif kind == CIRCLE:
        whom = str(record.get("share_with_displayname") or whom)
    if not whom:
        return None
    right = "write" if rights & WRITING else "read"
    return Given(key, path.strip("/"), Share(whom, right, link, group, _end(record.get("expiration"))))


def _end(text: Any) -> datetime | None:
    """When it ends. Nextcloud writes local time of the server without a zone; it is taken as UTC, hours beside at most."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if isinstance(text, str) and text else None
    except ValueError:
        return None


def _sha256(props: ElementTree.Element) -> str:
    """A client that uploads may have said what it hashed to."""
    for one in props.iter(f"{OC}checksum"):
        for said in (one.text or "").split():
            name, _, value = said.partition(":")
            if name.upper() == "SHA256" and len(value) == 64:
                return value.lower()
    return ""


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _since_1970(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text), UTC) if text and int(text) > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _http_time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None
