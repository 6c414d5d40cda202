"""The fly-out of one attachment, its lists as CSV, and pictures drawn in a locked-up browser."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.inspection.analysis.contracts import Analysis
from watchfloor.inspection.services import NoRenderer
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.kernel.text import csv_line, visible
from watchfloor.mail import deep, selectors
from watchfloor.mail.contracts import EmailEntity
from watchfloor.mail.judgement import entry_address
from watchfloor.mail.views import Asked, as_file, entity_of, missing

PICTURE_SALT = "mail.picture"
PICTURE_SECONDS = 120
TONES = {"high": "danger", "medium": "warning", "low": "neutral"}


@require_GET
@requires(Permission.EMAIL_CONTENT_READ)
def attachment(request: Asked, network_message_id: str, sha256: str) -> HttpResponse:
    """EE-31, EE-32: the file, what it is made of and what it is built to do."""
    try:
        found = entity_of(request, network_message_id)
        row = deep.file_row(found, sha256)
        analysis = deep.analysis_of(by=request.actor, entity=found, sha256=sha256)
    except NotFound as error:
        return missing(request, error)
    tunes = request.actor.may(Permission.DETECTION_TUNE)
    home = f"{selectors.email_address(found.id)}/attachments/{sha256}"
    context = {
        "analysis": analysis,
        "name": visible(row["FileName"]) or "(no name)",
        "file_facts": file_facts(analysis),
        "summary_facts": summary_facts(analysis),
        "tree": [(one, "\u2003" * one.level, visible(one.path.rsplit("/", 1)[-1])) for one in analysis.tree],
        "behaviours": [(one, TONES.get(one.level, "neutral")) for one in analysis.behaviours],
        "tree_address": f"{home}/tree.csv",
        "behaviours_address": f"{home}/behaviours.csv",
        "indicators_address": f"{home}/indicators.csv",
        "picture_address": picture_address(request, found, sha256) if deep.is_page(row) else "",
        "explorer": selectors.explorer_address("EmailAttachmentInfo.SHA256", sha256, around=found.record.received_at),
        "block_address": entry_address(found, "sha256", sha256) if tunes else "",
    }
    return render(request, "mail/attachment.html", context)


def file_facts(found: Analysis) -> list[tuple[str, Any]]:
    """EE-32."""
    return [
        ("Type by content", visible(found.file_type)),
        ("Extension", visible(found.extension)),
        ("Size", f"{found.size:,} bytes"),
        ("SHA-256", found.sha256),
        ("SHA-1", found.sha1),
        ("MD5", found.md5),
        ("Entropy", f"{found.entropy:.2f} of 8 bits a byte"),
    ]


def summary_facts(found: Analysis) -> list[tuple[str, Any]]:
    """The outcome in figures."""
    high = sum(one.level == "high" for one in found.behaviours)
    rules = f"{len(found.matches)} of the rules in {found.rules} files" if found.rules else "No rules to match"
    return [
        ("Serious behaviours", f"{high} of {len(found.behaviours)}"),
        ("YARA matches", rules),
        ("Files inside", max(len(found.tree) - 1, 0)),
        ("Macros", len(found.macros)),
        ("Links", len(found.links)),
        ("Indicators", len(found.indicators)),
    ]


def picture_address(request: HttpRequest, found: EmailEntity, sha256: str = "") -> str:
    """Where the fragment with the picture is; drawing happens when it is asked for."""
    part = f"attachments/{sha256}/picture" if sha256 else "picture"
    return selectors.email_address(found.id, recipient=found.recipient, part=part)


@require_GET
@requires(Permission.EMAIL_CONTENT_READ)
def picture(request: Asked, network_message_id: str, sha256: str = "") -> HttpResponse:
    """The picture in its frame of words, or why there is none. Drawn and kept here, so that the image itself comes at once."""
    try:
        found = entity_of(request, network_message_id)
        deep.picture(by=request.actor, entity=found, sha256=sha256)
        deep.read_picture(found, sha256=sha256)
    except (NotFound, BadInput, NoRenderer) as error:
        return render(request, "mail/picture.html", {"problem": visible(error.message)})
    once = signing.dumps([found.id, sha256, request.actor.id], salt=PICTURE_SALT)
    part = f"attachments/{sha256}/picture.png" if sha256 else "picture.png"
    address = f"{selectors.email_address(found.id, part=part)}?{urlencode({'pass': once})}"
    return render(request, "mail/picture.html", {"address": address, "file": bool(sha256)})


@require_GET
@requires(Permission.EMAIL_CONTENT_READ)
def picture_png(request: Asked, network_message_id: str, sha256: str = "") -> HttpResponse:
    """The image, only with the pass that a look on the record gave out."""
    try:
        passed = signing.loads(request.GET.get("pass", ""), salt=PICTURE_SALT, max_age=PICTURE_SECONDS)
        if passed != [network_message_id, sha256, request.actor.id]:
            raise signing.BadSignature
        data = deep.read_picture(entity_of(request, network_message_id), sha256=sha256)
    except (signing.BadSignature, NotFound, BadInput, NoRenderer):
        return HttpResponse("Open the picture again.", status=403, content_type="text/plain; charset=utf-8")
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store"}
    return HttpResponse(data, content_type="image/png", headers=headers)


@require_GET
@requires(Permission.EMAIL_CONTENT_READ)
def attachment_export(request: Asked, network_message_id: str, sha256: str, what: str) -> HttpResponse:
    """The tree (Top, Level1, Level2 …), the behaviours or the indicators as CSV; on the record like the fly-out."""
    try:
        found = entity_of(request, network_message_id)
        analysis = deep.analysis_of(by=request.actor, entity=found, sha256=sha256)
    except NotFound as error:
        return missing(request, error)
    return as_file(map(csv_line, LINES[what](analysis)), name=f"attachment-{what}.csv")


def tree_lines(found: Analysis) -> Iterable[list[object]]:
    """One line a file, its name in the column of its level (EE-31)."""
    deepest = max((one.level for one in found.tree), default=0)
    names = ["Top", *(f"Level{level}" for level in range(1, deepest + 1))]
    yield [*names, "Type", "Size", "SHA256", "Threat", "Remark"]
    for one in found.tree:
        place = [""] * one.level + [visible(one.path.rsplit("/", 1)[-1])] + [""] * (deepest - one.level)
        yield [*place, one.file_type, one.size, one.sha256, one.threat, one.remark]


def behaviour_lines(found: Analysis) -> Iterable[list[object]]:
    yield ["Level", "Behaviour", "File", "Details"]
    for one in found.behaviours:
        yield [one.level, one.what, visible(one.where), visible(one.detail)]


def indicator_lines(found: Analysis) -> Iterable[list[object]]:
    yield ["Kind", "Value"]
    yield ["SHA256", found.sha256]
    for kind, value in found.indicators:
        yield [kind, visible(value)]


LINES = {"tree": tree_lines, "behaviours": behaviour_lines, "indicators": indicator_lines}
