"""The content of a hostile mail as HTML that can do nothing: no script, style, form, frame, remote load or link.

nh3 keeps a short list of tags; links become text that shows their real target; pictures stay only when the mail carries them.
nh3 is quadratic in depth, so depth and size are bounded before it sees anything (mail-pipeline: 60,000 nested div take 7 s).
"""

import base64
import hashlib
import re
from html import escape, unescape

import nh3

from watchfloor.inspection.services import too_deep
from watchfloor.kernel.text import NAMED, visible, visible_lines
from watchfloor.mail.contracts import PreviewBody

MOST_HTML = 1 << 20
MOST_TEXT = 1 << 20
MOST_URL = 2_000

TAGS = frozenset(
    [
        "a",
        "abbr",
        "address",
        "article",
        "b",
        "bdi",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
GONE = frozenset(
    [
        "script",
        "style",
        "title",
        "noscript",
        "template",
        "iframe",
        "frame",
        "object",
        "embed",
        "svg",
        "math",
        "select",
        "textarea",
        "option",
        "audio",
        "video",
        "canvas",
    ]
)
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
SHOWN_SCHEMES = {
    "http",
    "https",
    "mailto",
    "tel",
    "sms",
    "ftp",
    "file",
    "javascript",
    "vbscript",
    "data",
    "cid",
    "callto",
    "blob",
}
PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]+\Z", re.IGNORECASE)
NUMBER = re.compile(r"[0-9]{1,3}\Z")
OPENED = re.compile(r'<a(?: href="([^"]*)")?>')
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")

STYLE = (
    "body{margin:16px;font:14px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;overflow-wrap:anywhere}"
    "img{max-width:100%}pre{white-space:pre-wrap}td,th{vertical-align:top}"
    ".target{color:#8a2b06;font-family:monospace;font-size:12px}.link{border-bottom:1px dashed #8a2b06}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{STYLE_HASH}'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def inert_page(*, html: str, text: str) -> PreviewBody:
    """A whole page to serve under POLICY: the HTML body made inert, else the plain text, with notes on what was done."""
    notes: list[str] = []
    body = ""
    if html:
        why = too_much(html)
        body = "" if why else inert_html(html, notes)
        if why:
            notes.append(f"The HTML is not shown because {why}; this is its text.")
    if not body:
        body = (
            f"<pre>{escape(visible_lines(text[:MOST_TEXT]))}</pre>" if text.strip() else "<p>This mail has no text.</p>"
        )
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mail</title><style>{STYLE}</style></head>'
    )
    return PreviewBody(f"{page}<body>{body}</body></html>", tuple(notes))


def too_much(html: str) -> str:
    """Why this HTML is not given to the sanitiser, in words; empty when it is."""
    if len(html) > MOST_HTML:
        return f"it has {len(html):,} characters"
    return "its tags are nested too deep for the sanitiser" if too_deep(html)[1] else ""


def inert_html(html: str, notes: list[str]) -> str:
    """The sanitised body; empty when, against all expectation, a link survived."""
    remote = 0

    def allowed(tag: str, attribute: str, value: str) -> str | None:
        nonlocal remote
        if attribute == "src":
            if PICTURE.match(value):
                return value
            remote += 1
            return None
        if attribute in ("colspan", "rowspan"):
            return value if NUMBER.match(value) else None
        return value

    clean = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(GONE),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=allowed,
        url_schemes=set(SHOWN_SCHEMES),
        link_rel=None,
    )
    links = len(OPENED.findall(clean))
    clean = OPENED.sub(_shown_target, clean).replace("</a>", "</span>")
    if remote:
        notes.append(
            f"{remote} {'picture was' if remote == 1 else 'pictures were'} not loaded, as loading tells the sender."
        )
    if links:
        notes.append(
            f"{links} {'link is' if links == 1 else 'links are'} shown as text with the real target beside it."
        )
    clean = TURNING.sub(lambda found: f"⟨{NAMED[found.group()]}⟩", clean)
    return "" if re.search(r"<a[\s>]", clean) else clean


def _shown_target(found: re.Match[str]) -> str:
    """A link's beginning: its real target in words; what was the link's text follows it."""
    target = visible(unescape(found.group(1) or "")[:MOST_URL])
    return f'<span class="link"><span class="target">[{escape(target)}]</span> ' if target else '<span class="link">'
