"""Values of Sigma as texts of KQL: quoted, or as regular expressions of RE2, over plain text or over the text of JSON."""

import json
import re
from collections.abc import Callable, Iterable

from sigma.types import Placeholder, SigmaString, SpecialChars

from watchfloor.hunting.sigma.refusing import Refusal

_SPECIAL = re.compile(r"[^\w ,;:=@%&'<>/\"!~`-]|-", re.ASCII)
ANY, ONE = "(?s:.*)", "(?s:.)"
JSON_ONE = r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\.)'


def quoted(text: str) -> str:
    """The text as a literal of KQL. Raises Refusal for a NUL, which no column holds."""
    if "\0" in text:
        raise Refusal("a value holds a NUL character, which no column of ours can hold")
    return '"' + "".join(map(_sign, text)) + '"'


def _sign(sign: str) -> str:
    if sign in '\\"':
        return "\\" + sign
    return f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign


def escaped(text: str) -> str:
    """A pattern of RE2 that matches this text alone."""
    return _SPECIAL.sub(lambda match: _pattern_sign(match[0]), text)


def _pattern_sign(sign: str) -> str:
    if ord(sign) > 127:
        return sign
    return "\\" + sign if ord(sign) > 32 and ord(sign) != 127 else f"\\x{ord(sign):02x}"


def pieces(value: SigmaString) -> list[str | SpecialChars]:
    """Texts and wildcards in turn, wildcards that follow one another and say the same taken together."""
    found: list[str | SpecialChars] = []
    for part in value.s:
        if isinstance(part, Placeholder):
            raise Refusal(f"the placeholder %{part.name}% has no values here")
        if part is SpecialChars.WILDCARD_MULTI and found and found[-1] is part:
            continue
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found


def plain(value: SigmaString) -> str:
    """The text without the wildcards around it; "" when there are others inside it."""
    inner = [part for part in pieces(value) if part is not SpecialChars.WILDCARD_MULTI]
    return inner[0] if len(inner) == 1 and isinstance(inner[0], str) else ""


def _joined(parts: Iterable[str | SpecialChars], text: Callable[[str], str], any_: str, one: str) -> str:
    signs = {SpecialChars.WILDCARD_MULTI: any_, SpecialChars.WILDCARD_SINGLE: one}
    return "".join(text(part) if isinstance(part, str) else signs[part] for part in parts)


def pattern(value: SigmaString, *, cased: bool) -> str:
    """The whole text as RE2."""
    body = _joined(pieces(value), escaped, ANY, ONE)
    return ("" if cased else "(?i)") + f"^{body}$"


def json_pattern(value: SigmaString, *, quotes: bool) -> str:
    """A scalar of JSON that is this text, as RE2: a string, or a number or word of the same spelling.

    `quotes` lets the text stand in quotes once more inside the string, as Entra ID writes changed values.
    """
    body = _joined(pieces(value), _json_text, JSON_ONE + "*", JSON_ONE)
    more = r'(?:\\")?' if quotes else ""
    whole = "".join(part for part in value.s if isinstance(part, str))
    bare = f"|{escaped(whole)}\\b" if re.fullmatch(r"-?\d+(\.\d+)?|true|false", whole, re.IGNORECASE) else ""
    return f'(?:"{more}{body}{more}"{bare})'


def _json_text(text: str) -> str:
    """The text as it stands inside a string of JSON, each sign that has two spellings in both."""
    return "".join(map(_json_sign, text))


def _json_sign(sign: str) -> str:
    written = escaped(json.dumps(sign, ensure_ascii=False)[1:-1])
    if sign == "/":
        return r"\\?/"
    if ord(sign) < 127 and sign.isprintable():
        return written
    code = escaped(json.dumps(sign)[1:-1])
    return written if code == written else f"(?:{written}|{code})"
