"""Amazon's Signature Version 4 for S3, as its documentation tells it (“Authenticating Requests: Using the Authorization Header”)."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

EMPTY = hashlib.sha256(b"").hexdigest()


def signed(
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    payload: str,
    region: str,
    key_id: str,
    secret: str,
    now: datetime,
) -> dict[str, str]:
    """`headers` (Host among them) with date, payload hash and Authorization. `path` is not yet quoted; `payload` is its SHA-256."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "x-amz-date": stamp, "x-amz-content-sha256": payload}
    lines = {name.lower(): value.strip() for name, value in sent.items()}
    names = ";".join(sorted(lines))
    canonical = "\n".join(
        (
            method,
            quote(path, safe="/~"),
            query_text(query),
            *(f"{name}:{lines[name]}" for name in sorted(lines)),
            "",
            names,
            payload,
        )
    )
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_key(secret, scope), text.encode(), hashlib.sha256).hexdigest()
    sent["Authorization"] = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope},SignedHeaders={names},Signature={signature}"
    return sent


def query_text(query: Mapping[str, str]) -> str:
    """The query string in the order and quoting that is signed."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
