"""The checks behind a result (SU-04): authentication, policy hits, entries, reputation and what the analysis found. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import domains_above, url_names
from watchfloor.kernel.text import visible
from watchfloor.lake.contracts import EmailRecord, LateVerdict
from watchfloor.response.submissions.contracts import Check, Outcome

MOST_REASONS = 12
USER_OVERRIDES = ("user override", "user safe", "safe sender", "user junk")
JUNKED = frozenset({"Junk folder", "Quarantine", "Dropped", "Deleted items folder"})


def outcome_of(record: EmailRecord, *, late: Sequence[LateVerdict], facts: TenantFacts) -> Outcome:
    """What is known of one mail now: the verdict that counts, and every check it rests on."""
    row = record.rows[0] if record.rows else {}
    verdict: Mapping[str, Any] = record.summary.get("verdict") or {}
    threats = tuple(late[-1].threat_types) if late else tuple(verdict.get("threat_types") or ())
    confidence = late[-1].confidence if late else str(verdict.get("confidence") or "")
    checks = (
        authentication(record.summary),
        overrides(row),
        entries(record, facts),
        reputation(record, facts),
        analysis(verdict),
        *([later(late)] if late else []),
    )
    result = _result(threats, row)
    return Outcome(result, _sentence(result, threats, late, verdict), checks, threats, confidence)


def _result(threats: Sequence[str], row: Mapping[str, Any]) -> str:
    override, sources = str(row.get("PrimaryOverride") or ""), _text(row.get("PrimaryOverrideSource"))
    if override.startswith("Allowed"):
        by_user = any(word in sources.lower() for word in USER_OVERRIDES) or "user" in override.lower()
        return "Allowed due to user overrides" if by_user else "Allowed due to a rule"
    if threats:
        return "Threats found"
    if str(row.get("DeliveryLocation") or "") in JUNKED:
        return "Should not have been blocked"
    return "No threats found"


def _sentence(result: str, threats: Sequence[str], late: Sequence[LateVerdict], verdict: Mapping[str, Any]) -> str:
    if late:
        return f"{late[-1].words}."
    reasons = sorted(verdict.get("reasons") or (), key=lambda one: -float(one["points"]))
    heaviest = visible(str(reasons[0]["words"])) if reasons else ""
    if threats:
        return f"Judged as {' and '.join(threats)}: {heaviest}." if heaviest else f"Judged as {' and '.join(threats)}."
    if result == "Should not have been blocked":
        return "Nothing in it speaks for a threat, yet it was not delivered to the inbox."
    return "The evidence for a threat stays below the threshold." if heaviest else "Nothing in it speaks for a threat."


def authentication(summary: Mapping[str, Any]) -> Check:
    """SPF, DKIM and DMARC as they stood at delivery."""
    proof: Mapping[str, Any] = summary.get("authentication") or {}
    parts = tuple(f"{name.upper()}: {proof.get(name) or 'none'}" for name in ("spf", "dkim", "dmarc", "composite"))
    said = str(proof.get("dmarc") or "none")
    bad = any(str(proof.get(name)) in {"fail", "softfail", "permerror"} for name in ("spf", "dkim", "dmarc"))
    if said in {"pass", "bestguesspass"}:
        return Check("Email authentication", "good", "Passed: the sender's domain vouches for it", parts)
    if bad:
        return Check("Email authentication", "bad", "Failed: the sender's domain does not vouch for it", parts)
    return Check("Email authentication", "none", "Nothing vouches for the sender's domain", parts)


def overrides(row: Mapping[str, Any]) -> Check:
    """Policies and lists that decided in place of the verdict."""
    words = str(row.get("PrimaryOverride") or "")
    if not words or words == "None":
        return Check("Policy hits", "none", "No policy or list overrode the verdict")
    named = (_text(row.get("PrimaryOverrideSource")), str(row.get("OrgLevelPolicy") or ""))
    return Check("Policy hits", "info", words, tuple(one for one in named if one))


def entries(record: EmailRecord, facts: TenantFacts) -> Check:
    """Allow and block entries in force now that cover the mail."""
    names = names_of(record)
    blocked, allowed = sorted(names & facts.blocked), sorted(names & facts.allowed)
    if blocked:
        return Check(
            "Allow and block entries", "bad", "A block entry covers it", tuple(f"block {one}" for one in blocked)
        )
    if allowed:
        return Check(
            "Allow and block entries", "good", "An allow entry covers it", tuple(f"allow {one}" for one in allowed)
        )
    return Check("Allow and block entries", "none", "No entry of the organisation covers it")


def reputation(record: EmailRecord, facts: TenantFacts) -> Check:
    """Indicators of the organisation that the mail carries."""
    met = sorted(names_of(record) & set(facts.indicators))
    if met:
        said = tuple(f"{one} ({facts.indicators[one]})" for one in met[:20])
        return Check("Reputation", "bad", f"{len(met)} of what it carries is a known indicator", said)
    known = len(record.urls) + len(record.attachments)
    return Check("Reputation", "none", f"None of its {known} links and files, nor its sender, is a known indicator")


def names_of(record: EmailRecord) -> set[str]:
    """Everything the mail carries, in the form of entries: sender, domains, URLs, files, address."""
    row = record.rows[0] if record.rows else {}
    sender, ip = str(row.get("SenderFromAddress") or "").lower(), str(row.get("SenderIP") or "")
    found = {f"sender:{sender}", f"ip:{ip}"}
    found |= {f"domain:{one}" for one in domains_above(sender.rpartition("@")[2])}
    for url in record.urls:
        found |= _url_names(str(url["Url"]))
    return found | {f"sha256:{str(one['SHA256']).lower()}" for one in record.attachments}


def _url_names(url: str) -> set[str]:
    host = url.lower().split("://", 1)[-1].split("/", 1)[0].split("?", 1)[0].rpartition("@")[2].partition(":")[0]
    return set(url_names(url, host, whole_host=True))


def url_checks(url: str, facts: TenantFacts) -> tuple[Check, ...]:
    """The same for a URL alone."""
    names = _url_names(url)
    blocked, allowed, met = sorted(names & facts.blocked), sorted(names & facts.allowed), names & set(facts.indicators)
    return (
        _entry_check(blocked, allowed),
        Check("Reputation", "bad", "It is a known indicator", tuple(sorted(met)))
        if met
        else Check("Reputation", "none", "It is no known indicator"),
    )


def file_checks(sha256: str, facts: TenantFacts) -> tuple[Check, ...]:
    """The same for a file's hash alone."""
    name = f"sha256:{sha256}"
    met = facts.indicators.get(name)
    return (
        _entry_check([name] if name in facts.blocked else [], [name] if name in facts.allowed else []),
        Check("Reputation", "bad", "It is a known indicator", (str(met),))
        if met
        else Check("Reputation", "none", "It is no known indicator"),
    )


