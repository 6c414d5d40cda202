"""The lake's storage: what it does under churn, kill -9 and late commits, and what an object store costs against the disk.

`python benchmarks/lake_storage.py [PART ...]` (churn, order, kills, places, trickle; all without a name) prints each part's figures
and last one JSON line. SCALE=full takes longer and more. The store is moto on this machine; `far` lets it wait 20 ms with
every request, as a store in the same region does.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER / "lake_parts"), str(FOLDER.parent)]

from labs.postgres import postgres  # noqa: E402
from labs.s3 import S3  # noqa: E402

FULL = os.environ.get("SCALE") == "full"
TESTS = FOLDER.parent / "src/watchfloor/lake/tests"
os.environ["DJANGO_SETTINGS_MODULE"] = "watchfloor.config.settings"
os.environ["PYTHONPATH"] = str(FOLDER.parent)


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


HOMES = tempfile.TemporaryDirectory(prefix="wf-storage")


def home() -> Path:
    """A home of its own, gone with the run."""
    return Path(tempfile.mkdtemp(dir=HOMES.name))


@contextmanager
def environment(**given: str) -> Iterator[None]:
    """These variables for everything that is started meanwhile."""
    before = dict(os.environ)
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def child(script: Path, *words: object, **given: str) -> dict[str, object]:
    """What a script of ours prints last, as JSON."""
    environ = {**os.environ, "WATCHFLOOR_HOME": str(home()), **given}
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environ, check=True)
    done = subprocess.run(
        [sys.executable, str(script), *map(str, words)], env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def churn() -> dict[str, object]:
    """Flush, compaction and vacuum at once, under writers and readers."""
    from churning import churn

    found = churn(home(), seconds=90 if FULL else 30)
    for name, told in found["told"].items():
        say(f"  {name:10} {told}")
    readers = [found["told"][f"read-{number}"] for number in (1, 2, 3)]
    sums = {name: sum(one[name] for one in readers) for name in ("n", "errors", "torn", "backwards")}
    say(f"  {sums}; {found['batches']} batches told, {found['found']} found; {found['words']}")
    told = found["told"]
    return {
        "reads": sums["n"],
        "errors": sums["errors"],
        "torn": sums["torn"] + found["torn_at_end"],
        "backwards": sums["backwards"],
        "missing": found["missing"],
        "rows": found["found"] * 100,
        "flushes": told["flush"]["n"],
        "merged_days": told.get("compact", {}).get("days", 0),
        "conflicts": told.get("compact", {}).get("conflicts", 0) + told["flush"].get("conflicts", 0),
        "vacuumed_files": told.get("vacuum", {}).get("files", 0),
        "append_100_ms": told["write-a"]["median_ms"],
        "read_ms": told["read-1"]["median_ms"],
    }


def order() -> dict[str, object]:
    """PostgreSQL with a transaction that stays open over a flush, with and without the order that is kept."""
    with postgres() as url:
        kept = child(TESTS / "order.py", "kept", DATABASE_URL=url)
    with postgres() as url:
        free = child(TESTS / "order.py", "free", DATABASE_URL=url)
    say(f"  kept: {kept}\n  left out: {free}")
    return {
        "lost": len(kept["lost"]),
        "twice": len(kept["twice"]),
        "longest_wait_s": kept["longest_wait_s"],
        "lost_without_order": len(free["lost"]),
    }


def kills() -> dict[str, object]:
    """kill -9 of writers and flusher, round after round, on both databases and both places."""
    from crashing import rounds

    count, found = 9 if FULL else 3, {}
    with postgres() as url, S3() as s3:
        for name, given in {
            "sqlite_disk": {},
            "postgresql_disk": {"DATABASE_URL": url},
            "sqlite_store": s3.options("a"),
            "postgresql_store": {"DATABASE_URL": url.rpartition("/")[0] + "/second", **s3.options("b")},
        }.items():
            if "second" in given.get("DATABASE_URL", ""):
                import psycopg

                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("CREATE DATABASE second")
            with environment(**given):
                crashed = rounds(home(), count=count)
            say(f"  {name:17} {crashed}")
            found[name] = [crashed.acknowledged, crashed.lost, crashed.duplicated, crashed.wrong_reads, crashed.reads]
    return found


def places() -> dict[str, object]:
    """Commits and reads on disk, in a store on this machine, and in one 20 ms away."""
    mails = int(float(os.environ.get("MAILS", 1e6 if FULL else 1e5)))
    script, found = FOLDER / "lake_parts/object_store.py", {}
    found["disk"] = child(script, mails)
    with S3() as s3:
        found["near"] = child(script, mails, **s3.options())
    with S3(delay=0.02) as s3:
        found["far"] = child(script, mails, **s3.options())
    names = [name for name in found["disk"] if name != "where"]
    for name in names:
        say(f"  {name:18}" + "".join(f"{one}: {found[one].get(name)!s:>18}   " for one in found))
    return found


def trickle() -> dict[str, object]:
    """A day of small flushes, and what compaction makes of it."""
    found = child(FOLDER / "lake_parts/trickle.py", 400, 1000 if FULL else 250)
    for name, value in found.items():
        say(f"  {name}: {value}")
    return found


PARTS = {"churn": churn, "order": order, "kills": kills, "places": places, "trickle": trickle}


def main(names: list[str]) -> None:
    figures: dict[str, object] = {}
    for name in names or PARTS:
        began = time.monotonic()
        say(f"{name}: {PARTS[name].__doc__}")
        figures[name] = PARTS[name]()
        say(f"  took {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}")
    HOMES.cleanup()
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
