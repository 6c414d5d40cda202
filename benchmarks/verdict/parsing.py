"""How fast mail is read, and whether anything in a corpus makes the reader fail.

Rates are mails a second of processor time on one core, the best of several rounds: on a busy machine the others are lower
for reasons that are not ours. Torture and bombs go through the pool, in processes that may die.
"""

import base64
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.verdict.oracles import Agreement, agreement
from benchmarks.workplace import say
from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.reading import examine_files, read
from watchfloor.inspection.services import InspectionPool, inspect
from watchfloor.inspection.tests.bombs import BOMBS

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FACTS = TenantFacts(own_domains=frozenset({"corp.example"}), authserv_ids=frozenset({"mx.corp.example"}))


@dataclass(frozen=True)
class Parsing:
    """Rates in mails per second and core over the whole corpus; `raw_…` over mail with all its transport headers (`mail/`).

    `mean_kb` and `raw_kb` are the mean sizes; `missing` says which parts of the corpus were not there.
    """

    parse_per_s: float = 0.0
    raw_parse_per_s: float = 0.0
    raw_verdict_per_s: float = 0.0
    raw_kb: float = 0.0
    parse_with_files_per_s: float = 0.0
    verdict_per_s: float = 0.0
    pool_per_s: float = 0.0
    mean_kb: float = 0.0
    torture_files: int = 0
    torture_errors: int = 0
    failed: tuple[str, ...] = ()
    dos_worst_s: float = 0.0
    dos_worst: str = ""
    dos_inputs: int = 0
    oracles: dict[str, Agreement] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def measure(corpus: Path, *, full: bool) -> Parsing:
    """All figures of reading on the corpus folder; what it lacks is named and left out."""
    files = [path for folder in sorted(corpus.glob("mail*")) for path in sorted(folder.rglob("*")) if path.is_file()]
    raws = [
        path.read_bytes() for path in files if path.suffix == ".eml" and path.relative_to(corpus).parts[0] == "mail"
    ]
    neutral = [path.read_bytes() for path in files if path.suffix == ".eml" and "mail_neutral" in path.parts]
    trained = list(_trained(corpus / "mail_train" / "mails.jsonl.gz"))
    wanted = ("mail", "mail_neutral", "mail_train/mails.jsonl.gz", "mail_torture", "mail_torture/stalwart_mail_parser")
    mails = raws + neutral + trained or [path.read_bytes() for path in files if path.suffix == ".eml"]
    if not mails:
        raise SystemExit(f"{corpus} holds no mail: wanted are mail/**/*.eml or mail_train/mails.jsonl.gz")
    trained = trained if full else []
    failed = _torture([(str(path), path.read_bytes()) for path in files] + [("mail_train", raw) for raw in trained])
    say(f"torture: {len(files) + len(trained)} mails and files, {len(failed)} errors {failed[:5]}")
    worst, name = _bombs()
    say(f"worst of {len(BOMBS)} bombs: {worst:.2f} s, {name}")
    rounds = 5 if full else 3
    timed, whole = (mails, raws) if full else (_every(mails, 800), _every(raws, 250))
    parsed, opened, judged = _rates(timed, (_read, _read_all, _inspect), rounds=rounds)
    raw_parsed, raw_judged = _rates(whole, (_read, _inspect), rounds=rounds) if whole else (0.0, 0.0)
    found = Parsing(
        parse_per_s=parsed,
        parse_with_files_per_s=opened,
        verdict_per_s=judged,
        raw_parse_per_s=raw_parsed,
        raw_verdict_per_s=raw_judged,
        raw_kb=_mean_kb(whole),
        pool_per_s=_pool_rate(timed),
        mean_kb=_mean_kb(timed),
        torture_files=len(files) + len(trained),
        torture_errors=len(failed),
        failed=tuple(failed),
        dos_worst_s=worst,
        dos_worst=name,
        dos_inputs=len(BOMBS),
        oracles=agreement(corpus / "mail_torture" / "stalwart_mail_parser"),
        missing=tuple(name for name in wanted if not (corpus / name).exists()),
    )
    say(words(found))
    return found


