"""Which signatures belong together: found by bands, verified by their likeness. Pure; the store of them is the caller's."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from operator import eq

from watchfloor.inspection.contracts import FoundAttachment
from watchfloor.inspection.signature import MOST_HASHES

ALIKE = 0.7
SAME = 0.95
"""From this likeness on a mail says nothing that its campaign's representative does not say already."""
MOST_REPRESENTATIVES = 16
MOST_OF_A_BAND = 64
_MOST_VERIFIED = 64
_MOST_FILES = 8
_SMALLEST_FILE = 1_024
NUMBERS = 512
"""Bytes of a signature that are MinHash numbers; behind them stand the hashes of its pieces."""
BANDS = 16
_BAND_BYTES = 24
"""Six numbers: of two texts that share 0.7 of their pieces 87 % have a band in common, with eight only 61 %."""
_PRIME = (1 << 61) - 1
_SHARED_BY_MANY = ("image/", "audio/", "font/", "text/plain", "text/calendar", "text/vcard", "text/x-vcard", "message/")
_SIGNATURES = frozenset(["asc", "sig", "p7s", "p7m", "vcf", "ics"])


def number_of(data: bytes) -> int:
    """A positive number of 63 bits, never 0."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") >> 1 or 1


def name_of_first(signature: bytes, files: Sequence[int] = ()) -> int:
    """What a campaign is called that begins with such a mail: the same for the same mail anywhere; 0 for nothing to compare."""
    return number_of(signature or repr(tuple(files)).encode()) if signature or files else 0


@lru_cache(maxsize=1024)
def keys_of(signature: bytes) -> tuple[int, ...]:
    """Sixteen keys, one for each six numbers of the signature: likely mails share at least one. None for no signature."""
    if not signature:
        return ()
    return tuple(
        # The remainder by a prime takes in all 192 bits, at a fifth of a digest's time; a chance equality costs one look.
        (int.from_bytes(signature[at : at + _BAND_BYTES], "little") * 32 + at // _BAND_BYTES) % _PRIME
        for at in range(0, BANDS * _BAND_BYTES, _BAND_BYTES)
    )


def file_keys(attachments: Iterable[FoundAttachment]) -> tuple[int, ...]:
    """One key for each attachment that joins mails by being the same: no pictures, calendars, cards, signatures, crumbs."""
    telling = dict.fromkeys(file.sha256 for file in attachments if _tells(file))
    return tuple(number_of(b"file" + sha256.encode()) for sha256 in list(telling)[:_MOST_FILES])


def _tells(file: FoundAttachment) -> bool:
    common = file.file_type.startswith(_SHARED_BY_MANY) or file.extension.lower().lstrip(".") in _SIGNATURES
    return file.size >= _SMALLEST_FILE and not common


def likeness(left: bytes, right: bytes) -> float:
    """The Jaccard index of two texts by their signatures, 0 without one; an estimate where only the MinHash numbers are kept."""
    if len(left) > NUMBERS and len(right) > NUMBERS:
        return shared(hashes_of(left), hashes_of(right))
    ours, theirs = (memoryview(one[:NUMBERS]).cast("I").tolist() for one in (left, right))
    same: int = sum(map(eq, ours, theirs))
    return same / len(ours) if ours else 0.0


def hashes_of(signature: bytes) -> frozenset[int]:
    return frozenset(memoryview(signature[NUMBERS:]).cast("I"))


def shared(left: frozenset[int], right: frozenset[int]) -> float:
    """The Jaccard index of two sets of hashes; of cut ones only the part that both hold whole is compared."""
    cut = [max(one) for one in (left, right) if len(one) >= MOST_HASHES]
    if cut:
        within = min(cut).__ge__
        left, right = frozenset(filter(within, left)), frozenset(filter(within, right))
    both = len(left & right)
    return both / ((len(left) + len(right) - both) or 1)


@dataclass(slots=True)
class Representative:
    """One mail that stands for its campaign. `id` is the store's, 0 for a new one."""

    campaign: int
    signature: bytes
    keys: tuple[int, ...]
    id: int = 0
    _hashes: frozenset[int] | None = None

    @property
    def hashes(self) -> frozenset[int]:
        """Those of its signature, unpacked once."""
        if self._hashes is None:
            self._hashes = hashes_of(self.signature)
        return self._hashes


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a mail belongs: `campaign` 0 for nowhere. `joins` are other campaigns that this mail shows to be the same one.

    `nearest` is the representative it resembles most, by `likeness`; `founds` says that the mail is the campaign's first.
    """

    campaign: int = 0
    likeness: float = 0.0
    nearest: Representative | None = None
    founds: bool = False
    joins: frozenset[int] = frozenset()


@dataclass(slots=True)
class Groups:
    """Representatives by their keys, and how many each campaign has. `renamed` leads from a joined campaign to its new name.

    `settled` campaigns were judged by a person; they are joined with no other, or a stranger's mail between two would carry
    that word to the other, or take it away.
    """

    of_key: dict[int, list[Representative]] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)
    renamed: dict[int, int] = field(default_factory=dict)
    added: list[Representative] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)

    def know(self, representative: Representative, key: int) -> None:
        """Take in what the store holds under one key."""
        self.of_key.setdefault(key, []).append(representative)

    def find(self, signature: bytes, files: Sequence[int] = ()) -> Placement:
        """Where a mail would belong, nothing remembered."""
        return self._find(signature, keys_of(signature), files)

    def place(self, signature: bytes, files: Sequence[int] = ()) -> Placement:
        """Where a mail belongs. The smallest name wins where it joins campaigns; what is new in it is remembered, in bounds."""
        keys = keys_of(signature)
        if not keys and not files:
            return Placement()
        found = self._find(signature, keys, files)
        campaign, joins = found.campaign or name_of_first(signature, files), found.joins
        if joins and not self.settled.isdisjoint((campaign, *joins)):
            campaign, joins = self.name_of(found.nearest) if found.nearest else campaign, frozenset()
        for other in joins:
            self._rename(other, campaign)
        nearest = found.nearest
        new = found.likeness < SAME or any(key not in self.of_key for key in files)
        if new and self.counts[campaign] < MOST_REPRESENTATIVES:
            nearest = self._add(Representative(campaign, signature, (*keys, *files)))
        return Placement(campaign, found.likeness, nearest, founds=not found.campaign, joins=joins)

    def name_of(self, representative: Representative) -> int:
        return self.renamed.get(representative.campaign, representative.campaign)

    def _find(self, signature: bytes, keys: Sequence[int], files: Sequence[int]) -> Placement:
        if keys and not files:
            for one in self.of_key.get(keys[0], ()):
                if one.signature == signature:
                    # Whatever it is like, its representative was, and was joined to it then.
                    return Placement(self.name_of(one), 1.0, one)
        shared = {id(one): one for key in files for one in self.of_key.get(key, ())}
        alike = self._alike(signature, keys)
        names = {self.name_of(one) for one in (*shared.values(), *(one for _, one in alike))}
        if not names:
            return Placement()
        by_file = (0.0 if signature else 1.0, next(iter(shared.values()), None))
        best, nearest = max(alike, key=lambda pair: pair[0], default=by_file)
        return Placement(min(names), best, nearest, joins=frozenset(names - {min(names)}))

    def _alike(self, signature: bytes, keys: Sequence[int]) -> list[tuple[float, Representative]]:
        """The representatives like it, verified; those with most bands in common first, and not without end."""
        met: Counter[int] = Counter()
        known: dict[int, Representative] = {}
        for key in keys:
            for one in self.of_key.get(key, ()):
                known[id(one)] = one
                met[id(one)] += 1
        if not met:
            return []
        hashes, alike, joined = hashes_of(signature), [], set[int]()
        for at, _ in met.most_common(_MOST_VERIFIED):
            one = known[at]
            # One of each campaign is enough: the first has most in common with it.
            if (name := self.name_of(one)) not in joined and (share := shared(hashes, one.hashes)) >= ALIKE:
                alike.append((share, one))
                joined.add(name)
        return alike

    def _add(self, representative: Representative) -> Representative:
        open_keys = [key for key in representative.keys if len(self.of_key.get(key, ())) < MOST_OF_A_BAND]
        representative.keys = tuple(open_keys)
        for key in open_keys:
            self.know(representative, key)
        self.counts[representative.campaign] += 1
        self.added.append(representative)
        return representative

    def _rename(self, old: int, new: int) -> None:
        for name, target in self.renamed.items():
            if target == old:
                self.renamed[name] = new
        self.renamed[old] = new
        self.counts[new] += self.counts.pop(old, 0)
