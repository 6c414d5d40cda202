"""What five thousand recommendations that wait for people cost the worker: memory, and the time of one look."""

import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.config.slices import load
from watchfloor.investigations import following
from watchfloor.investigations.contracts import Status, Wish, WishKind
from watchfloor.investigations.models import Investigation, Recommendation
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import parameters_of
from watchfloor.response.contracts import Targets
from watchfloor.response.services import propose

SMALL: dict[str, Any] = {}
FULL: dict[str, Any] = {}
NUMBER = 5_000
MAKE = """import sys, django
django.setup()
from benchmarks.air_parts.waiting import fill
fill(int(sys.argv[1]))"""
BENCH = system_actor("benchmark", Permission.EMAIL_ACTION_PROPOSE)


def measure(number: int = NUMBER) -> dict[str, Any]:
    """`pending_5000_mb`: by how much a process grows that follows them, over one that follows a single one."""
    load("jobs")
    fill(1)
    following.follow(now=datetime.now(UTC))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In another process: making them is not what waiting costs.
    subprocess.run([sys.executable, "-c", MAKE, str(number - 1)], check=True, cwd=Path(__file__).resolve().parents[2])
    began = time.process_time()
    following.follow(now=datetime.now(UTC))
    seconds = time.process_time() - began
    following.follow(now=datetime.now(UTC))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"pending_5000_mb": round(grown, 1), "pending": number, "pending_look_s": round(seconds, 3)}


def fill(number: int) -> None:
    """Proposals as investigations leave them: one made by the verb, the others its copies."""
    now = datetime.now(UTC)
    query = parameters_of(
        Query("EmailEvents", now - timedelta(days=1), now, (Condition("Subject", Operator.EQUAL_ANY, ("x",)),))
    )
    first = propose(
        by=BENCH, name="Waiting", reason="benchmark", action="soft-delete", targets=Targets(query=query), at=now
    )
    kind = type(first)
    ids = [first.pk, *(uuid4() for _ in range(number - 1))]
    for one in range(1, number, 500):
        kind._default_manager.bulk_create([_copy(first, pk) for pk in ids[one : one + 500]])
    wish = Wish("c", WishKind.MAIL, "Soft delete", "", "soft-delete", query=query, copies=3, share=100).kept
    facts = {"kind": "Manual investigation", "playbook": "manual-mail", "created_by": "b", "created_by_name": "b"}
    cases = Investigation.objects.bulk_create(
        [
            Investigation(name="W", cause=str(pk), status=Status.PENDING.value, created_at=now, changed_at=now, **facts)
            for pk in ids
        ],
        batch_size=500,
    )
    Recommendation.objects.bulk_create(
        [
            Recommendation(
                investigation=case,
                key="c",
                kind="mail",
                title="Soft delete",
                wish=wish,
                remediation_id=str(pk),
                created_at=now,
            )
            for case, pk in zip(cases, ids, strict=True)
        ],
        batch_size=500,
    )


def _copy(first: Any, pk: UUID) -> Any:
    fields = {one.attname: getattr(first, one.attname) for one in first._meta.concrete_fields}
    return type(first)(**{**fields, "id": pk})
