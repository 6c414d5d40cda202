"""Reading many records: which shape each has, what it says, and why one is refused."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchfloor.connectors.records import recognised, sources
from watchfloor.connectors.records.generic import Known, Mapped, mapped
from watchfloor.connectors.records.source import Holder, Row, Source
from watchfloor.kernel.errors import BadInput

AUTO = "auto"
MAPPING = "mapping"
NOBODYS = "this is no record of a known product; name its source, or write a mapping"
DEEPEST = 64
"""Levels of objects and lists in one record; what products write has below twenty."""
ITS_OWN = (BadInput, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a stranger's record may do to a parser."""


@dataclass(slots=True)
class Taken:
    """Rows by table, places with the reason they are refused for, and how many records told nothing we keep."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    refused: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    silent: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.rows.values()))

    def reasons(self) -> dict[str, list[str]]:
        """Places by reason."""
        found: dict[str, list[str]] = defaultdict(list)
        for place, reason in self.refused:
            found[reason].append(place)
        return found


class Reading:
    """Reads the records of one stream. `shape` is a source's key, “auto” or “mapping”; `state` what an earlier one kept.

    Raises BadInput for a shape nobody knows or a mapping that is wrong.
    """

    def __init__(self, shape: str, *, mapping: str = "", known: Known, state: Mapping[str, Any] | None = None) -> None:
        self.mapped: Mapped | None = mapped(mapping, known=known) if shape == MAPPING else None
        self.one: Source | None = None
        if shape not in {AUTO, MAPPING}:
            if shape not in sources():
                raise BadInput(f"there is no source “{shape}”; known are auto, {', '.join(sources())}", place="records")
            self.one = sources()[shape]
        self.kept = dict(state or {})
        self.holders: dict[str, Holder] = {}
        self.last: Source | None = None
        self.seen: Counter[str] = Counter()

    def state(self) -> dict[str, Any]:
        """What is held together and not whole yet, as JSON."""
        return {**self.kept, **{key: holder.state() for key, holder in self.holders.items()}}

    def take(self, records: Iterable[tuple[str, Mapping[str, Any]]]) -> Taken:
        """The rows of these records, each given with its place."""
        taken = Taken()
        for place, record in records:
            try:
                self._read(place, record, taken)
            except ITS_OWN as error:
                taken.refused.append((place, str(error)[:300] or type(error).__name__))
        return taken

    def _read(self, place: str, record: Mapping[str, Any], taken: Taken) -> None:
        _refuse_deep(record)
        if self.mapped is not None:
            return self._keep(self.mapped.parse(record), taken)
        source = self.one or self._source_of(record)
        if source is None:
            taken.unknown.append(place)
            return None
        self.seen[source.key] += 1
        rows: tuple[Row, ...] = ()
        for whole in self._whole(source, record):
            rows += source.parse(whole)
        return self._keep(rows, taken)

    def _keep(self, rows: tuple[Row, ...], taken: Taken) -> None:
        for _, row in rows:
            _refuse_deep(row)  # a text inside a record may be JSON of its own
        for table, row in rows:
            taken.rows[table].append(row)
        taken.silent += not rows

    def _source_of(self, record: Mapping[str, Any]) -> Source | None:
        if self.last is not None and self.last.sniff(record):
            return self.last  # records of one stream are mostly of one kind
        found = recognised(record)
        self.last = found or self.last
        return found

    def _whole(self, source: Source, record: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        if source.holder is None:
            return (record,)
        if source.key not in self.holders:
            state = self.kept.get(source.key)
            self.holders[source.key] = source.holder(state if isinstance(state, dict) else {})
        return self.holders[source.key].feed(record)


def _refuse_deep(record: Mapping[str, Any]) -> None:
    """Raise BadInput where it nests deeper than `DEEPEST`: written down, it would fail the records beside it, at each try."""
    level: list[Any] = [record]
    for _ in range(DEEPEST):
        inner = (one.values() if isinstance(one, Mapping) else one for one in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list | tuple)]
        if not level:
            return
    raise BadInput(f"it is nested deeper than {DEEPEST} levels")
