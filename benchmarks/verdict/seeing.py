"""What the inspection sees in each mail, over two processes."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.verdict.corpus import Mail
from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.inspect import inspect

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """One mail without its bytes: its signals, and what the shipped weights say of it."""

    mail: Mail
    signals: tuple[str, ...]
    score: float
    threats: tuple[str, ...]


def see(mails: Sequence[Mail]) -> list[Seen]:
    """All mails inspected, content only: no envelope, no facts of an organisation, no look-ups."""
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        results = pool.map(_inspected, [mail.raw for mail in mails], chunksize=16)
        return [
            Seen(Mail(mail.name, mail.label, mail.kind, mail.source, mail.group, mail.month, b""), *result)
            for mail, result in zip(mails, results, strict=True)
        ]


def _inspected(raw: bytes) -> tuple[tuple[str, ...], float, tuple[str, ...]]:
    verdict = inspect(raw, envelope=Envelope(), facts=TenantFacts(), now=_NOW).verdict
    signals = tuple(reason.signal for reason in verdict.reasons)
    return signals, verdict.score, tuple(str(threat) for threat in verdict.threat_types)
