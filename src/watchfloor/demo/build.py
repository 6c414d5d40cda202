"""Building the sample organisation: real messages through the real pipeline, then everything that reads it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.contracts import Folder, NewMail, ObservedKind
from watchfloor.connectors.selectors import accepted_after
from watchfloor.connectors.services import accept_many, import_events, observe
from watchfloor.demo.border import border
from watchfloor.demo.connecting import place_networks
from watchfloor.demo.directory import accounts_in_the_cloud, accounts_on_premises, files_of, groups_of
from watchfloor.demo.life import Record, foreign_hands, ordinary_life, sprayed
from watchfloor.demo.mailboxes import file_letter, make_mailbox
from watchfloor.demo.mailmaker import write
from watchfloor.demo.organisation import Organisation, found_organisation
from watchfloor.demo.reporting import open_report_mailbox, reports_as_mail
from watchfloor.demo.stories import Click, Story, stopped_clicks, stories
from watchfloor.demo.traffic import Delivery, ordinary_mail
from watchfloor.identities.contracts import DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.kernel.errors import Conflict
from watchfloor.runtime.services import run_ticks

BUILDER = system_actor("sample organisation", Permission.CONNECTION_MANAGE, Permission.PEOPLE_MANAGE)

LOCATIONS = {"INBOX": Folder.INBOX.value, "Junk": Folder.JUNK.value, "": "On-prem/external"}
"""Where our own mail server put a mail, in Defender's words; what left us is elsewhere."""

Progress = Callable[[str, int, int], None]
"""Told (step, done, total) as the work goes on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build: `mails` ordinary ones over `days` before `end`, beside the stories."""

    seed: int
    mails: int
    days: int
    end: datetime


def deliveries_of(organisation: Organisation, told: Iterable[Story], plan: Plan) -> list[Delivery]:
    """Everything that was ever delivered, in time order."""
    ordinary = ordinary_mail(organisation, count=plan.mails, end=plan.end, days=plan.days, seed=plan.seed)
    attacks = (delivery for story in told for delivery in story.deliveries)
    return sorted([*ordinary, *attacks], key=lambda one: one.letter.at)


def take_in(deliveries: list[Delivery], *, mailboxes: Path, source: str, progress: Progress) -> None:
    """File every letter in its mailboxes, but for what the border holds, and hand the same bytes to the intake."""
    done = 0
    with border() as asked:
        for chunk in batches(deliveries, 500):
            mails = []
            for delivery in chunk:
                raw = write(delivery.letter)
                held = asked.held(delivery, raw) if delivery.doubtful else {}
                if not held:
                    file_letter(mailboxes, delivery, raw, number=done)
                mails.append(_arrived(delivery, raw, source, held))
                done += 1
            accept_many(mails)
            progress("Delivering mail", done, len(deliveries))


