"""One HTML body as its reader sees it, and what it hides: text, links with their text, forms, images.

Read by an HTML5 parser, since others lose what follows `</html>`. The parser is quadratic in depth, so size and
depth are counted first and cut; the rest of a cut body is still searched for addresses.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from watchfloor.inspection import limits
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.nesting import too_deep


def _ends_lines(cells: str) -> re.Pattern[str]:
    """Where a line ends for the reader. Both cases spelled out: a pattern that ignores case is twice as slow."""
    names = ["p", "div", "br", "li", "ul", "ol", "hr", "dt", "dd", "center", "section", "blockquote"]
    either = ["".join(f"[{letter}{letter.upper()}]" for letter in name) for name in names]
    return re.compile(f"<(?=/?(?:{'|'.join(either)}|[hH][1-6])(?![a-zA-Z])|{cells})")


# Not before `<tr` and `<td` when cells are closed: between cells, text costs the parser dearly.
_BLOCK = _ends_lines("/[tT][dDhH]")
_OPEN_CELL = _ends_lines("/?[tT][dDhHrR]")
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0*(?:\.0+)?(?:px|pt|em|%)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|mso-hide\s*:\s*all|text-indent\s*:\s*-\d{3,}|color\s*:\s*transparent",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\">\s]+)", re.IGNORECASE)
_NOT_TEXT = ["style", "script", "head", "title", "template", "noscript"]
_BREAKS = str.maketrans("", "", "\t\r\n")


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
    end, why = too_deep(source[: limits.HTML])
    if why:
        cuts.cut(why)
    kept = source[:end]
    rest = source[len(kept) : len(kept) + limits.TEXT]
    tags = kept.lower()
    try:
        tree = LexborHTMLParser((_BLOCK if "</td" in tags else _OPEN_CELL).sub("\n<", kept))
    except SelectolaxError:  # out of memory: what was sent to defeat the reader shall not go without a verdict
        cuts.cut("HTML not parsed: it needs more memory than one mail may take")
        return Page(rest=source[: limits.TEXT])
    root = tree.root
    if root is None:
        return Page(rest=rest)
    found = _Found(root, tags, cuts)
    links, images = found.links(), found.attributes("<im", "img[src]", "src")
    return (
        Page(  # in this order: what is hidden is removed after the questions to all of the page, what is no text last
            links=links,
            images=images,
            targets=found.targets(),
            linked_images=len(root.css("a[href] img")) if links and images else 0,
            has_form=found.has("<form", "form"),
            has_password=found.has("<input", "input[type=password i]"),
            has_script=found.has("<script", "script"),
            rest=rest,
            hidden=found.take_hidden(),
            text=found.text(),
        )
    )


def tidy(text: str) -> str:
    """Runs of blanks as one blank, runs of line breaks as one."""
    return "\n".join([" ".join(words) for line in text.split("\n") if (words := line.split())])


def clean_href(href: str) -> str:
    """The address as a browser takes it: tabs and line breaks inside dropped, blanks around stripped."""
    return href[: limits.URL].translate(_BREAKS).strip()


@lru_cache(maxsize=4096)
def _hides(style: str) -> bool:
    return _HIDING.search(style) is not None


class _Found:
    """Questions to one parsed page. `tags` is its source in lower case: what no tag names is not looked for."""

    def __init__(self, root: LexborNode, tags: str, cuts: Limits) -> None:
        self._root, self._tags, self._cuts = root, tags, cuts

    def has(self, tag: str, selector: str) -> bool:
        """Whether an element is there."""
        return tag in self._tags and self._root.css_first(selector) is not None

    def attributes(self, tag: str, selector: str, name: str) -> tuple[str, ...]:
        """One attribute of every such element."""
        if tag not in self._tags:
            return ()
        nodes = self._root.css(selector)
        if len(nodes) > limits.LINKS:
            self._cuts.cut(f"images cut at {limits.LINKS}")
        return tuple(clean_href(node.attrs.sget(name, "")) for node in nodes[: limits.LINKS])

    def links(self) -> tuple[Link, ...]:
        """What can be clicked, with its text."""
        if "href" not in self._tags:
            return ()
        nodes = self._root.css("a[href], area[href]")
        if len(nodes) > limits.LINKS:
            self._cuts.cut(f"links cut at {limits.LINKS}")
        found = []
        budget = 4 * limits.TEXT  # links can lie in one another, and then each says all that the inner ones say
        for node in nodes[: limits.LINKS]:
            text = node.text(deep=True, separator="") if budget > 0 else ""
            budget -= len(text)
            text = text[:500] or node.attrs.sget("alt", "")
            found.append(Link(clean_href(node.attrs.sget("href", "")), tidy(text)[:300]))
        return tuple(found)

    def targets(self) -> tuple[str, ...]:
        """Where forms, frames and refreshes lead."""
        found = [*self.attributes("<form", "form[action]", "action")]
        found += self.attributes("formaction", "[formaction]", "formaction")
        found += self.attributes("frame", "iframe[src], frame[src]", "src")
        found += self.attributes("<embed", "embed[src]", "src")
        for content in self.attributes("http-equiv", "meta[http-equiv=refresh i]", "content"):
            if refresh := _REFRESH.search(content):
                found.append(refresh[1])
        return tuple(found)

    def take_hidden(self) -> str:
        """Remove the elements styled out of sight and give their text."""
        if "style" not in self._tags and "hidden" not in self._tags:
            return ""
        styled = self._root.css(_STYLED)
        if len(styled) > limits.STYLED:
            self._cuts.cut(f"search for hidden text cut at {limits.STYLED} styled elements")
        outermost: list[LexborNode] = []
        inside: set[int] = set()
        for node in styled[: limits.STYLED]:
            if len(outermost) < 200 and node.mem_id not in inside and _is_hiding(node):
                outermost.append(node)
                inside.update(inner.mem_id for inner in node.css(_STYLED))
        texts = [tidy(node.text(deep=True, separator="")[:5000]) for node in outermost]
        # Only after all reading: a removed element's children are freed, and none of them is in the list.
        for node in outermost:
            node.decompose()
        return "\n".join(text for text in texts if text)[: limits.WORDS]

    def text(self) -> str:
        """The visible text; call last, for it removes what is none."""
        self._root.strip_tags(_NOT_TEXT, recursive=True)
        return tidy(self._root.text(deep=True, separator="")[: limits.TEXT])


# Only styles that could hide: most elements of a mail are styled.
_STYLED = "[hidden], " + ", ".join(
    f'[style*="{word}" i]' for word in ("none", "hid", "font-size", "opacity", "indent", "transparent")
)


def _is_hiding(node: LexborNode) -> bool:
    if node.tag in ("body", "html"):
        return False
    attributes = node.attrs
    return _hides(attributes.sget("style", "")[:2000]) or "hidden" in attributes
