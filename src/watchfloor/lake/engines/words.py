"""Which rows of a segment have a word in the column people search (a mail's subject), so that a text need not be looked for in all.

A text that a column contains is made of words, or parts of words, of that column. So rows that hold words with these parts are all
that can meet the condition; the question itself leaves out those that do not. A million rows at a time: each word once, with the
numbers of its rows in `main`. One Arrow file a segment, written once, mapped into memory.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from watchfloor.lake.engines.access_paths import conjuncts

ROWS_AT_ONCE = 1_000_000
SHORTEST = 3
"""Letters: shorter words are in too many others to be worth their room."""
COMMON = 4
"""A word in more than one row of so many tells too little; its rows are not written down."""
MOST_MATCHES = 2_000
"""Words with a part of a text beyond which the text itself is read."""
WORTH, WORTH_ALONE = 40, 4
"""The rows to look at are at most one of so many, or all are read one after the other: a text lies packed with those beside it. More
are worth it where the text itself need not be read."""
MOST_HELD = 16
_APART = "[^0-9a-z\\x{80}-\\x{10FFFF}]+"
_PIECES = re.compile("[0-9a-z\u0080-\U0010ffff]+")
_SCHEMA = pa.schema([("word", pa.string()), ("rows", pa.list_(pa.int32()))])
_TESTS = (exp.Contains, exp.StartsWith, exp.EndsWith, exp.EQ)


def write(path: Path, database: duckdb.DuckDBPyConnection, *, column: str) -> None:
    """Write the words of one column of `made.main`."""
    count = database.execute("SELECT count(*) FROM made.main").fetchall()[0][0]
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, _SCHEMA) as writer:
        for first in range(0, count, ROWS_AT_ONCE):
            most = min(ROWS_AT_ONCE, count - first) // COMMON
            text = f"""
                SELECT w AS word, CASE WHEN count(*) <= {most} THEN list(r) END AS rows FROM (
                    SELECT unnest(list_distinct(regexp_split_to_array(lower("{column}"), '{_APART}'))) AS w,
                        CAST(rowid AS INTEGER) AS r
                    FROM made.main WHERE rowid >= {first} AND rowid < {first + ROWS_AT_ONCE})
                WHERE length(w) >= {SHORTEST} GROUP BY w"""  # noqa: S608 (names of our own schema)
            found = database.cursor().sql(text).to_arrow_table().cast(_SCHEMA).combine_chunks()
            for batch in found.to_batches():
                writer.write_batch(batch)


def pieces(text: str) -> list[str]:
    """The words, or parts of words, that a text has in it wherever a column in lower case contains it."""
    return [piece for piece in _PIECES.findall(text) if len(piece) >= SHORTEST]


def conditions(parts: Iterable[exp.Expr], column: str) -> list[exp.Expr]:
    """Those of the conditions that words can help with: they ask for a text in this column."""
    return [part for part in parts if _asked(part, column) is not None]


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers of `main`'s rows among which are all that meet the conditions; `text` is one that meets them, when all these rows do."""

    rows: pa.Array
    text: str | None


