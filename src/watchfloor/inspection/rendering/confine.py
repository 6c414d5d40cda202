"""The step between us and Chromium: gives up what the browser must not have, then becomes it.

Run as a script, `python -I -S confine.py READ WRITE NETWORK PROGRAM ARGUMENT...`, so that nothing happens between fork and exec of
a process with threads. READ and WRITE are the descriptors that Chromium's debugging pipe wants as 3 and 4; NETWORK is 1 to cut
it off. As root it becomes nobody; in either case it can gain no rights again, leaves no core, and dies with its parent.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import sys

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
SET_DEATH_SIGNAL, SET_NO_NEW_RIGHTS = 1, 38
NOBODY = 65534
PROCESSOR_SECONDS = 30
FILE_BYTES = 64 << 20
AWAY = 16
"""Above the numbers that are given to the browser."""

_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Confine this process and run the program in it."""
    reading, writing, network = map(int, arguments[:3])
    if network:
        cut_network()
    limit()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _libc.prctl(SET_NO_NEW_RIGHTS, 1, 0, 0, 0)
    _libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    hand_over(reading, writing)
    os.execv(arguments[3], arguments[3:])  # noqa: S606  (a program of fixed flags; there is no shell)


def cut_network() -> bool:
    """A network namespace of our own, empty even of loopback: as root at once, else inside a user namespace; False when refused."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        return bool(_libc.unshare(NEW_NETWORK) == 0)
    if _libc.unshare(NEW_USER | NEW_NETWORK) != 0:
        return False
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with contextlib.suppress(OSError), open(f"/proc/self/{name}", "w") as file:
            file.write(line)
    return True


def limit() -> None:
    """Processor time of each process, size of each file, no core; first to go when memory runs out."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def hand_over(reading: int, writing: int) -> None:
    """Put the pipe where Chromium looks for it; by way of two free numbers, as each may stand in the other's place."""
    free = [fcntl.fcntl(one, fcntl.F_DUPFD, AWAY) for one in (reading, writing)]
    for place, one in enumerate(free, start=3):
        os.dup2(one, place)
    os.closerange(5, max(reading, writing, *free) + 1)


if __name__ == "__main__":
    main(sys.argv[1:])
