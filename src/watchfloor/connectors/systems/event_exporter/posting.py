"""The HTTP side: one POST of JSON is answered with 200 only when what it says is on disk."""

import gzip
import hmac
import io
import json
import logging
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchfloor.connectors.event_intake import keep
from watchfloor.connectors.protocols.gathering import Gathering
from watchfloor.connectors.records.reading import Reading
from watchfloor.connectors.systems.event_exporter.guessing import Guesses
from watchfloor.kernel.clock import utc_now

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
TOGETHER = 200
MOST_RECORDS = 20_000
WRAPPERS = ("Records", "records", "events", "value", "logs")
Answer = tuple[str, str]
Start = Callable[[str, list[tuple[str, str]]], Any]


class Wrong(ValueError):
    """A request that is refused; `status` is HTTP's."""

    def __init__(self, status: str, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Posted:
    """The records of one request."""

    place: str
    records: Sequence[Mapping[str, Any]]


class Postbox:
    """A WSGI application. The secret comes as “Authorization: Bearer …”, or as the last part of the path."""

    def __init__(self, *, name: str, secret: str, reading: Reading, limit: int) -> None:
        self.name, self.secret, self.reading, self.limit = name, secret, reading, limit
        self.gathering: Gathering[Posted] = Gathering(self._write, most=TOGETHER, name=f"events {name}")
        self.count = 0
        self.guesses = Guesses(name)

    def __call__(self, environ: Mapping[str, Any], start: Start) -> Iterable[bytes]:
        try:
            status, words = self._answer(environ)
        except Wrong as error:
            status, words = error.status, str(error)
        except TimeoutError:
            status, words = "503 Service Unavailable", "it could not be stored in time; send it again"
        except Exception:
            log.exception("events for %s could not be stored", self.name)
            status, words = "503 Service Unavailable", "it could not be stored; send it again"
        body = json.dumps({"message": words}).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if wait := {"503": "5", "429": "60"}.get(status[:3]):
            headers.append(("Retry-After", wait))
        start(status, headers)
        return [body]

    def close(self) -> None:
        self.gathering.close()

    def _answer(self, environ: Mapping[str, Any]) -> Answer:
        self._check(environ)
        records = records_in(body_of(environ, self.limit))
        if records:
            self.gathering.put(Posted(f"posted by {environ.get('REMOTE_ADDR', '')}", records), seconds=PATIENCE_SECONDS)
        return "200 OK", f"{len(records)} records are kept"

    def _check(self, environ: Mapping[str, Any]) -> None:
        sender = str(environ.get("REMOTE_ADDR", ""))
        if not self.guesses.may_try(sender):
            raise Wrong("429 Too Many Requests", "too many wrong secrets came from this address; wait a minute")
        kind, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
        given = token if kind.lower() == "bearer" else str(environ.get("PATH_INFO", "")).rstrip("/").rpartition("/")[2]
        if not hmac.compare_digest(given.strip().encode("utf-8", "replace"), self.secret.encode()):
            self.guesses.wrong(sender)
            raise Wrong("401 Unauthorized", "the secret of this connection is missing or wrong")
        if environ.get("REQUEST_METHOD") not in {"POST", "PUT"}:
            raise Wrong("405 Method Not Allowed", "post events as JSON")

    def _write(self, posted: Sequence[Posted]) -> None:
        at = utc_now()
        named = [
            (f"{one.place}, record {number}", record) for one in posted for number, record in enumerate(one.records, 1)
        ]
        keep(self.reading, named, source=self.name, at=at)
        self.count += len(named)


def body_of(environ: Mapping[str, Any], limit: int) -> bytes:
    """The body, unpacked where it is gzipped. Raises Wrong when it is larger than `limit` bytes."""
    raw: bytes = environ["wsgi.input"].read(limit + 1)
    coding = str(environ.get("HTTP_CONTENT_ENCODING", "")).lower()
    if coding in {"gzip", "x-gzip"}:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
                raw = packed.read(limit + 1)
        except (OSError, EOFError, zlib.error):
            raise Wrong("400 Bad Request", "the body is no gzip") from None
    elif coding not in {"", "identity"}:
        raise Wrong("415 Unsupported Media Type", "send the body as it is, or gzipped")
    if len(raw) > limit:
        raise Wrong("413 Content Too Large", f"the body is larger than {limit // 2**20} MB")
    return raw


def records_in(body: bytes) -> list[Mapping[str, Any]]:
    """The JSON objects of a body: one, a list, a list inside an object, or one a line. Raises Wrong."""
    text = body.decode("utf-8-sig", "replace").strip()
    if not text:
        return []
    try:
        said = json.loads(text)
    except RecursionError:
        raise Wrong("400 Bad Request", "the JSON is nested too deeply") from None
    except ValueError:
        said = _lines(text)
    if isinstance(said, dict):
        said = next((said[name] for name in WRAPPERS if isinstance(said.get(name), list)), [said])
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise Wrong("400 Bad Request", "the body holds something else than JSON objects")
    if len(said) > MOST_RECORDS:
        raise Wrong("413 Content Too Large", f"at most {MOST_RECORDS} records in one request")
    return said


def _lines(text: str) -> list[Any]:
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise Wrong("400 Bad Request", "the body is no JSON") from None
