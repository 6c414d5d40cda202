"""About the mails themselves: what they are, who sent them, whether the sender proves who it is, what they carry."""

import time
from typing import Any

from watchfloor.connectors.contracts import IN_MAILBOX
from watchfloor.investigations.case import Case, asked, hunted, quoted
from watchfloor.investigations.contracts import Found, FoundEntity, Verdict, Wish, WishKind, gravest
from watchfloor.investigations.judging import sure, verdict_of
from watchfloor.kernel.text import some
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import LateVerdict

URL_METHODS = frozenset({"URL detonation", "URL detonation reputation", "URL malicious reputation"})
FILE_METHODS = frozenset({"Antimalware protection", "File detonation", "File detonation reputation", "File reputation"})
FAILED = frozenset({"Fail", "Soft fail", "Permanent error"})


def newest_words(case: Case) -> dict[str, LateVerdict]:
    """The newest later verdict on each of the first mails."""
    found = sorted(lake.late_verdicts_on(case.seeds.messages), key=lambda one: one.position)
    return {one.network_message_id: one for one in found}


def judged_mail(row: dict[str, Any], late: LateVerdict | None) -> tuple[Verdict, str]:
    """What one mail is by what was said of it last, and who said it."""
    if late is not None:
        return verdict_of(late.threat_types, high=late.confidence != "Normal"), late.words
    threats = lake.values_of(row, "ThreatTypes")
    verdict = verdict_of(threats, high=sure(row))
    return verdict, f"judged {', '.join(threats)} on arrival" if threats else "no threat was found on arrival"


def what_is_it(case: Case) -> Found:
    """The mails it begins with and their verdicts (AI-30)."""
    began = time.monotonic()
    rows = case.mails
    query = case.of_messages(case.seeds.messages)
    question = asked(query, rows, count=len(rows), seconds=time.monotonic() - began)
    if not rows:
        return Found("No such mail is known here.", Verdict.UNKNOWN, (question,))
    late = newest_words(case)
    entities, verdicts = [], []
    for row in {one["NetworkMessageId"]: one for one in rows}.values():
        verdict, why = judged_mail(row, late.get(row["NetworkMessageId"]))
        verdicts.append(verdict)
        entities.append(_mail(row, verdict, why))
    entities += [
        FoundEntity("mailbox", one, verdict=Verdict.UNKNOWN) for one in case.values("RecipientEmailAddress")[:200]
    ]
    worst = gravest(verdicts)
    mails, copies = len(verdicts), len(rows)
    there = sum(row["LatestDeliveryLocation"] in IN_MAILBOX for row in rows)
    answer = f"{mails:,} mail{'' if mails == 1 else 's'} in {copies:,} mailbox{'' if copies == 1 else 'es'}, {there:,} still in Inbox or Junk: {worst.value.lower()}."
    wishes = _remove(rows, late)
    return Found(answer, worst, (question,), entities=tuple(entities), wishes=wishes)


def _mail(row: dict[str, Any], verdict: Verdict, why: str) -> FoundEntity:
    facts = {
        "sender": row["SenderFromAddress"],
        "recipient": row["RecipientEmailAddress"],
        "received": row["Timestamp"].isoformat(),
        "delivery": row["DeliveryAction"],
        "location": row["LatestDeliveryLocation"],
    }
    return FoundEntity("analyzedMessage", row["NetworkMessageId"], str(row["Subject"] or ""), verdict, why, facts)


def _remove(rows: list[dict[str, Any]], late: dict[str, LateVerdict]) -> tuple[Wish, ...]:
    """The condemned mails themselves, for when no cluster of theirs is condemned."""
    bad = [row for row in rows if judged_mail(row, late.get(row["NetworkMessageId"]))[0] is Verdict.MALICIOUS]
    there = [row for row in bad if row["LatestDeliveryLocation"] in IN_MAILBOX]
    if not there:
        return ()
    aimed = tuple(f"{row['NetworkMessageId']}|{row['RecipientEmailAddress']}" for row in there)
    why = judged_mail(there[0], late.get(there[0]["NetworkMessageId"]))[1]
    title = f"Soft delete {len(aimed):,} cop{'y' if len(aimed) == 1 else 'ies'} of “{there[0]['Subject'] or '(no subject)'}”"
    return (Wish("mails", WishKind.MAIL, title, why, "soft-delete", rows=aimed, copies=len(aimed), share=100.0),)


