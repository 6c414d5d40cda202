"""Thirty days of ordinary mail: office hours, weekends, colleagues, partners, newsletters, and the everyday noise."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import yaml

from watchfloor.demo.mailmaker import Attached, Letter
from watchfloor.demo.organisation import Employee, Organisation, Outsider
from watchfloor.kernel.content import content_folder

HOURS = (1, 1, 1, 1, 1, 2, 6, 20, 55, 80, 75, 60, 45, 60, 75, 70, 55, 35, 15, 8, 5, 4, 3, 2)
"""Relative volume of each hour of a working day."""
WEEKEND_SHARE = 0.12
ENFORCED = timedelta(days=14)
"""So long ago the border began to judge mail without attachments; before, everyday phish was sorted into Junk."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A letter, who gets it, and the folder where the mail server put it (empty: outside our mailboxes).

    A `doubtful` one is judged at the border first.
    """

    letter: Letter
    recipients: tuple[str, ...]
    folder: str = "INBOX"
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """One mail of a file in content/demo/mails with the words it draws from."""

    kind: str
    mail: Mapping[str, Any]
    words: Mapping[str, Sequence[str]]


def templates() -> tuple[list[Template], list[float]]:
    """All templates and the weight of each."""
    found: list[Template] = []
    weights: list[float] = []
    for path in sorted((content_folder("demo") / "mails").glob("*.yaml")):
        raw = yaml.safe_load(path.read_text())
        found += [Template(raw["kind"], mail, raw["words"]) for mail in raw["mails"]]
        weights += [raw["weight"] / len(raw["mails"])] * len(raw["mails"])
    return found, weights


def ordinary_mail(organisation: Organisation, *, count: int, end: datetime, days: int, seed: int) -> Iterator[Delivery]:
    """`count` deliveries in time order over the `days` before `end`."""
    dice = random.Random(seed)
    choices, weights = templates()
    kinds = dice.choices(choices, weights, k=count)
    for number, (at, template) in enumerate(zip(_moments(dice, count=count, end=end, days=days), kinds, strict=True)):
        delivery = _compose(dice, organisation, template, at, number)
        asked = at >= end - ENFORCED or bool(delivery.letter.attachments)
        yield replace(delivery, doubtful=delivery.doubtful and asked)


def _moments(dice: random.Random, *, count: int, end: datetime, days: int) -> list[datetime]:
    hours = [end - timedelta(hours=back) for back in range(days * 24, 0, -1)]
    weights = [HOURS[hour.hour] * (WEEKEND_SHARE if hour.weekday() > 4 else 1) for hour in hours]
    drawn = dice.choices(hours, weights, k=count)
    return sorted(hour + timedelta(seconds=dice.randrange(3600)) for hour in drawn)


def _compose(
    dice: random.Random, organisation: Organisation, template: Template, at: datetime, number: int
) -> Delivery:
    make = {"internal": _internal, "inbound": _inbound, "outbound": _outbound, "bulk": _bulk, "unwanted": _unwanted}[
        template.kind
    ]
    return make(dice, organisation, template, at, number)


def _filled(dice: random.Random, template: Template, number: int, **given: str) -> tuple[str, str, str]:
    """Subject, body and HTML with every placeholder drawn."""
    drawn = {name: dice.choice(values) for name, values in template.words.items()}
    words = {"number": str(number), **drawn, **given}
    return tuple(str(template.mail.get(part, "")).format_map(words) for part in ("subject", "body", "html"))  # type: ignore[return-value]


def _attachments(template: Template, number: int) -> tuple[Attached, ...]:
    given = template.mail.get("attachment")
    return (Attached(given["name"], given["type"], given["kind"], variant=f"{number}"),) if given else ()


def _internal(
    dice: random.Random, organisation: Organisation, template: Template, at: datetime, number: int
) -> Delivery:
    me = dice.choice(organisation.employees)
    others = [person for person in organisation.employees if person != me]
    near = [person for person in others if person.department == me.department] or others
    count = dice.choices((1, 2, 3, 5), (70, 18, 8, 4))[0]
    to = dice.sample(near if dice.random() < 0.7 and len(near) >= count else others, count)
    subject, body, _ = _filled(dice, template, number, first=to[0].first, me=me.first)
    return _deliver(
        organisation,
        me,
        to,
        at,
        number,
        subject=subject,
        body=body,
        attachments=_attachments(template, number),
        inside=True,
    )


def _inbound(
    dice: random.Random, organisation: Organisation, template: Template, at: datetime, number: int
) -> Delivery:
    me = dice.choice([one for one in organisation.outsiders if one.kind == "partner"])
    facing = [p for p in organisation.employees if p.department in {"Sales", "Purchasing", "Finance", "Engineering"}]
    to = dice.sample(facing, dice.choices((1, 2), (88, 12))[0])
    subject, body, _ = _filled(
        dice, template, number, first=to[0].first, me=me.name, company=me.company, domain=me.domain
    )
    return _deliver(
        organisation, me, to, at, number, subject=subject, body=body, attachments=_attachments(template, number)
    )


def _outbound(
    dice: random.Random, organisation: Organisation, template: Template, at: datetime, number: int
) -> Delivery:
    me = dice.choice([p for p in organisation.employees if p.department in {"Sales", "Purchasing"}])
    to = dice.choice([one for one in organisation.outsiders if one.kind == "partner"])
    subject, body, _ = _filled(dice, template, number, first=to.first, me=me.name)
    letter = _letter(
        organisation,
        me,
        [to],
        at,
        number,
        subject=subject,
        body=body,
        attachments=_attachments(template, number),
        inside=True,
    )
    return Delivery(letter, (to.address,), folder="")


def _bulk(dice: random.Random, organisation: Organisation, template: Template, at: datetime, number: int) -> Delivery:
    me = dice.choice([one for one in organisation.outsiders if one.kind == template.mail["for"]])
    to = dice.choice(organisation.employees)
    subject, _, html = _filled(dice, template, number, domain=me.domain)
    unsubscribe = f"https://www.{me.domain}/unsubscribe" if template.mail.get("list") else ""
    return _deliver(organisation, me, [to], at, number, subject=subject, html=html, list_unsubscribe=unsubscribe)


def _unwanted(
    dice: random.Random, organisation: Organisation, template: Template, at: datetime, number: int
) -> Delivery:
    subject, body, html = _filled(dice, template, number)
    host = f"mail{dice.randrange(90)}.bulk-sender-{dice.randrange(12)}.example"
    me = Outsider("Customer Service", f"offers@{host}", "", f"203.0.113.{dice.randrange(100, 250)}", "unwanted")
    to = [dice.choice(organisation.employees)]
    reply_to = str(template.mail.get("reply_to", ""))
    # The filter lets some spam through, but catches everyday phishing, so that the incidents are those of the stories.
    doubtful = template.mail.get("threat") != "spam"
    caught = dice.random() < 0.85 or doubtful
    folder = "Junk" if caught else "INBOX"
    extra = (("X-Spam-Flag", "YES"),) if folder == "Junk" else ()
    return _deliver(
        organisation, me, to, at, number, subject=subject, body=body, html=html, reply_to=reply_to,
        extra=extra, results="spf=softfail smtp.mailfrom=" + me.address + "; dkim=none; dmarc=none", folder=folder,
        attachments=_attachments(template, number), doubtful=doubtful,
    )  # fmt: skip


def _deliver(
    organisation: Organisation, me: Employee | Outsider, to: Sequence[Employee], at: datetime, number: int, *,
    inside: bool = False, folder: str = "INBOX", doubtful: bool = False, **content: Any,
) -> Delivery:  # fmt: skip
    letter = _letter(organisation, me, to, at, number, inside=inside, **content)
    return Delivery(letter, tuple(person.address for person in to), folder, doubtful)


def _letter(
    organisation: Organisation, me: Employee | Outsider, to: Sequence[Employee | Outsider], at: datetime, number: int, *,
    inside: bool = False, results: str = "", **content: Any,
) -> Letter:  # fmt: skip
    domain = me.address.rpartition("@")[2]
    passed = f"spf=pass smtp.mailfrom={me.address};\r\n\tdkim=pass header.d={domain}; dmarc=pass header.from={domain}"
    return Letter(
        sender=(me.name, me.address),
        to=[(person.name, person.address) for person in to],
        at=at,
        message_id=f"<{number:06d}.{int(at.timestamp())}@{domain}>",
        mail_host=organisation.mail_host,
        client_ip=organisation.internal_ip if inside else me.ip,  # type: ignore[union-attr]
        client_host=f"mail.{domain}",
        results=results or passed,
        **content,
    )
