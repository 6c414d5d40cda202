"""The organisation's logo in digests (QU-32): a picture made anew from what was uploaded, carried in the mail, fetched from nowhere."""

import base64
import re
from io import BytesIO

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from PIL import Image, UnidentifiedImageError

from watchfloor.connectors.contracts import Attachment
from watchfloor.kernel.errors import BadInput

LARGEST = 512 << 10
MOST_PIXELS = 4_000_000
FITS = (320, 96)
"""Wider or higher ones are shrunk to this."""
CONTENT_ID = "logo@watchfloor"
_KINDS = ("PNG", "JPEG")
_LINK = re.compile(r"https?://\S+")


def prepared(content: bytes) -> bytes:
    """A PNG of the same picture, at most `FITS`, without whatever else the file held. Raises BadInput for what is no such picture."""
    if len(content) > LARGEST:
        raise BadInput("a logo has 512 KB at most", place="logo")
    try:
        picture = Image.open(BytesIO(content), formats=_KINDS)
        if picture.width * picture.height > MOST_PIXELS:
            raise BadInput("a logo has at most 4 million pixels, as 2000 times 2000", place="logo")
        shown = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise BadInput("the file is no picture that mail programs show: use PNG or JPEG", place="logo") from None
    shown.thumbnail(FITS)
    drawn = BytesIO()
    shown.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def inline_logo(logo: bytes | memoryview) -> Attachment:
    """The logo as a mail carries it."""
    return Attachment("logo.png", "image/png", bytes(logo), inline=CONTENT_ID)


def logo_address(logo: bytes | memoryview | None) -> str:
    """The logo as a page shows it; empty for none."""
    return f"data:image/png;base64,{base64.b64encode(bytes(logo)).decode()}" if logo else ""


def as_html(text: str) -> SafeString:
    """The plain text below the logo: paragraphs, and our own links; strangers' words hold none (see `digest.unlinked`)."""
    parts = [_paragraph(one) for one in text.split("\n\n") if one.strip()]
    head = f'<p><img src="cid:{CONTENT_ID}" alt=""></p>'
    return mark_safe("".join(["<!doctype html><html><body>", head, *parts, "</body></html>"]))  # noqa: S308 - each part is escaped


def _paragraph(text: str) -> str:
    words = _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(text.strip("\n")))
    return f"<p>{words.replace(chr(10), '<br>')}</p>"
