"""How well the shipped weights judge: `python -m benchmarks.verdict.evaluate CORPUS [--small]`.

Content only: no DNS, no reputation, no history of senders. Printed are all columns that make such a figure believable:
recall and false positives with their interval, false positives of each honest source, both again for mail that the fit had
not seen (five folds by campaign; each honest source left out), recall by kind and by year, and beside it, on the same
mails in the same run, rspamd and SpamAssassin offline where they are installed.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.verdict.corpus import HONEST, ORDINARY, UNWANTED, Mail, mails_of
from benchmarks.verdict.model import CERTAINTIES, choose, score, share, unseen_scores
from benchmarks.verdict.peers import told_by_peers
from benchmarks.verdict.seeing import Seen, see
from watchfloor.inspection.weights import THRESHOLD

_SMALL = {UNWANTED: 400, HONEST: 450}
_PEERS = {UNWANTED: 300, HONEST: 300}
_DRAWS = 500


@dataclass(frozen=True)
class Evaluation:
    """Shares from 0 to 1 by the shipped weights, without the project's own letters; `words` is the table for people."""

    recall: float
    fpr: float
    fpr_by_source: dict[str, float]
    words: str


def evaluate(corpus: Path, *, full: bool) -> Evaluation:
    """The figures of one corpus folder. `full` takes all mails and adds what needs fitting and the peers; else a sample."""
    mails = mails_of(corpus)
    if not full:
        mails = sampled([mail for mail in mails if mail.source != ORDINARY], _SMALL)
    raws = sampled(mails, _PEERS) if full else []
    seen = see(mails)
    real = [one for one in seen if one.mail.source != ORDINARY]
    unwanted, honest = _split(real)
    by_source = {
        source: share(map(_judged, those)) for source, those in _by(honest, lambda one: one.mail.source).items()
    }
    parts = [_shipped(unwanted, honest), _sources(seen), _kinds(unwanted)]
    if full:
        parts += [_unseen(seen), _left_out(seen), told_by_peers(raws)]
    return Evaluation(share(map(_judged, unwanted)), share(map(_judged, honest)), by_source, "\n".join(parts))


def sampled(mails: Sequence[Mail], most: dict[str, int]) -> list[Mail]:
    """At most so many mails of each label, evenly out of every source and kind, the same ones every time."""
    kept: list[Mail] = []
    for label, count in most.items():
        those = sorted(
            (mail for mail in mails if mail.label == label), key=lambda mail: (mail.source, mail.kind, mail.name)
        )
        step = max(1.0, len(those) / count)
        kept += [those[int(at * step)] for at in range(int(len(those) / step))]
    return kept


def _judged(one: Seen) -> bool:
    return bool(one.threats)


def _split(seen: Iterable[Seen]) -> tuple[list[Seen], list[Seen]]:
    both = list(seen)
    return [one for one in both if one.mail.label == UNWANTED], [one for one in both if one.mail.label == HONEST]


def _by(seen: Iterable[Seen], key: Callable[[Seen], str]) -> dict[str, list[Seen]]:
    groups: dict[str, list[Seen]] = {}
    for one in seen:
        groups.setdefault(key(one), []).append(one)
    return dict(sorted(groups.items()))


def _shipped(unwanted: Sequence[Seen], honest: Sequence[Seen]) -> str:
    spam = Counter(threat for one in unwanted for threat in one.threats)
    return "\n".join(
        [
            f"shipped weights, {len(unwanted)} unwanted and {len(honest)} honest mails",
            f"  recall  {_with_interval(unwanted)}  (as {', '.join(f'{name} {count}' for name, count in spam.most_common())})",
            f"  false positives  {_with_interval(honest)}",
        ]
    )


def _with_interval(seen: Sequence[Seen]) -> str:
    """The share judged, and where 95 % of draws of whole campaigns with replacement lie."""
    groups = list(_by(seen, lambda one: one.mail.group).values())
    counts = [(sum(map(_judged, group)), len(group)) for group in groups]
    draw = random.Random(7)
    shares = []
    for _ in range(_DRAWS if counts else 0):
        drawn = draw.choices(counts, k=len(counts))
        shares.append(sum(hit for hit, _ in drawn) / sum(size for _, size in drawn))
    shares.sort()
    low, high = (shares[int(_DRAWS * 0.025)], shares[int(_DRAWS * 0.975)]) if shares else (0.0, 0.0)
    return f"{share(map(_judged, seen)):.2%} [{low:.2%}, {high:.2%}]"


def _sources(seen: Sequence[Seen]) -> str:
    _, honest = _split(seen)
    lines = [
        f"  {source}: {sum(map(_judged, those))} of {len(those)}, {share(map(_judged, those)):.2%}"
        for source, those in _by(honest, lambda one: one.mail.source).items()
    ]
    return "\n".join(["false positives by source", *lines])


def _kinds(unwanted: Sequence[Seen]) -> str:
    lines = ["recall by kind"]
    for key in (lambda one: one.mail.kind, lambda one: one.mail.month[:4] or "no date"):
        told = [
            f"{name} {share(map(_judged, those)):.0%} of {len(those)}" for name, those in _by(unwanted, key).items()
        ]
        lines.append("  " + ", ".join(told))
    return "\n".join(lines)


def _unseen(seen: Sequence[Seen]) -> str:
    """Five folds by campaign, at the certainty the fit would choose and at its neighbours."""
    chosen = choose(seen).certainty
    lines = ["fitted without the fold, five folds by campaign and mail"]
    for certainty in [one for one in CERTAINTIES if abs(one - chosen) <= 0.5]:
        hit = [points >= THRESHOLD for points in unseen_scores(seen, certainty)]
        pairs = [(one, found) for one, found in zip(seen, hit, strict=True) if one.mail.source != ORDINARY]
        recall = share(found for one, found in pairs if one.mail.label == UNWANTED)
        wrong = share(found for one, found in pairs if one.mail.label == HONEST)
        mark = "  <- chosen" if certainty == chosen else ""
        lines.append(f"  log-odds {certainty} at the threshold: recall {recall:.2%}, false positives {wrong:.2%}{mark}")
    return "\n".join(lines)


def _left_out(seen: Sequence[Seen]) -> str:
    """Each honest source judged by a fit, threshold and all, that never saw it."""
    lines = ["each honest source left out of the fit"]
    for source, those in _by(_split(seen)[1], lambda one: one.mail.source).items():
        rest = [one for one in seen if one.mail.source != source]
        fit = choose(rest)
        wrong = share(score(fit.points, one) >= THRESHOLD for one in those)
        caught = unseen_scores(rest, fit.certainty)
        recall = share(
            points >= THRESHOLD for points, one in zip(caught, rest, strict=True) if one.mail.label == UNWANTED
        )
        lines.append(f"  {source}: false positives {wrong:.2%} of {len(those)}, recall of that fit {recall:.2%}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Print the evaluation."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--small", action="store_true", help="a sample, shipped weights only")
    chosen = parser.parse_args(arguments)
    found = evaluate(chosen.corpus, full=not chosen.small)
    print(found.words)


if __name__ == "__main__":
    main(sys.argv[1:])
