"""One bucket of an S3-compatible store: whole objects in and out, over the standard library's HTTP.

deltalake reads and writes its tables there by itself. This is for what it does not offer: Parquet files fetched for DuckDB,
a look whether a commit came, the check that the store keeps a conditional write, and moving a lake there.
"""

import contextlib
import hashlib
import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from watchfloor.kernel.errors import NotConfigured, NotFound, Unreachable
from watchfloor.lake.engines.signing import EMPTY, query_text, signed

ATTEMPTS = 3
PAUSE = 0.2
"""Seconds before the second attempt; the third waits four times as long."""
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
CHUNK = 1 << 20
WORTH_ANOTHER = {429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Location:
    """Where a lake lies in an object store. `endpoint` is empty for Amazon's own; `secret` never shows."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix} at {self.endpoint or 'Amazon'}"

    def __str__(self) -> str:
        return repr(self)

    def key(self, *parts: str) -> str:
        """The name of an object below the prefix."""
        return "/".join(part for part in (self.prefix, *parts) if part)

    def uri(self, *parts: str) -> str:
        return f"s3://{self.bucket}/{self.key(*parts)}"

    def options(self) -> dict[str, str]:
        """deltalake's storage options. Commits are conditional writes (If-None-Match), so that no two share a version."""
        own = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true" if self.endpoint.startswith("http://") else "",
        }
        return {name: value for name, value in own.items() if value} | {
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "aws_conditional_put": "etag",
            "max_retries": str(ATTEMPTS - 1),
            "retry_timeout": f"{ANSWER_SECONDS:.0f}s",
            "connect_timeout": f"{CONNECT_SECONDS:.0f}s",
            "timeout": f"{ANSWER_SECONDS:.0f}s",
        }


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    size: int
    body: bytes


