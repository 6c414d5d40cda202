"""The documentation's own examples: what we print for them beside what the page prints."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlglot import ErrorLevel, exp

from benchmarks.kql_parts.corpus import NOW, Corpus
from benchmarks.kql_parts.runner import Runner
from watchfloor.lake.kql.compiling import assembled, compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.program import Program
from watchfloor.lake.kql.types import Type


class Nothing:
    """The catalogue of examples that bring their own rows."""

    def table(self, name: str) -> None:
        return None

    def names(self) -> tuple[str, ...]:
        return ()


@dataclass(slots=True)
class Goldens:
    """Ids by outcome, the words of refusals, and for those that differ what we print and what the page prints."""

    equal: list[str] = field(default_factory=list)
    differ: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def reasons(self) -> Counter[str]:
        return Counter(re.sub(r"“.*?”", "“…”", words) for words in self.refused.values())


def measure(corpus: Corpus) -> Goldens:
    """Every self-contained example with a whole printed result."""
    found = Goldens()
    with Runner() as runner:
        for golden in corpus.goldens:
            if golden["self_contained"] and golden["expected"] and not golden["expected"]["truncated"]:
                _judge(golden, runner, found)
    return found


def _judge(golden: dict[str, Any], runner: Runner, found: Goldens) -> None:
    name = golden["id"]
    try:
        compiled = compile_query(golden["query"], catalogue=Nothing(), now=NOW, probe=_probe(runner))
    except KqlError as error:
        found.refused[name] = error.words
        return
    except Exception as error:
        found.failed[name] = f"compiler: {error!r}"[:300]
        return
    if compiled.missing:
        found.refused[name] = f"nobody uploaded the {compiled.missing[0].split()[0]}"
        return
    ran = runner.run([compiled.sql("duckdb")])
    if ran.error:
        found.failed[name] = ran.error
        return
    kinds = [kind for _, kind in compiled.columns]
    mine = [[alike(shown(value, kind)) for value, kind in zip(row, kinds, strict=True)] for row in ran.rows]
    theirs = [[alike(value) for value in row] + [""] * (len(kinds) - len(row)) for row in golden["expected"]["rows"]]
    if _SETS.search(golden["query"]):
        mine, theirs = [list(map(_unordered, row)) for row in mine], [list(map(_unordered, row)) for row in theirs]
    if sorted(map(str, mine)) == sorted(map(str, theirs)):
        found.equal.append(name)
    else:
        found.differ[name] = (mine, theirs)


def _probe(runner: Runner) -> Callable[[Program, exp.Select], list[tuple[Any, ...]]]:
    def ask(program: Program, select: exp.Select) -> list[tuple[Any, ...]]:
        ran = runner.run([assembled(program, select).sql(dialect="duckdb", unsupported_level=ErrorLevel.IGNORE)])
        if ran.error:
            raise KqlError(ran.error, kind="limit")
        return list(ran.rows)

    return ask


def shown(value: Any, kind: Type) -> str:
    """A value as the documentation prints it."""
    if value is None:
        return ""
    if kind is Type.BOOL:
        return "true" if value else "false"
    if kind is Type.DATETIME:
        return (
            str(value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")) if isinstance(value, datetime) else str(value)
        )
    if kind is Type.TIMESPAN:
        return clock(value)
    return str(value)


def clock(ticks: int) -> str:
    """Ticks as d.hh:mm:ss.fffffff."""
    days, rest = divmod(abs(ticks), 864_000_000_000)
    hours, rest = divmod(rest, 36_000_000_000)
    minutes, rest = divmod(rest, 600_000_000)
    seconds, fraction = divmod(rest, 10_000_000)
    text = f"{'-' if ticks < 0 else ''}{f'{days}.' if days else ''}{hours:02}:{minutes:02}:{seconds:02}"
    return text + (f".{fraction:07}" if fraction else "")


_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:,|$))")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?Z?$")
_WORDS = {"null": "", "(null)": "", "True": "1", "False": "0", "TRUE": "1", "FALSE": "0", "true": "1", "false": "0"}
_WORDS |= {"∞": "inf", "-∞": "-inf"}


_SETS = re.compile(r"\bmake_?set(_if)?\b|\bset_\w+\(")


def alike(value: Any) -> str:
    """A printed value without what is only print: marks of the page, zeros, spaces, the order of a bag's keys.

    The seventh digit of a second is left out: the lake keeps microseconds.
    """
    text = re.sub(r"<br\s*/?>|&nbsp;|[`*]", "", str(value)).replace("\\|", "|").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if match := _MOMENT.match(text):
        return f"{match[1]} {match[2]}.{(match[3] or '')[:6].rstrip('0')}".rstrip(".")
    try:
        return f"{float(_THOUSANDS.sub('', text)):.6g}"
    except ValueError:
        pass
    bag = _bag(text)
    return bag if bag is not None else _WORDS.get(text, re.sub(r"\s+", "", text))


def _unordered(text: str) -> str:
    """An array as a set: sets have no order, and the documentation promises none."""
    return json.dumps(sorted(json.loads(text), key=str)) if text[:2] in ('["', "[[", "[{") else text


def _bag(text: str) -> str | None:
    if text[:1] not in ("{", "["):
        return None
    for written in (text, text.replace("'", '"')):
        try:
            return json.dumps(_rounded(json.loads(written)), sort_keys=True, ensure_ascii=False)
        except ValueError:
            continue
    return None


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return alike(value) if isinstance(value, str | float | int) and not isinstance(value, bool) else value


def worst(found: Goldens, most: int) -> Sequence[str]:
    """Lines about the examples that differ."""
    lines = []
    for name, (mine, theirs) in list(found.differ.items())[:most]:
        lines.append(f"{name}\n  ours  {str(mine)[:300]}\n  page  {str(theirs)[:300]}")
    return lines
