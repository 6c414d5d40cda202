"""Reading less: the few rows a question names from the blocks of segments, or the rows that have the words it looks for."""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.lake.engines import rows, words
from watchfloor.lake.engines.access_paths import ALL, Question, Wanted, required, times, wanted
from watchfloor.lake.engines.at_hand import INSTANT
from watchfloor.lake.engines.plain import Plain
from watchfloor.lake.engines.segments import Segment
from watchfloor.lake.engines.source import Source, needed

log = logging.getLogger(__name__)


def _wanted(asked: Question, name: str, segment: Segment) -> Wanted:
    return wanted(asked, name, key=segment.key, id=segment.id, other=segment.other, folded=segment.folded)


def pieces_for(asked: Plain, source: Source) -> list[pa.RecordBatch | pa.Table] | None:
    """All rows of a source that a plain question may ask for, among others; None when not all of them are found quickly."""
    segments, found = source.segments, list[pa.RecordBatch | pa.Table]()
    if segments:
        first = segments[0]
        ask = asked.wanted(key=first.key, id=first.id, other=first.other, folded=first.folded)
        if ask == ALL or source.bare:
            return None
        for segment in segments:
            few = _few_pieces(segment, ask)
            if few is None:
                return None
            found += few
    elif source.files:
        return None
    return found if source.hot is None else [*found, source.hot]


def _few_pieces(segment: Segment, ask: Wanted) -> Sequence[pa.RecordBatch | pa.Table] | None:
    """Blocks of a segment with the rows asked for; None when there are many, or its blocks are gone."""
    try:
        few = rows.pieces(segment.blocks, ask)
    except sqlite3.Error as error:
        log.warning("rows of segment %s cannot be read: %s", segment.blocks, error)
        return None
    if few is None or segment.since is None:
        return few
    return [one.filter(pc.greater_equal(one.column("Timestamp"), pa.scalar(segment.since, INSTANT))) for one in few]


def read_by(asked: Question, sources: Mapping[str, Source]) -> dict[str, Source]:
    """The sources that a tree names, those it wants few rows of with the rows themselves."""
    named = {name.lower() for name in asked.tables}
    read = {name: source for name, source in sources.items() if name.lower() in named}
    return {name: _searched(asked, name, _looked_up(asked, name, source)) for name, source in read.items()}


def _looked_up(asked: Question, name: str, source: Source) -> Source:
    """The source with the few rows asked for in the place of the segments that hold them, where the tree asks for few."""
    ask = _wanted(asked, name, source.segments[0]) if source.segments else ALL
    if ask == ALL:
        return source
    more = bool(source.bare) or any(one.since for one in source.segments)
    columns = None if more else needed(asked, source)
    found = [(segment, _few_rows(segment, ask, columns)) for segment in source.segments]
    if columns is not None and any(few is None for _, few in found):  # files are read beside them, by all their names
        columns, found = None, [(one, None if few is None else _few_rows(one, ask, None)) for one, few in found]
    read = [(segment, few) for segment, few in found if few is not None]
    if not read:
        return source
    held = {file for segment, _ in read for file in segment.covers}
    hot = [] if source.hot is None else [source.hot if columns is None else source.hot.select(columns)]
    return replace(
        source,
        files=tuple(file for file in source.files if file.name not in held),
        segments=tuple(segment for segment, few in found if few is None),
        hot=pa.concat_tables([*(few for _, few in read), *hot]),
    )


def _searched(asked: Question, name: str, source: Source) -> Source:
    """The source with the rows of each segment that have the words asked for, and without segments that have none."""
    column = source.segments[0].searched if source.segments else ""
    parts = words.conditions(required(asked, name), column) if column else []
    alone = bool(parts) and asked.times(column) == sum(times(part, column) for part in parts)
    for segment in source.segments if parts else ():
        only = words.find(segment.words, parts, column, of=segment.rows, alone=alone)
        if only is not None:
            rest = source.beyond(segment)
            source = replace(source, segments=_with_only(source, segment, only)) if len(only.rows) else rest
    return source


def _with_only(source: Source, segment: Segment, only: words.Found) -> tuple[Segment, ...]:
    return tuple(replace(one, only=only) if one is segment else one for one in source.segments)


def _few_rows(segment: Segment, ask: Wanted, columns: Sequence[str] | None) -> pa.Table | None:
    """Rows of a segment that may be those asked for; None when there are many, or its blocks are gone."""
    try:
        few = rows.find(segment.blocks, ask, columns)
    except sqlite3.Error as error:
        log.warning("rows of segment %s cannot be read: %s", segment.blocks, error)
        return None
    return few if few is None or segment.since is None else few.filter(pc.field("Timestamp") >= segment.since)
