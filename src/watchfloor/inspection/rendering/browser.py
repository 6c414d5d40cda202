"""One Chromium for one job: fresh profile, confined, watched, and gone afterwards with everything it started."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchfloor.inspection.rendering import confine
from watchfloor.inspection.rendering.contracts import BrowserEnded, Cage, TooSlow
from watchfloor.inspection.rendering.devtools import Devtools
from watchfloor.inspection.rendering.program import chromium

AT_ONCE = 2
LOOKS_EVERY = 0.1
FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    # Nothing leaves: no name is found, and every connection goes to a proxy on a port that only root could open.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--dns-prefetch-disable",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-features=Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,AutofillServerCommunication",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-dev-shm-usage",
    "--disable-3d-apis",
    "--mute-audio",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--password-store=basic",
)
NO_SCRIPTS = "--blink-settings=scriptEnabled=false"
_places = threading.BoundedSemaphore(AT_ONCE)
_without_sandbox = threading.Event()
"""Set once Chromium has shown that this machine gives it no sandbox of its own."""


@contextmanager
def browser(*, scripts: bool, cage: Cage) -> Iterator[Devtools]:
    """A browser that answers. Raises NoChromium, TooSlow, BrowserEnded; whatever happens, it is gone afterwards."""
    program = chromium()
    deadline = time.monotonic() + cage.seconds
    if not _places.acquire(timeout=cage.seconds):
        raise TooSlow("no renderer: other pictures are being made; try again in a moment")
    try:
        with _started(program, scripts=scripts, cage=cage, deadline=deadline) as tools:
            yield tools
    finally:
        _places.release()


@contextmanager
def _started(program: str, *, scripts: bool, cage: Cage, deadline: float) -> Iterator[Devtools]:
    if not _without_sandbox.is_set():
        with _process(program, scripts=scripts, sandbox=True, cage=cage, deadline=deadline) as tools:
            if _answers(tools):
                yield tools
                return
    with _process(program, scripts=scripts, sandbox=False, cage=cage, deadline=deadline) as tools:
        tools.call("Browser.getVersion")
        _without_sandbox.set()  # it did not start with one, and does without
        yield tools


def _answers(tools: Devtools) -> bool:
    try:
        tools.call("Browser.getVersion")
    except BrowserEnded:
        return False
    return True


def sandboxed() -> bool:
    """Whether Chromium's own sandbox has held in this process so far."""
    return not _without_sandbox.is_set()


@contextmanager
def _process(program: str, *, scripts: bool, sandbox: bool, cage: Cage, deadline: float) -> Iterator[Devtools]:
    folder = Path(tempfile.mkdtemp(prefix="watchfloor-render-"))
    if os.geteuid() == 0:
        os.chown(folder, confine.NOBODY, confine.NOBODY)
    commands, to_browser = os.pipe()
    from_browser, answers = os.pipe()
    os.set_blocking(to_browser, False)
    flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}"]
    flags += ([] if scripts else [NO_SCRIPTS]) + ([] if sandbox else ["--no-sandbox"])
    confining = [str(commands), str(answers), str(int(cage.network))]
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", confine.__file__, *confining, program, *flags, "about:blank"],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
            env={"HOME": str(folder), "TMPDIR": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
        os.close(commands)
        os.close(answers)
        try:
            with _watched(process.pid, memory=cage.memory):
                yield Devtools(from_browser, to_browser, deadline=deadline)
        finally:
            _end(process)
    finally:
        os.close(to_browser)
        os.close(from_browser)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _watched(session: int, *, memory: int) -> Iterator[None]:
    """Kill the session as soon as it takes more than `memory` bytes."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(LOOKS_EVERY):
            if sum(_taken(pid) for pid in _members(session)) > memory:
                _kill(session)
                return

    thread = threading.Thread(target=watch, name="render-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _members(session: int) -> Iterator[int]:
    """The processes of a session, whatever group they put themselves in."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ProcessLookupError):
                if os.getsid(int(entry.name)) == session:
                    yield int(entry.name)


def _taken(pid: int) -> int:
    """Bytes of memory that are this process's own (not of files it shares)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _kill(session: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)
    for pid in _members(session):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process.pid)
    process.wait()