def words(found: Parsing) -> str:
    """The figures for people."""
    lines = [
        f"mail of {found.mean_kb:.1f} kB mean, per core: parse {found.parse_per_s:.0f}/s, with files opened "
        f"{found.parse_with_files_per_s:.0f}/s, whole inspection {found.verdict_per_s:.0f}/s, through the pool {found.pool_per_s:.0f}/s",
        f"mail with all its transport headers, {found.raw_kb:.1f} kB mean: parse {found.raw_parse_per_s:.0f}/s, "
        f"whole inspection {found.raw_verdict_per_s:.0f}/s",
    ]
    lines += [f"oracle {name}: {one.agreed} of {one.compared} agree" for name, one in found.oracles.items()]
    lines += [f"not in the corpus folder: {', '.join(found.missing)}"] if found.missing else []
    return "\n".join(lines)


def _every(mails: list[bytes], count: int) -> list[bytes]:
    """About `count` of the mails, evenly spread."""
    return mails[:: max(len(mails) // count, 1)]


def _mean_kb(mails: list[bytes]) -> float:
    return sum(map(len, mails)) / max(len(mails), 1) / 1000


def _trained(path: Path) -> Iterator[bytes]:
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield base64.b64decode(json.loads(line)["raw"])


def _rates(mails: list[bytes], acts: tuple[Callable[[bytes], None], ...], *, rounds: int) -> list[float]:
    """Mails per second of each act, its best round; the acts take turns, so that a busy moment meets them all."""
    best = [float("inf")] * len(acts)
    for _ in range(rounds):
        for at, act in enumerate(acts):
            began = time.process_time()
            for raw in mails:
                act(raw)
            best[at] = min(best[at], time.process_time() - began)
    return [len(mails) / seconds for seconds in best]


def _read(raw: bytes) -> None:
    read(raw, Limits())


def _read_all(raw: bytes) -> None:
    cuts = Limits()
    examine_files(read(raw, cuts), frozenset(), cuts)


def _inspect(raw: bytes) -> None:
    inspect(raw, envelope=Envelope(), facts=FACTS, now=NOW)


def _pool_rate(mails: list[bytes]) -> float:
    """Processor time of the worker and of this process together: what passing mails to and fro costs is in it."""
    with InspectionPool(1, FACTS) as pool:
        pool.submit(mails[0], Envelope(), NOW).result(60)
        began = time.process_time() + _processor_seconds(pool.pids)
        for job in [pool.submit(raw, Envelope(), NOW) for raw in mails]:
            job.result(60)
        return len(mails) / (time.process_time() + _processor_seconds(pool.pids) - began)


def _torture(mails: list[tuple[str, bytes]]) -> list[str]:
    """The names of those that could not be read, and why."""
    with InspectionPool(2, FACTS) as pool:
        jobs = [(name, pool.submit(raw, Envelope(), NOW)) for name, raw in mails]
        return [f"{name}: {why}" for name, job in jobs if (why := job.result(120).unparsable)]


def _bombs() -> tuple[float, str]:
    """The most processor seconds a crafted mail took until it had its verdict, or was given up as unparsable."""
    worst, of = 0.0, ""
    with InspectionPool(1, FACTS) as pool:
        for name, make in BOMBS.items():
            raw = make()
            pool.submit(b"Subject: warm\r\n\r\nhello", Envelope(), NOW).result(60)
            pids, before, began = pool.pids, _processor_seconds(pool.pids), time.perf_counter()
            found = pool.submit(raw, Envelope(), NOW).result(60)
            # A worker that died took its figure along: then the clock says it.
            taken = _processor_seconds(pids) - before if pool.pids == pids else time.perf_counter() - began
            if not (found.unparsable or found.verdict.threshold):
                raise SystemExit(f"{name} ended without a verdict")
            worst, of = max((worst, of), (taken, name))
    return worst, of


def _processor_seconds(pids: tuple[int, ...]) -> float:
    """Processor time the workers have used so far (proc(5), fields utime and stime)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