class Bucket:
    """Safe between threads; each keeps one connection open."""

    def __init__(self, location: Location) -> None:
        self.location = location
        bucket, region = location.bucket, location.region
        parts = urlsplit(location.endpoint or f"https://{bucket}.s3.{region}.amazonaws.com")
        self._host, self._secure = parts.netloc, parts.scheme == "https"
        self._root = f"/{bucket}" if location.endpoint else ""
        self._threads = threading.local()

    def size(self, key: str) -> int | None:
        """Bytes of an object, None when there is none."""
        answer = self._ask("HEAD", key, fine=(200, 404))
        return answer.size if answer.status == 200 else None

    def fetch(self, key: str, target: BinaryIO) -> int:
        """Write an object to a file that stands at its start; returns its bytes. A repeated attempt starts over."""
        return self._ask("GET", key, target=target).size

    def put(self, key: str, data: bytes | Path, *, if_absent: bool = False) -> bool:
        """Store an object whole; False when `if_absent` and there is one."""
        headers = {"If-None-Match": "*"} if if_absent else {}
        return self._ask("PUT", key, data=data, headers=headers, fine=(200, 409, 412)).status == 200

    def remove(self, key: str) -> None:
        self._ask("DELETE", key, fine=(200, 204, 404))

    def listed(self, prefix: str, *, below: bool = True) -> Iterator[tuple[str, int]]:
        """Objects and their bytes; without `below`, also the folders of this level, ending in a slash, with 0."""
        query = {"list-type": "2", "prefix": prefix} | ({} if below else {"delimiter": "/"})
        while True:
            page = ElementTree.fromstring(self._ask("GET", "", query=query).body)  # noqa: S314 (the operator's own store)
            space = page.tag.partition("}")[0] + "}" if page.tag.startswith("{") else ""
            for one in page.iter(f"{space}Contents"):
                yield one.findtext(f"{space}Key", ""), int(one.findtext(f"{space}Size", "0"))
            for folder in page.iter(f"{space}CommonPrefixes"):
                yield folder.findtext(f"{space}Prefix", ""), 0
            query = {**query, "continuation-token": page.findtext(f"{space}NextContinuationToken", "")}
            if not query["continuation-token"]:
                return

    def check(self, *, token: str) -> None:
        """Raise NotConfigured when the store takes a conditional write over an object that is there already.

        Without that, two writers could commit the same version and one's rows be lost. `token` makes the probe's name.
        """
        key = self.location.key(f".watchfloor-probe-{token}")
        try:
            first = self.put(key, b"1", if_absent=True)
            if not first or self.put(key, b"2", if_absent=True):
                raise NotConfigured(
                    "the object store ignores conditional writes (PUT with If-None-Match), without which commits to the "
                    "lake are not safe; use a store or version that keeps them, as Amazon S3, MinIO, Ceph or R2 do",
                    place=str(self.location),
                )
        finally:
            with contextlib.suppress(Unreachable):
                self.remove(key)

    def _ask(
        self,
        method: str,
        key: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        data: bytes | Path = b"",
        target: BinaryIO | None = None,
        fine: tuple[int, ...] = (200,),
    ) -> _Answer:
        for attempt in range(ATTEMPTS):
            try:
                answer = self._once(method, key, query or {}, headers or {}, data, target)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                if attempt + 1 == ATTEMPTS:
                    raise Unreachable(
                        f"the object store does not answer: {error or type(error).__name__}", place=str(self.location)
                    ) from error
            else:
                if answer.status in fine:
                    return answer
                if answer.status not in WORTH_ANOTHER or attempt + 1 == ATTEMPTS:
                    raise _refused(answer, self.location, method, key)
            time.sleep(PAUSE * 4**attempt)
        raise AssertionError("unreachable")

    def _once(
        self,
        method: str,
        key: str,
        query: dict[str, str],
        headers: dict[str, str],
        data: bytes | Path,
        target: BinaryIO | None,
    ) -> _Answer:
        path = f"{self._root}/{key}"
        sent = signed(
            method,
            path,
            query,
            {"Host": self._host, **headers},
            payload=_hash(data),
            region=self.location.region,
            key_id=self.location.key_id,
            secret=self.location.secret,
            now=datetime.now(UTC),
        )
        connection = self._connection()
        address = quote(path, safe="/~") + (f"?{query_text(query)}" if query else "")
        if isinstance(data, Path):
            with data.open("rb") as body:
                connection.request(method, address, body, {**sent, "Content-Length": str(data.stat().st_size)})
        else:
            connection.request(method, address, data if method == "PUT" else None, sent)
        answer = connection.getresponse()
        if target is not None and answer.status == 200:
            return _Answer(answer.status, _copied(answer, target), b"")
        body_read = answer.read()
        return _Answer(answer.status, int(answer.headers.get("Content-Length") or 0), body_read)

    def _connection(self) -> http.client.HTTPConnection:
        held: http.client.HTTPConnection | None = getattr(self._threads, "connection", None)
        if held is None:
            held = self._threads.connection = self._made()
        if held.sock is None:
            held.timeout = CONNECT_SECONDS
            held.connect()
            held.sock.settimeout(ANSWER_SECONDS)  # type: ignore[attr-defined]
        return held

    def _made(self) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(self._host, context=ssl.create_default_context())
        return http.client.HTTPConnection(self._host)

    def _drop(self) -> None:
        held: http.client.HTTPConnection | None = getattr(self._threads, "connection", None)
        if held is not None:
            held.close()


def _copied(answer: http.client.HTTPResponse, target: BinaryIO) -> int:
    """Bytes written; IncompleteRead when the store hung up early."""
    wanted = answer.length
    target.seek(0)
    target.truncate()
    done = 0
    while chunk := answer.read(CHUNK):
        target.write(chunk)
        done += len(chunk)
    if wanted is not None and done != wanted:
        raise http.client.IncompleteRead(b"", wanted - done)
    return done


def _hash(data: bytes | Path) -> str:
    if not data:
        return EMPTY
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refused(answer: _Answer, location: Location, method: str, key: str) -> Exception:
    """What a status that is none of the expected ones means; the store's own code stands in its XML."""
    code = ""
    with contextlib.suppress(ElementTree.ParseError):
        code = ElementTree.fromstring(answer.body).findtext(".//Code") or ""  # noqa: S314 (the operator's own store)
    if answer.status in (400, 401, 403) or code == "NoSuchBucket":
        return NotConfigured(f"the object store refuses {method}: {code or answer.status}", place=str(location))
    if answer.status == 404:
        return NotFound(f"the object store has no {key}", place=str(location))
    return Unreachable(f"the object store answers {code or answer.status} to {method} {key}", place=str(location))
