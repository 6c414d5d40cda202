"""A .msg file as the mail it was (MS-OXMSG to RFC 5322). Pure.

The header is the one the mail came with where Outlook kept it, else one made of what Outlook knows. Body and attachments are
Outlook's: the same content, never the same bytes, so signatures over it (DKIM, ARC) prove nothing any more and are left out.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime
from urllib.parse import quote

from watchfloor.inspection import limits
from watchfloor.inspection.outlook.lzfu import unpacked
from watchfloor.inspection.outlook.properties import SIGNATURE, NotOutlook, Storage, charset_of, opened
from watchfloor.inspection.outlook.rtf import content_of

DEEPEST = limits.EMBEDDED_MAILS
MOST_ATTACHMENTS = limits.ATTACHMENTS
MOST_RECIPIENTS = limits.ADDRESSES
_CLASSES = ("ipm.note", "report.ipm.note", "ipm.schedule", "ipm.post", "ipm.outlook.recall")
_EMBEDDED, _OLE = 5, 6
"""PidTagAttachMethod: a message of Outlook, a drawn object."""
_DROPPED = frozenset({
    "content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version", "content-length",
    "dkim-signature", "domainkey-signature", "arc-seal", "arc-message-signature", "arc-authentication-results",
    "x-google-dkim-signature",
})  # fmt: skip
"""Header lines about bytes that Outlook did not keep."""
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,100}")
_SAFE = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class OutlookMail:
    """The mail as bytes; `kept_header` says that its header is the one it came with."""

    raw: bytes
    kept_header: bool


def is_outlook(data: bytes) -> bool:
    """Whether a file may be Outlook's: a compound file with a message's property stream in its directory."""
    return data.startswith(SIGNATURE) and "__properties_version1.0".encode("utf-16-le") in data


def outlook_mail(data: bytes) -> OutlookMail:
    """The mail of a .msg file. Raises NotOutlook for what is no mail of Outlook or costs too much."""
    file = opened(data)
    if "__properties_version1.0" not in file.below[()]:
        raise NotOutlook("it holds no message")
    message = Storage(file, (), "message")
    kind = message.text(0x001A).lower()
    if kind and not kind.startswith(_CLASSES):
        raise NotOutlook(f"it is no mail but “{kind[:60]}”")
    header = _kept(message.text(0x007D))
    return OutlookMail(_written(message, 0), bool(header))


def _written(message: Storage, depth: int) -> bytes:
    kept = _kept(message.text(0x007D))
    return kept + _made(message, but=_names(kept)) + _body(message, depth)


def _names(header: bytes) -> set[str]:
    return {found[1].decode("ascii").lower() for line in header.splitlines() if (found := _FIELD.match(line))}


def _kept(text: str) -> bytes:
    """The lines of the header it came with, each well-formed, without those about bytes that are gone; b"" when there is none."""
    made, dropping = bytearray(), True
    for line in text[: limits.HEADER_BLOCK].encode("utf-8", "replace").splitlines():
        if not line.strip():
            if made:
                break  # what follows is of a body
            continue
        field = _FIELD.match(line)
        if field:
            dropping = field[1].decode("ascii").lower() in _DROPPED
        elif not line.startswith((b" ", b"\t")):
            dropping = True
        if not dropping:
            made += line + b"\r\n"
    return bytes(made) if b":" in made else b""


def _made(message: Storage, *, but: set[str]) -> bytes:
    """What Outlook knows and the header does not say: of mail that was sent, drafted, or never left the house, all of it."""
    sender = _mailbox(message.text(0x0042, 0x0C1A), message.text(0x5D02, 0x5D01, 0x0065, 0x0C1F))
    people = message.children("__recip_version1.0_#", most=MOST_RECIPIENTS)
    moment = message.moment(0x0039, 0x0E06)
    fields = [
        ("From", sender),
        *((name, _people(people, kind)) for name, kind in (("To", 1), ("Cc", 2))),
        ("Subject", _encoded(message.text(0x0037))),
        ("Date", format_datetime(moment) if moment else ""),
        ("Message-ID", _plain(message.text(0x1035))),
        ("In-Reply-To", _plain(message.text(0x1042))),
    ]
    said = (f"{name}: {value}\r\n" for name, value in fields if value and name.lower() not in but)
    return "".join(said).encode("utf-8", "replace")


def _people(people: Iterable[Storage], kind: int) -> str:
    told = (_mailbox(one.text(0x3001), one.text(0x39FE, 0x3003)) for one in people if one.number(0x0C15) == kind)
    return ",\r\n ".join(one for one in told if one)


def _mailbox(name: str, address: str) -> str:
    """An address of Exchange's own directory is none that mail knows."""
    known = _plain(address) if "@" in address and not re.search(r"[\s<>,;]", address.strip()) else ""
    said = _plain(name)
    if not known:
        return f"{_encoded(said)} <>" if said else ""
    return f"{_encoded(said)} <{known}>" if said and said != known else known


