"""The three attacks of the sample organisation, told by content/demo/stories/*.yaml."""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml

from watchfloor.demo.mailmaker import Attached, Letter
from watchfloor.demo.organisation import Employee, Organisation
from watchfloor.demo.traffic import Delivery
from watchfloor.kernel.content import content_folder

STOPPED = "Verify your password now"
"""The link of the everyday phish in content/demo/mails/unwanted.yaml."""


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody opened a link, as a web proxy would have logged it; `stopped` by it."""

    at: datetime
    address: str
    url: str
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Somebody reported a mail as phishing, as a reporting button would have noted it."""

    at: datetime
    address: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Story:
    """One attack: what is delivered, what people clicked, who reported it."""

    title: str
    deliveries: tuple[Delivery, ...]
    clicks: tuple[Click, ...]
    reports: tuple[Report, ...]


def stories(organisation: Organisation, *, end: datetime, seed: int) -> Iterator[Story]:
    """All stories, oldest first; times count back from the day of `end`."""
    files = sorted((content_folder("demo") / "stories").glob("*.yaml"))
    scripts = [yaml.safe_load(path.read_text()) for path in files]
    for script in sorted(scripts, key=lambda one: -one["days_ago"]):
        yield _told(script, organisation, end=end, dice=random.Random(f"{seed}/{script['title']}"))


def _told(script: dict[str, Any], organisation: Organisation, *, end: datetime, dice: random.Random) -> Story:
    day = (end - timedelta(days=script["days_ago"])).replace(
        hour=script["hour"], minute=script["minute"], second=0, microsecond=0
    )
    victims = [p for name, count in script["departments"].items() for p in organisation.by_department[name][-count:]]
    sender, ip, results = _origin(script, organisation)
    victims = [victim for victim in victims if victim.address != sender[1]]
    dice.shuffle(victims)
    deliveries = []
    for number, victim in enumerate(victims):
        at = day + timedelta(seconds=number * script["spread_seconds"])
        letter = _letter(script, organisation, victim, at, number, sender=sender, ip=ip, results=results)
        folder = "Junk" if number in script.get("junked", ()) else script["folder"]
        deliveries.append(Delivery(letter, (victim.address,), folder))
    return Story(
        script["title"], tuple(deliveries), tuple(_clicks(script, deliveries)), tuple(_reports(script, deliveries))
    )


def _origin(script: dict[str, Any], organisation: Organisation) -> tuple[tuple[str, str], str, str]:
    """Sender, client IP and authentication results: an outsider, or one of our own people."""
    if "insider" in script:
        insider = organisation.by_department[script["insider"]["department"]][script["insider"]["number"]]
        domain = organisation.domain
        passed = (
            f"spf=pass smtp.mailfrom={insider.address}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}"
        )
        return (insider.name, insider.address), script["client_ip"], passed
    outsider = script["sender"]
    return (outsider["name"], outsider["address"]), outsider["ip"], script["results"]


def _letter(
    script: dict[str, Any], organisation: Organisation, victim: Employee, at: datetime, number: int, *,
    sender: tuple[str, str], ip: str, results: str,
) -> Letter:  # fmt: skip
    words = {"first": victim.first, "address": victim.address, "me": sender[0].split()[0]}
    attached = script.get("attachment")
    domain = sender[1].rpartition("@")[2]
    return Letter(
        sender=sender,
        to=[(victim.name, victim.address)],
        subject=script["subject"].format_map(words),
        at=at,
        message_id=f"<{script['days_ago']}{number:03d}.{int(at.timestamp())}@{domain}>",
        body=script.get("body", "").format_map(words),
        html=script.get("html", "").format_map(words),
        attachments=(Attached(attached["name"], attached["type"], attached["kind"]),) if attached else (),
        mail_host=organisation.mail_host,
        client_ip=ip,
        client_host=f"smtp.{domain}",
        results=results,
    )


def _moments(given: dict[str, Any] | None, deliveries: list[Delivery]) -> Iterator[tuple[Delivery, datetime]]:
    """The deliveries a script names by number, each with the moment somebody acted on it."""
    if given:
        for person, minutes in zip(given["people"], given["minutes_after"], strict=True):
            yield deliveries[person], deliveries[person].letter.at + timedelta(minutes=minutes)


def _clicks(script: dict[str, Any], deliveries: list[Delivery]) -> Iterator[Click]:
    for delivery, at in _moments(script.get("clicks"), deliveries):
        address = delivery.recipients[0]
        yield Click(at, address, script["clicks"]["url"].format(address=address))


def stopped_clicks(deliveries: Iterable[Delivery]) -> Iterator[Click]:
    """People look into their junk: every second everyday phish there was opened, and the proxy stopped it."""
    phish = (one for one in deliveries if one.folder == "Junk" and not one.doubtful and STOPPED in one.letter.html)
    for number, delivery in enumerate(phish):
        letter = delivery.letter
        link = re.search(r'href="([^"]+)"', letter.html)
        if number % 2 == 0 and link:
            at = letter.at + timedelta(minutes=19 + number)
            yield Click(at, delivery.recipients[0], link[1], stopped=True)


def _reports(script: dict[str, Any], deliveries: list[Delivery]) -> Iterator[Report]:
    for delivery, at in _moments(script.get("reports"), deliveries):
        yield Report(at, delivery.recipients[0], delivery.letter.message_id)
