"""The cache of an object store's files: whole or not at all, bounded, shared, and never taken from under a query."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from labs import wait_until
from labs.s3 import BUCKET, KEY_ID, S3, SECRET
from watchfloor.kernel.errors import Unreachable
from watchfloor.lake.contracts import TooLarge, TooSlow
from watchfloor.lake.engines import cache as caching
from watchfloor.lake.engines import object_store
from watchfloor.lake.engines.cache import FileCache, Lease
from watchfloor.lake.engines.object_store import Bucket, Location

SIZE = 10_000


@dataclass(frozen=True)
class One:
    path: str
    uri: str
    bytes: int = SIZE
    lease: Lease | None = None


@pytest.fixture
def bucket(s3):
    return Bucket(Location(BUCKET, uuid4().hex, s3.url, "us-east-1", KEY_ID, SECRET))


@pytest.fixture
def made(bucket, tmp_path):
    """A cache of so many files' size, and files in the store."""

    def make(most: int, files: int):
        cache = FileCache(tmp_path / "cache", bucket, most_bytes=most * SIZE)
        ones = []
        for number in range(files):
            key = bucket.location.key("T", f"{number}.parquet")
            bucket.put(key, b"%06d" % number + bytes(SIZE - 6))
            ones.append(One(str(tmp_path / "cache/T" / f"{number}.parquet"), f"s3://{BUCKET}/{key}"))
        return cache, ones

    return make


def lies(cache) -> set[str]:
    return {path.name for path in cache.folder.rglob("*.parquet")}


def test_a_file_is_fetched_once_and_is_whole(made):
    cache, files = made(10, 3)
    Lease(cache).ready(files)
    assert Path(files[2].path).read_bytes()[:6] == b"000002"
    Lease(cache).ready(files)
    state = cache.state()
    assert (state.hits, state.misses, state.files, state.bytes, state.fetching) == (3, 3, 3, 3 * SIZE, 0)


def test_what_was_not_used_longest_goes_first(made):
    cache, files = made(3, 5)
    for number in range(3):
        Lease(cache).ready([files[number]])
        os.utime(files[number].path, (1000 + number, 1000))
    Lease(cache).ready([files[0]])
    Lease(cache).ready(files[3:])
    assert lies(cache) == {"0.parquet", "3.parquet", "4.parquet"}


def test_using_a_file_leaves_its_time_of_modification(made):
    cache, files = made(3, 1)
    Lease(cache).ready(files)
    os.utime(files[0].path, (1000, 1000))
    Lease(cache).ready(files)
    stat = os.stat(files[0].path)
    assert stat.st_mtime == 1000
    assert stat.st_atime > 1000


def test_what_a_query_needs_stays_although_room_is_needed(made):
    cache, files = made(3, 6)
    held = Lease(cache)
    held.ready(files[:3])
    Lease(cache).ready(files[3:])
    assert lies(cache) >= {"0.parquet", "1.parquet", "2.parquet"}
    del held
    cache.trim(coming=SIZE)
    assert len(lies(cache)) == 2


def test_a_file_that_two_queries_need_stays_until_the_last_is_done(made):
    cache, files = made(1, 2)
    one, two = Lease(cache), Lease(cache)
    one.ready(files[:1])
    two.ready(files[:1])
    del one
    cache.trim(coming=SIZE)
    assert lies(cache) == {"0.parquet"}
    del two
    cache.trim(coming=SIZE)
    assert lies(cache) == set()


def test_a_query_that_needs_more_than_may_lie_here_is_refused_with_advice(made):
    cache, files = made(3, 4)
    with pytest.raises(TooLarge, match="shorter time, or let lake_cache_mb"):
        Lease(cache).ready(files)
    assert lies(cache) == set()


def test_a_file_cut_short_by_a_power_loss_is_fetched_again(made):
    cache, files = made(3, 1)
    Path(files[0].path).parent.mkdir()
    Path(files[0].path).write_bytes(b"")
    Lease(cache).ready(files)
    assert Path(files[0].path).stat().st_size == SIZE


def test_a_file_of_another_size_in_the_store_is_never_shown(made):
    cache, files = made(3, 1)
    with pytest.raises(Unreachable, match=r"gave 10000 bytes of a file of 9999"):
        Lease(cache).ready([One(files[0].path, files[0].uri, SIZE - 1)])
    assert cache.state().files == cache.state().fetching == 0


def test_parts_that_a_killed_process_left_go_when_room_is_needed(made):
    cache, files = made(1, 1)
    old, new = cache.folder / f".a.1.1{caching.PART}", cache.folder / f".b.1.1{caching.PART}"
    for part in (old, new):
        part.write_bytes(bytes(10))
    os.utime(old, (1000, 1000))
    assert cache.state().fetching == 2
    Lease(cache).ready(files)
    assert (old.exists(), new.exists()) == (False, True)


