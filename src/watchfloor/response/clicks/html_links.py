"""Links in HTML, found as a browser's tokenizer finds them: one pass, no regular expression that goes back. Pure.

Rewritten are the values of `href` of whatever a person can click (also in Outlook's conditional comments), where forms go, and URLs
that stand as bare text, which mail programs make clickable: they become links. What a link shows stays as it was.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from watchfloor.response.clicks.text_links import urls_at

Wrap = Callable[[str], str | None]
"""Gives the protected link for a URL, None to leave it alone."""

_NAME = re.compile(r"[a-zA-Z][^\s/>]*+")
_BASE = re.compile(r"<base(?=[\s/])", re.IGNORECASE)
_BEFORE = re.compile(r"[\s/]*+")
_ATTRIBUTE = re.compile(r"[^\s/>=][^\s/>=]*+")
_EQUALS = re.compile(r"\s*+=\s*+")
_BARE = re.compile(r"[^\s>]*+")
_RAW = {"script", "style", "title", "textarea", "xmp", "noembed", "iframe", "noframes", "plaintext"}
"""Elements whose content is text of theirs, not markup."""
_FORMS = {"form": "action", "button": "formaction", "input": "formaction"}
"""The attribute that says where what is filled in goes."""
FORM = "/form"
"""Behind a protected link: what is sent there is sent on."""
_NOT_CLICKED = {"link", "base", "image", "use", "script", "style"}
_LINKS = ("href", "xlink:href")
_AROUND_URL = "".join(map(chr, range(33)))
"""Control characters and blanks, which browsers cut off."""
_INSIDE_URL = str.maketrans("", "", "\t\r\n")


@dataclass(frozen=True, slots=True)
class Change:
    """Put `new` in the place of [start, end). `before` and `after` are line ends that may stand around it without changing what
    is read, for lines that would grow too long."""

    start: int
    end: int
    new: str
    before: int = -1
    after: int = -1


@dataclass(slots=True)
class _Tag:
    name: str
    end: int
    links: list[tuple[str, int, int, int]]
    """(value, start, end, where the attribute begins) of each href or form's address."""
    sends: bool = False


def changes(text: str, wrap: Wrap, *, step: Callable[[], None] = lambda: None) -> Iterator[Change]:
    """Every change to an HTML text, in order; `step` is called with each tag and may raise."""
    at, inside, base = 0, 0, _base_of(text)
    while at < len(text):
        step()
        opened = text.find("<", at)
        stop = len(text) if opened < 0 else opened
        if not inside:
            yield from _bare(text, at, stop, wrap)
        if opened < 0:
            return
        after = _markup(text, opened)
        if after is not None:
            at = after
            continue
        if text.startswith("</", opened):
            inside, at = _closing(text, opened, inside)
            continue
        tag = _tag(text, opened)
        if tag is None:
            if tag_begins(text, opened):
                return  # a quote that never ends: a browser shows nothing of the rest
            at = opened + 1
            continue
        if tag.name not in _NOT_CLICKED:
            yield from _links(tag, base, wrap)
        inside += tag.name == "a"
        at = _after_raw(text, tag) if tag.name in _RAW else tag.end


def _base_of(text: str) -> str:
    """What relative links are read by: the first base that says so, wherever it stands."""
    at = 0
    while found := _BASE.search(text, at):
        tag = _tag(text, found.start())
        if tag is None:
            return ""
        if tag.links:
            return _value(tag.links[0][0])
        at = tag.end
    return ""


def tag_begins(text: str, at: int) -> bool:
    """Whether a `<` starts a tag, by the letter after it."""
    return at + 1 < len(text) and text[at + 1].isascii() and text[at + 1].isalpha()