def batches(items: list[Delivery], size: int) -> Iterator[list[Delivery]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _arrived(delivery: Delivery, raw: bytes, source: str, held: dict[str, Any]) -> NewMail:
    letter = delivery.letter
    return NewMail(
        raw=raw,
        source=source,
        received_at=letter.at,
        mail_from=letter.sender[1],
        recipients=delivery.recipients,
        client_ip=letter.client_ip,
        helo=letter.client_host,
        folder="" if held else LOCATIONS[delivery.folder],
        facts=held,
    )


def fill_directory(organisation: Organisation, *, now: datetime, seed: int) -> None:
    """Everybody of the company, as a list of people and as two connected directories and a file store would tell."""
    entries = [
        DirectoryEntry(p.address, p.name, p.department, p.title, p.manager, groups=(p.department,), tags=p.tags)
        for p in organisation.employees
    ]
    import_people(by=BUILDER, entries=entries, source="sample organisation", now=now)
    told = (
        (ObservedKind.ACCOUNTS, "Sample Active Directory", accounts_on_premises(organisation, end=now, seed=seed)),
        (ObservedKind.GROUPS, "Sample Active Directory", groups_of(organisation, end=now)),
        (ObservedKind.ACCOUNTS, "Sample Entra ID", accounts_in_the_cloud(organisation, end=now)),
        (ObservedKind.FILES, "Sample SharePoint", files_of(organisation, end=now, seed=seed)),
    )
    for kind, source, items in told:
        observe(kind=kind, source=source, items=[item.as_json() for item in items], at=now)
    run_ticks("identities.read_directory")


def live(organisation: Organisation, plan: Plan, *, logs: Path, progress: Progress) -> None:
    """A month of sign-ins and activities: written as log files, imported as anybody's would be, and scored."""
    logs.mkdir(parents=True, exist_ok=True)
    written: dict[str, list[str]] = {}
    for key, record in _records(organisation, plan):
        written.setdefault(key, []).append(json.dumps(record, ensure_ascii=False))
    for key, lines in written.items():
        path = logs / f"{key}.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        import_events(paths=[path], by=BUILDER, now=plan.end, shape=key, source=f"Sample log: {key}")
    run_ticks("lake.observe", progress=lambda done: progress("Storing sign-ins and activities", done, 0))


def _records(organisation: Organisation, plan: Plan) -> Iterator[Record]:
    yield from ordinary_life(organisation, end=plan.end, days=plan.days, seed=plan.seed)
    yield from sprayed(organisation, end=plan.end, seed=plan.seed)
    yield from foreign_hands(organisation, end=plan.end, seed=plan.seed)


def tell_what_people_clicked(
    told: Iterable[Story], deliveries: Sequence[Delivery], *, logs: Path, now: datetime
) -> None:
    """Clicks, as the company's proxy logs them, imported as anybody's log would be; their mails are found by URL and person."""
    clicks = [*chain.from_iterable(story.clicks for story in told), *stopped_clicks(deliveries)]
    path = logs / "squid-access.log"
    path.write_text("".join(map(_proxy_line, sorted(clicks, key=lambda one: one.at))), encoding="utf-8")
    import_events(paths=[path], by=BUILDER, now=now, shape="squid", source="Sample log: squid")
    run_ticks("identities.read_clicks", "lake.observe")


def _proxy_line(click: Click) -> str:
    """One line of Squid's native access.log."""
    did, peer = ("TCP_DENIED/403 3911", "HIER_NONE/-") if click.stopped else ("TCP_MISS/200 18204", "HIER_DIRECT/-")
    return f"{click.at.timestamp():.3f}    142 192.0.2.77 {did} GET {click.url} {click.address} {peer} text/html\n"


def report_mail(told: Iterable[Story], organisation: Organisation, plan: Plan, *, source: str) -> None:
    """Some of those who got a mail of an attack report it, by mail."""
    address = open_report_mailbox(organisation, by=BUILDER, now=plan.end)
    run_ticks("response.reports")  # from here on
    stories = list(told)
    originals = {one.letter.message_id: write(one.letter) for story in stories for one in story.deliveries}
    reports = sorted((one for story in stories for one in story.reports), key=lambda one: one.at)
    accept_many(reports_as_mail(reports, originals, organisation, to=address, source=source))
    run_ticks("lake.ingest", "response.reports")


def build(*, home: Path, mailboxes: Path, plan: Plan, progress: Progress) -> Organisation:
    """The whole organisation, with the ticks of every slice loaded by the caller. Raises Conflict when this home holds mail already, so that nothing is mixed into real mail."""
    if accepted_after(0, limit=1):
        raise Conflict(f"{home} holds mail already; remove the folder to build the sample organisation anew")
    organisation = found_organisation(plan.seed)
    told = list(stories(organisation, end=plan.end, seed=plan.seed))
    place_networks(now=plan.end)
    fill_directory(organisation, now=plan.end, seed=plan.seed)
    live(organisation, plan, logs=home / "sample-logs", progress=progress)
    for person in organisation.employees:
        make_mailbox(mailboxes, person.address)
    deliveries = deliveries_of(organisation, told, plan)
    take_in(deliveries, mailboxes=mailboxes, source="sample organisation", progress=progress)
    run_ticks("lake.ingest", progress=lambda done: progress("Inspecting mail", done, len(deliveries)))
    run_ticks("response.quarantine")
    tell_what_people_clicked(told, deliveries, logs=home / "sample-logs", now=plan.end)
    report_mail(told, organisation, plan, source="sample organisation")
    run_ticks("detection", "incidents", progress=lambda done: progress("Finding attacks", done, 0))
    run_ticks("identities.score_events", "identities.score_alerts", "identities.rescore")
    run_ticks("incidents", "hunting.campaigns")
    return organisation