def test_many_threads_that_want_the_same_files_fetch_each_once(made, monkeypatch):
    cache, files = made(20, 20)
    fetched = []
    fetch = cache.bucket.fetch
    monkeypatch.setattr(cache.bucket, "fetch", lambda key, target: fetched.append(key) or fetch(key, target))
    leases = [Lease(cache) for _ in range(6)]
    threads = [threading.Thread(target=lease.ready, args=(files,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lies(cache)) == 20
    assert len(fetched) == 20


def test_a_question_does_not_wait_for_ever_and_what_came_stays_for_the_next(made, monkeypatch):
    cache, files = made(30, 20)
    fetch = cache.bucket.fetch
    monkeypatch.setattr(caching, "FETCH_SECONDS", 0.3)
    monkeypatch.setattr(cache.bucket, "fetch", lambda key, target: time.sleep(0.2) or fetch(key, target))
    with pytest.raises(TooSlow, match=r"of 20 files came from the object store .* ask again"):
        Lease(cache).ready(files)
    wait_until(lambda: cache.state().files == 20 and not cache.state().fetching, seconds=30)
    Lease(cache).ready(files)


def test_a_store_that_is_away_is_told_and_what_lies_here_still_serves(tmp_path, monkeypatch):
    monkeypatch.setattr(object_store, "PAUSE", 0.01)
    with S3() as server:
        bucket = Bucket(Location(BUCKET, "p", server.url, "us-east-1", KEY_ID, SECRET))
        for name in "ab":
            bucket.put(f"p/{name}.parquet", bytes(SIZE))
        a, b = (One(str(tmp_path / f"{name}.parquet"), f"s3://{BUCKET}/p/{name}.parquet") for name in "ab")
        cache = FileCache(tmp_path, bucket, most_bytes=10 * SIZE)
        Lease(cache).ready([a])
    Lease(cache).ready([a])
    with pytest.raises(Unreachable, match="does not answer"):
        Lease(cache).ready([a, b])
    assert cache.state().fetching == 0


HOLDER = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from test_cache import FileCache, Lease, One
from watchfloor.lake.engines.object_store import Bucket, Location
cache = FileCache(Path({folder!r}), Bucket(Location(*{location!r})), most_bytes=10**9)
lease = Lease(cache)
lease.ready([One(*one) for one in {files!r}])
print("held", flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_another_process_keeps_its_files_until_it_ends_even_by_kill(made, bucket):
    cache, files = made(2, 4)
    where = bucket.location
    words = HOLDER.format(
        here=str(Path(__file__).parent),
        folder=str(cache.folder),
        location=(where.bucket, where.prefix, where.endpoint, where.region, where.key_id, where.secret),
        files=[(file.path, file.uri) for file in files[:2]],
    )
    process = subprocess.Popen([sys.executable, "-c", words], stdout=subprocess.PIPE, cwd=Path(__file__).parents[4])
    try:
        assert process.stdout.readline() == b"held\n"
        Lease(cache).ready(files[2:])
        assert lies(cache) >= {"0.parquet", "1.parquet"}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    cache.trim(coming=2 * SIZE)
    assert lies(cache) == set()


FETCHER = """
import random, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_cache import FileCache, Lease, One
from watchfloor.lake.engines.object_store import Bucket, Location
cache = FileCache(Path({folder!r}), Bucket(Location(*{location!r})), most_bytes={most})
dice = random.Random({seed})
files = [One(*one) for one in {files!r}]
while True:
    some = dice.sample(files, 4)
    lease = Lease(cache)
    lease.ready(some)
    for one in some:
        assert Path(one.path).read_bytes()[:6] == b"%06d" % int(Path(one.path).stem), one
    del lease
    print("ok", flush=True)
"""


@pytest.mark.slow
def test_processes_that_fetch_evict_and_are_killed_never_show_each_other_half_a_file(made, bucket, tmp_path):
    cache, files = made(8, 30)
    where = bucket.location

    def start(seed: int) -> subprocess.Popen:
        words = FETCHER.format(
            here=str(Path(__file__).parent),
            folder=str(cache.folder),
            location=(where.bucket, where.prefix, where.endpoint, where.region, where.key_id, where.secret),
            files=[(file.path, file.uri) for file in files],
            most=8 * SIZE,
            seed=seed,
        )
        output = (tmp_path / f"out-{seed}").open("wb")
        with output:
            return subprocess.Popen(
                [sys.executable, "-c", words], stdout=output, stderr=output, cwd=Path(__file__).parents[4]
            )

    def said(seed: int) -> str:
        return (tmp_path / f"out-{seed}").read_text()

    running = {seed: start(seed) for seed in range(3)}
    try:
        for seed in range(3, 7):
            victim = seed % 3
            wait_until(lambda v=victim: said(max(s for s in running if s % 3 == v)).count("ok") > 5, seconds=60)
            time.sleep(0.05 * seed)
            alive = max(s for s in running if s % 3 == victim)
            running[alive].kill()
            running[alive].wait()
            running[seed] = start(seed)
        wait_until(lambda: all(said(s).count("ok") > 5 for s in range(4, 7)), seconds=60)
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    for seed in range(7):
        assert set(said(seed).split()) <= {"ok"}, said(seed)
    for path in cache.folder.rglob("*.parquet"):
        if not path.name.startswith("."):
            assert path.stat().st_size == SIZE
