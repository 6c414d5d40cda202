"""What copies count as, and what a share of them makes of a cluster. Pure: rows in, words out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from watchfloor.connectors.contracts import IN_MAILBOX
from watchfloor.investigations.contracts import Counters, Thresholds, Verdict
from watchfloor.lake import selectors as lake

USUAL_DAYS = 9
SPIKE = 3.0
LEAST_SPIKE = 10


def sure(row: Mapping[str, Any]) -> bool:
    """Whether a row of EmailEvents grades its phish High."""
    return "High" in lake.values_of(row, "ConfidenceLevel")


def verdict_of(threats: Iterable[str], *, high: bool) -> Verdict:
    """AI-43, AI-44: malware and high-confidence phish are malicious; other phish, and spam, suspicious."""
    words = set(threats)
    if "Malware" in words or ("Phish" in words and high):
        return Verdict.MALICIOUS
    return Verdict.SUSPICIOUS if words & {"Phish", "Spam"} else Verdict.CLEAN


def tallied(groups: Iterable[Mapping[str, Any]], *, now: datetime) -> Counters:
    """Sum groups of copies (LatestDeliveryLocation, DeliveryAction, ThreatTypes, ConfidenceLevel, Bucket, Copies)."""
    told = dict.fromkeys((name for name in Counters().kept if name != "usual_day"), 0)
    yesterday = now - timedelta(days=1)
    for group in groups:
        copies, words = int(group["Copies"]), set(lake.values_of(group, "ThreatTypes"))
        high = sure(group)
        verdict = verdict_of(words, high=high)
        location, action = group["LatestDeliveryLocation"] or "", group["DeliveryAction"] or ""
        inside, outside = location in IN_MAILBOX, location == "On-prem/external"
        said = {
            "copies": True,
            "malware": "Malware" in words,
            "phish": "Phish" in words and not high,
            "sure_phish": "Phish" in words and high,
            "spam": "Spam" in words,
            "delivered": action == "Delivered",
            "junked": action == "Junked",
            "replaced": action == "Replaced",
            "blocked": action == "Blocked",
            "mailbox": inside,
            "external": outside,
            "elsewhere": not inside and not outside,
            "malicious": verdict is Verdict.MALICIOUS,
            "suspicious": verdict is Verdict.SUSPICIOUS,
            "last_day": group["Bucket"] is not None
            and group["Bucket"] >= yesterday.replace(hour=0, minute=0, second=0, microsecond=0),
        }
        for name, so in said.items():
            told[name] += copies if so else 0
    return replace(Counters(**told), usual_day=round((told["copies"] - told["last_day"]) / USUAL_DAYS, 1))


def corrected(counters: Counters, *, late: int, late_suspicious: int, cleared: int) -> Counters:
    """The counters with what later verdicts said of copies."""
    return replace(
        counters,
        malicious=max(0, counters.malicious + late - cleared),
        suspicious=max(0, counters.suspicious + late_suspicious - late),
        late=late,
        cleared=cleared,
    )


def judged(counters: Counters, limits: Thresholds) -> tuple[Verdict, str]:
    """The verdict of a cluster and why, with the numbers of both (LM-10)."""
    if not counters.copies:
        return Verdict.UNKNOWN, "no copy was found"
    for verdict, number, limit in (
        (Verdict.MALICIOUS, counters.malicious, limits.malicious),
        (Verdict.SUSPICIOUS, counters.suspicious + counters.malicious, limits.suspicious),
    ):
        share = counters.share(number)
        if number >= limit.hits and share >= limit.share:
            return verdict, (
                f"{number:,} of {counters.copies:,} copies ({share:.0f} %) are {verdict.lower()}; "
                f"{limit.hits} and {limit.share:g} % are enough"
            )
    bad = counters.malicious + counters.suspicious
    return Verdict.CLEAN, (
        f"{bad:,} of {counters.copies:,} copies ({counters.share(bad):.1f} %) are malicious or suspicious: too few, "
        f"{limits.malicious.share:g} % would be enough"
    ) if bad else f"none of {counters.copies:,} copies is malicious or suspicious"


def anomaly_of(counters: Counters) -> str:
    """A sentence when the last day holds far more than the days before it (AI-45); it leads to no action."""
    if counters.last_day < LEAST_SPIKE or counters.last_day <= SPIKE * max(counters.usual_day, 1):
        return ""
    return f"{counters.last_day:,} copies since yesterday; {counters.usual_day:g} a day before"
