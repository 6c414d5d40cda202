"""Attachments: hash, real type, what they hold, what speaks against them, and the URLs in them."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from watchfloor.inspection import archives, documents, file_types, limits, macros, pdf
from watchfloor.inspection.bodies import Part
from watchfloor.inspection.contracts import FoundAttachment, ThreatType
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.inside import Inside, look_inside
from watchfloor.inspection.known_files import EICAR, KNOWN_BAD
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.weights import WEIGHTS

_SMUGGLING = re.compile(
    rb"atob\s*\(|msSaveOrOpenBlob|createObjectURL|unescape\s*\(|String\.fromCharCode|eval\s*\(", re.IGNORECASE
)
_PASSWORD_FIELD = re.compile(rb"type\s*=\s*[\"']?password", re.IGNORECASE)
_OFFICE = frozenset(
    [
        "doc",
        "docx",
        "docm",
        "dot",
        "dotm",
        "dotx",
        "xls",
        "xlsx",
        "xlsm",
        "xlsb",
        "xlt",
        "xltm",
        "xlam",
        "ppt",
        "pptx",
        "pptm",
        "ppsm",
        "potm",
    ]
)
_OFFICE_TYPES = ("application/vnd.openxmlformats", "application/vnd.oasis.opendocument", "application/vnd.ms-")


@dataclass(frozen=True, slots=True)
class Examined:
    """One attachment with the evidence against it and the URLs found inside."""

    attachment: FoundAttachment
    evidence: tuple[Evidence, ...] = ()
    urls: tuple[str, ...] = ()
    encrypted: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether it may show something, such as a QR code."""
        return self.attachment.file_type.startswith("image/") and self.attachment.size >= 100


def examine(part: Part, cuts: Limits, blocked: frozenset[str] = frozenset()) -> Examined:
    """Everything one attachment tells. `blocked` holds `sha256:…` entries of the organisation."""
    data = part.data
    digest = hashlib.sha256(data).hexdigest()
    kind = "message/rfc822" if part.content_type.startswith("message/rfc") else file_types.real_type(data)
    name = part.file_name or _made_up_name(part)
    extension = file_types.extension_of(name)
    office = extension in _OFFICE or kind.startswith(_OFFICE_TYPES)
    listing = archives.list_archive(data, cuts) if not office else None
    evidence = [*_known(digest, data, name, blocked), *_own_type(name, extension, kind, data)]
    evidence += _macros(name, extension, data, cuts)
    inside = look_inside(name, data, listing, blocked, cuts) if listing is not None else Inside()
    evidence += inside.evidence
    known = KNOWN_BAD.get(digest) or ("EICAR-Test-File" if any(e.signal == "known_bad_file" for e in evidence) else "")
    malware = [found for found in evidence if WEIGHTS[found.signal].kind is ThreatType.MALWARE]
    attachment = FoundAttachment(
        file_name=name,
        file_type=kind,
        extension=extension,
        size=len(data),
        sha256=digest,
        threat_types=(ThreatType.MALWARE,) if malware else (),
        threat_name=known,
        detection_methods=tuple(dict.fromkeys(WEIGHTS[found.signal].method for found in malware)),
        members=inside.names,
        remarks=(*inside.remarks, *_locked(data, kind, extension)),
    )
    # The parts of an embedded mail follow by themselves; one attached as a mere file is read here.
    found = [] if part.content_type.startswith("message/rfc") else documents.urls_of(part, kind, extension, cuts)
    return Examined(attachment, tuple(evidence), (*found, *inside.urls), bool(listing and listing.encrypted))


def _locked(data: bytes, kind: str, extension: str) -> Iterator[str]:
    """What nobody can read without a password, in words."""
    if (kind == "application/pdf" or extension == "pdf") and pdf.is_encrypted(data):
        yield "encrypted PDF: its links cannot be read"
    if macros.is_encrypted(data):
        yield "encrypted Office document: its content cannot be read"


def _made_up_name(part: Part) -> str:
    """A name for a part that has none, from its declared type."""
    endings = {"message/rfc822": "eml", "text/calendar": "ics", "text/html": "html", "text/plain": "txt"}
    main, _, sub = part.content_type.partition("/")
    return (
        f"unnamed.{endings.get(part.content_type, '')}".rstrip(".")
        if part.content_type in endings
        else (f"unnamed.{sub[:10]}" if main == "image" and sub.isalnum() else "unnamed")
    )


def _known(digest: str, data: bytes, name: str, blocked: frozenset[str]) -> Iterator[Evidence]:
    if digest in KNOWN_BAD:
        yield Evidence("known_bad_file", f"Attachment {quoted(name)} is known malware: {KNOWN_BAD[digest]}")
    elif EICAR in data[:4096]:
        yield Evidence("known_bad_file", f"Attachment {quoted(name)} holds the EICAR test signature")
    if f"sha256:{digest}" in blocked:
        yield Evidence(
            "blocked_file",
            f"Attachment {quoted(name)} (SHA-256 {digest[:16]}…) is on the organisation's block list",
            entry=f"block sha256:{digest}",
        )


def _own_type(name: str, extension: str, kind: str, data: bytes) -> Iterator[Evidence]:
    if file_types.runs_code(name, kind):
        yield Evidence("executable_attachment", f"Attachment {quoted(name)} is a program or script ({kind})")
    if file_types.has_double_extension(name):
        yield Evidence("double_extension", f"Attachment {quoted(name)} hides its real kind behind a second extension")
    if file_types.contradicts(extension, kind):
        yield Evidence("type_mismatch", f"Attachment {quoted(name)} says .{extension} but its content is {kind}")
    if "\u202e" in name:
        yield Evidence("double_extension", f"Attachment name {quoted(name)} is turned around by a right-to-left mark")
    if extension in file_types.DISK_IMAGES:
        yield Evidence("disk_image", f"Attachment {quoted(name)} is a disk image, which slips past the mark of the web")
    if extension in file_types.HTML_FILES or kind == "text/html":
        yield from _html_file(name, data)


def _html_file(name: str, data: bytes) -> Iterator[Evidence]:
    probe = data[: limits.TEXT]
    if _PASSWORD_FIELD.search(probe):
        yield Evidence("html_login_attachment", f"Attached page {quoted(name)} asks for a password")
    elif found := _SMUGGLING.search(probe):
        call = found[0].decode("ascii", "replace").strip("( ")
        yield Evidence("html_smuggling", f"Attached page {quoted(name)} builds its content by script ({call})")
    else:
        yield Evidence("html_attachment", f"Attachment {quoted(name)} is a web page")


def _macros(name: str, extension: str, data: bytes, cuts: Limits) -> Iterator[Evidence]:
    if extension not in _OFFICE and not macros.may_hold_macros(data):
        return
    has, auto = macros.macros_of(data, cuts)
    if auto:
        yield Evidence("auto_macro", f"Document {quoted(name)} runs a macro by itself ({auto})")
    elif has or extension in file_types.MACRO_DOCUMENTS:
        yield Evidence("macro_document", f"Document {quoted(name)} holds macros")
