"""The two things made in the browser: a picture of hostile HTML, and a PDF of a document of ours."""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageChops

from watchfloor.inspection.rendering.browser import browser
from watchfloor.inspection.rendering.contracts import BrowserEnded, Cage, TooLarge
from watchfloor.inspection.rendering.devtools import Devtools
from watchfloor.inspection.rendering.pictures import with_pictures

USUAL = Cage()
WIDTH = 800
TALLEST = 6_000
VIEW = 600
MARGIN = 16
MOST_HTML = 4 << 20
MOST_DOCUMENT = 32 << 20
LOADS_WITHIN = 3.0
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"
_DOCTYPE = re.compile(r"\s*<!doctype[^>]{0,300}>", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_PRINTED = """(async () => {
  if (window.printReady) await window.printReady;
  await document.fonts.ready;
})()"""


def render_png(
    html: str | bytes,
    *,
    width: int = WIDTH,
    tallest: int = TALLEST,
    pictures: Mapping[str, bytes] | None = None,
    cage: Cage = USUAL,
) -> bytes:
    """A PNG of hostile HTML, `width` pixels wide, as tall as its content but at most `tallest`; nothing is loaded, nothing runs.

    `pictures` are the mail's own images by Content-ID, which replace `cid:` addresses; remote ones are left out. Bytes are decoded
    as the document says. Raises NoRenderer (see its subclasses).
    """
    text = decoded(html) if isinstance(html, bytes) else html
    if len(text) > MOST_HTML:
        raise TooLarge(f"no renderer: HTML of {len(text):,} characters is not drawn; {MOST_HTML:,} are")
    source = guarded(with_pictures(text, pictures or {}))
    with browser(scripts=False, cage=cage) as tools:
        session = _page(tools)
        tools.call("Emulation.setScriptExecutionDisabled", session=session, value=True)
        size = {"width": width, "height": VIEW, "deviceScaleFactor": 1, "mobile": False}
        tools.call("Emulation.setDeviceMetricsOverride", session=session, **size)
        _show(tools, session, source)
        layout = tools.call("Page.getLayoutMetrics", session=session)["cssContentSize"]
        height = max(1, min(int(layout["height"]), tallest))
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = tools.call(
            "Page.captureScreenshot", session=session, format="png", captureBeyondViewport=True, clip=clip
        )
    return trimmed(_bytes_of(shot), width=width, tallest=tallest)


def print_pdf(html: str, *, cage: Cage = USUAL) -> bytes:
    """A PDF of a self-contained document of ours: inline scripts run, paper and margins come from its own CSS, nothing is loaded.

    A document that draws later sets `window.printReady` to a promise; it is waited for. Raises NoRenderer (see its subclasses).
    """
    if len(html) > MOST_DOCUMENT:
        raise TooLarge(f"no renderer: a document of {len(html):,} characters is not printed")
    with browser(scripts=True, cage=cage) as tools:
        session = _page(tools)
        _show(tools, session, html)
        tools.call("Runtime.evaluate", session=session, expression=_PRINTED, awaitPromise=True)
        options = {"printBackground": True, "preferCSSPageSize": True, "generateTaggedPDF": True}
        made = _bytes_of(tools.call("Page.printToPDF", session=session, **options))
    if not made.startswith(b"%PDF-"):
        raise BrowserEnded("no renderer: Chromium made no PDF")
    return made


def _page(tools: Devtools) -> str:
    """A session on the blank page, where every request and every further frame or worker is stopped."""
    targets = tools.call("Target.getTargets")["targetInfos"]
    blank = [one["targetId"] for one in targets if one["type"] == "page"]
    if not blank:
        raise BrowserEnded("no renderer: Chromium opened no page")
    session = str(tools.call("Target.attachToTarget", targetId=blank[0], flatten=True)["sessionId"])
    tools.call("Target.setAutoAttach", session=session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)
    tools.call("Fetch.enable", session=session)
    tools.call("Page.enable", session=session)
    tools.forget("Page.loadEventFired")
    return session


def _show(tools: Devtools, session: str, html: str) -> None:
    frame = tools.call("Page.getFrameTree", session=session)["frameTree"]["frame"]["id"]
    tools.call("Page.setDocumentContent", session=session, frameId=frame, html=html)
    tools.wait_for("Page.loadEventFired", seconds=LOADS_WITHIN)


def guarded(html: str) -> str:
    """The document under a policy that loads and runs nothing, its doctype kept first, as that decides how it is drawn."""
    found = _DOCTYPE.match(html)
    at = found.end() if found else 0
    return f'{html[:at]}<meta http-equiv="Content-Security-Policy" content="{POLICY}">{html[at:]}'


def decoded(data: bytes) -> str:
    """The text of an HTML file: by its mark, as UTF-8, as it says itself, else as Windows reads it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    named = _CHARSET.search(data[:2048])
    for name in ("utf-8-sig", named[1].decode() if named else "cp1252"):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError):  # not only of decoding: the codec “undefined” raises its parent
            continue
    return data.decode("cp1252", "replace")


def _bytes_of(answer: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(answer["data"], validate=True)
    except (KeyError, binascii.Error) as error:
        raise BrowserEnded("no renderer: Chromium answered with nothing") from error


def trimmed(png: bytes, *, width: int, tallest: int) -> bytes:
    """The picture without the empty space below its content, written anew by us. Raises BrowserEnded when it is no such picture."""
    try:
        picture = Image.open(io.BytesIO(png), formats=["PNG"])
        if picture.width != width or picture.height > tallest:
            raise BrowserEnded("no renderer: Chromium made a picture of another size")
        drawn = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise BrowserEnded("no renderer: Chromium made no picture") from error
    empty = Image.new("RGB", drawn.size, drawn.getpixel((0, drawn.height - 1)))
    box = ImageChops.difference(drawn, empty).getbbox()
    bottom = min(drawn.height, (box[3] if box else 0) + MARGIN)
    out = io.BytesIO()
    drawn.crop((0, 0, width, bottom)).save(out, "PNG", compress_level=4)
    return out.getvalue()
