"""One step of an investigation: look, then keep everything it found in one transaction. Running it twice leaves one row."""

import hashlib
import logging
import time
from datetime import datetime

from django.db import transaction

from watchfloor.investigations import policy
from watchfloor.investigations.case import Case
from watchfloor.investigations.clusters import key_of
from watchfloor.investigations.contracts import Found, FoundCluster, FoundEntity, Status, Verdict
from watchfloor.investigations.models import Cluster, Evidence, Investigation
from watchfloor.investigations.playbook import Question, playbook_of
from watchfloor.kernel.errors import WatchfloorError

log = logging.getLogger(__name__)


@transaction.atomic
def begin(pk: int, *, now: datetime) -> list[str]:
    """Say that it runs; the keys of its questions, in order. Nothing for one that somebody ended."""
    # Locked: an alert that joins at this moment, or somebody who ends it, is not overwritten.
    investigation = Investigation.objects.select_for_update().get(pk=pk)
    if investigation.status == Status.STOPPED:
        return []
    investigation.status = Status.RUNNING.value
    investigation.started_at = investigation.started_at or now
    investigation.looked_at = investigation.changed_at = now
    if investigation.waiting_since:
        investigation.waited += (now - investigation.waiting_since).total_seconds()
        investigation.waiting_since = None
    investigation.ended_at = None
    investigation.save()
    return [one.key for one in playbook_of(investigation.playbook).questions]


def work(pk: int, run: int, key: str, *, now: datetime) -> None:
    """Ask one question and keep the answer. One that cannot be answered is kept as failed, and the others go on."""
    investigation = Investigation.objects.get(pk=pk)
    if investigation.status == Status.STOPPED or investigation.steps.filter(run=run, key=key).exists():
        return
    questions = playbook_of(investigation.playbook).questions
    place = next(place for place, one in enumerate(questions) if one.key == key)
    began = time.monotonic()
    try:
        found, failed = questions[place].look(case_of(investigation, now=now)), False
    except WatchfloorError as error:
        if error.retry:
            raise
        found, failed = Found(f"It could not be answered: {error.message}"), True
    _keep(investigation, run, place, questions[place], found, failed=failed, now=now, seconds=time.monotonic() - began)


def give_up(pk: int, run: int, key: str, why: str, *, now: datetime) -> None:
    """Keep a question as failed for good, after it was tried again and again."""
    investigation = Investigation.objects.get(pk=pk)
    questions = playbook_of(investigation.playbook).questions
    place = next(place for place, one in enumerate(questions) if one.key == key)
    _keep(
        investigation,
        run,
        place,
        questions[place],
        Found(f"It could not be answered: {why}"),
        failed=True,
        now=now,
        seconds=0,
    )


def case_of(investigation: Investigation, *, now: datetime) -> Case:
    """What a step may know, from what the steps before it kept."""
    in_force = policy.current()
    seeds = investigation.seeded
    bad = investigation.evidence.filter(verdict=Verdict.MALICIOUS.value)
    found = investigation.evidence.filter(type="user", verdict__in=(Verdict.SUSPICIOUS.value, Verdict.MALICIOUS.value))
    suspects = {value.lower(): Verdict(verdict) for value, verdict in found.values_list("value", "verdict")}

    reported = investigation.evidence.filter(type="submission").values_list("facts", flat=True)

    def with_found(first: tuple[str, ...], kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*first, *bad.filter(type=kind).values_list("value", flat=True))))

    return Case(
        id=investigation.pk,
        playbook=investigation.playbook,
        seeds=seeds,
        created_at=investigation.created_at,
        now=now,
        thresholds=policy.thresholds(in_force),
        exempt=tuple(in_force.exempt),
        urls=with_found(seeds.urls, "url"),
        files=with_found(seeds.files, "file"),
        people=tuple(dict.fromkeys((*seeds.people, *suspects))),
        alerts=tuple(investigation.alerts.values_list("alert_id", flat=True)),
        suspects=suspects,
        reporters=tuple(dict.fromkeys(str(facts.get("reporter", "")).lower() for facts in reported)),
    )


@transaction.atomic
def _keep(
    investigation: Investigation,
    run: int,
    place: int,
    question: Question,
    found: Found,
    *,
    failed: bool,
    now: datetime,
    seconds: float,
) -> None:
    facts = {
        "place": place,
        "question": question.question,
        "answer": found.answer,
        "asked": [one.kept for one in found.asked],
        "wishes": [one.kept for one in found.wishes],
        "verdict": found.verdict.value,
        "failed": failed,
        "started_at": now,
        "ended_at": now,
        "seconds": seconds,
    }
    investigation.steps.update_or_create(run=run, key=question.key, defaults=facts)
    for cluster in found.clusters:
        keep_cluster(investigation, cluster, now=now)
    for entity in found.entities:
        _keep_entity(investigation, entity, now=now)
    Investigation.objects.filter(pk=investigation.pk).update(changed_at=now)


def keep_cluster(investigation: Investigation, found: FoundCluster, *, now: datetime) -> None:
    """The first look stays; the newest counters stand beside it (AI-48)."""
    counters = found.counters.kept
    newest = {
        "title": found.title,
        "parameters": found.parameters,
        "text": found.text,
        "verdict": found.verdict.value,
        "why": found.why,
        "anomaly": found.anomaly,
        "today": counters,
        "today_at": now,
    }
    first = {**newest, "kind": found.kind.value, "value": found.value, "then": counters, "then_at": now}
    Cluster.objects.update_or_create(
        investigation=investigation, key=key_of(found.kind, found.value), defaults=newest, create_defaults=first
    )


def _keep_entity(investigation: Investigation, found: FoundEntity, *, now: datetime) -> None:
    """One entity once; a later step may only make its verdict graver."""
    key = hashlib.sha256(found.value.lower().encode()).hexdigest()[:40]
    known = investigation.evidence.filter(type=found.type, key=key).first()
    if known is None:
        Evidence.objects.create(
            investigation=investigation,
            type=found.type,
            value=found.value,
            key=key,
            label=found.label,
            verdict=found.verdict.value,
            why=found.why,
            facts=dict(found.facts),
            first_seen=now,
        )
    elif found.verdict.rank >= Verdict(known.verdict).rank:
        known.verdict, known.why = found.verdict.value, found.why or known.why
        known.facts, known.label = {**known.facts, **found.facts}, found.label or known.label
        known.save()
