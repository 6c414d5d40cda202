"""What passes between the pool and its workers."""

import io
import pickle
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts

type_names = frozenset(
    [
        "Inspection",
        "Header",
        "FoundUrl",
        "FoundAttachment",
        "Authentication",
        "MicrosoftReport",
        "Verdict",
        "Reason",
        "ThreatType",
        "Confidence",
    ]
)

Answer = Inspection | str


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told once: facts, and per mail at most `memory` bytes (for the process) and `seconds` of processor."""

    facts: TenantFacts
    memory: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Task:
    """One mail to inspect."""

    raw: bytes
    envelope: Envelope
    now: datetime


class _OnlyRecords(pickle.Unpickler):
    """Reads our own records and moments only: a worker may have been taken over by the mail it reads."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "watchfloor.inspection.contracts" and name in type_names:
            return super().find_class(module, name)
        if module == "datetime" and name in ("datetime", "timezone", "timedelta"):
            return super().find_class(module, name)
        if module == "copyreg" and name == "_reconstructor":
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a worker sent {module}.{name}")


def read_answer(data: bytes) -> Answer:
    """The answer of a worker. Raises pickle.UnpicklingError when it is anything else."""
    found = _OnlyRecords(io.BytesIO(data)).load()
    if not isinstance(found, (Inspection, str)):
        raise pickle.UnpicklingError(f"a worker sent {type(found).__name__}")
    return found
