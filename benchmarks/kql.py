"""The figures of KQL: what parses, binds, compiles and runs of a corpus of public queries, and what agrees with the documentation.

`make bench-kql CORPUS=folder` reads queries.jsonl, result_schemas.jsonl and docs_goldens.jsonl there. Processor times, because
the machine may be busy. `SHOW=n` tells the first n of everything that differs. The last line is one JSON object.
"""

import json
import os
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.kql_parts import corpus as corpora
from benchmarks.kql_parts import goldens
from benchmarks.kql_parts.runner import Runner
from watchfloor.lake.kql.compiling import Compiled, compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.parsing import parse
from watchfloor.lake.kql_tables import KqlTables

SHOW = int(os.environ.get("SHOW", "0"))
ROWS = 12


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


@dataclass(slots=True)
class Bound:
    """What binding the queries in scope gave: ids by outcome."""

    compiled: dict[str, Compiled] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    refused: dict[str, KqlError] = field(default_factory=dict)
    crashed: dict[str, str] = field(default_factory=dict)
    same: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)
    differ: dict[str, str] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)


def parsed(corpus: corpora.Corpus) -> dict[str, str]:
    """What the official parser takes and ours does not, with the reason."""
    refused = {}
    for name, query in corpus.queries.items():
        try:
            parse(query["query"])
        except KqlError as error:
            if query["parses"]:
                refused[name] = error.words
    return refused


def bind(corpus: corpora.Corpus) -> Bound:
    """Every query in scope compiled to SQL text, its columns held against the official binder's."""
    found = Bound()
    for name, query in corpus.in_scope():
        began = time.process_time()
        try:
            compiled = compile_query(query["query"], catalogue=corpus, now=corpora.NOW)
            found.statements[name] = compiled.sql("duckdb", last=True)
        except KqlError as error:
            found.refused[name] = error
            continue
        except Exception:
            found.crashed[name] = traceback.format_exc(limit=-2)
            continue
        found.times[name] = time.process_time() - began
        found.compiled[name] = compiled
        _held(name, compiled, corpus, found)
    return found


def _held(name: str, compiled: Compiled, corpus: corpora.Corpus, found: Bound) -> None:
    answer = corpus.answers.get(name)
    if answer is None or answer.open or compiled.open:
        return
    mine = tuple((column, str(kind)) for column, kind in compiled.columns)
    if [column for column, _ in mine] != [column for column, _ in answer.columns]:
        missing = [column for column, _ in answer.columns if column not in dict(mine)]
        extra = [column for column, _ in mine if column not in dict(answer.columns)]
        found.differ[name] = f"names: lacks {missing[:6]}, has {extra[:6]}"
        return
    found.same.add(name)
    if mine == answer.columns:
        found.typed.add(name)
    else:
        unlike = [(a, b) for a, b in zip(mine, answer.columns, strict=True) if a != b]
        found.differ[name] = f"types: {unlike[:4]}"


def run(corpus: corpora.Corpus, bound: Bound) -> dict[str, str]:
    """Errors of the compiled queries over a few rows of every table."""
    setup = [one for table in corpus.tables.values() for one in corpora.table_statements(table, ROWS)]
    errors = {}
    with Runner(seconds=20, setup=setup) as runner:
        for name, compiled in bound.compiled.items():
            views = [
                f'CREATE OR REPLACE TEMP VIEW "{scan.name}" AS SELECT * FROM "{scan.table}"' for scan in compiled.scans
            ]
            ran = runner.run([*views, bound.statements[name]])
            if ran.error:
                errors[name] = ran.error
    return errors


def own_times(corpus: corpora.Corpus) -> list[float]:
    """Seconds to SQL text of every core query that our own tables answer, the best of three."""
    tables, found = KqlTables(), []
    for _, query in corpus.in_scope(core=True):
        with suppress(KqlError):
            found.append(min(_seconds(query["query"], tables) for _ in range(3)))
    return found


def _seconds(text: str, tables: KqlTables) -> float:
    began = time.process_time()
    compile_query(text, catalogue=tables, now=corpora.NOW).sql("duckdb", last=True)
    return time.process_time() - began


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[int(len(ordered) * share)] if ordered else 0.0


