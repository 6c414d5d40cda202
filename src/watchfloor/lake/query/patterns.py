"""Patterns that people type: wildcards turned into RE2, regular expressions checked before an engine sees them. Pure."""

import re
from fnmatch import translate

from watchfloor.kernel.errors import BadInput

LONGEST = 500
MOST_REPEATS = 1000
LOOKS = {
    "(?=": "look-ahead",
    "(?!": "look-ahead",
    "(?<=": "look-behind",
    "(?<!": "look-behind",
    "(?>": "an atomic group",
}
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_OPENING = re.compile(r"\(\?(?:[imsU]*(?:-[imsU]+)?[:)]|P?<\w+>)")
_ESCAPES = frozenset("abtnvfrdDsSwWAzBpPQECx0123456789")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def wildcard(value: str) -> str:
    """The regular expression, for RE2, of a text with * and ?; it holds for whole texts."""
    return "(?s)^" + "".join({"*": ".*", "?": "."}.get(sign) or literal(sign) for sign in value) + "$"


def literal(text: str) -> str:
    """A regular expression, for RE2, that fits exactly this text."""
    safe = re.sub(r"([^\w\s\x00-\x1f\x7f-\U0010ffff])", r"\\\1", text, flags=re.ASCII)
    return _CONTROL.sub(lambda found: f"\\x{{{ord(found.group()):x}}}", safe)


def in_memory(value: str) -> re.Pattern[str]:
    """The same wildcard for Python, which must fit the whole text; its time grows with the text's length alone."""
    return re.compile(translate(value.replace("[", "[[]")))


def checked(pattern: str, *, place: str) -> str:
    """The regular expression as it is. Raises BadInput that says where (counted from 1) it is none of RE2's, and why."""
    if len(pattern) > LONGEST:
        raise _wrong(f"is longer than {LONGEST} characters", LONGEST, place)
    _Reader(pattern, place).read()
    return pattern


def _wrong(why: str, at: int, place: str) -> BadInput:
    return BadInput(f"the regular expression {why}, at character {at + 1}", place=place)


class _Reader:
    """Reads a pattern from left to right and stops at the first thing RE2 refuses."""

    def __init__(self, text: str, place: str) -> None:
        self.text, self.place, self.at = text, place, 0
        self.open: list[int] = []
        self.repeatable = False

    def read(self) -> None:
        while self.at < len(self.text):
            self._next(self.text[self.at])
        if self.open:
            raise self._refused("opens a bracket that nothing closes", self.open[-1])

    def _refused(self, why: str, at: int | None = None) -> BadInput:
        return _wrong(why, self.at if at is None else at, self.place)

    def _next(self, sign: str) -> None:
        if sign == "\\":
            self._escape()
        elif sign == "[":
            self._set()
        elif sign == "(":
            self._opened()
        elif sign == ")":
            self._closed()
        elif sign in "*+?" or _REPEAT.match(self.text, self.at):
            self._repeated(sign)
        else:
            self.repeatable = sign not in "^|"
            self.at += 1

    def _escape(self) -> None:
        letter = self.text[self.at + 1 : self.at + 2]
        if not letter:
            raise self._refused("ends in a backslash")
        if letter in "123456789":
            raise self._refused("refers back to a group, which no safe engine can")
        if letter.isalnum() and letter.isascii() and letter not in _ESCAPES:
            raise self._refused(f"has an unknown escape “\\{letter}”")
        if letter == "Q":
            end = self.text.find("\\E", self.at)
            self.at = len(self.text) if end < 0 else end
        self.at += 2
        self.repeatable = True

    def _set(self) -> None:
        start = self.at
        self.at += 2 if self.text.startswith("[^", self.at) else 1
        if self.text.startswith("]", self.at):
            self.at += 1
        while self.at < len(self.text) and self.text[self.at] != "]":
            if self.text.startswith("[:", self.at) and (end := self.text.find(":]", self.at)) > 0:
                self.at = end + 2
            else:
                self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise self._refused("opens a set of characters that nothing closes", start)
        self.at += 1
        self.repeatable = True

    def _opened(self) -> None:
        for look, what in LOOKS.items():
            if self.text.startswith(look, self.at):
                raise self._refused(f"uses {what}, which no safe engine knows")
        start = self.at
        if not self.text.startswith("(?", self.at):
            self.at += 1
        elif found := _OPENING.match(self.text, self.at):
            self.at = found.end()
            if found.group().endswith(")"):
                return
        else:
            raise self._refused("has an unknown kind of group")
        self.open.append(start)
        self.repeatable = False

    def _closed(self) -> None:
        if not self.open:
            raise self._refused("closes a bracket that nothing opened")
        self.open.pop()
        self.at += 1
        self.repeatable = True

    def _repeated(self, sign: str) -> None:
        if not self.repeatable:
            raise self._refused(f"repeats nothing with “{sign}”")
        if found := _REPEAT.match(self.text, self.at):
            low, high = int(found[1]), int(found[2] or found[1])
            if max(low, high) > MOST_REPEATS:
                raise self._refused(f"repeats more than {MOST_REPEATS} times")
            if high < low:
                raise self._refused("counts repeats downwards")
            self.at = found.end()
        else:
            self.at += 1
        self.at += 1 if self.text.startswith("?", self.at) else 0
        self.repeatable = False
