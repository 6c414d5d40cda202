"""The MIME tree as a flat list of parts, decoded.

The Rust parser is fast but dies on deep nesting, so mail that declares many boundaries, or hides a whole mail in
base64, goes to the standard library's lenient parser instead; what even that cannot read is one part of raw text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Any

from watchfloor.inspection import limits
from watchfloor.inspection.headers import decode_bytes, decode_header, header_block, split_headers
from watchfloor.inspection.limits import Limits

_MIME = ("content-type", "content-transfer-encoding", "content-disposition")
_CHARSET = re.compile(r"charset\s*\*?=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the MIME tree. `depth` counts the mails it is embedded in (0 = the mail itself)."""

    content_type: str
    charset: str
    file_name: str
    disposition: str
    data: bytes
    depth: int = 0

    @property
    def text(self) -> str:
        """The decoded text, at most the text limit."""
        return decode_bytes(self.data[: limits.HTML], self.charset).replace("\x00", "")


def parts_of(raw: bytes, cuts: Limits) -> tuple[Part, ...]:
    """The leaves of the mail and of mails embedded in it, in order, at most the part limit. Never raises on bad mail."""
    if len(raw) > limits.MAIL:
        cuts.cut(f"mail cut at {limits.MAIL >> 20} MB")
        # At a line's end, or the base64 of the part that is cut would no longer be any.
        raw = raw[: raw.rfind(b"\n", 0, limits.MAIL) + 1 or limits.MAIL]
    lower = raw.lower()
    boundaries = lower.count(b"boundary")
    if boundaries + lower.count(b"message/rfc822") > limits.MULTIPARTS:
        cuts.cut(f"more than {limits.MULTIPARTS} multiparts: structure not read")
        return (_as_text(raw),)
    disguised = b"base64" in lower and (b"message/r" in lower or b"message/g" in lower)
    found: tuple[Part, ...] | None = None
    if boundaries < limits.MULTIPARTS_FAST and not disguised:
        found = _fast(raw, cuts)
    if found is None:
        found = _standard(raw, cuts)
    if found is None:
        cuts.cut("structure nested too deeply: not read")
        return (_as_text(raw),)
    return found if any(part.data for part in found) else _without_structure(raw, found, cuts)


def _without_structure(raw: bytes, found: tuple[Part, ...], cuts: Limits) -> tuple[Part, ...]:
    """What a mail whose parts are all empty says all the same: delimiters that contradict one another hide it."""
    _, start = header_block(raw, Limits())
    if not raw[start : start + limits.TEXT].strip():
        return found
    cuts.cut("structure holds nothing: body read as text")
    return (*found, _as_text(raw[start:]))


def _as_text(raw: bytes) -> Part:
    return Part("text/plain", "utf-8", "", "", raw[: limits.TEXT])


def _bounded(leaves: Iterator[Part], cuts: Limits) -> tuple[Part, ...]:
    parts: list[Part] = []
    for part in leaves:
        if len(parts) >= limits.PARTS:
            cuts.cut(f"parts cut at {limits.PARTS}")
            break
        parts.append(part)
    return tuple(parts)


def _fast(raw: bytes, cuts: Limits) -> tuple[Part, ...] | None:
    """The leaves by the Rust parser; None when it refuses the mail."""
    import fast_mail_parser

    try:
        tree = fast_mail_parser.parse_email_tree(raw, mode="lazy")
        return _bounded(_fast_leaves(tree, 0, cuts), cuts)
    except fast_mail_parser.ParseError:
        return None


def _fast_leaves(node: Any, depth: int, cuts: Limits) -> Iterator[Part]:
    stack = [(node, depth)]
    while stack:
        node, depth = stack.pop()
        if node.is_message:
            yield Part("message/rfc822", "", _plain(node.filename), "attachment", node.content or b"", depth)
            if depth >= limits.EMBEDDED_MAILS:
                cuts.cut(f"embedded mails cut at depth {limits.EMBEDDED_MAILS}")
                continue
            depth += 1
        children = node.children
        if children or node.content is None:
            stack.extend((child, depth) for child in reversed(children))
            continue
        declared = next(iter(_values(node.headers, "content-type")), "")
        yield Part(
            node.content_type.lower(),
            _charset(declared),
            _plain(node.filename),
            (node.disposition or "").lower(),
            node.content,
            depth,
        )


def _values(headers: dict[str, list[str]], name: str) -> list[str]:
    return next((values for key, values in headers.items() if key.lower() == name), [])


def _charset(declared: str) -> str:
    found = _CHARSET.search(declared)
    return found[1].lower() if found else ""


def _plain(name: str | None) -> str:
    """A file name decoded and without path or control characters."""
    text = decode_header((name or "").encode("utf-8", "surrogateescape"))
    return re.split(r"[/\\]", text)[-1].strip()[:255]


def _standard(raw: bytes, cuts: Limits) -> tuple[Part, ...] | None:
    """The leaves by the standard library's compat32 parser; None when the nesting is too deep for it."""
    if len(raw) > limits.MAIL_SLOWLY:
        cuts.cut(f"mail cut at {limits.MAIL_SLOWLY >> 20} MB, since it is not well formed")
        raw = raw[: limits.MAIL_SLOWLY]
    # With our own reading of the headers: that parser ends them at the first line it does not understand.
    block, start = header_block(raw, Limits())
    headers = [field for field in split_headers(block, Limits()) if field.name.lower() in _MIME]
    top = "".join(f"{field.name}: {field.raw}\n" for field in headers).encode("utf-8", "replace")
    raw = top + b"\n" + raw[start:]
    try:
        return _bounded(_standard_leaves(message_from_bytes(raw), 0, cuts), cuts)
    except RecursionError:
        return None


def _standard_leaves(message: Message, depth: int, cuts: Limits) -> Iterator[Part]:
    stack = [(message, depth)]
    while stack:
        node, depth = stack.pop()
        kind = node.get_content_type().lower()
        # Asked for a leaf's text, the library decodes it, and a charset with a null character in it makes that fail.
        payload = node.get_payload() if node.is_multipart() else None
        if isinstance(payload, list):
            if kind.startswith("message/"):
                yield Part(kind, "", _message_name(node), "attachment", _embedded(payload), depth)
                if depth >= limits.EMBEDDED_MAILS:
                    cuts.cut(f"embedded mails cut at depth {limits.EMBEDDED_MAILS}")
                    continue
                depth += 1
            stack.extend((child, depth) for child in reversed(payload) if isinstance(child, Message))
            continue
        declared = str(node.get("Content-Type", ""))
        yield Part(kind, _charset(declared), _message_name(node), _disposition(node), _payload(node), depth)


def _embedded(payload: list[Any]) -> bytes:
    try:
        return payload[0].as_bytes() if payload else b""
    except Exception:
        return b""  # the generator cannot write every mail the parser reads; its leaves follow all the same


def _payload(node: Message) -> bytes:
    try:
        data = node.get_payload(decode=True)
    except Exception:
        return b""  # wrong encodings beyond what the library forgives
    return data if isinstance(data, bytes) else b""


def _message_name(node: Message) -> str:
    try:
        return _plain(node.get_filename())
    except Exception:
        return ""  # broken RFC 2231 parameters


def _disposition(node: Message) -> str:
    return str(node.get("Content-Disposition", "")).split(";")[0].strip().lower()
