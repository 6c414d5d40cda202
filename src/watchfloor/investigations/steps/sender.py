"""About a sender from outside, by the address alone: what came from it, who of ours wrote to it, what is listed (AI-39e)."""

from watchfloor.intelligence.contracts import Effect, EntryLine
from watchfloor.intelligence.selectors import EntryFilter, entries, entry_lines
from watchfloor.investigations.case import Case, hunted, is_, quoted
from watchfloor.investigations.clusters import RECEIVED, looked_at
from watchfloor.investigations.contracts import (
    Asked,
    ClusterKind,
    Found,
    FoundCluster,
    FoundEntity,
    Verdict,
    Wish,
    WishKind,
    gravest,
)
from watchfloor.investigations.steps.similar import removal
from watchfloor.kernel.text import few, some

MOST = 20
MOST_ENTRIES = 200
LONG = "400d"
"""How far back the lake is asked what an address sent: as far as it keeps mail."""
NOBODY = Found("There is no sender to ask about.")


def what_came_from_it(case: Case) -> Found:
    """Since when the address writes, to how many, how much of it was a threat, and whether it proves who it is."""
    if not case.seeds.senders:
        return NOBODY
    question, rows = hunted(
        f'EmailEvents\n| where Timestamp > ago({LONG}) and SenderFromAddress in~ ({quoted(case.seeds.senders[:MOST])}) and EmailDirection != "Outbound"\n'
        '| extend Threat = ThreatTypes has_any ("Phish", "Malware"), Unproven = Dmarc == "Fail" or CompositeAuthentication == "Fail"\n'
        "| summarize Copies = count(), Mails = dcount(NetworkMessageId), People = dcount(RecipientEmailAddress), Threats = countif(Threat), "
        "Unproven = countif(Unproven), First = min(Timestamp), Last = max(Timestamp), Addresses = make_set(SenderIP, 20) "
        "by SenderFromAddress = tolower(SenderFromAddress)\n| sort by Copies desc",
        now=case.now,
    )
    known = {str(row["SenderFromAddress"]): row for row in rows}
    entities = tuple(_sender(one, known.get(one)) for one in case.seeds.senders[:MOST])
    ips = dict.fromkeys(str(ip) for row in rows for ip in row["Addresses"] or () if ip)
    entities += tuple(FoundEntity("ip", one) for one in list(ips)[:50])
    answer = " ".join(
        f"{some(row['Copies'], 'copy', 'copies')} of {some(row['Mails'], 'mail')} from {who} to {some(row['People'], 'person', 'people')}, "
        f"{row['First']:%Y-%m-%d} to {row['Last']:%Y-%m-%d}; {row['Threats']:,} were threats, {row['Unproven']:,} did not prove who sent them."
        for who, row in known.items()
    )
    silent = [one for one in case.seeds.senders if one not in known]
    answer += f" Nothing came from {', '.join(silent[:5])}." if silent else ""
    return Found(answer.strip(), gravest([one.verdict for one in entities]), (question,), entities=entities)


def _sender(address: str, row: "dict[str, object] | None") -> FoundEntity:
    """Suspicious from the first threat on; what share makes more of it is the cluster's to say."""
    threats = int(str(row["Threats"])) if row else 0
    why = (
        f"{some(threats, 'copy', 'copies')} from it {'was a threat' if threats == 1 else 'were threats'}"
        if threats
        else ""
    )
    return FoundEntity("sender", address, verdict=Verdict.SUSPICIOUS if threats else Verdict.UNKNOWN, why=why)


