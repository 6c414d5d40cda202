"""Finding quarantined mail by any part of its subject, addresses, Message-ID, text, file names and URLs (LM-18).

A word finds what contains it (`voice` finds invoice), `*` stands for any characters of one word, quotes find whole words side by
side, a minus leaves out, and subject: from: to: id: text: file: url: look in one part only. All words must be met.

Measured on SQLite with 200,000 mails of 1.5 kB of text, processor time with the page drawn: the median question 55 ms, nineteen
of twenty under 280 ms. Looking through the newest 5,000 answers common words in about 20 ms; rare ones are found through the
index of three-character pieces. Alone, the index took 300 ms to sort the matches of a word that half of all mails hold; a table
of words would find no parts of words, and positions in the index would double it and save little.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import Lookup, Q, QuerySet, Transform
from django.db.models.expressions import RawSQL

from watchfloor.response.quarantine.models import QuarantinedMail

MARKS = {
    "subject": "\x02",
    "from": "\x03",
    "to": "\x04",
    "id": "\x05",
    "text": "\x06",
    "file": "\x0e",
    "url": "\x0f",
}
"""The parts in their order; a mark stands before each, and no mail's own text holds one."""
END = "\x10"
NEAR = 5_000
MOST_TERMS = 12
LONGEST_TERM = 200
MOST_STARS = 3
MOST_PIECES = 30
INDEX = "response_quarantinetext_pieces"
TERM = re.compile(rf'(-?)(?:({"|".join(MARKS)}):)?("([^"]*)"?|\S+)', re.IGNORECASE)


@models.TextField.register_lookup
class Like(Lookup):
    """A pattern with % as it is; the caller escapes."""

    lookup_name = "like"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        left, values = self.process_lhs(compiler, connection)
        right, more = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right} ESCAPE '\\'", (*values, *more)


