"""Keeping up with an account's files: only folders whose ETag moved are listed again, and files whose shares changed.

A folder's ETag moves with everything below it. It counts as known only once all below it has been read, so that a look that
ends early loses nothing; what was handed on already is not handed on twice.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from watchfloor.connectors.burying import bury_unread
from watchfloor.connectors.contracts import ObservedKind, OwnedFile, Share
from watchfloor.connectors.observing import observe, recall, remember
from watchfloor.connectors.protocols.seen_folders import Seen, forget_seen, keep_seen, seen_in
from watchfloor.connectors.systems.nextcloud.answers import Node
from watchfloor.connectors.systems.nextcloud.cloud import Cloud
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound

PROVIDER = "Nextcloud"
SHARES, ETAGS = "shares", "etags"
BATCH = 500


@dataclass(slots=True)
class Pass:
    """What one look brought; `whole` is False when it stopped at the limit, or was told to."""

    folders: int = 0
    changed: int = 0
    gone: int = 0
    whole: bool = True


@dataclass(slots=True)
class Follower:
    """One look at an account's files. `domain` is put behind user ids that are no addresses."""

    cloud: Cloud
    name: str
    domain: str = ""
    most: int = 500_000
    stop: Callable[[], bool] = lambda: False
    done: Pass = field(default_factory=Pass)
    _before: dict[str, Seen] = field(default_factory=dict)
    _etags: dict[str, str] = field(default_factory=dict)
    _shares: dict[str, list[Share]] = field(default_factory=dict)
    _shared_at: dict[str, str] = field(default_factory=dict)
    _present: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _lost: dict[str, str] = field(default_factory=dict)
    _left: dict[str, Seen] = field(default_factory=dict)
    _unmoved: set[str] = field(default_factory=set)
    _failed: list[str] = field(default_factory=list)
    _files: list[OwnedFile] = field(default_factory=list)
    _seen: list[Seen] = field(default_factory=list)
    _held_back: list[Seen] = field(default_factory=list)

    def run(self) -> Pass:
        """Raises Unreachable or NotConfigured when the server cannot be asked at all."""
        self._before, self._etags = seen_in(self.name), recall(self.name, ETAGS)
        visited: dict[str, str] = {}
        self._read_shares()
        waiting = [""]
        while waiting:
            if self.stop() or self._too_many():
                self.done.whole = False
                break
            waiting += self._look_into(waiting.pop(), visited)
            if len(self._files) >= BATCH:
                self._hand_on()
        self._hand_on()
        if self.done.whole:
            self._finish(visited)
        return self.done

    def _read_shares(self) -> None:
        """Learn what is shared with whom, and where it lies."""
        shares: dict[str, list[Share]] = defaultdict(list)
        for one in self.cloud.shares():
            self._shared_at[one.key] = one.path
            share = one.share
            if not share.link and not share.group:
                share = Share(self._person(share.whom), share.right, expires_at=share.expires_at)
            if share not in shares[one.key]:
                shares[one.key].append(share)
        self._shares = dict(shares)

    def _too_many(self) -> bool:
        if len(self._present) < self.most:
            return False
        why = f"it holds more than {self.most:,} files; what comes after is not looked at"
        bury_unread(source=self.name, place=self.cloud.base, reason=why)
        return True

    def _look_into(self, path: str, visited: dict[str, str]) -> list[str]:
        """Note what changed in one folder; returns the folders in it that have to be looked into."""
        try:
            me, inside = self.cloud.listed(path)
        except (NotFound, BadInput, NotConfigured) as error:
            if not path:
                raise
            bury_unread(source=self.name, place=f"/{path}", reason=f"the folder cannot be listed: {error.message}")
            self._failed.append(path)
            return []
        self.done.folders += 1
        if self._etags.get(path) == _mark(me):
            return []
        visited[path] = _mark(me)
        self._compare(path, inside)
        folders = [one for one in inside if one.folder]
        self._unmoved |= {one.path for one in folders if self._etags.get(one.path) == _mark(one)}
        return [one.path for one in folders if one.path not in self._unmoved]

    def _compare(self, path: str, inside: list[Node]) -> None:
        known = self._before.get(path)
        before = known.children if known is not None else {}
        now = Seen(path, children={one.key: [one.etag, one.name, one.folder] for one in inside})
        for one in inside:
            was = before.get(one.key)
            self._present[one.key] = one.path
            # A folder's ETag moves with everything below it; of the folder itself only its name is news.
            if was is None or was[1] != one.name or (not one.folder and was[0] != one.etag):
                self._found(one)
        # A folder with another name is another path: what was known below the old one is looked for anew.
        lost = {key: was for key, was in before.items() if now.children.get(key, ("", ""))[1] != was[1]}
        for key, was in lost.items():
            self._lose(key, f"{path}/{was[1]}".strip("/"), folder=bool(was[2]))
        # What is missing is told at the end, when it is sure that it lies nowhere else; until then it stays known here.
        (self._held_back if lost else self._seen).append(now)

    def _lose(self, key: str, path: str, *, folder: bool) -> None:
        self._lost[key] = path
        if folder:
            for below, seen in self._before.items():
                if below == path or below.startswith(f"{path}/"):
                    self._left[below] = seen
                    self._lost.update({one: f"{below}/{was[1]}" for one, was in seen.children.items()})

    def _found(self, node: Node) -> None:
        self.done.changed += 1
        self._told.add(node.key)
        self._files.append(
            OwnedFile(
                key=node.key,
                provider=PROVIDER,
                name=node.name,
                path=f"/{node.path}",
                owner=self._person(node.owner or self.cloud.user_id),
                url=f"{self.cloud.base}/index.php/f/{quote(node.key, safe='')}",
                folder=node.folder,
                size=0 if node.folder else node.size,
                sha256=node.sha256,
                created_at=node.created_at,
                changed_at=node.changed_at,
                version="" if node.folder else node.etag,
                shares=tuple(self._shares.get(node.key, ())),
            )
        )

    def _person(self, user: str) -> str:
        return f"{user}@{self.domain}" if self.domain and "@" not in user else user

    def _finish(self, visited: dict[str, str]) -> None:
        """What is gone, whose shares changed, and how far we are: durable together."""
        state = {key: [self._shared_at[key], *map(str, shares)] for key, shares in self._shares.items()}
        self._look_at_shared(state, recall(self.name, SHARES))
        gone = {key: path for key, path in self._lost.items() if key not in self._present and not self._stays(path)}
        self.done.gone = len(gone)
        self._files += [OwnedFile(key, PROVIDER, _name(at), f"/{at}", "", deleted=True) for key, at in gone.items()]
        here = set(self._present.values())
        left = {below: seen for below, seen in self._left.items() if below not in here and not self._stays(below)}
        etags = {below: etag for below, etag in {**self._etags, **visited}.items() if below not in left}
        for path in self._failed:
            for above in _way_to(path):
                etags.pop(above, None)

        def keep() -> None:
            forget_seen(self.name, left.values())
            keep_seen(self.name, self._held_back)
            if state != recall(self.name, SHARES):
                remember(self.name, SHARES, state)
            if etags != self._etags:
                remember(self.name, ETAGS, etags)

        items = [one.as_json() for one in self._files]
        observe(kind=ObservedKind.FILES, source=self.name, items=items, alongside=keep)

    def _stays(self, path: str) -> bool:
        """Whether it lies in a folder that was not looked into, as nothing in it changed."""
        return not self._unmoved.isdisjoint(_way_to(path))

    def _look_at_shared(self, state: dict[str, list[str]], known: dict[str, list[str]]) -> None:
        """To share a file does not change it, so it is looked at by itself."""
        for key in sorted({*state, *known} - self._told):
            if state.get(key) != known.get(key):
                node = self.cloud.node((state.get(key) or known[key])[0])
                if node is not None and node.key == key:
                    self._found(node)

    def _hand_on(self) -> None:
        files, self._files = self._files, []
        seen, self._seen = self._seen, []
        items = [one.as_json() for one in files]
        observe(kind=ObservedKind.FILES, source=self.name, items=items, alongside=lambda: keep_seen(self.name, seen))


def _mark(folder: Node) -> str:
    """Its id belongs to it: Nextcloud gives one ETag to all folders above a change, and one of them may take another's place."""
    return f"{folder.key} {folder.etag}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _way_to(path: str) -> list[str]:
    """The folder and all above it, the account's own included."""
    parts = path.split("/")
    return ["", *("/".join(parts[: n + 1]) for n in range(len(parts)))]