def find(path: str, parts: Sequence[exp.Expr], column: str, *, of: int, alone: bool) -> Found | None:
    """The rows of a segment of `of` rows that may meet all of `parts`; None when these are too many, or the file is gone.

    `alone` says that the column is asked for nowhere else.
    """
    chunks, asked = opened(path), _asked(exp.and_(*parts), column)
    if chunks is None or asked is None:
        return None
    if alone and asked.exact and (rows := _together(asked, chunks, most=of // WORTH_ALONE, wholly=True)) is not None:
        return Found(rows, " ".join(asked.texts))
    rows = _together(asked, chunks, most=of // WORTH, wholly=False)
    return None if rows is None else Found(rows, None)


def _together(asked: "_Wanted", chunks: Sequence[pa.RecordBatch], *, most: int, wholly: bool) -> pa.Array | None:
    found = []
    for chunk in chunks:
        rows = asked.rows(chunk, wholly=wholly)
        most -= most + 1 if rows is None else len(rows)
        if rows is None or most < 0:
            return None
        found.append(rows)
    return pa.concat_arrays(found) if found else pa.array([], pa.int32())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What rows must have: all of some parts of words, and all or any of other demands; `exact` when that is all they must have."""

    parts: tuple[str, ...] = ()
    inside: tuple["_Wanted", ...] = ()
    any_of: bool = False
    exact: bool = False

    @property
    def texts(self) -> list[str]:
        """All parts of words at any depth."""
        return [*self.parts, *(text for one in self.inside for text in one.texts)]

    def rows(self, chunk: pa.RecordBatch, *, wholly: bool) -> pa.Array | None:
        """The rows of a chunk, in any order; None when there may be any, or, `wholly`, when one of the demands cannot be decided."""
        found = [_with(chunk, part) for part in self.parts]
        found += [one.rows(chunk, wholly=wholly) for one in self.inside]
        known = sorted((one for one in found if one is not None), key=len)
        if not known or (len(known) < len(found) and (wholly or self.any_of)):
            return None
        if self.any_of:
            return pc.unique(pa.concat_arrays(known))
        return reduce(lambda one, other: one.filter(pc.is_in(one, other)), known)


def _with(chunk: pa.RecordBatch, part: str) -> pa.Array | None:
    """Rows with a word that has `part` in it."""
    words = chunk.filter(pc.match_substring(chunk.column("word"), part))
    if len(words) > MOST_MATCHES or words.column("rows").null_count:
        return None
    rows = words.column("rows").flatten()
    return rows if len(words) < 2 else pc.unique(rows)


def _asked(part: exp.Expr, column: str) -> _Wanted | None:
    """What a condition asks of the words of a column; None when it may hold without any."""
    if isinstance(part, exp.Paren):
        return _asked(part.this, column)
    if isinstance(part, exp.And):
        sides = [_asked(side, column) for side in conjuncts(part)]
        known = tuple(one for one in sides if one)
        exact = len(known) == len(sides) and all(one.exact for one in known)
        return _Wanted(inside=known, exact=exact) if known else None
    if isinstance(part, exp.Or):
        sides = [_asked(side, column) for side in part.flatten()]
        known = tuple(one for one in sides if one)
        exact = all(one.exact for one in known)
        return _Wanted(inside=known, any_of=True, exact=exact) if len(known) == len(sides) else None
    texts = _texts(part, column)
    found = tuple(piece for text in texts for piece in pieces(text))
    return _Wanted(parts=found, exact=_contains(part, *found)) if found else None


def _contains(part: exp.Expr, *found: str) -> bool:
    """Whether a condition says that the column in lower case contains this one part of a word, and no more."""
    said = part.expression.this
    if isinstance(part, exp.Contains):
        return isinstance(part.this, exp.Lower) and (said,) == found
    return isinstance(part, exp.ILike) and (said.lower(),) == tuple(f"%{one}%" for one in found)


def _texts(part: exp.Expr, column: str) -> list[str]:
    """Texts that the column in lower case contains wherever the condition holds."""
    side = part.this if isinstance(part, (*_TESTS, exp.Like, exp.ILike)) else None
    lowered = isinstance(side, exp.Lower)
    named = side.this if isinstance(side, exp.Lower) else side
    text = part.args.get("expression")
    more = any(told for key, told in part.args.items() if key not in ("this", "expression"))  # as that it must not hold
    if more or not isinstance(named, exp.Column) or named.name != column:
        return []
    if not isinstance(text, exp.Literal) or not text.is_string:
        return []
    if lowered and isinstance(part, _TESTS):
        return [text.this]
    if not text.this.isascii():  # of other letters only the engine knows which are the same in lower case
        return []
    return re.split("[%_]", text.this.lower()) if isinstance(part, exp.Like | exp.ILike) else [text.this.lower()]


def opened(path: str) -> Sequence[pa.RecordBatch] | None:
    """The file, mapped; None when it is gone or broken."""
    with _guard:
        return _opened(path)


_guard = threading.Lock()


@lru_cache(maxsize=MOST_HELD)
def _opened(path: str) -> Sequence[pa.RecordBatch] | None:
    try:
        file = pa.ipc.open_file(pa.memory_map(path))
        return [file.get_batch(number) for number in range(file.num_record_batches)]
    except (OSError, pa.ArrowInvalid):
        return None
