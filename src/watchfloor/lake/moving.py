"""Bringing the tables that lie in the home into the object store the options name, as they are: data first, the log last.

A Delta table names its files by their place in it, so a copy is the same table. What was begun and not ended carries a mark
and is begun again; what stands there already without a mark is left alone.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from watchfloor.kernel.errors import Conflict, NotConfigured
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import MovedTable
from watchfloor.lake.engines.delta import ColdSnapshot, ColdTable
from watchfloor.lake.engines.object_store import Bucket
from watchfloor.lake.engines.places import Disk, Store
from watchfloor.lake.place import LEFT_BEHIND, lake_folder, place
from watchfloor.lake.storage import only_writer

AT_ONCE = 8
MARK = "_moving"


def move(*, progress: Callable[[str, int, int], None] = lambda table, done, total: None) -> Iterator[MovedTable]:
    """Copy each table, compare what arrived with what lies here, and put the local one aside; one at a time.

    `progress` hears the table, bytes copied and bytes in all. Raises NotConfigured when no store is named or it is unfit,
    Conflict when the server runs or another table stands there, Unreachable.
    """
    there = place()
    if not isinstance(there, Store):
        raise NotConfigured(
            "set lake_location to s3://bucket/prefix first, and what else the store needs", place="lake_location"
        )
    there.bucket.check(token=uuid4().hex)
    with nobody_writes():
        for name in sorted(Disk(lake_folder()).tables()):
            yield _moved(name, there, progress)


@contextmanager
def nobody_writes() -> Iterator[None]:
    """Nobody writes meanwhile: no worker runs, and the cold tier's lock is ours."""
    handle = os.open(Path(settings.HOME) / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with only_writer() as mine:
            if not mine:
                raise Conflict("the lake is being written to; try again in a minute")
            yield
    except BlockingIOError:
        raise Conflict("the server runs; stop it, and start it again when the lake has moved") from None
    finally:
        os.close(handle)


def _moved(name: str, there: Store, progress: Callable[[str, int, int], None]) -> MovedTable:
    table = table_named(name)
    here, copy = ColdTable(Disk(lake_folder()), table), ColdTable(there, table)
    here.repair()
    state = here.snapshot()
    if not _stands(state, copy, there, name):
        _copy(name, state, there, lambda done, total: progress(name, done, total))
    arrived = copy.snapshot(fresh=True)
    if same_table(arrived) != same_table(state) or _sizes(there, name, arrived) != {
        file.uri: file.bytes for file in arrived.files
    }:
        raise Conflict(
            f"{name} is not the same there as here; nothing was removed, and moving again begins anew", place=name
        )
    there.bucket.remove(there.location.key(name, MARK))
    aside = lake_folder() / LEFT_BEHIND
    aside.mkdir(exist_ok=True)
    (lake_folder() / name).rename(aside / name)
    return MovedTable(
        name,
        rows=sum(file.rows for file in state.files),
        files=len(state.files),
        bytes=sum(file.bytes for file in state.files),
    )


def _stands(state: ColdSnapshot, copy: ColdTable, there: Store, name: str) -> bool:
    """Whether the whole table arrived at an earlier attempt. Raises Conflict when another stands in its place."""
    if there.bucket.size(there.location.key(name, MARK)) is not None or name not in there.tables():
        return False
    if same_table(copy.snapshot(fresh=True)) != same_table(state):
        raise Conflict(f"another table {name} lies there already; choose another prefix", place=str(there.location))
    return True


def _copy(name: str, state: ColdSnapshot, there: Store, progress: Callable[[int, int], None]) -> None:
    bucket, folder = there.bucket, lake_folder() / name
    bucket.put(there.location.key(name, MARK), b"")
    total, done = sum(file.bytes for file in state.files), 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for size in pool.map(lambda file: _put(bucket, there, name, folder, Path(file.path)), state.files):
            done += size
            progress(done, total)
    log = folder / "_delta_log"
    # The pointer to the newest checkpoint comes last: until then a reader takes the log from its beginning.
    for path in sorted(
        (path for path in log.rglob("*") if path.is_file()),
        key=lambda path: (path.name == "_last_checkpoint", path.name),
    ):
        _put(bucket, there, name, folder, path)


def _put(bucket: Bucket, there: Store, name: str, folder: Path, path: Path) -> int:
    bucket.put(there.location.key(name, path.relative_to(folder).as_posix()), path)
    return path.stat().st_size


def same_table(state: ColdSnapshot) -> tuple[object, ...]:
    """What makes two snapshots the same table at the same moment."""
    files = sorted((file.day, Path(file.path).name, file.rows, file.bytes) for file in state.files)
    return state.version, state.watermark, files


def _sizes(there: Store, name: str, state: ColdSnapshot) -> dict[str, int]:
    """Bytes of the live files as the store lists them."""
    root = f"s3://{there.location.bucket}/"
    live = {file.uri for file in state.files}
    listed = there.bucket.listed(there.location.key(name, ""))
    return {root + key: size for key, size in listed if root + key in live}
