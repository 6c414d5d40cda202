"""The audit chain: typed entries that only ever grow, each covering the hash of the one before.

What the chain proves: no entry was changed, removed from the middle or put in between. Entries cut off at the very end leave
no gap; whoever must rule that out keeps the newest hash elsewhere (`watchfloor doctor` prints it).
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, transaction

from watchfloor.access.contracts import Actor, AuditVerb, ChainReport, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden

ADVISORY_LOCK = 0x57F1004
"""Any number, the same in all processes: PostgreSQL writers of the chain queue for it (SQLite has one writer anyway)."""

request_context: ContextVar[tuple[str, str]] = ContextVar("request_context", default=("", ""))
"""Request id and client address of the running request, set by middleware, so that audit entries carry both."""

_verbs: dict[str, AuditVerb] = {}


def audit_verb(name: str, sentence: str, *, description: str = "") -> AuditVerb:
    """Register a verb of the audit log, at the top of the slice's `services` that uses it.

    `sentence` is what people read, with {actor} and {target} filled in: "{actor} added {target}".
    """
    if "." not in name:
        raise BadInput(f"“{name}” must be noun.verb", place="audit verb")
    verb = AuditVerb(name, sentence, description or sentence.replace("{actor}", "Somebody").replace("{target}", "…"))
    _verbs[name] = verb
    return verb


def audit_verbs() -> tuple[AuditVerb, ...]:
    """All registered verbs by name."""
    return tuple(_verbs[name] for name in sorted(_verbs))


_ENDINGS = {"attempt": " (begun)", "failure": " (failed)", "refused": " (refused: lacks the right)"}


def sentence_of(entry: AuditEntry) -> str:
    """The entry in words, with how it ended."""
    verb = _verbs.get(entry.verb)
    pattern = verb.sentence if verb else "{actor} did " + entry.verb + " on {target}"
    # replace, not format: names and targets come from outside and may hold braces
    words = pattern.replace("{target}", entry.target or "…").replace("{actor}", entry.actor_name, 1)
    return words + _ENDINGS.get(entry.outcome, "")


def record(
    *,
    by: Actor,
    verb: str,
    outcome: str,
    target_type: str = "",
    target: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEntry:
    """Append one entry. `outcome` is attempt, success, failure or refused. Writers in all processes queue for the chain's end.

    Inside somebody's transaction the entry lives and dies with it; call it outside when a failure must stay on record.
    """
    request_id, address = request_context.get()
    with transaction.atomic():
        _queue_for_the_end()
        last = AuditEntry.objects.order_by("-id").values_list("hash", flat=True).first() or ""
        entry = AuditEntry(
            at=utc_now(),
            actor_id=_text(by.id, 200),
            actor_name=_text(by.name, 200),
            verb=_text(verb, 100),
            outcome=_text(outcome, 20),
            target_type=_text(target_type, 50),
            target=_text(target, 1000),
            before=_plain(before),
            after=_plain(after),
            reason=_text(reason, 10_000),
            request_id=_text(request_id, 64),
            address=_text(address, 64),
            previous_hash=last,
        )
        entry.hash = entry_hash(entry)
        entry.save()
    return entry


@contextmanager
def audited(
    *,
    by: Actor,
    permission: Permission,
    verb: str,
    target_type: str = "",
    target: str = "",
    before: Any = None,
    reason: str = "",
) -> Iterator[dict[str, Any]]:
    """Permission, attempt, effect, success or failure, in one place.

    Put what changed into the yielded dict's "after" (and "before", when it is only known inside).
    """
    what: dict[str, Any] = {"by": by, "verb": verb, "target_type": target_type, "target": target, "reason": reason}
    if not by.may(permission):
        record(**what, before=before, outcome="refused")
        raise lacks(by, permission)
    record(**what, before=before, outcome="attempt")
    result: dict[str, Any] = {}
    try:
        yield result
    except Exception as error:
        record(**what, before=before, outcome="failure", after={"error": f"{type(error).__name__}: {error}"})
        raise
    record(**what, before=result.get("before", before), outcome="success", after=result.get("after"))


def lacks(by: Actor, permission: Permission) -> Forbidden:
    """The error that says which right `by` lacks."""
    return Forbidden(f"{by.name} lacks the right “{permission.description}”", permission=permission.value)


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the entry's fields and the previous hash, as canonical JSON."""
    content = [
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor_name,
        entry.verb,
        entry.outcome,
        entry.target_type,
        entry.target,
        entry.before,
        entry.after,
        entry.reason,
        entry.request_id,
        entry.address,
        entry.previous_hash,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def verify_chain() -> ChainReport:
    """Walk the whole chain, oldest first; about 50,000 entries a second."""
    previous, number = "", 0
    for number, entry in enumerate(AuditEntry.objects.order_by("id").iterator(chunk_size=2000), 1):
        if entry.previous_hash != previous:
            return ChainReport(
                number, "", entry.pk, f"entry {entry.pk} does not follow the one before it: one was removed or added"
            )
        if entry.hash != entry_hash(entry):
            return ChainReport(number, "", entry.pk, f"entry {entry.pk} was changed after it was written")
        previous = entry.hash
    return ChainReport(number, previous, None, f"all {number:,} entries follow one another unchanged")


def _queue_for_the_end() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def _text(value: object, length: int) -> str:
    """What every database stores and gives back unchanged: no NUL, no lone surrogate, not too long."""
    return str(value).replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:length]


def _plain(value: Any) -> Any:
    """JSON that comes back from SQLite and from PostgreSQL (jsonb) exactly as it went in, so that hashes hold."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {_text(key, 200): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    return _text(value, 10_000)