@models.TextField.register_lookup
class Unindexed(Transform):
    """The text as it is, and for PostgreSQL no text that its index of pieces knows.

    Its planner knows nothing of how common a part of a word is and asks that index first, which for a common one names nearly
    every mail, where looking through the few newest is a hundred times less.
    """

    lookup_name = "unindexed"
    output_field = models.TextField()

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        sql, values = compiler.compile(self.lhs)
        return f"({sql} || '')" if connection.vendor == "postgresql" else sql, tuple(values)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing looked for: `pieces` are its folded parts between wildcards; `part` a key of MARKS or "" for everywhere."""

    pieces: tuple[str, ...]
    part: str = ""
    whole: bool = False
    absent: bool = False

    def condition(self, text: str = "search__text") -> Q:
        """On this text of a mail."""
        found = Q(**{f"{text}__like": self._pattern()})
        if self.whole or len(self.pieces) > 1:
            found &= Q(**{f"{text}__regex": self._regex()})
        return ~found if self.absent else found

    def _pattern(self) -> str:
        inner = "%".join(map(_escaped, self.pieces))
        return f"%{MARKS[self.part]}%{inner}%{_after(self.part)}%" if self.part else f"%{inner}%"

    def _regex(self) -> str:
        inner = "[^ ]{0,80}".join(map(_quoted, self.pieces))
        inner = rf"(^|[^\w]){inner}($|[^\w])" if self.whole else inner
        if not self.part:
            return inner
        mark, end = MARKS[self.part], _after(self.part)
        return f"{mark}[^{end}]*{inner}[^{end}]*{end}"


def folded(text: str) -> str:
    """As text is stored and asked for: one kind of letter, no control characters, single spaces."""
    plain = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode()).casefold()
    return " ".join("".join(" " if unicodedata.category(one) == "Cc" else one for one in plain).split())


def marked(parts: dict[str, str]) -> str:
    """The stored text of these parts, each folded."""
    return "".join(f"{mark} {folded(parts.get(name, ''))} " for name, mark in MARKS.items()) + END


def parse(text: str) -> tuple[Term, ...]:
    """What a person typed, as terms; what says nothing is left out."""
    found = []
    for minus, part, plain, quoted in TERM.findall(text.replace("\x00", ""))[:MOST_TERMS]:
        exact = plain.startswith('"')
        word = folded(quoted if exact else plain)[:LONGEST_TERM]
        pieces = (word,) if exact else tuple(one for one in word.split("*", MOST_STARS) if one)
        if any(pieces):
            found.append(Term(pieces, part.lower(), whole=exact, absent=bool(minus)))
    return tuple(found)


def sentence(terms: Sequence[Term]) -> str:
    """“voice” in the subject, without “newsletter”."""
    names = {
        "subject": "the subject",
        "from": "the sender",
        "to": "the recipients",
        "id": "the Message-ID",
        "text": "the text",
        "file": "a file name",
        "url": "a URL",
    }
    words = []
    for term in terms:
        where = f" in {names[term.part]}" if term.part else ""
        words.append(f"{'without ' if term.absent else ''}{_said(term)}{where}")
    return ", ".join(words)


def matching(mails: "QuerySet[QuarantinedMail]", terms: Sequence[Term]) -> "QuerySet[QuarantinedMail]":
    """All that meet every term, found through the index where it can help."""
    pieces = _pieces(terms)
    if pieces and connection.vendor == "sqlite":
        asked = " AND ".join('"' + one.replace('"', '""') + '"' for one in pieces)
        found = RawSQL(f"SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH %s", (asked,))  # noqa: S608, S611 - our own names
        mails = mails.filter(pk__in=found)
    return _all(mails, terms)


def one_page(
    mails: "QuerySet[QuarantinedMail]", terms: Sequence[Term], *, order: Sequence[str], start: int, size: int, most: int
) -> tuple[list[QuarantinedMail], int]:
    """`size` of them from `start` on, in this order, and how many there are, counted up to `most` + 1.

    The newest (or oldest, as sorted) are looked through first, which answers what is common; then the index is asked, once.
    """
    end = start + size
    if not terms:
        return list(mails.order_by(*order)[start:end]), mails.order_by()[: most + 1].count()
    near, all_near = _near(mails, order)
    if near is not None:
        found = list(
            _all(near, terms, text="search__text__unindexed")
            .order_by(*order)
            .values_list("pk", flat=True)[: max(end, most + 1)]
        )
        if all_near or len(found) > max(end, most):
            return _in_order(found[start:end]), min(len(found), most + 1)
        if len(found) >= end:
            return _in_order(found[start:end]), counted(mails, terms, most=most)
    keys = list(matching(mails, terms).order_by(*order).values_list("pk", flat=True)[: max(end, most + 1)])
    return _in_order(keys[start:end]), min(len(keys), most + 1)


def counted(mails: "QuerySet[QuarantinedMail]", terms: Sequence[Term], *, most: int) -> int:
    """How many there are, counted up to `most` + 1."""
    return matching(mails, terms).order_by()[: most + 1].count()


def _near(mails: "QuerySet[QuarantinedMail]", order: Sequence[str]) -> tuple["QuerySet[QuarantinedMail] | None", bool]:
    """The first NEAR mails in this order, and whether that is all of them; None where the order follows no time.

    Named by their keys: asked for those since a moment, SQLite reads the texts of all mails and picks afterwards.
    """
    first = mails.order_by(*order).values("pk")
    near = QuarantinedMail.objects.filter(pk__in=first[:NEAR])
    if not first[NEAR - 1 : NEAR]:
        return near, True
    return (near if order[0].removeprefix("-") == "received_at" else None), False


def _all(
    mails: "QuerySet[QuarantinedMail]", terms: Sequence[Term], *, text: str = "search__text"
) -> "QuerySet[QuarantinedMail]":
    for term in terms:
        mails = mails.filter(term.condition(text))
    return mails


def _in_order(keys: Sequence[int]) -> list[QuarantinedMail]:
    found = QuarantinedMail.objects.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _pieces(terms: Sequence[Term]) -> tuple[str, ...]:
    """The three-character pieces that every match holds; of very many some, spread over the words."""
    every: dict[str, None] = {}
    for term in terms:
        for piece in () if term.absent else term.pieces:
            every |= dict.fromkeys(piece[at : at + 3] for at in range(len(piece) - 2))
    kept = tuple(every)
    step = max(1, -(-len(kept) // MOST_PIECES))
    return kept[::step]


def _said(term: Term) -> str:
    return f"the words “{term.pieces[0]}”" if term.whole else f"“{'*'.join(term.pieces)}”"


def _after(part: str) -> str:
    names = list(MARKS)
    place = names.index(part) + 1
    return MARKS[names[place]] if place < len(names) else END


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _quoted(text: str) -> str:
    """For Python's and PostgreSQL's regular expressions alike."""
    return re.sub(r"([^\w\s])", r"\\\1", text)