def _entry_check(blocked: Sequence[str], allowed: Sequence[str]) -> Check:
    if blocked:
        return Check("Allow and block entries", "bad", "A block entry covers it", tuple(blocked))
    if allowed:
        return Check("Allow and block entries", "good", "An allow entry covers it", tuple(allowed))
    return Check("Allow and block entries", "none", "No entry of the organisation covers it")


def analysis(verdict: Mapping[str, Any]) -> Check:
    """The reasons of the inspection, heaviest first."""
    reasons = sorted(verdict.get("reasons") or (), key=lambda one: -float(one["points"]))
    said = tuple(f"{float(one['points']):+.1f} {visible(str(one['words']))}" for one in reasons[:MOST_REASONS])
    score, threshold = float(verdict.get("score") or 0), float(verdict.get("threshold") or 0)
    found = bool(verdict.get("threat_types"))
    words = f"{score:.1f} points of evidence; a threat begins at {threshold:.1f}"
    return Check("Analysis of content, links and files", "bad" if found else "good", words, said)


def later(late: Sequence[LateVerdict]) -> Check:
    """Verdicts that came after the mail was stored."""
    said = tuple(f"{', '.join(one.threat_types) or 'No threat'} ({one.source}): {visible(one.words)}" for one in late)
    return Check("Later verdicts", "bad" if late[-1].threat_types else "good", f"{len(late)} came later", said[-5:])


def plain(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Checks as JSON keeps them."""
    return [asdict(one) | {"details": list(one.details)} for one in checks]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