def main(folder: Path) -> None:
    corpus = corpora.read(folder)
    unparsed = parsed(corpus)
    say(f"{len(unparsed)} of {sum(q['parses'] for q in corpus.queries.values())} are not parsed", *unparsed.items())
    bound = bind(corpus)
    errors = run(corpus, bound)
    read = goldens.measure(corpus)
    tell(corpus, bound, errors, read)
    own = own_times(corpus)
    ours = {
        "own_tables_compiled": len(own),
        "own_tables_ms_median": round(quantile(own, 0.5) * 1000, 2),
        "own_tables_ms_p95": round(quantile(own, 0.95) * 1000, 2),
    }
    print(json.dumps(figures(corpus, unparsed, bound, errors, read) | ours))


def figures(
    corpus: corpora.Corpus, unparsed: dict[str, str], bound: Bound, errors: dict[str, str], read: goldens.Goldens
) -> dict[str, object]:
    """The last line."""
    in_scope = dict(corpus.in_scope())
    core = dict(corpus.in_scope(core=True))
    held = bound.same | set(bound.differ)
    known = {name for name in held if set(corpus.queries[name]["tables"]) <= corpus.seen}
    compiled_examples = len(read.equal) + len(read.differ) + len(read.failed)
    return {
        "queries": len(corpus.queries),
        "parses_officially": sum(bool(query["parses"]) for query in corpus.queries.values()),
        "parse_refused": len(unparsed),
        "in_scope": len(in_scope),
        "compiled": len(bound.compiled),
        "crashed": len(bound.crashed),
        "run": len(bound.compiled) - len(errors),
        "core": len(core),
        "core_run": len((set(core) & set(bound.compiled)) - set(errors)),
        "columns_held": len(held),
        "columns_equal": len(bound.same),
        "types_equal": len(bound.typed),
        "columns_held_known": len(known),
        "columns_equal_known": len(known & bound.same),
        "goldens": compiled_examples + len(read.refused),
        "goldens_compiled": compiled_examples,
        "goldens_equal": len(read.equal),
        "goldens_differ": len(read.differ),
        "goldens_failed": len(read.failed),
        "compile_ms_median": round(quantile(list(bound.times.values()), 0.5) * 1000, 2),
        "compile_ms_p95": round(quantile(list(bound.times.values()), 0.95) * 1000, 2),
        "compile_ms_worst": round(quantile(list(bound.times.values()), 0.9999) * 1000, 1),
    }


def tell(corpus: corpora.Corpus, bound: Bound, errors: dict[str, str], read: goldens.Goldens) -> None:
    """What is refused and what goes wrong, in words, most frequent first."""
    reasons = Counter(re.sub(r"“.*?”", "“…”", error.words)[:90] for error in bound.refused.values())
    say(f"\nrefused {len(bound.refused)} of {len(bound.refused) + len(bound.compiled)} queries in scope:")
    for words, count in reasons.most_common(SHOW or 15):
        say(f"  {count:4} {words}")
    say(f"\nrefused {len(read.refused)} of the documentation's examples:")
    for words, count in read.reasons.most_common(SHOW or 15):
        say(f"  {count:4} {words}")
    for title, found in (
        ("compiler crashed", bound.crashed), ("engine refused", errors), ("columns differ", bound.differ),
        ("examples failed", read.failed),
    ):  # fmt: skip
        say(f"\n{title}: {len(found)}")
        for name, words in list(found.items())[:SHOW]:
            say(f"  {name} {words}")
    slow = sorted(bound.times.items(), key=lambda one: -one[1])[: min(SHOW, 8)]
    say("\nslowest to compile:", *(f"{name} {seconds * 1000:.0f} ms;" for name, seconds in slow))
    say("\n".join([f"\nexamples that differ: {len(read.differ)}", *goldens.worst(read, SHOW)]))


def corpus_folder() -> Path:
    """The folder named by CORPUS or the first argument. Ends with what is wanted when it is not there."""
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CORPUS", "")
    if not named or not (Path(named) / "queries.jsonl").is_file():
        raise SystemExit(
            "Say: make bench-kql CORPUS=folder, a folder with queries.jsonl, result_schemas.jsonl, docs_goldens.jsonl"
        )
    return Path(named)


if __name__ == "__main__":
    main(corpus_folder())
