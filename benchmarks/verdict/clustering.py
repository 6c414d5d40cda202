"""How fast mail is grouped into campaigns, and how well that agrees with comparing every text with every other exactly.

`python benchmarks/verdict/clustering.py FOLDER` prints the figures. The exact grouping is union-find over the Jaccard index
of three-word pieces at 0.7; agreement is the adjusted Rand index of the two groupings (Hubert and Arabie 1985), 1 for equal.
"""

import gc
import hashlib
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.verdict.corpus import Mail, mails_of
from watchfloor.inspection import limits
from watchfloor.inspection.addresses import parse_addresses
from watchfloor.inspection.folding import fold
from watchfloor.inspection.grouping import ALIKE, Groups
from watchfloor.inspection.headers import every
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.reading import read
from watchfloor.inspection.signature import pieces_of, sketch_of, words_of

SMALL = 2_000
ROUNDS = 5


@dataclass(frozen=True)
class Clustering:
    """`per_s` is signatures and matches a second of processor time, once the words are known; `ari` the agreement with exact."""

    per_s: float
    ari: float
    words: str
    mails: int = 0
    campaigns: int = 0
    largest_share: float = 0.0


@dataclass(frozen=True)
class Said:
    """One mail's masked words and its HTML."""

    words: list[str]
    html: str


def measure(corpus: Path, *, full: bool) -> Clustering:
    """The figures on the labelled mail of a corpus folder; small takes 2,000 mails, whole campaigns at a time."""
    mails = sorted(mails_of(corpus, letters=False), key=lambda mail: (_spread(mail.group), mail.name))
    if not mails:
        return Clustering(0.0, 0.0, f"{corpus} holds no labelled mail to group")
    return grouped([said(mail) for mail in (mails if full else mails[:SMALL])])


def _spread(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()


def said(mail: Mail) -> Said:
    cuts = Limits()
    found = read(mail.raw, cuts)
    recipients = parse_addresses([*every(found.headers, "to"), *every(found.headers, "cc")], cuts)
    return Said(words_of(fold(found.text[: limits.WORDS]), recipients), found.source)


def grouped(mails: Sequence[Said]) -> Clustering:
    """Both groupings of these mails, side by side."""
    best, ours = float("inf"), list[int]()
    gc.collect()
    gc.freeze()  # thousands of mails lie in this process's memory, as they never do where mail is taken in
    for _ in range(ROUNDS):
        began = time.process_time()
        ours = _our_groups(mails)
        best = min(best, time.process_time() - began)
    gc.unfreeze()
    # What says too little to be signed is alone in both.
    ours = [name or -at for at, name in enumerate(ours, start=1)]
    pieces = [set(pieces_of(one.words, one.html)) if name > 0 else set() for one, name in zip(mails, ours, strict=True)]
    exact = exact_groups(pieces)
    sizes = sorted(Counter(ours).values(), reverse=True)
    per_s, ari, share = len(mails) / best, agreement(ours, exact), sizes[0] / len(mails)
    joined = sum(size for size in sizes if size > 1)
    words = (
        f"grouping: {per_s:,.0f} mails/s after text, {len(sizes):,} campaigns of {len(mails):,} mails, {joined:,} mails in "
        f"{sum(size > 1 for size in sizes):,} of two or more, largest {sizes[0]} ({share:.1%}); exact comparison gives "
        f"{len(set(exact)):,}, agreement {ari:.4f}"
    )
    return Clustering(per_s, ari, words, len(mails), len(sizes), share)


def _our_groups(mails: Sequence[Said]) -> list[int]:
    """Campaign by campaign as the intake does it, one mail after the other; 0 for what says too little."""
    groups = Groups()
    placed = [groups.place(sketch_of(pieces_of(one.words, one.html))).campaign for one in mails]
    return [groups.renamed.get(name, name) for name in placed]


def exact_groups(pieces: Sequence[set[bytes]]) -> list[int]:
    """Union-find over all pairs whose Jaccard index is at least 0.7; an empty set is alone.

    Two such sets share a piece among the rarest few of each (prefix filtering, Bayardo 2007), so few pairs are compared.
    """
    parent = list(range(len(pieces)))
    rarity = Counter(piece for one in pieces for piece in one)
    met: dict[bytes, list[int]] = defaultdict(list)
    for at in sorted(range(len(pieces)), key=lambda at: len(pieces[at])):
        own = pieces[at]
        rarest = sorted(own, key=lambda piece: (rarity[piece], piece))[: len(own) - ceil(ALIKE * len(own)) + 1]
        for other in {one for piece in rarest for one in met[piece]}:
            if len(pieces[other]) < ALIKE * len(own) or _root(parent, at) == _root(parent, other):
                continue
            shared = len(own & pieces[other])
            if shared >= ALIKE * (len(own) + len(pieces[other]) - shared):
                parent[_root(parent, at)] = _root(parent, other)
        for piece in rarest:
            met[piece].append(at)
    return [_root(parent, at) for at in range(len(pieces))]


def _root(parent: list[int], at: int) -> int:
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at


def agreement(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> float:
    """The adjusted Rand index of two groupings of the same mails."""
    both, left, right = (_pairs(groups) for groups in (list(zip(ours, theirs, strict=True)), ours, theirs))
    expected = left * right / max(1, len(ours) * (len(ours) - 1) / 2)
    most = (left + right) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def _pairs(groups: Sequence[Hashable]) -> int:
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


if __name__ == "__main__":
    print(measure(Path(sys.argv[1]), full=True).words)
