"""Bringing the tables from the object store back into the home: the counterpart of `moving`, data first, the log last.

A table arrives beside its place and is renamed into it when it is whole and the same, so that a kill leaves either the old
state or the new one. What already arrived is not fetched again. The store's copy is left as it is; nothing is removed there.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from watchfloor.kernel.errors import Conflict, NotConfigured
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.catalogue import tables
from watchfloor.lake.contracts import MovedTable
from watchfloor.lake.engines.delta import ColdFile, ColdSnapshot, ColdTable
from watchfloor.lake.engines.places import Disk, Store, fsync
from watchfloor.lake.moving import AT_ONCE, MARK, nobody_writes, same_table
from watchfloor.lake.place import lake_folder, place

ARRIVING = "arriving"
"""The folder below lake/ in which a table lies until it is whole."""
SPARE = 64_000_000
"""Bytes that must stay free besides a table."""


def move_home(*, progress: Callable[[str, int, int], None] = lambda table, done, total: None) -> Iterator[MovedTable]:
    """Fetch each table, compare what arrived with what lies there, and put it in its place; one at a time.

    Run it before lake_location is taken out of the settings. `progress` hears the table, bytes fetched and bytes in all.
    Raises NotConfigured when no store is named, Conflict when the server runs, another table stands here, or the disk is too
    small, Unreachable.
    """
    there = place()
    if not isinstance(there, Store):
        raise NotConfigured(
            "lake_location names no object store to bring the lake back from; put it in again until the lake is here",
            place="lake_location",
        )
    known = {table.name for table in tables()}
    with nobody_writes():
        for name in sorted(there.tables() & known):
            moved = _moved(name, there, progress)
            if moved is not None:
                yield moved
    shutil.rmtree(lake_folder() / ARRIVING, ignore_errors=True)


def _moved(name: str, there: Store, progress: Callable[[str, int, int], None]) -> MovedTable | None:
    """None for what is no table, and for one that came home at an earlier attempt."""
    if there.bucket.size(there.location.key(name, MARK)) is not None:
        raise Conflict(
            f"{name} was on its way there and never arrived; run watchfloor lake move to its end first", place=name
        )
    table = table_named(name)
    state = ColdTable(there, table).snapshot(fresh=True)
    if state.version < 0 or _stands(state, name):
        return None
    arriving = lake_folder() / ARRIVING
    _fetch_all(name, state, there, lambda done, total: progress(name, done, total))
    arrived = ColdTable(Disk(arriving), table).snapshot(fresh=True)
    sizes = {file.name: Path(file.path).stat().st_size for file in arrived.files}
    if same_table(arrived) != same_table(state) or sizes != {file.name: file.bytes for file in state.files}:
        raise Conflict(f"{name} is not the same here as there; moving again begins anew", place=name)
    for folder, _, _ in os.walk(arriving / name, topdown=False):
        fsync(Path(folder))
    (arriving / name).rename(lake_folder() / name)
    fsync(lake_folder())
    return MovedTable(
        name,
        rows=sum(file.rows for file in state.files),
        files=len(state.files),
        bytes=sum(file.bytes for file in state.files),
    )


def _stands(state: ColdSnapshot, name: str) -> bool:
    """Whether the table is here already, the same. Raises Conflict when another stands in its place."""
    if name not in Disk(lake_folder()).tables():
        return False
    if same_table(ColdTable(Disk(lake_folder()), table_named(name)).snapshot(fresh=True)) != same_table(state):
        raise Conflict(f"another table {name} lies here already; put it elsewhere first", place=str(lake_folder()))
    return True


def _fetch_all(name: str, state: ColdSnapshot, there: Store, progress: Callable[[int, int], None]) -> None:
    folder = lake_folder() / ARRIVING / name
    root = f"{there.location.key(name)}/"
    wanted = {_below(folder, _key(file, there).removeprefix(root)): file for file in state.files}
    _forget_others(folder, keep=set(wanted))
    missing = [path for path, file in wanted.items() if not path.exists() or path.stat().st_size != file.bytes]
    total, done = sum(file.bytes for file in state.files), sum(wanted[path].bytes for path in set(wanted) - {*missing})
    _check_room(name, total - done)
    progress(done, total)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for size in pool.map(lambda path: _fetch(there, _key(wanted[path], there), path), missing):
            done += size
            progress(done, total)
    log = sorted(key for key, _ in there.bucket.listed(f"{root}_delta_log/"))
    # The pointer to the newest checkpoint comes last, as it came there.
    for key in sorted(log, key=lambda key: (key.endswith("_last_checkpoint"), key)):
        _fetch(there, key, _below(folder, key.removeprefix(root)))


def _below(folder: Path, name: str) -> Path:
    """Where a file of the table goes. Names of the store are anybody's who may write there; none leads out of the folder."""
    path = Path(os.path.normpath(folder / name))
    if Path(os.path.normpath(folder)) not in path.parents:
        raise Conflict(f"a file of the store is named “{name[:100]}”, which is none of a table", place=folder.name)
    return path


def _key(file: ColdFile, there: Store) -> str:
    return file.uri.removeprefix(f"s3://{there.location.bucket}/")


def _forget_others(folder: Path, *, keep: set[Path]) -> None:
    """What an earlier attempt fetched and the table no longer has; the log is fetched anew as a whole."""
    shutil.rmtree(folder / "_delta_log", ignore_errors=True)
    for path in folder.rglob("*"):
        if path.is_file() and path not in keep:
            path.unlink()


def _fetch(there: Store, key: str, path: Path) -> int:
    """Whole and on the disk under its name, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as target:
        size = there.bucket.fetch(key, target)
        target.flush()
        os.fsync(target.fileno())
    part.rename(path)
    return size


def _check_room(name: str, needed: int) -> None:
    folder = lake_folder()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise Conflict(
            f"{name} needs {needed / 1e9:,.2f} GB, and {free / 1e9:,.2f} GB are free; make room and run this again",
            place=str(folder),
        )
