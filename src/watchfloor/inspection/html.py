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
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|mso-hide\s*:\s*all|text-indent\s*:\s*-\d{3,}|(?<![\w-])color\s*:\s*transparent",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\">\s]+)", re.IGNORECASE)
_NOT_TEXT = ("style", "script", "title", "template", "noscript")
_NEAR = 20
"""How far above its picture a link may stand, in elements."""
_BREAKS = str.maketrans("", "", "\t\r\n")


@dataclass(frozen=True, slots=True)
class Link:
    """One clickable target: `href` as written without blanks, `text` what the reader sees of it."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one HTML body holds. `hidden` is text styled away, `rest` what was cut, `scripts` the source of its scripts.

    `images` are their addresses; `data` are whole `data:` addresses of pictures, links and frames.
    """

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
    scripts: str = ""
    data: tuple[str, ...] = ()


def read_html(source: str, cuts: Limits) -> Page:
    """The page of `source`, which may be any text. Never raises."""
    if len(source) > limits.HTML:
        cuts.cut(f"HTML cut at {limits.HTML >> 20} MB")
    end, why = too_deep(source[: limits.HTML])
    if why:
        cuts.cut(why)
    kept = source[:end]
    rest = source[len(kept) : len(kept) + limits.TEXT]
    ends = _BLOCK if "</td" in kept or "</TD" in kept else _OPEN_CELL
    try:
        tree = LexborHTMLParser(ends.sub("\n<", kept))
    except SelectolaxError:  # out of memory: what was sent to defeat the reader shall not go without a verdict
        cuts.cut("HTML not parsed: it needs more memory than one mail may take")
        return Page(rest=source[: limits.TEXT])
    if tree.root is None:
        return Page(rest=rest)
    found = _Found(tree, cuts)
    links, (images, linked_images) = found.links(), found.images()
    # In this order: what is hidden is removed after the questions to all of the page, what is no text last.
    return Page(
        links=links,
        images=images,
        linked_images=linked_images,
        targets=found.targets(),
        has_form=bool(found.every("form")),
        has_password=any(kind.lower() == "password" for kind in found.attributes("input", "type")),
        has_script=bool(found.every("script")),
        scripts=found.scripts(),
        data=tuple(found.data),
        rest=rest,
        hidden=found.take_hidden(),
        text=found.text(),
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
    """Questions to one parsed page."""

    def __init__(self, tree: LexborHTMLParser, cuts: Limits) -> None:
        self._tree, self._cuts = tree, cuts
        self.data: list[str] = []

    def every(self, tag: str) -> list[LexborNode]:
        """The elements of that name, at most the link limit."""
        nodes = self._tree.tags(tag)
        if len(nodes) > limits.LINKS:
            self._cuts.cut(f"links cut at {limits.LINKS}" if tag == "a" else f"<{tag}> cut at {limits.LINKS}")
        return nodes[: limits.LINKS]

    def attributes(self, tag: str, name: str) -> list[str]:
        """One attribute of those elements that have it, as an address."""
        return [self._address(value) for node in self.every(tag) if (value := node.attrs.sget(name, ""))]

    def _address(self, value: str) -> str:
        if value[:5].lower() == "data:" and len(self.data) < limits.INLINE:
            self.data.append(value[: limits.INLINE_DATA])
        return clean_href(value)

    def links(self) -> tuple[Link, ...]:
        """What can be clicked, with its text."""
        found = []
        budget = 4 * limits.TEXT  # links can lie in one another, and then each says all that the inner ones say
        for node in (*self.every("a"), *self.every("area")):
            attributes = node.attrs
            if href := attributes.sget("href", ""):
                text = node.text(deep=True, separator="") if budget > 0 else ""
                budget -= len(text)
                text = text[:500] or attributes.sget("alt", "")
                found.append(Link(self._address(href), tidy(text)[:300]))
        return tuple(found)

    def images(self) -> tuple[tuple[str, ...], int]:
        """The addresses of pictures, and how many of these stand in links."""
        found, linked = [], 0
        for node in self.every("img"):
            if source := node.attrs.sget("src", ""):
                found.append(self._address(source))
            linked += _in_link(node)
        return tuple(found), linked

    def targets(self) -> tuple[str, ...]:
        """Where forms, frames and refreshes lead."""
        found = self.attributes("form", "action")
        for tag in ("button", "input"):
            found += self.attributes(tag, "formaction")
        for tag in ("iframe", "frame", "embed"):
            found += self.attributes(tag, "src")
        found += self.attributes("object", "data")
        for node in self.every("meta"):
            if node.attrs.sget("http-equiv", "").lower() == "refresh":
                refresh = _REFRESH.search(node.attrs.sget("content", "")[: limits.URL])
                found += [clean_href(refresh[1])] if refresh else []
        return tuple(found)

    def scripts(self) -> str:
        """The source of the scripts, as far as the text limit."""
        return "\n".join(node.text(deep=True) or "" for node in self.every("script"))[: limits.TEXT]

    def take_hidden(self) -> str:
        """Remove the elements styled out of sight and give their text."""
        styled = self._tree.css(_STYLED)
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
        page = self._tree.body or self._tree.root
        if page is None:
            return ""
        page.strip_tags([name for name in _NOT_TEXT if self._tree.tags(name)], recursive=True)
        return tidy(page.text(deep=True, separator="")[: limits.TEXT])


def _in_link(node: LexborNode) -> bool:
    above = node.parent
    for _ in range(_NEAR):
        if above is None:
            return False
        if above.tag == "a":
            return "href" in above.attrs
        above = above.parent
    return False


# Only styles that could hide: most elements of a mail are styled.
_STYLED = "[hidden], " + ", ".join(
    f'[style*="{word}" i]' for word in ("none", "hid", "font-size", "opacity", "indent", "transparent")
)


def _is_hiding(node: LexborNode) -> bool:
    if node.tag in ("body", "html"):
        return False
    attributes = node.attrs
    return _hides(attributes.sget("style", "")[:2000]) or "hidden" in attributes
