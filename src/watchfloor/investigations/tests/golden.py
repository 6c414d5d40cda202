"""Cases with known answers: read from content/playbooks, laid into the lake, walked, and held against what must come out."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.investigations import engine, recommending
from watchfloor.investigations.contracts import Cause, Seeds
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.services import start
from watchfloor.kernel.content import content_folder
from watchfloor.lake import services as lake
from watchfloor.lake.contracts import LateVerdict

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TESTER = system_actor("golden cases", Permission.EMAIL_ACTION_PROPOSE)


OURS = "@corp.example"


@dataclass(frozen=True)
class GoldenCase:
    """One case as its file says it; its addresses of ours are its own, so that all cases may lie on one server."""

    name: str
    said: dict[str, Any]

    def message(self, name: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self.name}/{name}"))

    @property
    def seeds(self) -> Seeds:
        kept = dict(self.said["seeds"])
        kept["messages"] = [self.message(one) for one in kept.get("messages", ())]
        return Seeds.read(kept)

    @property
    def copies(self) -> list[tuple[str, str, str, str]]:
        """(name in the file, NetworkMessageId, recipient, where it lies) of every copy."""
        return [
            (mail["id"], row["NetworkMessageId"], row["RecipientEmailAddress"], row["LatestDeliveryLocation"])
            for mail in self.said.get("mails", ())
            for row in mail_rows(self, mail, NOW)
        ]

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """Whose accounts it is about, with what the file says of each."""
        named = [*self.said["seeds"].get("people", ()), *(one["by"] for one in self.said.get("sign_ins", ()))]
        return {one: {} for one in named} | {one["address"]: one for one in self.said.get("accounts", ())}


def cases() -> list[GoldenCase]:
    files = sorted(content_folder("playbooks").glob("*.yaml"))
    said = [one for file in files for one in yaml.safe_load(file.read_text())]
    return [GoldenCase(one["case"], _own(one, f".c{number:02}")) for number, one in enumerate(said)]


def _own(said: Any, mark: str) -> Any:
    """The same with `mark` before the @ of every address of ours."""
    if isinstance(said, dict):
        return {_own(key, mark): _own(value, mark) for key, value in said.items()}
    if isinstance(said, list):
        return [_own(one, mark) for one in said]
    return said.replace(OURS, mark + OURS) if isinstance(said, str) else said


def lay(case: GoldenCase, *, now: datetime = NOW) -> None:
    """Everything the case says lies in the lake."""
    tables = {
        "EmailEvents": [row for mail in case.said.get("mails", ()) for row in mail_rows(case, mail, now)],
        "EmailUrlInfo": [url_row(case, one, now) for one in case.said.get("urls", ())],
        "EmailAttachmentInfo": [file_row(case, one, now) for one in case.said.get("files", ())],
        "UrlClickEvents": [click_row(case, one, now) for one in case.said.get("clicks", ())],
        "EntraIdSignInEvents": [sign_in_row(one, now) for one in case.said.get("sign_ins", ())],
        "CloudAppEvents": [change_row(one, now) for one in case.said.get("changes", ())],
    }
    for table, rows in tables.items():
        if rows:
            lake.append(table, rows)
    lake.note_late_verdicts([late_of(case, one, now) for one in case.said.get("late", ())])


def late_of(case: GoldenCase, one: dict[str, Any], now: datetime) -> LateVerdict:
    """A word on a mail that came after it was delivered."""
    confidence = "High" if one.get("threats") else ""
    at = now - timedelta(minutes=30)
    return LateVerdict(
        at, case.message(one["mail"]), tuple(one.get("threats", ())), confidence, "person", "Max said so"
    )


def mail_rows(case: GoldenCase, mail: dict[str, Any], now: datetime):
    times = mail.get("repeat", 1)
    for number in range(1, times + 1):
        message = case.message(mail["id"] + (str(number) if "repeat" in mail else ""))
        for address in mail["to"]:
            recipient = address.format(n=number)
            yield {
                "Timestamp": now - timedelta(hours=mail.get("at", 2)),
                "NetworkMessageId": message,
                "InternetMessageId": f"<{message}@elsewhere.example>",
                "SenderFromAddress": mail["from"],
                "SenderFromDomain": mail["from"].partition("@")[2],
                "SenderIP": mail["ip"],
                "EmailClusterId": mail["cluster"],
                "RecipientEmailAddress": recipient,
                "Subject": mail["subject"],
                "EmailDirection": mail.get("direction", "Inbound"),
                "DeliveryAction": mail.get("did", "Delivered"),
                "DeliveryLocation": mail.get("lies", "Inbox/folder"),
                "LatestDeliveryLocation": mail.get("lies", "Inbox/folder"),
                "ThreatTypes": mail.get("threats", []),
                "ConfidenceLevel": '{"Phish":"High"}'
                if mail.get("sure")
                else '{"Phish":"Normal"}'
                if mail.get("threats") == ["Phish"]
                else "",
                "ReportId": f"{message}-{recipient}",
            }


def url_row(case: GoldenCase, one: dict[str, Any], now: datetime) -> dict[str, Any]:
    host = one["url"].split("/")[2]
    return {
        "Timestamp": now - timedelta(hours=2),
        "NetworkMessageId": case.message(one["mail"]),
        "Url": one["url"],
        "UrlDomain": host,
        "UrlLocation": "Body",
        "ReportId": case.message(one["mail"] + one["url"]),
    }


def file_row(case: GoldenCase, one: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "Timestamp": now - timedelta(hours=2),
        "NetworkMessageId": case.message(one["mail"]),
        "SHA256": one["sha256"],
        "FileName": "invoice.exe",
        "FileType": "exe",
        "ReportId": case.message(one["mail"] + one["sha256"]),
    }


def click_row(case: GoldenCase, one: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "Timestamp": now - timedelta(hours=1),
        "NetworkMessageId": case.message(one["mail"]),
        "Url": one["url"],
        "AccountUpn": one["by"],
        "ActionType": one["did"],
        "ThreatTypes": one.get("threats", ""),
        "IsClickedThrough": False,
        "ReportId": case.message("click" + one["url"]),
    }


def sign_in_row(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "Timestamp": now - timedelta(hours=3),
        "AccountUpn": one["by"],
        "ErrorCode": 0,
        "RiskLevelAggregated": one["risk"],
        "Country": "DE",
        "ReportId": str(uuid5(NAMESPACE_URL, f"sign-in/{one['by']}")),
    }


def change_row(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "Timestamp": now - timedelta(hours=3),
        "AccountId": one["by"],
        "ActivityType": one["what"],
        "ActionType": one["what"],
        "RawEventData": one.get("details", "{}"),
        "ReportId": str(uuid5(NAMESPACE_URL, f"change/{one['by']}/{one['what']}")),
    }


def walk(case: GoldenCase, *, now: datetime = NOW) -> Investigation:
    """Start it and do what the worker's job does."""
    cause = Cause(case.said["playbook"], case.name, case.name, case.seeds)
    found = start(by=TESTER, cause=cause, at=now)
    for key in engine.begin(found.pk, now=now):
        engine.work(found.pk, 1, key, now=now)
    recommending.conclude(found.pk, 1, now=now)
    found.refresh_from_db()
    return found


