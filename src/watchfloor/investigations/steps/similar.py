"""About mails like the first ones: the clusters, and the campaign they belong to."""

from collections.abc import Iterable

from watchfloor.connectors.contracts import IN_MAILBOX
from watchfloor.investigations.case import Case
from watchfloor.investigations.clusters import entities, key_of, looked_at, similarity
from watchfloor.investigations.contracts import (
    ClusterKind,
    Found,
    FoundCluster,
    Verdict,
    Wish,
    WishKind,
    gravest,
)
from watchfloor.kernel.text import some
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MOST_CLUSTERS = 24
STILL_THERE = Condition("LatestDeliveryLocation", Operator.EQUAL_ANY, IN_MAILBOX)

Asking = Iterable[tuple[ClusterKind, str, Query]]


def similar_mails(case: Case) -> Found:
    """The similarity clusters, each counted and judged (AI-32, AI-40)."""
    return _clusters(case, similarity(case), "No other mail is alike.")


def same_entities(case: Case) -> Found:
    """The clusters of malicious URLs and files (AI-41)."""
    return _clusters(case, entities(case), "There is no malicious URL or file to look for.")


def _clusters(case: Case, asking: Asking, nothing: str) -> Found:
    found, questions, wishes = [], [], []
    for kind, value, query in list(asking)[:MOST_CLUSTERS]:
        cluster, question = looked_at(kind, value, query, limits=case.thresholds[kind], now=case.now)
        questions.append(question)
        if cluster.counters.copies:
            found.append(cluster)
            wishes += removal(cluster, query)
    if not found:
        return Found(nothing, Verdict.UNKNOWN, tuple(questions))
    worst = gravest([one.verdict for one in found])
    bad = [one for one in found if one.verdict is Verdict.MALICIOUS]
    largest = max(found, key=lambda one: one.counters.copies)
    answer = f"{some(len(found), 'cluster')}, {len(bad)} malicious; the largest holds {some(largest.counters.copies, 'copy', 'copies')}, {largest.counters.mailbox:,} of them in mailboxes."
    return Found(answer, worst, tuple(questions), tuple(found), wishes=tuple(wishes))


def removal(cluster: FoundCluster, query: Query) -> list[Wish]:
    """Soft delete of what still lies in mailboxes (AI-43, AI-50)."""
    there = cluster.counters.mailbox
    if cluster.verdict is not Verdict.MALICIOUS or not there:
        return []
    aimed = Query(query.table, query.start, query.end, (*query.conditions, STILL_THERE))
    title = f"Soft delete {there:,} cop{'y' if there == 1 else 'ies'}: {cluster.title}"
    return [
        Wish(
            f"cluster:{key_of(cluster.kind, cluster.value)}",
            WishKind.MAIL,
            title,
            cluster.why,
            "soft-delete",
            query=lake.parameters_of(aimed),
            copies=there,
            share=cluster.counters.share(cluster.counters.malicious),
            members=cluster.members,
        )
    ]


def known_campaign(case: Case) -> Found:
    """Whether the lake knows the mails as a campaign (AI-30)."""
    for message in case.seeds.messages[:5]:
        campaign = lake.campaign_of(message)
        if campaign is not None and campaign.mails > 1:
            words = f"Part of a campaign of {campaign.mails:,} mails, seen from {campaign.first_at:%Y-%m-%d} to {campaign.last_at:%Y-%m-%d}."
            return Found(words, Verdict.UNKNOWN)
    return Found("Not part of a known campaign.", Verdict.UNKNOWN)
