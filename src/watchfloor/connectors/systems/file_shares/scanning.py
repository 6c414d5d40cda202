"""One scan of a tree: every name is looked at, what changed since the last scan is handed on, what is gone is said to be gone.

A file's change time (ctime) moves with its content, owner, mode and access list alike, and nobody can set it.
"""

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from watchfloor.connectors.burying import bury_unread
from watchfloor.connectors.contracts import ObservedKind, OwnedFile, Share
from watchfloor.connectors.observing import observe
from watchfloor.connectors.protocols.seen_folders import Seen, forget_seen, keep_seen, seen_in
from watchfloor.connectors.systems.file_shares.access import Gate, Grant, acl_of, grants, group_name, shares, user_name
from watchfloor.connectors.systems.file_shares.places import Place, escaped, key_of, readable, unescaped
from watchfloor.kernel.errors import Unreachable

PROVIDER = "POSIX"
BATCH = 1000
DOOR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FEW = 10
START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Scan:
    """What one scan found; `whole` is False when it stopped at the limit, or was told to stop."""

    looked_at: int = 0
    changed: int = 0
    gone: int = 0
    unread: int = 0
    whole: bool = True


@dataclass(slots=True)
class Scanner:
    """One scan of `place` for the connection `name`."""

    place: Place
    name: str
    stop: Callable[[], bool] = lambda: False
    done: Scan = field(default_factory=Scan)
    _before: dict[str, Seen] = field(default_factory=dict)
    _files: list[OwnedFile] = field(default_factory=list)
    _seen: list[Seen] = field(default_factory=list)
    _disk: int = 0

    def run(self) -> Scan:
        """Raises Unreachable when the folder is not what it was, as when a disk is not mounted."""
        self._before = seen_in(self.name)
        waiting = [("", self._enter())]
        while waiting:
            if self.stop() or self._too_many():
                self.done.whole = False
                break
            waiting += self._look_into(*waiting.pop())
            if len(self._files) >= BATCH:
                self._hand_on()
        self._hand_on()
        if self.done.whole:
            self._forget(list(self._before.values()))
        return self.done

    def _too_many(self) -> bool:
        if self.done.looked_at < self.place.most:
            return False
        why = f"it holds more than {self.place.most:,} names; what comes after is not looked at"
        bury_unread(source=self.name, place=self.place.root, reason=why)
        return True

    def _enter(self) -> Gate:
        """The way in: the folder itself may be closed to most."""
        try:
            found = os.stat(self.place.root)
            with os.scandir(self.place.root) as entries:
                empty = next(entries, None) is None
        except OSError as error:
            raise Unreachable(f"the folder cannot be read: {error.strerror}", place=self.place.root) from error
        known = self._before.get("")
        if empty and known is not None and len(known.children) + len(self._before) > FEW:
            raise Unreachable("the folder is empty, and was not: is the disk or share mounted?", place=self.place.root)
        self._disk = found.st_dev
        return Gate().behind(_all_grants(found, _grants(found, self.place.root)))

    def _look_into(self, below: str, gate: Gate) -> list[tuple[str, Gate]]:
        """Note what changed in one folder; returns the folders in it, each with the way to what lies in them."""
        known = self._before.pop(escaped(below), None)
        now = Seen(escaped(below), str(gate))
        inside: list[tuple[str, Gate]] = []
        try:
            self._look_at_each(below, gate, known, now, inside)
        except OSError as error:
            self._unread(below, known, error)
            return []
        if known is not None:
            self._lost(known, set(known.children) - set(now.children))
        if known is None or known != now:
            self._seen.append(now)
        return inside

    def _look_at_each(
        self, below: str, gate: Gate, known: Seen | None, now: Seen, inside: list[tuple[str, Gate]]
    ) -> None:
        path = os.path.join(self.place.root, below) if below else self.place.root
        door = os.open(path, DOOR)
        try:
            if os.readlink(f"/proc/self/fd/{door}") != path:
                raise NotADirectoryError(20, "a link took its place")
            with os.scandir(door) as entries:
                for entry in entries:
                    if self.place.omits(entry.name) or (found := self._looked_at(entry)) is None:
                        continue
                    name, folder = escaped(entry.name), stat.S_ISDIR(found.st_mode)
                    now.children[name] = found.st_ctime_ns
                    new = known is None or known.children.get(name) != found.st_ctime_ns or known.mark != now.mark
                    said = _grants(found, f"/proc/self/fd/{door}/{entry.name}") if new or folder else ()
                    if new:
                        self._found(os.path.join(below, entry.name), found, said, gate)
                    if folder:
                        inside.append((os.path.join(below, entry.name), gate.behind(_all_grants(found, said))))
        finally:
            os.close(door)

    def _looked_at(self, entry: os.DirEntry[str]) -> os.stat_result | None:
        """What a name stands for, None when it is no file or folder of this disk. Links are never followed."""
        self.done.looked_at += 1
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        if self.place.same_disk and found.st_dev != self._disk:
            return None
        return found if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) else None

    def _found(self, below: str, found: os.stat_result, said: Iterable[Grant], gate: Gate) -> None:
        self.done.changed += 1
        folder = stat.S_ISDIR(found.st_mode)
        self._files.append(
            OwnedFile(
                key=key_of(escaped(below)),
                provider=PROVIDER,
                name=readable(os.path.basename(below)),
                path=self.place.path(below),
                owner=self.place.person(user_name(found.st_uid)),
                url=self.place.url(below),
                folder=folder,
                size=0 if folder else found.st_size,
                changed_at=_moment(found.st_mtime_ns),
                version=f"{found.st_ino}:{found.st_ctime_ns}",
                shares=tuple(self._named(share) for share in shares(said, gate, owner=user_name(found.st_uid))),
            )
        )

    def _named(self, share: Share) -> Share:
        return (
            share if share.group or share.whom == "organisation" else Share(self.place.person(share.whom), share.right)
        )

    def _lost(self, folder: Seen, names: Iterable[str]) -> None:
        """What was in the folder and is not any more."""
        for name in sorted(names):
            text = f"{folder.below}/{name}" if folder.below else name
            self.done.gone += 1
            shown = self.place.path(unescaped(text))
            self._files.append(
                OwnedFile(key_of(text), PROVIDER, readable(unescaped(name)), shown, owner="", deleted=True)
            )

    def _unread(self, below: str, known: Seen | None, error: OSError) -> None:
        """A folder we may not look into is a dead letter; what was known of it, and below it, stays as it was."""
        self.done.unread += 1
        why = error.strerror or type(error).__name__
        text = escaped(below)
        for other in [one for one in self._before if one.startswith(f"{text}/")]:
            del self._before[other]
        if known is None or known.why != why:
            bury_unread(source=self.name, place=self.place.path(below), reason=f"may not be read: {why}")
            kept = known or Seen(text)
            self._seen.append(Seen(text, kept.mark, kept.children, why))

    def _forget(self, folders: list[Seen]) -> None:
        """Folders that are nowhere any more, with all that was in them."""
        for n in range(0, len(folders), BATCH):
            some = folders[n : n + BATCH]
            for folder in some:
                self._lost(folder, folder.children)
            files, self._files = self._files, []
            observe(
                kind=ObservedKind.FILES,
                source=self.name,
                items=[one.as_json() for one in files],
                alongside=partial(forget_seen, self.name, some),
            )

    def _hand_on(self) -> None:
        """Files, and how far we have looked, become durable together."""
        files, self._files = self._files, []
        seen, self._seen = self._seen, []
        observe(
            kind=ObservedKind.FILES,
            source=self.name,
            items=[one.as_json() for one in files],
            alongside=lambda: keep_seen(self.name, seen),
        )


def _grants(found: os.stat_result, path: str) -> tuple[Grant, ...]:
    return grants(found.st_mode, group_name(found.st_gid), acl_of(path))


def _all_grants(found: os.stat_result, said: Iterable[Grant]) -> tuple[Grant, ...]:
    """Those of others and the owner's; to the system's own account, which passes everywhere, nothing is granted."""
    return (*said, Grant(user_name(found.st_uid), found.st_mode >> 6 & 7)) if found.st_uid else tuple(said)


def _moment(nanoseconds: int) -> datetime:
    """A file's time; anybody may set one to a year that no calendar has."""
    try:
        return START + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return START
