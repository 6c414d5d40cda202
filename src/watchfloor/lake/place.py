"""Where this installation's cold tier lies, from the operator's options."""

from functools import cache
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from watchfloor.kernel.errors import NotConfigured
from watchfloor.lake.contracts import LakePlace
from watchfloor.lake.engines.object_store import Location
from watchfloor.lake.engines.places import Disk, Place, Store
from watchfloor.runtime.services import remember, unseal

LEFT_BEHIND = "moved"
"""The folder below lake/ in which `watchfloor lake move` leaves the local tables."""
SEALED = "gAAAAA"
"""How a sealed secret begins (Fernet)."""


def lake_folder() -> Path:
    """Always local: locks, the cache of an object store, and, without one, the tables."""
    return _below(settings.HOME)


@cache
def _below(home: Path) -> Path:
    """One object for each home: it remembers its hash, and every question looks tables up by it."""
    return Path(home) / "lake"


def place() -> Place:
    """Where the tables lie now."""
    location = store_location()
    return Disk(lake_folder()) if location is None else _store(location)


def _store(location: Location) -> Store:
    return Store(location, lake_folder() / "cache", settings.WATCHFLOOR.lake_cache_mb * 1_000_000)


def store_location() -> Location | None:
    """The object store that the options name, None when the lake lies in the home."""
    options = settings.WATCHFLOOR
    if not options.lake_location:
        return None
    bucket, _, prefix = options.lake_location.removeprefix("s3://").partition("/")
    return Location(
        bucket=bucket,
        prefix=prefix.strip("/"),
        endpoint=options.lake_endpoint.rstrip("/"),
        region=options.lake_region,
        key_id=options.lake_key_id,
        secret=_opened(options.lake_secret),
    )


@cache
def _opened(secret: str) -> str:
    """The secret itself, blanked out of every log line from now on."""
    if secret.startswith(SEALED):
        return unseal(secret)
    remember(secret)
    return secret


def check_place() -> None:
    """Raise NotConfigured when commits to the store would not be safe, or tables were left in the home; Unreachable."""
    here = place()
    if not isinstance(here, Store):
        return
    left = Disk(lake_folder()).tables()
    if left:
        raise NotConfigured(
            f"lake_location names an object store, and {len(left)} tables still lie in {lake_folder()}; "
            "run: watchfloor lake move; or take lake_location out when they were brought back by watchfloor lake move-back",
            place="lake_location",
        )
    here.bucket.check(token=uuid4().hex)


def lake_place() -> LakePlace:
    """Where the lake lies, and how full and how useful its cache is."""
    here = place()
    if not isinstance(here, Store):
        return LakePlace(where=str(lake_folder()))
    state = here.cache.state()
    return LakePlace(
        where=here.location.uri(),
        endpoint=here.location.endpoint or "Amazon",
        cache_files=state.files,
        cache_bytes=state.bytes,
        cache_most_bytes=state.most_bytes,
        hits=state.hits,
        misses=state.misses,
        fetching=state.fetching,
    )