def differences(case: GoldenCase, found: Investigation) -> list[str]:
    """What came out other than the case says; empty when all is right."""
    wrong = []
    got = Counter(one.wished.action or one.kind for one in found.recommendations.all())
    wanted = Counter(case.said["recommends"])
    if got != wanted:
        wrong.append(f"recommends {dict(got)}, not {dict(wanted)}")
    got_both = {name: getattr(found, name) for name in ("verdict", "status")}
    wrong += [f"{name} is {one}, not {case.said[name]}" for name, one in got_both.items() if one != case.said[name]]
    for kind, verdict in case.said.get("clusters", {}).items():
        verdicts = {one.verdict for one in found.clusters.filter(kind=kind)}
        if verdict not in verdicts:
            wrong.append(f"the cluster {kind} is {verdicts or 'missing'}, not {verdict}")
    removed = [one.wished.copies for one in found.recommendations.filter(kind="mail")]
    if "removes" in case.said and max(removed, default=0) != case.said["removes"]:
        wrong.append(f"removes {removed}, not {case.said['removes']}")
    automatic = found.recommendations.filter(automatic=True).count()
    if case.said.get("automatic", 0) != automatic:
        wrong.append(f"{automatic} done by itself")
    if case.said.get("anomaly") and not found.clusters.exclude(anomaly="").exists():
        wrong.append("no unusual volume was seen")
    wrong += [f"{step.key} failed: {step.answer}" for step in found.steps.filter(failed=True)]
    return wrong
