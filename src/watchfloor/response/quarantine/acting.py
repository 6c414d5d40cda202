"""One verb on many quarantined mails: chosen rows or a whole query, of any number, as a durable job with its progress (QU-20)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import QueryDict

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import actor_of, person_of
from watchfloor.access.services import authorise
from watchfloor.connectors.services import checked_addresses
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError
from watchfloor.response.contracts import RUNNING, RemediationStatus
from watchfloor.response.quarantine import packing, services
from watchfloor.response.quarantine.allowing import allow_senders, life_of
from watchfloor.response.quarantine.content import check_download
from watchfloor.response.quarantine.contracts import HELD, CopyStatus, ReleaseOptions
from watchfloor.response.quarantine.filtering import listed, read_listing
from watchfloor.response.quarantine.looking import note_search
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.packing import check_weight, folder, pack
from watchfloor.response.quarantine.page_models import BulkState, QuarantineBulk
from watchfloor.response.quarantine.searching import matching
from watchfloor.response.submissions.contracts import Said
from watchfloor.response.submissions.services import submit_mail
from watchfloor.runtime.jobs import enqueue
from watchfloor.runtime.services import seal

READ, MANAGE = Permission.QUARANTINE_READ, Permission.QUARANTINE_MANAGE
WORKFLOW = "response.quarantine_bulk"
AT_ONCE = 500
HERE = 20
"""So many mails are done in the request itself."""
MOST_SUBMITTED = 1_000
KEEP_FILES = timedelta(days=1)
MOST_WORDS = 20
BUSY = (*RUNNING, RemediationStatus.PENDING)


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be done to many mails. `past` says that it was; `reason` whether one must be given."""

    key: str
    label: str
    past: str
    icon: str
    permission: Permission
    asks: str
    danger: bool = False
    reason: bool = False


