"""Links in HTML, found as a browser's tokenizer finds them: one pass, no regular expression that goes back. Pure.

Rewritten are the values of `href` of whatever a person can click (also in Outlook's conditional comments), where forms go, and URLs
that stand as bare text, which mail programs make clickable: they become links. What a link shows stays as it was.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from watchfloor.response.clicks.text_links import LONGEST, urls_at

Wrap = Callable[[str], str | None]
"""Gives the protected link for a URL, None to leave it alone."""

_BLANK = r" \t\n\r\f"
"""What browsers take for blanks in a tag; Python's own would read other letters as blanks, and the tag in another way."""
_NAME = re.compile(rf"[a-zA-Z][^{_BLANK}/>]*+")
_BASE = re.compile(rf"<base(?=[{_BLANK}/])", re.IGNORECASE)
_BEFORE = re.compile(rf"[{_BLANK}/]*+")
_ATTRIBUTE = re.compile(rf"[^{_BLANK}/>=][^{_BLANK}/>=]*+")
_EQUALS = re.compile(rf"[{_BLANK}]*+=[{_BLANK}]*+")
_BARE = re.compile(rf"[^{_BLANK}>]*+")
_COMMENT_END = re.compile(r"--!?>")
_NO_COMMENT = re.compile(r"-?>")
_OTHER_RULES = ("svg", "math")
"""Inside of them what begins like `style` is markup, which only a browser's whole parser can follow."""
_REFRESH = re.compile(rf"[\d.{_BLANK}]*+[;,][{_BLANK}]*+(?:url[{_BLANK}]*+=[{_BLANK}]*+)?['\"]?", re.IGNORECASE)
"""What stands before the address in the content of a `meta` that leads on."""
_RAW = {"script", "style", "title", "textarea", "xmp", "noembed", "iframe", "noframes", "plaintext"}
"""Elements whose content is text of theirs, not markup."""
_FORMS = {"form": "action", "button": "formaction", "input": "formaction"}
"""The attribute that says where what is filled in goes."""
FORM = "/form"
"""Behind a protected link: what is sent there is sent on."""
_NOT_CLICKED = {"link", "base", "image", "use", "script", "style"}
_LINKS = ("href",)
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
    at, inside, limit, other_rules, base = 0, 0, 0, False, _base_of(text)
    while at < len(text):
        step()
        opened = text.find("<", at)
        stop = len(text) if opened < 0 else opened
        if not inside:
            yield from _bare(text, at, stop, wrap)
        if opened < 0:
            return
        if other_rules and text.startswith("<![CDATA[", opened):
            yield from swept(text, opened, base, wrap, step)
            return
        after = _markup(text, opened, limit)
        if after is not None:
            at, limit = after[0], max(limit, after[1])
            continue
        closes = text.startswith("</", opened)
        tag = _tag(text, opened + closes)
        if tag is None or opened < limit < tag.end:
            if opened < limit:
                at = limit  # of a comment: whoever does not read inside it goes on behind it
                continue
            if tag_begins(text, opened + closes):
                return  # a quote that never ends: a browser shows nothing of the rest
            at = _closed(text, opened) if closes else opened + 1
            continue
        if closes:
            inside, at = max(inside - (tag.name == "a"), 0), tag.end
            continue
        if tag.name not in _NOT_CLICKED:
            yield from _links(tag, base, wrap)
        inside, at = inside + (tag.name == "a"), tag.end
        other_rules = other_rules or tag.name in _OTHER_RULES
        if tag.name in _RAW:
            at = _after_raw(text, tag)
            if other_rules or (tag.name == "script" and text.find("<!--", tag.end, at) >= 0):
                yield from swept(text, tag.end, base, wrap, step)
                return
            at = min(at, limit) if opened < limit else at


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


def _markup(text: str, at: int, limit: int) -> tuple[int, int] | None:
    """(where a comment or declaration ends, 0). Inside a conditional comment reading goes on, since Outlook does too: then where
    its content begins, and where the comment ends for others."""
    if text.startswith("<!--", at):
        if empty := _NO_COMMENT.match(text, at + 4):
            return empty.end(), 0
        found = _COMMENT_END.search(text, at + 4) if at >= limit else None  # inside a comment nobody begins another
        end = found.end() if found else limit if at < limit else len(text)
        inner = text.find("]>", at, end) if text.startswith("[if", at + 4) else -1
        return (end, 0) if inner < 0 else (inner + 2, end)
    return (_closed(text, at), 0) if text.startswith(("<!", "<?"), at) else None


def _closed(text: str, at: int) -> int:
    end = text.find(">", at)
    return len(text) if end < 0 else end + 1


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
        if _leads(tag.name, written) and written not in seen:  # of one given twice browsers take the first
            seen.add(written)
            tag.sends = written == _FORMS.get(tag.name)
            tag.links.append((text[slice(*value)], *value, start))
        at = value[1] + (text[value[1] : value[1] + 1] in ('"', "'") and value[0] > equals.end())


def _leads(tag: str, attribute: str) -> bool:
    """Whether an attribute says where to go; `href` under any prefix, as in pages of XML each names its own."""
    name = attribute.rpartition(":")[2]
    return name in _LINKS or attribute == _FORMS.get(tag) or (tag == "meta" and attribute == "content")


def _attribute_value(text: str, at: int) -> tuple[int, int] | None:
    """Where a value begins and ends, without its quotes; None when its quote never ends."""
    quote = text[at : at + 1]
    if quote in ('"', "'") and quote:
        end = text.find(quote, at + 1)
        return None if end < 0 else (at + 1, end)
    bare = _BARE.match(text, at)
    return at, bare.end() if bare else at


def _after_raw(text: str, tag: _Tag) -> int:
    end = re.compile(rf"</{tag.name}(?=[{_BLANK}/>])", re.IGNORECASE).search(text, tag.end)
    return end.start() if end else len(text)


def _links(tag: _Tag, base: str, wrap: Wrap) -> Iterator[Change]:
    for value, start, end, name in tag.links:
        plain, head = _value(value), ""
        if tag.name == "meta":
            leads_on = _REFRESH.match(plain)
            if leads_on is None:
                continue
            plain, head = plain[leads_on.end() :].rstrip("'\""), "0;url="
        target = clickable(plain, "" if head else base)
        if target and (new := wrap(target)):
            yield Change(start, end, f"{head}{new}{FORM}" if tag.sends else f"{head}{new}", before=name)


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


_ANY_LINK = re.compile(rf"(?:href|action)[{_BLANK}]*+=[{_BLANK}]*+", re.IGNORECASE)


def swept(text: str, at: int, base: str, wrap: Wrap, step: Callable[[], None]) -> Iterator[Change]:
    """Every value after `href=` or `action=`, wherever it stands: for a text that could be read in more than one way.

    What only looks like a link there (in a script, a style sheet, a comment) is protected too.
    """
    while found := _ANY_LINK.search(text, at):
        step()
        at = found.end()
        value = _near_value(text, at)
        target = clickable(_value(text[slice(*value)]), base) if value else ""
        if value and target and (new := wrap(target)):
            sends = found[0][:6].lower() == "action"
            yield Change(*value, f"{new}{FORM}" if sends else new)
            at = value[1]


def _near_value(text: str, at: int) -> tuple[int, int] | None:
    """As `_attribute_value`, no farther than a URL goes: here values are looked for inside of values."""
    near = text[at : at + LONGEST]
    value = _attribute_value(near, 0)
    return (at + value[0], at + value[1]) if value else None
