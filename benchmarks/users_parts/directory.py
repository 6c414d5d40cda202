"""How fast the people of a whole directory come in, from a real slapd to joined identities, and what a look costs when nothing changed."""

import time
from datetime import UTC, datetime

SMALL, FULL = 2_000, 20_000
IDLE_LOOKS = 3


def directory_figures(people: int = SMALL) -> dict[str, float]:
    """A slapd with `people` over LDAPS into the home's empty database.

    Gives sync_people_per_s (read, made durable, joined, groups and nesting done; wall time), resync_s (the median of idle looks,
    with the tick of the identities after each), of the first the share that the reading took, and as `work` the processor time of this
    process, which says more than the clock on a busy machine.
    """
    from labs.openldap import OpenLdap
    from watchfloor.connectors.protocols.ldap_settings import server_of
    from watchfloor.connectors.systems.openldap import SYSTEM
    from watchfloor.connectors.systems.openldap.following import Follower
    from watchfloor.connectors.systems.openldap.system import what_of
    from watchfloor.identities import jobs  # noqa: F401  a worker has loaded it long before

    with OpenLdap(people=(), many=people) as slapd:
        settings = {one.name: one.default for one in SYSTEM.settings} | slapd.settings()
        follower = Follower(server_of(settings), what_of(settings), name="bench directory")
        began, work = time.perf_counter(), time.process_time()
        first = follower.look(now=datetime.now(UTC))
        read = time.perf_counter() - began
        _join()
        took, work = time.perf_counter() - began, time.process_time() - work
        if first.people != people:
            raise RuntimeError(f"{first.people} people came in, not {people}")
        _check(people)
        idle_work = time.process_time()
        idle = sorted(_idle(follower) for _ in range(IDLE_LOOKS))
        idle_work = time.process_time() - idle_work
    return {
        "sync_people_per_s": people / took,
        "resync_s": idle[IDLE_LOOKS // 2],
        "sync_reading_s": read,
        "sync_joining_s": took - read,
        "sync_work_s": work,
        "resync_work_s": idle_work / IDLE_LOOKS,
    }


def _join() -> None:
    """What the worker does until nothing waits."""
    from watchfloor.identities.jobs import read_directory

    while read_directory(now=datetime.now(UTC)):
        pass


def _idle(follower: "Follower") -> float:  # type: ignore[name-defined]  # noqa: F821  imported once Django stands
    began = time.perf_counter()
    told = follower.look(now=datetime.now(UTC))
    _join()
    if any((told.people, told.groups, told.deleted, told.events)):
        raise RuntimeError(f"nothing changed, and yet {told} was handed on")
    return time.perf_counter() - began


def _check(people: int) -> None:
    from watchfloor.identities.models import DirectoryPerson, Membership

    joined = DirectoryPerson.objects.filter(deleted_at=None).count()
    if joined < people or not Membership.objects.exists():
        raise RuntimeError(f"{joined} of {people} people were joined")