VERBS: Mapping[str, Verb] = {
    verb.key: verb
    for verb in (
        Verb("release", "Release", "given back", "send", MANAGE, "Each recipient gets the mail once, in place."),
        Verb("approve", "Approve", "approved", "check", MANAGE, "Copies whose recipients requested them are released."),
        Verb("deny", "Deny", "denied", "ban", MANAGE, "Requests are denied; recipients read it on their page."),
        Verb("delete", "Delete", "deleted", "trash", MANAGE, "Nobody can release deleted mail any more.", danger=True),
        Verb(
            "submit",
            "Submit",
            "submitted",
            "flag",
            Permission.EMAIL_ACTION_PROPOSE,
            "The mails are judged again with what you say of them.",
        ),
        Verb("download", "Download", "packed", "download", READ, "One zip, encrypted with AES-256.", reason=True),
    )
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants done: `mails` by their keys; `options` are what the form of the verb says."""

    verb: Verb
    mails: tuple[int, ...]
    sentence: str
    reason: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


def chosen_mails(parameters: QueryDict, *, by: Actor, now: datetime, me: str) -> tuple[tuple[int, ...], str]:
    """The mails a form names, and how: its rows, or everything its query finds now. Raises BadInput for none."""
    if parameters.get("pick") == "query":
        listing = read_listing(QueryDict(parameters.get("query", "")))
        note_search(by=by, terms=listing.terms)
        found = matching(listed(listing, now=now, me=me), listing.terms).order_by("-received_at", "-id")
        mails, sentence = tuple(found.values_list("pk", flat=True)), f"all mails {listing.words}"
    else:
        keys = dict.fromkeys(
            int(one) for one in parameters.getlist("row") if one.isascii() and one.isdigit() and len(one) < 19
        )
        mails, sentence = tuple(keys), "chosen one by one"
    if not mails:
        raise BadInput("choose at least one mail")
    return mails, sentence


def options_of(verb: Verb, parameters: QueryDict) -> dict[str, Any]:
    """What the form of this verb says, checked. Raises BadInput naming the field."""
    return _picked(parameters) | _said_of(verb, parameters)


def _picked(parameters: QueryDict) -> dict[str, Any]:
    """Of one mail, those of its copies that were ticked."""
    if "picks" not in parameters:
        return {}
    copies = [int(one) for one in parameters.getlist("copy") if one.isascii() and one.isdigit() and len(one) < 19]
    if not copies:
        raise BadInput("choose at least one recipient", place="copy")
    return {"copies": copies}


def _said_of(verb: Verb, parameters: QueryDict) -> dict[str, Any]:
    if verb.key == "release":
        copy_to = [one for one in parameters.get("copy_to", "").replace(";", ",").split(",") if one.strip()]
        return {
            "copy_to": list(checked_addresses(copy_to)) if copy_to else [],
            "only_copy": "only_copy" in parameters,
            "false_positive": "false_positive" in parameters,
            "allow": str(life_of(parameters.get("allow_until") or parameters.get("allow", "")) or ""),
        }
    if verb.key == "delete":
        return {"permanent": "permanent" in parameters}
    if verb.key == "submit":
        said = parameters.get("said", "")
        if said not in set(map(str, Said)):
            raise BadInput("say what you hold the mails for; it becomes the verdict", place="said")
        return {"said": said}
    return {}


def begin(*, by: Actor, choice: Choice, at: datetime) -> QuarantineBulk:
    """Do it here when it is little, else as a durable job. Raises Forbidden, BadInput."""
    verb = choice.verb
    authorise(by, verb.permission)
    if verb.key == "download":
        check_download(reason=choice.reason, password=choice.password)
        check_weight(choice.mails)
    if choice.options.get("allow"):
        authorise(by, Permission.DETECTION_TUNE)
    if verb.key == "submit" and len(choice.mails) > MOST_SUBMITTED:
        raise BadInput(f"at most {MOST_SUBMITTED:,} mails are submitted at once")
    job = QuarantineBulk.objects.create(
        verb=verb.key,
        reason=choice.reason.strip()[:1000],
        options=dict(choice.options),
        sentence=choice.sentence[:2000],
        mails=list(choice.mails),
        total=len(choice.mails),
        secret=seal(choice.password) if choice.password else "",
        created_at=at,
        created_by=by.id,
        created_by_name=by.name,
    )
    if len(choice.mails) <= HERE and verb.key != "download":
        while step(job.pk, now=at):
            pass
        job.refresh_from_db()
    else:
        transaction.on_commit(lambda: enqueue(WORKFLOW, str(job.pk), id=f"quarantine-bulk-{job.pk}"))
    return job


def step(job_id: UUID, *, now: datetime) -> bool:
    """The next mails of a job; returns whether there is more to do. May run twice: what is done is not done again."""
    job = QuarantineBulk.objects.get(pk=job_id)
    if job.state in (BulkState.DONE, BulkState.FAILED):
        return False
    try:
        actor = _actor(job)
        authorise(actor, VERBS[job.verb].permission)
        if job.verb == "download":
            pack(job, by=actor)
        else:
            some = job.mails[job.done : job.done + AT_ONCE]
            DOING[job.verb](job, some, actor, now)
            job.done += len(some)
    except WatchfloorError as error:
        job.state, job.words, job.finished_at = BulkState.FAILED, [*job.words, error.message][-MOST_WORDS:], now
        job.save()
        return False
    over = job.done >= job.total
    job.state, job.finished_at = (BulkState.DONE, now) if over else (BulkState.RUNNING, None)
    job.save()
    return not over


def _actor(job: QuarantineBulk) -> Actor:
    """Who asked for it, with the rights they have now. Raises NotFound when they have left."""
    person = person_of(Actor(job.created_by, job.created_by_name, frozenset()))
    if person is None or not person.is_active:
        raise NotFound(f"{job.created_by_name} may no longer sign in, so this was not done")
    return actor_of(person)


def _copies(job: QuarantineBulk, mails: Sequence[int], *statuses: CopyStatus) -> list[int]:
    """The copies that the verb is for and that can be acted on; the others are counted as refused."""
    every = QuarantinedCopy.objects.filter(mail__in=mails)
    if "copies" in job.options:
        every = every.filter(pk__in=job.options["copies"])
    found = every.filter(status__in=[one.value for one in statuses]).exclude(release__status__in=BUSY)
    copies = list(found.order_by("id").values_list("pk", flat=True))
    job.refused += every.count() - len(copies)
    return copies


def _release(job: QuarantineBulk, mails: Sequence[int], by: Actor, now: datetime) -> None:
    copies = _copies(job, mails, *HELD)
    if not copies:
        return
    options = ReleaseOptions(
        tuple(job.options.get("copy_to", ())),
        bool(job.options.get("only_copy")),
        bool(job.options.get("false_positive")),
    )
    made = services.release(by=by, copies=copies, options=options, reason=job.reason, at=now)
    job.changed, job.href = job.changed + len(copies), made.href
    if life := life_of(job.options.get("allow", "")):
        refused = allow_senders(by=by, mails=mails, life=life, reason=job.reason, now=now)
        job.words = [*job.words, *refused][-MOST_WORDS:]


def _approve(job: QuarantineBulk, mails: Sequence[int], by: Actor, now: datetime) -> None:
    copies = _copies(job, mails, CopyStatus.REQUESTED)
    if copies:
        made = services.approve(by=by, copies=copies, reason=job.reason, at=now)
        job.changed, job.href = job.changed + len(copies), made.href


def _deny(job: QuarantineBulk, mails: Sequence[int], by: Actor, now: datetime) -> None:
    copies = _copies(job, mails, CopyStatus.REQUESTED)
    if copies:
        job.changed += services.deny(by=by, copies=copies, reason=job.reason, at=now)


def _delete(job: QuarantineBulk, mails: Sequence[int], by: Actor, now: datetime) -> None:
    copies = _copies(job, mails, *HELD)
    if copies:
        permanent = bool(job.options.get("permanent"))
        job.changed += services.delete(by=by, copies=copies, permanent=permanent, reason=job.reason, at=now)


def _submit(job: QuarantineBulk, mails: Sequence[int], by: Actor, now: datetime) -> None:
    known = QuarantinedMail.objects.filter(pk__in=mails).exclude(network_message_id="")
    ids = list(dict.fromkeys(known.values_list("network_message_id", flat=True)))
    job.refused += len(mails) - len(ids)
    if ids:
        said = Said(job.options["said"])
        done = submit_mail(by=by, network_message_ids=ids, verdict=said, note=job.reason, now=now, origin="Quarantine")
        job.changed += len(done.ids)
        job.words = [*job.words, *(words for _, words in done.refused)][-MOST_WORDS:]


DOING: Mapping[str, Callable[[QuarantineBulk, Sequence[int], Actor, datetime], None]] = {
    "release": _release,
    "approve": _approve,
    "deny": _deny,
    "delete": _delete,
    "submit": _submit,
}


def bulk_job(job_id: UUID, *, by: Actor) -> QuarantineBulk:
    """A job of one's own. Raises NotFound."""
    found = QuarantineBulk.objects.filter(pk=job_id, created_by=by.id).first()
    if found is None:
        raise NotFound("there is no such job", place=str(job_id))
    return found


def open_jobs(by: Actor) -> list[QuarantineBulk]:
    """One's own jobs that are not over."""
    open_ = (BulkState.WAITING, BulkState.RUNNING)
    return list(QuarantineBulk.objects.filter(created_by=by.id, state__in=open_).defer("mails")[:10])


def tidy(*, now: datetime) -> int:
    """Downloads older than a day are deleted; returns how many."""
    old = QuarantineBulk.objects.filter(created_at__lt=now - KEEP_FILES).exclude(file="")
    gone = 0
    for job in old.defer("mails"):
        (folder() / job.file).unlink(missing_ok=True)
        job.file, job.secret = "", ""
        job.save(update_fields=["file", "secret"])
        gone += 1
    return gone + packing.tidy(now=now, keep=KEEP_FILES.total_seconds())


def unqueued(*, now: datetime) -> list[UUID]:
    """Jobs that were asked for a while ago and never began: the process was killed before it could enqueue them."""
    waiting = QuarantineBulk.objects.filter(state=BulkState.WAITING, created_at__lt=now - timedelta(seconds=10))
    return list(waiting.values_list("pk", flat=True))
