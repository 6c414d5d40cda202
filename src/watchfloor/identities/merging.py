"""Two persons who turn out to be one: accounts, risk and tags move, and what undoing needs is kept."""

from datetime import datetime

from watchfloor.identities.models import Account, DirectoryPerson, PersonRisk, RiskPoint

WORST = ("none", "low", "medium", "high")


def kept_one(pk: int) -> int:
    """The person this one was merged into, or itself."""
    seen = {pk}
    while (
        further := DirectoryPerson.objects.filter(pk=pk).values_list("merged_into_id", flat=True).first()
    ) is not None:
        if further in seen:
            return pk
        seen.add(further)
        pk = further
    return pk


def merge_by_rule(one: int, other: int, *, words: str, at: datetime) -> set[int]:
    """Make two persons one because a stated key joins their accounts; the one known longer is kept. Gives who changed.

    Nothing happens when somebody's hand is in it (a pinned account), or when both have a living account in the same source:
    a directory that keeps two accounts apart may mean two people. The hint stays at the account as a suggestion.
    """
    kept, gone = sorted({kept_one(one), kept_one(other)})[0], sorted({kept_one(one), kept_one(other)})[-1]
    if kept == gone:
        return set()
    accounts = list(
        Account.objects.filter(person__in=[kept, gone]).values_list("person_id", "source", "pinned", "deleted_at")
    )
    if any(pinned for _, _, pinned, _ in accounts):
        return set()
    sources = [
        {source for person, source, _, dead in accounts if person == who and dead is None} for who in (kept, gone)
    ]
    if sources[0] & sources[1]:
        return set()
    merge_rows(kept, gone, by="rule", words=words, at=at, pin=False)
    return {kept}


def merge_rows(kept: int, other: int, *, by: str, words: str, at: datetime, pin: bool) -> None:
    """Move everything of `other` to `kept`. `other` stays as a pointer, so that its address and links still lead somewhere."""
    keeper, gone = DirectoryPerson.objects.get(pk=kept), DirectoryPerson.objects.get(pk=other)
    rows = list(Account.objects.filter(person=other))
    for row in rows:
        before = {"joined": row.joined, "pinned": row.pinned}
        row.joined = {
            "by": "merge" if by == "rule" else "hand",
            "value": str(other),
            "words": words,
            "from": other,
            "before": before,
        }
        row.person_id, row.pinned = kept, row.pinned or pin
    Account.objects.bulk_update(rows, ["joined", "person", "pinned"], 200)
    points = list(RiskPoint.objects.filter(person=other).values_list("pk", flat=True))
    RiskPoint.objects.filter(pk__in=points).update(person=kept)
    risk = _move_risk(kept, other)
    added = [tag for tag in gone.tags if tag not in keeper.tags]
    keeper.tags = [*keeper.tags, *added]
    keeper.save(update_fields=["tags"])
    gone.merged_into = keeper
    gone.merged = {"by": by, "words": words, "at": at.isoformat(), "points": points, "risk": risk, "tags": added}
    gone.save(update_fields=["merged_into", "merged"])
    DirectoryPerson.objects.filter(manager=gone.address).update(manager=keeper.address)


def _move_risk(kept: int, other: int) -> dict[str, str]:
    """A word that people gave on either counts for both: confirmed compromised stays so. Gives the other's state."""
    mine = PersonRisk.objects.filter(person=other).first()
    if mine is None:
        return {}
    told = {"state": mine.state, "level": mine.level, "by": mine.state_by, "reason": mine.state_reason}
    theirs = PersonRisk.objects.filter(person=kept).first()
    if theirs is None:
        mine.person_id = kept
        mine.save(update_fields=["person"])
        return told
    if mine.state == "confirmedCompromised" and theirs.state != mine.state:
        theirs.state, theirs.state_at, theirs.state_by = mine.state, mine.state_at, mine.state_by
        theirs.state_reason, theirs.level = mine.state_reason, "high"
    theirs.score += mine.score
    theirs.save()
    mine.delete()
    return told


def unmerge_rows(other: int) -> int:
    """Take a merge back: accounts that came with `other` return to it, as they were joined before. Gives the kept person."""
    gone = DirectoryPerson.objects.get(pk=other)
    kept = gone.merged_into_id
    assert kept is not None
    rows = [row for row in Account.objects.filter(person=kept) if row.joined.get("from") == other]
    for row in rows:
        before = row.joined.get("before") or {}
        row.joined, row.person_id, row.pinned = before.get("joined") or {}, other, True
    Account.objects.bulk_update(rows, ["joined", "person", "pinned"], 200)
    RiskPoint.objects.filter(pk__in=gone.merged.get("points", ()), person=kept).update(person=other)
    keeper = DirectoryPerson.objects.get(pk=kept)
    keeper.tags = [tag for tag in keeper.tags if tag not in gone.merged.get("tags", ())]
    keeper.save(update_fields=["tags"])
    gone.merged_into, gone.merged = None, {}
    gone.save(update_fields=["merged_into", "merged"])
    return kept
