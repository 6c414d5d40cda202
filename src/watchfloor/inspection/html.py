"""One HTML body as its reader sees it, and what it hides: text, links with their text, forms, images.

Read by an HTML5 parser, since others lose what follows `</html>`. The parser is quadratic in depth, so size and
depth are counted first and cut; the rest of a cut body is still searched for addresses.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from watchfloor.inspection import limits
from watchfloor.inspection.limits import Limits
from watchfloor.kernel.markup import FLAT, TAG

_FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_BLOCK = re.compile(r"<(?=/?(?:p|div|td|th|tr|br|li|h[1-6]|table|ul|ol|hr|center|section)\b)", re.IGNORECASE)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0*(?:\.0+)?(?:px|pt|em|%)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|mso-hide\s*:\s*all|text-indent\s*:\s*-\d{3,}|color\s*:\s*transparent",
    re.IGNORECASE,
)
_SPACE = re.compile(r"[ \t\r\f\v\xa0]+")
_LINES = re.compile(r"\s*\n\s*")
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\">\s]+)", re.IGNORECASE)
_NOT_TEXT = ["style", "script", "head", "title", "template", "noscript"]


@dataclass(frozen=True, slots=True)
class Link:
    """One clickable target: `href` as written without blanks, `text` what the reader sees of it."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one HTML body holds. `hidden` is text styled away; `images` are remote addresses; `rest` is what was cut."""

    text: str = ""
    hidden: str = ""
    links: tuple[Link, ...] = ()
    images: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    linked_images: int = 0
    has_form: bool = False
    has_password: bool = False
    has_script: bool = False
    rest: str = ""


def read_html(source: str, cuts: Limits) -> Page:
    """The page of `source`, which may be any text. Never raises."""
    if len(source) > limits.HTML:
        cuts.cut(f"HTML cut at {limits.HTML >> 20} MB")
    end, why = _too_deep(source[: limits.HTML])
    if end:
        cuts.cut(why)
    kept = source[: end or limits.HTML]
    rest = source[len(kept) : len(kept) + limits.TEXT]
    try:
        tree = LexborHTMLParser(_BLOCK.sub("\n<", kept))
    except SelectolaxError:  # out of memory: what was sent to defeat the reader shall not go without a verdict
        cuts.cut("HTML not parsed: it needs more memory than one mail may take")
        return Page(rest=source[: limits.TEXT])
    root = tree.root
    if root is None:
        return Page(rest=rest)
    links = _links(root, cuts)
    page = Page(
        links=links,
        images=_attributes(root, "img[src]", "src", cuts),
        targets=_targets(root, cuts),
        linked_images=len(root.css("a[href] img")),
        has_form=root.css_first("form") is not None,
        has_password=root.css_first("input[type=password i]") is not None,
        has_script=root.css_first("script") is not None,
        hidden=_take_hidden(root, cuts),
        rest=rest,
    )
    root.strip_tags(_NOT_TEXT, recursive=True)
    return replace(page, text=tidy(root.text(deep=True, separator="")[: limits.TEXT]))


def tidy(text: str) -> str:
    """Runs of blanks as one blank, runs of line breaks as one."""
    return _LINES.sub("\n", _SPACE.sub(" ", text)).strip()


def _too_deep(source: str) -> tuple[int, str]:
    """Where the open tags pass the depth limit, and which limit; 0 when they never do. Cheap: counts, does not parse.

    A parser opens formatting that was never closed anew in every block: 20 kB of it can become gigabytes.
    """
    if source.count("<") <= limits.HTML_DEPTH:
        return 0, ""
    standing: Counter[str] = Counter()
    depth = formatting = copies = 0
    for tag in TAG.finditer(source):
        name = tag[2].lower()
        if not tag[1] and (copies := copies + formatting) > limits.HTML_COPIES:
            return tag.start(), "HTML cut where open formatting multiplies it"
        if name in FLAT:
            continue
        step = 1 if not tag[1] else -1 if standing[name] else 0  # closing what is not open closes nothing
        standing[name] += step
        depth += step
        if name in _FORMATTING:
            formatting += step
        if depth > limits.HTML_DEPTH:
            return tag.start(), f"HTML cut at depth {limits.HTML_DEPTH}"
    return 0, ""


def _links(root: LexborNode, cuts: Limits) -> tuple[Link, ...]:
    nodes = root.css("a[href], area[href]")
    if len(nodes) > limits.LINKS:
        cuts.cut(f"links cut at {limits.LINKS}")
    found = []
    for node in nodes[: limits.LINKS]:
        text = node.text(deep=True, separator="")[:500] or node.attrs.sget("alt", "")
        found.append(Link(clean_href(node.attrs.sget("href", "")), tidy(text)[:300]))
    return tuple(found)


def clean_href(href: str) -> str:
    """The address as a browser takes it: tabs and line breaks inside dropped, blanks around stripped."""
    return re.sub(r"[\t\r\n]", "", href[: limits.URL]).strip()


def _attributes(root: LexborNode, selector: str, name: str, cuts: Limits) -> tuple[str, ...]:
    nodes = root.css(selector)
    if len(nodes) > limits.LINKS:
        cuts.cut(f"images cut at {limits.LINKS}")
    return tuple(clean_href(node.attrs.sget(name, "")) for node in nodes[: limits.LINKS])


def _targets(root: LexborNode, cuts: Limits) -> tuple[str, ...]:
    """Where forms, frames and refreshes lead."""
    found = list(_attributes(root, "form[action]", "action", cuts))
    found += _attributes(root, "iframe[src], frame[src], embed[src]", "src", cuts)
    for content in _attributes(root, "meta[http-equiv=refresh i]", "content", cuts):
        if refresh := _REFRESH.search(content):
            found.append(refresh[1])
    return tuple(found)


def _take_hidden(root: LexborNode, cuts: Limits) -> str:
    """Remove the nodes styled out of sight and give their text."""
    outermost: dict[int, LexborNode] = {}
    styled = root.css("[style], [hidden]")
    if len(styled) > limits.STYLED:
        cuts.cut(f"search for hidden text cut at {limits.STYLED} styled elements")
    for node in styled[: limits.STYLED]:
        if len(outermost) < 200 and _is_hiding(node) and not _inside(node, outermost):
            outermost[node.mem_id] = node
    texts = [tidy(node.text(deep=True, separator="")[:5000]) for node in outermost.values()]
    # Only after all reading: a removed node's children are freed, and none of them is in the list.
    for node in outermost.values():
        node.decompose()
    return "\n".join(text for text in texts if text)[: limits.WORDS]


def _is_hiding(node: LexborNode) -> bool:
    if node.tag in ("body", "html"):
        return False
    attributes = node.attrs
    return "hidden" in attributes or _HIDING.search(attributes.sget("style", "")[:2000]) is not None


def _inside(node: LexborNode, others: dict[int, LexborNode]) -> bool:
    parent = node.parent
    while others and parent is not None:
        if parent.mem_id in others:
            return True
        parent = parent.parent
    return False