def all_from_it(case: Case) -> Found:
    """All mails from the address as a cluster; where most are malicious, all are to go and the address is to be blocked."""
    found: list[FoundCluster] = []
    questions: list[Asked] = []
    wishes: list[Wish] = []
    for sender in case.seeds.senders[:MOST]:
        query = case.within(is_("SenderFromAddress", sender), RECEIVED)
        limits = case.thresholds[ClusterKind.SENDER]
        cluster, question = looked_at(ClusterKind.SENDER, sender, query, limits=limits, now=case.now)
        questions.append(question)
        if cluster.counters.copies:
            found.append(cluster)
            wishes += [*removal(cluster, query), *_block(case, cluster)]
    entities = tuple(
        FoundEntity("sender", one.value, verdict=one.verdict, why=one.why) for one in found if one.verdict.rank > 1
    )
    if not found:
        return Found("No mail from it lies in the time looked at.", Verdict.UNKNOWN, tuple(questions))
    answer = " ".join(f"{one.value}: {one.why}." for one in found)
    verdict = gravest([one.verdict for one in found])
    return Found(answer, verdict, tuple(questions), tuple(found), entities, tuple(wishes))


def _block(case: Case, cluster: FoundCluster) -> list[Wish]:
    """An address that others only put on shall not be shut out for what they sent."""
    if cluster.verdict is not Verdict.MALICIOUS:
        return []
    claimed = [_forged(row) for row in case.mails if str(row["SenderFromAddress"]).lower() == cluster.value]
    if claimed and all(claimed):
        title = f"Do not block {cluster.value}: others put it on; block where the mails come from"
        return [Wish(f"forged:{cluster.value}", WishKind.GUIDANCE, title, "no mail proves that it is from there")]
    return [
        Wish(
            f"block-sender:{cluster.value}",
            WishKind.BLOCK,
            f"Block the sender {cluster.value}",
            cluster.why,
            "block-sender",
            value=cluster.value,
        )
    ]


def _forged(row: "dict[str, object]") -> bool:
    """Whether a mail fails to prove that it comes from the address it names."""
    return "Fail" in (row["Dmarc"], row["CompositeAuthentication"])


def who_wrote_to_it(case: Case) -> Found:
    """Our own people who wrote to the address: whom they may have answered (AI-32)."""
    if not case.seeds.senders:
        return NOBODY
    question, rows = hunted(
        f'EmailEvents\n| where Timestamp > ago({LONG}) and EmailDirection == "Outbound" and RecipientEmailAddress in~ ({quoted(case.seeds.senders[:MOST])})\n'
        "| summarize Mails = dcount(NetworkMessageId), Last = max(Timestamp) by SenderFromAddress = tolower(SenderFromAddress)\n| sort by Last desc",
        now=case.now,
    )
    people = [str(row["SenderFromAddress"]) for row in rows if row["SenderFromAddress"]]
    if not people:
        return Found("Nobody of ours wrote to it.", Verdict.CLEAN, (question,))
    entities = tuple(FoundEntity("mailbox", one, why="wrote to the sender") for one in people[:200])
    mails = sum(row["Mails"] for row in rows)
    return Found(
        f"{some(mails, 'mail')} to it by {few(people, most=5)}.", Verdict.UNKNOWN, (question,), entities=entities
    )


def is_it_listed(case: Case) -> Found:
    """Entries of the allow/block list that name the address or its domain: one that allows it may be what let it in."""
    if not case.seeds.senders:
        return NOBODY
    found = [one for sender in case.seeds.senders[:MOST] for one in _naming(sender, case)]
    if not found:
        return Found("No entry of the allow/block list names it or its domain.", Verdict.UNKNOWN)
    allowing = [one for one in found if one.effect is Effect.ALLOW]
    wishes = tuple(
        Wish(
            f"entry:{one.name}"[:100],
            WishKind.GUIDANCE,
            f"Look whether {one.name} is still right",
            "it lets the sender's mail in",
        )
        for one in allowing
    )
    words = "; ".join(f"{one.effect.label} {one.value} by {one.added_by}" for one in found[:10])
    return Found(f"{some(len(found), 'entry', 'entries')}: {words}.", Verdict.UNKNOWN, wishes=wishes)


def _naming(sender: str, case: Case) -> list[EntryLine]:
    domain = sender.partition("@")[2]
    rows = entries(EntryFilter(text=domain), now=case.now)[:MOST_ENTRIES]
    return [one for one in entry_lines(rows, now=case.now) if one.value.strip("*.~@").lower() in (sender, domain)]