def _markup(text: str, at: int) -> int | None:
    """Where a comment or declaration ends; inside a conditional comment reading goes on, since Outlook does too."""
    if text.startswith("<!--", at):
        if text.startswith("[if", at + 4):
            end = text.find("]>", at)
            return len(text) if end < 0 else end + 2
        end = text.find("-->", at + 4)
        return len(text) if end < 0 else end + 3
    if text.startswith(("<!", "<?"), at):
        end = text.find(">", at)
        return len(text) if end < 0 else end + 1
    return None


def _closing(text: str, at: int, inside: int) -> tuple[int, int]:
    end = text.find(">", at)
    is_link = text[at + 2 : at + 4].lower() in ("a>", "a ")
    return max(inside - is_link, 0), len(text) if end < 0 else end + 1


def _tag(text: str, at: int) -> _Tag | None:
    """The tag at a `<`, None when there is none or it never ends."""
    named = _NAME.match(text, at + 1)
    if named is None:
        return None
    tag, at = _Tag(named[0].lower(), 0, []), named.end()
    seen: set[str] = set()
    while True:
        space = _BEFORE.match(text, at)
        at = space.end() if space else at
        if at >= len(text):
            return None
        if text[at] == ">":
            tag.end = at + 1
            return tag
        name = _ATTRIBUTE.match(text, at)
        start, at = at, name.end() if name else at + 1
        equals = _EQUALS.match(text, at)
        if equals is None:
            continue
        value = _attribute_value(text, equals.end())
        if value is None:
            return None
        written = name[0].lower() if name else ""
        if (
            written in (*_LINKS, _FORMS.get(tag.name)) and written not in seen
        ):  # of one given twice browsers take the first
            seen.add(written)
            tag.sends = written not in _LINKS
            tag.links.append((text[slice(*value)], *value, start))
        at = value[1] + (text[value[1] : value[1] + 1] in ('"', "'") and value[0] > equals.end())


def _attribute_value(text: str, at: int) -> tuple[int, int] | None:
    """Where a value begins and ends, without its quotes; None when its quote never ends."""
    quote = text[at : at + 1]
    if quote in ('"', "'") and quote:
        end = text.find(quote, at + 1)
        return None if end < 0 else (at + 1, end)
    bare = _BARE.match(text, at)
    return at, bare.end() if bare else at


def _after_raw(text: str, tag: _Tag) -> int:
    end = re.compile(f"</{tag.name}", re.IGNORECASE).search(text, tag.end)
    return end.start() if end else len(text)


def _links(tag: _Tag, base: str, wrap: Wrap) -> Iterator[Change]:
    for value, start, end, name in tag.links:
        target = clickable(_value(value), base)
        if target and (new := wrap(target)):
            yield Change(start, end, f"{new}{FORM}" if tag.sends else new, before=name)


def _value(text: str) -> str:
    return html.unescape(text).translate(_INSIDE_URL).strip(_AROUND_URL)


def clickable(value: str, base: str = "") -> str:
    """The web address a browser would go to, "" for what is none (mailto, an anchor, a picture inside the mail)."""
    plain = value.replace("\\", "/")
    if plain[:4].lower() == "www.":
        return f"http://{value}"
    if plain.startswith("//"):
        return f"https:{plain}"
    if re.match(r"https?:", plain, re.IGNORECASE):
        rest = plain.partition(":")[2].lstrip("/")
        return f"{plain.partition(':')[0].lower()}://{rest}" if rest else ""
    if base and not re.match(r"[a-z][a-z0-9+.-]*:|#|\Z", plain, re.IGNORECASE):
        try:
            return clickable(urljoin(base, value))
        except ValueError:
            return ""
    return ""


def _bare(text: str, start: int, stop: int, wrap: Wrap) -> Iterator[Change]:
    """URLs written out outside of a link; `&` stands as an entity in them."""
    for first, last in urls_at(text, start, stop):
        shown = text[first:last]
        target = clickable(_value(shown))
        if target and (new := wrap(target)):
            yield Change(first, last, f'<a href="{new}">{shown}</a>', before=first, after=last)
