"""Deep reading of what a mail carries (EE-30..32): a file taken apart offline, and pictures of the mail and of HTML files."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.selectors import raw_mail, yara_rules
from watchfloor.inspection import services as inspection
from watchfloor.inspection.analysis.contracts import Analysis, as_plain, from_plain
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound
from watchfloor.kernel.text import visible
from watchfloor.mail import kept
from watchfloor.mail.contracts import EmailEntity, Row

audit_verb("email.analyse", "{actor} read the analysis of a file of the mail {target}")
audit_verb("email.picture", "{actor} looked at the picture of the mail {target}")

LARGEST = 32 << 20
PNG = b"\x89PNG\r\n\x1a\n"
PAGES = frozenset(["html", "htm", "shtml", "xhtml", "xht", "svg"])


def file_row(entity: EmailEntity, sha256: str) -> Row:
    """The attachment of that hash. Raises NotFound."""
    for one in entity.record.attachments:
        if str(one["SHA256"]) == sha256:
            return one
    raise NotFound("this mail carries no such file", place=sha256[:64])


def is_page(row: Row) -> bool:
    """Whether a picture of the file can be made."""
    return str(row["FileType"]) in ("text/html", "image/svg+xml") or str(row["FileExtension"]).lower() in PAGES


def analysis_of(*, by: Actor, entity: EmailEntity, sha256: str) -> Analysis:
    """The file taken apart. Needs Preview; writes an audit entry. Raises NotFound when file or raw mail is gone."""
    row = file_row(entity, sha256)
    with audited(
        by=by, permission=Permission.EMAIL_CONTENT_READ, verb="email.analyse", target_type="email", target=entity.id
    ) as result:
        result["after"] = {"sha256": sha256, "file": visible(row["FileName"])[:200]}
        return read_analysis(entity, row)


def read_analysis(entity: EmailEntity, row: Row) -> Analysis:
    """The analysis for a caller whose look is on the record already: kept, or made now with the rules as they are now."""
    raw, sha256, broken = _raw(entity), str(row["SHA256"]), ""
    rules: tuple[tuple[str, str], ...] = ()
    try:
        rules = yara_rules()
    except NotConfigured as error:
        broken = f"YARA: {error.message}"  # said with the rest; not kept, as it may be mended
    stated = hashlib.sha256(repr(rules).encode()).hexdigest()
    key = f"{sha256} {stated} {row['FileName']}"
    if data := kept.recall("analysis", key):
        with suppress(ValueError):  # one of an older form is made anew
            return from_plain(json.loads(data))
    content = inspection.file_of(raw, sha256=sha256)
    found = inspection.analyse_apart(content, name=str(row["FileName"]) or "(no name)", rules=rules)
    if not found.failed and not broken:
        kept.keep("analysis", key, json.dumps(as_plain(found)).encode())
    return replace(found, cut=(*found.cut, broken)) if broken else found


def picture(*, by: Actor, entity: EmailEntity, sha256: str = "") -> None:
    """Put a look at a picture on the record. Needs Preview."""
    with audited(
        by=by, permission=Permission.EMAIL_CONTENT_READ, verb="email.picture", target_type="email", target=entity.id
    ) as result:
        result["after"] = {"sha256": sha256} if sha256 else {"recipient": entity.recipient}


def read_picture(entity: EmailEntity, *, sha256: str = "") -> bytes:
    """A PNG of the mail, or of its HTML file of that hash, for a caller whose look is on the record already.

    Raises NotFound, BadInput for a mail without HTML, NoRenderer.
    """
    raw = _raw(entity)
    if sha256:
        row = file_row(entity, sha256)
        if not is_page(row):
            raise BadInput("Only HTML and SVG files have a picture", place="file")
        return _drawn(f"file {sha256}", lambda: inspection.render_png(inspection.file_of(raw, sha256=sha256)))
    return _drawn(f"mail {entity.record.sha256}", lambda: _mail(raw))


def _mail(raw: bytes) -> bytes:
    html, pictures = inspection.page_of(raw)
    if not html.strip():
        raise BadInput("This mail has no HTML; its text is under “Safe view”", place="html")
    return inspection.render_png(html, pictures=pictures)


def _drawn(key: str, draw: Callable[[], bytes]) -> bytes:
    data = kept.recall("picture", key)
    if data is None or not data.startswith(PNG):
        data = draw()
        kept.keep("picture", key, data)
    return data


def _raw(entity: EmailEntity) -> bytes:
    """The raw mail, if it may be taken apart. Raises NotFound."""
    if why := str(entity.summary.get("unparsable") or ""):
        raise NotFound(f"this mail could not be taken apart: {why}. It can be downloaded")
    raw = raw_mail(entity.record.sha256)
    if len(raw) > LARGEST:
        raise NotFound(f"this mail has {len(raw):,} bytes, too many to be taken apart here. It can be downloaded")
    return raw
