"""What a question may read of one table: its files, segments and rows at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from watchfloor.lake.engines.access_paths import Question
from watchfloor.lake.engines.delta import ColdFile
from watchfloor.lake.engines.segments import Segment


@dataclass(frozen=True, slots=True)
class Source:
    """What a table name means in one query: cold files, newest first, and hot rows; `empty` gives the columns when both lack.

    `lacking` are columns that are never null although some cold files hold none of them. `segments` hold rows of `files`
    once more, in a form that is read faster.
    """

    files: tuple[ColdFile, ...]
    hot: pa.Table | None
    empty: pa.Table
    lacking: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.files and self.hot is None

    @property
    def bare(self) -> list[ColdFile]:
        """The files of which no segment holds the rows."""
        held = {name for segment in self.segments for name in segment.covers}
        return [file for file in self.files if file.name not in held]

    def between(self, start: datetime, end: datetime) -> "Source":
        """The same moment of the table, with only the files that may hold rows of [start, end)."""
        return replace(
            self,
            files=tuple([one for one in self.files if one.lo < end and one.hi >= start]),
            segments=tuple([one for one in self.segments if one.lo < end and one.hi >= start]),
        )

    def without(self, files: Sequence[ColdFile]) -> "Source":
        """The same moment of the table, without these files."""
        gone = {file.name for file in files}
        return replace(
            self,
            files=tuple(file for file in self.files if file not in files),
            segments=tuple(one for one in self.segments if not one.covers.keys() & gone),
        )

    def beyond(self, segment: Segment) -> "Source":
        """The same moment of the table, without the rows of a segment."""
        return replace(
            self,
            files=tuple(file for file in self.files if file.name not in segment.covers),
            segments=tuple(one for one in self.segments if one is not segment),
        )


def needed(asked: Question, source: Source) -> list[str]:
    """The columns of a source that a tree needs, at least one; few names are bound faster than sixty."""
    named, known = asked.columns, source.empty.column_names
    return [name for name in known if named is None or name in named] or known[:1]
