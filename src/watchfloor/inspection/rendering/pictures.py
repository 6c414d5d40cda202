"""A mail's own pictures put into its HTML: `cid:` addresses become data, so that nothing need be fetched."""

import base64
import re
from collections.abc import Mapping

MOST_BYTES = 8 << 20
MOST_PICTURES = 60
KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"BM": "bmp"}
_CID = re.compile(r"""cid:([^"'\s>)]{1,400})""", re.IGNORECASE)


def with_pictures(html: str, pictures: Mapping[str, bytes]) -> str:
    """The HTML with every `cid:` that names one of `pictures` replaced, up to 8 MB of them; each counts every time it stands."""
    left = MOST_BYTES
    count = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal left, count
        data = pictures.get(found[1]) or pictures.get(found[1].strip("<>"))
        kind = kind_of(data) if data else ""
        if not data or not kind or len(data) > left or count >= MOST_PICTURES:
            return found[0]
        left -= len(data)
        count += 1
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"

    return _CID.sub(replaced, html)


def kind_of(data: bytes) -> str:
    """png, jpeg, gif, webp or bmp by the first bytes; "" for what is none of them (SVG is not: it is a document)."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((kind for mark, kind in KINDS.items() if data.startswith(mark)), "")
