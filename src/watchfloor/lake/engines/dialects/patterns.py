"""Regular expressions of RE2, which DuckDB reads, in the words of Java's (Spark) and of Rust's (Sail).

Every part that the three read alike stays; what they read otherwise is written out: `$` ends the text and not its last line,
`\\d`, `\\w`, `\\s` are ASCII, letters fold as Unicode does. What has no counterpart is refused.
"""

import re
from dataclasses import dataclass

CLASSES = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": "\\t\\n\\f\\r ",
}
POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "digit": "0-9", "lower": "a-z", "upper": "A-Z", "space": "\\t\\n\\x0b\\f\\r ",
    "xdigit": "0-9A-Fa-f", "punct": "!-/:-@\\[-`{-~", "word": "0-9A-Za-z_", "blank": "\\t ", "cntrl": "\\x00-\\x1f\\x7f",
    "print": " -~", "graph": "!-~", "ascii": "\\x00-\\x7f",
}  # fmt: skip
_PROPERTY = re.compile(r"\\([pP])(\w|\{\^?\w+\})")
_HEX = re.compile(r"\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_NAMED = re.compile(r"\(\?P?<(\w+)>")
_PLAIN_ESCAPES = frozenset("tnfr")


class NoPattern(ValueError):
    """What this part of a pattern means to RE2 the other engine cannot say."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """`fold` is the flag that folds case as Unicode does."""

    fold: str
    set_marks: str
    """Characters that mean something inside a set there and nothing to RE2."""


JAVA = Grammar(fold="iu", set_marks="&[~")
RUST = Grammar(fold="i", set_marks="&[~-")


def rewritten(pattern: str, grammar: Grammar) -> str:
    """The pattern in the other grammar. Raises NoPattern."""
    return _Rewriter(pattern, grammar).run()


class _Rewriter:
    def __init__(self, pattern: str, grammar: Grammar) -> None:
        self.text, self.grammar, self.at = pattern, grammar, 0
        self.out: list[str] = []
        self.lines = False

    def run(self) -> str:
        while self.at < len(self.text):
            self._next()
        return "".join(self.out)

    def _take(self, count: int, written: str | None = None) -> None:
        self.out.append(self.text[self.at : self.at + count] if written is None else written)
        self.at += count

    def _next(self) -> None:
        sign = self.text[self.at]
        if sign == "\\":
            self._escape()
        elif sign == "[":
            self._set()
        elif sign == "(":
            self._group()
        elif sign == "$" and not self.lines:
            self._take(1, "\\z")
        elif sign == "." and self.grammar is JAVA and "s" not in self._flags():
            self._take(1, "[^\\n]")
        elif sign in "{}" and not re.match(r"\{\d+(,\d*)?\}", self.text[self.at :]):
            self._take(1, f"\\{sign}")
        elif sign == "{":
            self._take(self.text.index("}", self.at) - self.at + 1)
        elif sign == "]":
            self._take(1, "\\]")
        elif sign in "*+?}" and self.text[self.at + 1 : self.at + 2] == "+":
            raise NoPattern(f"“{sign}+”")  # possessive to Java, an error to RE2
        else:
            self._take(1)

    def _flags(self) -> str:
        """Flags set at the start, which is where people set them."""
        found = re.match(r"\(\?([a-zA-Z]+)\)", self.text)
        return found[1] if found else ""

    def _group(self) -> None:
        if named := _NAMED.match(self.text, self.at):
            self._take(named.end() - self.at, "(")
        elif flags := _FLAGS.match(self.text, self.at):
            on, off, end = flags[1], flags[2] or "", flags[3]
            if "U" in on + off or ("s" in on + off and self.at > 0):
                raise NoPattern(f"“{flags[0]}”")
            self.lines = self.lines or "m" in on
            on = on.replace("i", self.grammar.fold)
            self._take(len(flags[0]), f"(?{on}{'-' + off.replace('i', self.grammar.fold) if off else ''}{end}")
        elif self.text.startswith("(?", self.at) and not self.text.startswith("(?:", self.at):
            raise NoPattern(f"“{self.text[self.at : self.at + 3]}”")
        else:
            self._take(1)

    def _escape(self, *, inside: bool = False) -> None:
        rest = self.text[self.at :]
        letter = rest[1:2]
        if letter.lower() in CLASSES:
            if letter.isupper() and inside:
                raise NoPattern(f"“\\{letter}” in a set")
            held = CLASSES[letter.lower()]
            self._take(2, held if inside else f"[{'^' if letter.isupper() else ''}{held}]")
        elif found := _PROPERTY.match(rest):
            name = found[2].strip("{}")
            sign = found[1] if not name.startswith("^") else "pP"[found[1] == "p"]
            self._take(found.end(), f"\\{sign}{{{_script(name.lstrip('^'), self.grammar)}}}")
        elif found := _HEX.match(rest):
            self._take(found.end(), f"\\x{{{found[1] or found[2]}}}")
        elif letter in _PLAIN_ESCAPES:
            self._take(2)
        elif letter == "v":
            self._take(2, "\\x0b")
        elif letter == "a":
            self._take(2, "\\x07")
        elif letter in ("A", "z") and not inside:
            self._take(2, "^" if letter == "A" and not self.lines else f"\\{letter}")
        elif letter in ("b", "B") and not inside:
            word = "[0-9A-Za-z_]"
            if self.grammar is JAVA:
                either = f"(?<={word})(?!{word})|(?<!{word})(?={word})"
                both = f"(?<={word})(?={word})|(?<!{word})(?!{word})"
                self._take(2, f"(?:{either if letter == 'b' else both})")
            else:
                self._take(2, f"(?-u:\\{letter})")
        elif letter and not letter.isalnum():
            self._take(2, f"\\x{{{ord(letter):x}}}")
        elif letter == "Q":
            end = rest.find("\\E")
            held = rest[2:] if end < 0 else rest[2:end]
            self._take(len(rest) if end < 0 else end + 2, "".join(f"\\x{{{ord(one):x}}}" for one in held))
        else:
            raise NoPattern(f"“\\{letter}”")

    def _set(self) -> None:
        self._take(1)
        if self.text[self.at : self.at + 1] == "^":
            self._take(1)
        if self.text[self.at : self.at + 1] == "]":
            self._take(1, "\\]")
        while self.at < len(self.text) and self.text[self.at] != "]":
            if self.text.startswith("[:", self.at):
                end = self.text.find(":]", self.at)
                name = self.text[self.at + 2 : end]
                if end < 0 or name not in POSIX:
                    raise NoPattern(f"“[:{name[:12]}”")
                self._take(end + 2 - self.at, POSIX[name])
            elif self.text[self.at] == "\\":
                self._escape(inside=True)
            elif self.text[self.at] in self.grammar.set_marks:
                self._mark()
            else:
                self._take(1)
        if self.at >= len(self.text):
            raise NoPattern("a set without end")
        self._take(1)

    def _mark(self) -> None:
        sign = self.text[self.at]
        alone = sign != "-" or self.text.startswith("--", self.at)
        self._take(1, f"\\{sign}" if alone else sign)


def _script(name: str, grammar: Grammar) -> str:
    """A class of letters; Java wants scripts told from categories."""
    return f"Is{name}" if grammar is JAVA and len(name) > 2 else name


def replacement(text: str, grammar: Grammar) -> str:
    """What is put in: `\\1` is a group, everything else itself."""
    out: list[str] = []
    at = 0
    while at < len(text):
        sign, following = text[at], text[at + 1 : at + 2]
        if sign == "\\" and following.isdigit():
            out.append(f"${following}" if grammar is JAVA else f"${{{following}}}")
            at += 2
            if grammar is JAVA and text[at : at + 1].isdigit():
                raise NoPattern("a digit after a group")
        elif sign == "\\" and following == "\\":
            out.append("\\\\" if grammar is JAVA else "\\")
            at += 2
        elif sign == "$":
            out.append("\\$" if grammar is JAVA else "$$")
            at += 1
        elif sign == "\\":
            raise NoPattern("a single backslash in what is put in")
        else:
            out.append(sign)
            at += 1
    return "".join(out)