def _encoded(text: str) -> str:
    """Words as a header carries them (RFC 2047): in any letters, with quotes where they are needed."""
    plain = _plain(text)
    return (
        Header(plain, "utf-8", maxlinelen=200).encode(linesep="\r\n")
        if re.search(r'[^ -~]|[()<>@,;:\\".\[\]=?]', plain)
        else plain
    )


def _plain(text: str) -> str:
    return _SAFE.sub(" ", text).strip()[:2000]


def _body(message: Storage, depth: int) -> bytes:
    if signed := _signed(message):
        return signed
    parts = [*_texts(message), *_attachments(message, depth)]
    if len(parts) == 1:
        return b"MIME-Version: 1.0\r\n" + parts[0]
    edge = b"=_outlook_" + hashlib.sha256(b"".join(parts)).hexdigest()[:40].encode()
    frame = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + edge + b'"\r\n\r\n'
    return frame + b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + edge + b"--\r\n"


def _signed(message: Storage) -> bytes:
    """The whole content of a clear-signed mail, which Outlook keeps as one attachment (MS-OXOSMIME 2.1.3.2)."""
    if not message.text(0x001A).lower().endswith(".smime.multipartsigned"):
        return b""
    content = b"".join(one.binary(0x3701) for one in message.children("__attach_version1.0_#", most=1))
    return b"MIME-Version: 1.0\r\n" + content if content[:13].lower() == b"content-type:" else b""


def _texts(message: Storage) -> list[bytes]:
    """What the mail says: HTML as Outlook keeps it, or out of its RTF; and plain text beside it."""
    plain, html = message.text(0x1000), message.binary(0x1013)
    charset = charset_of(message.number(0x3FDE) or 65001)
    if not html and (written := message.text(0x1013)):
        html, charset = written.encode("utf-8", "replace"), "utf-8"
    if not html:
        text, is_html = content_of(unpacked(message.binary(0x1009)))
        if is_html:
            html, charset = text.encode("utf-8", "replace"), "utf-8"
        plain = plain or ("" if is_html else text)
    found = [_part("text/html", html, charset=charset)] if html else []
    if plain or not html:
        found.insert(0, _part("text/plain", plain.encode("utf-8", "replace"), charset="utf-8"))
    return [_alternatives(found)] if len(found) == 2 else found


def _alternatives(parts: list[bytes]) -> bytes:
    edge = b"=_texts_" + hashlib.sha256(b"".join(parts)).hexdigest()[:40].encode()
    frame = b'Content-Type: multipart/alternative; boundary="' + edge + b'"\r\n\r\n'
    return frame + b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + edge + b"--\r\n"


def _part(kind: str, data: bytes, *, charset: str = "", more: str = "") -> bytes:
    packed = base64.b64encode(data)
    lines = b"\r\n".join(packed[at : at + 76] for at in range(0, len(packed), 76))
    said = f"; charset={charset}" if charset else ""
    return f"Content-Type: {kind}{said}\r\nContent-Transfer-Encoding: base64\r\n{more}\r\n".encode() + lines


def _attachments(message: Storage, depth: int) -> list[bytes]:
    return [
        part for one in message.children("__attach_version1.0_#", most=MOST_ATTACHMENTS) if (part := _file(one, depth))
    ]


def _file(attachment: Storage, depth: int) -> bytes:
    inner = attachment.message() if attachment.number(0x3705) == _EMBEDDED else None
    if inner is not None:
        return (
            b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + _written(inner, depth + 1)
            if depth < DEEPEST
            else b""
        )
    data = attachment.binary(0x3701)
    name = _plain(attachment.text(0x3707, 0x3704, 0x3001))
    if not data and not name:
        return b""
    kind = attachment.text(0x370E).strip().lower()
    if not _TYPE.fullmatch(kind) or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    content_id = _plain(attachment.text(0x3712)).strip("<>")
    shown = "inline" if content_id and kind.startswith("image/") else "attachment"
    more = f"Content-Disposition: {shown}{_named(name)}\r\n"
    more += f"Content-ID: <{content_id}>\r\n" if content_id and content_id.isascii() else ""
    return _part(kind, data, more=more)


def _named(name: str) -> str:
    """The file's name as RFC 2231 writes it, for any letters."""
    if not name:
        return ""
    if name.isascii() and not re.search(r'["\\]', name):
        return f'; filename="{name[:300]}"'
    return f"; filename*=utf-8''{quote(name[:300], safe='')}"