def who_sent_it(case: Case) -> Found:
    """The sender, the sending addresses, and what they sent before (AI-30)."""
    senders, ips = case.values("SenderFromAddress"), case.values("SenderIP")
    if not senders:
        return Found("No sender is known.", Verdict.UNKNOWN)
    failed = {row["NetworkMessageId"] for row in case.mails if {row["Spf"], row["Dkim"], row["Dmarc"]} & FAILED}
    text = (
        f'EmailEvents\n| where SenderFromAddress in~ ({quoted(senders[:20])}) and EmailDirection != "Outbound"\n'
        f"| where Timestamp between (datetime({case.start.isoformat()}) .. datetime({case.end.isoformat()}))\n"
        '| summarize Copies = count(), Threats = countif(ThreatTypes has_any ("Phish", "Malware")), First = min(Timestamp) '
        "by SenderFromAddress, SenderIP\n| sort by Copies desc"
    )
    question, rows = hunted(text, now=case.now)
    copies, bad = sum(row["Copies"] for row in rows), sum(row["Threats"] for row in rows)
    proof = "SPF, DKIM or DMARC failed" if failed else "no authentication failed"
    answer = f"{', '.join(senders[:3])} from {', '.join(ips[:3]) or 'an unknown address'}; {proof}. {copies:,} copies from there, {bad:,} of them threats."
    entities = [FoundEntity("sender", one) for one in senders[:50]] + [FoundEntity("ip", one) for one in ips[:50]]
    return Found(
        answer, Verdict.SUSPICIOUS if failed and bad else Verdict.UNKNOWN, (question,), entities=tuple(entities)
    )


def what_does_it_carry(case: Case) -> Found:
    """URLs and files of the mails, those that something known condemned marked malicious (AI-41)."""
    messages = case.seeds.messages
    if not messages:
        return Found("There is no mail to look into.")
    condemned_urls, condemned_files = condemned(messages)
    asked_urls, urls = hunted(
        f"EmailUrlInfo\n| where NetworkMessageId in ({quoted(messages[:100])})\n| distinct Url, UrlDomain, UrlLocation",
        now=case.now,
    )
    asked_files, files = hunted(
        f"EmailAttachmentInfo\n| where NetworkMessageId in ({quoted(messages[:100])})\n"
        "| distinct SHA256, FileName, FileType, ThreatTypes, ThreatNames",
        now=case.now,
    )
    entities = [
        FoundEntity("url", row["Url"], verdict=Verdict.MALICIOUS if bad else Verdict.UNKNOWN, why=why)
        for row in {row["Url"]: row for row in urls}.values()
        for bad, why in [_condemned_url(row, condemned_urls, case.seeds.urls)]
    ]
    for row in {row["SHA256"]: row for row in files if row["SHA256"]}.values():
        why = condemned_files.get(row["SHA256"], "") or (f"judged {row['ThreatTypes']}" if row["ThreatTypes"] else "")
        verdict = Verdict.MALICIOUS if why else Verdict.UNKNOWN
        entities.append(FoundEntity("file", row["SHA256"], row["FileName"] or "", verdict, why))
    bad = sum(one.verdict is Verdict.MALICIOUS for one in entities)
    answer = f"{some(len([e for e in entities if e.type == 'url']), 'URL')} and {some(len([e for e in entities if e.type == 'file']), 'file')}, {bad:,} malicious."
    verdict = Verdict.MALICIOUS if bad else Verdict.UNKNOWN
    return Found(answer, verdict, (asked_urls, asked_files), entities=tuple(entities))


def condemned(messages: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """What the inspections of mails condemned: words by URL or domain, and words by file hash."""
    urls: dict[str, str] = {}
    files: dict[str, str] = {}
    for summary in lake.inspections_of(messages[:100]).values():
        reasons = [one for one in summary["verdict"]["reasons"] if not one["silenced"] and one["points"] > 0]
        for reason in (one for one in reasons if one["detection_method"] in URL_METHODS):
            for found in summary["urls"]:
                if found["url"] in reason["words"] or (found["domain"] and found["domain"] in reason["words"]):
                    urls[found["url"]] = reason["words"]
        for file in summary["attachments"]:
            if file.get("threat_name"):
                files[file["sha256"]] = f"{file['threat_name']}"
    return urls, files


def _condemned_url(row: dict[str, Any], known: dict[str, str], named: tuple[str, ...]) -> tuple[bool, str]:
    if row["Url"] in known:
        return True, known[row["Url"]]
    return (True, "the alert names it as malicious") if row["Url"] in named else (False, "")
