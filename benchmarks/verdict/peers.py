"""rspamd and SpamAssassin on the same mails, offline on 127.0.0.1, where Debian's packages are installed."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.verdict.corpus import HONEST, UNWANTED, Mail
from benchmarks.verdict.model import share

_ONLINE = (
    "rbl spf dkim dkim_signing dmarc arc asn hfilter once_received mx_check fuzzy_check greylist ratelimit replies url_redirector "
    "neural history_redis bayes_expiry p0f elastic clickhouse metadata_exporter reputation multimap"
).split()
_START = 90.0
_WAIT = 60


def told_by_peers(mails: Sequence[Mail]) -> str:
    """One line per peer and threshold."""
    lines = [f"peers, offline, on {len(mails)} of these mails"]
    for name, programs, scored, thresholds in (
        ("rspamd", ("rspamd",), rspamd_scores, (6.0, 4.0)),
        ("SpamAssassin", ("spamd",), spamassassin_scores, (5.0, 4.0)),
    ):
        if all(shutil.which(program) for program in programs):
            lines += _told(name, mails, scored, thresholds)
        else:
            lines.append(f"  {name}: not installed")
    return "\n".join(lines)


def _told(
    name: str, mails: Sequence[Mail], scored: Callable[[Sequence[Mail]], list[float]], thresholds: Sequence[float]
) -> Iterator[str]:
    try:
        scores = scored(mails)
    except (OSError, TimeoutError, ValueError) as error:
        yield f"  {name}: did not answer ({error})"
        return
    for threshold in thresholds:
        recall = share(score >= threshold for score, mail in zip(scores, mails, strict=True) if mail.label == UNWANTED)
        wrong = share(score >= threshold for score, mail in zip(scores, mails, strict=True) if mail.label == HONEST)
        yield f"  {name} from {threshold}: recall {recall:.2%}, false positives {wrong:.2%}"


def rspamd_scores(mails: Sequence[Mail]) -> list[float]:
    """Debian's rules with everything off that asks the network; one worker, no Bayes."""
    with tempfile.TemporaryDirectory(prefix="wf-rspamd-") as folder, _port() as port:
        config = Path(folder) / "rspamd.conf"
        config.write_text(_rspamd_config(Path(folder), port), "utf-8")
        command = ["rspamd", "--no-fork", "--config", str(config)]
        if os.getuid() == 0:
            command.append("--insecure")
        with _running(command, port):
            return [_rspamd(port, mail.raw) for mail in mails]


def _rspamd_config(folder: Path, port: int) -> str:
    off = "\n".join(f"{module} {{ enabled = false; }}" for module in _ONLINE)
    return f"""
.include "/etc/rspamd/common.conf"
options {{
  pidfile = "{folder}/pid"; cache_file = "{folder}/symbols.cache"; dynamic_conf = "{folder}/dynamic"; rrd = "";
  hs_cache_dir = "{folder}"; history_file = "{folder}/history"; control_socket = "{folder}/control mode=0600";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{folder}/log"; level = "error"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; enabled = true; }}
{off}
"""


def _rspamd(port: int, raw: bytes) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT)
    try:
        connection.request("POST", "/checkv2", body=raw)
        return float(json.loads(connection.getresponse().read())["score"])
    finally:
        connection.close()


def spamassassin_scores(mails: Sequence[Mail]) -> list[float]:
    """Debian's rules, local tests only, no Bayes data."""
    with tempfile.TemporaryDirectory(prefix="wf-spamd-") as folder, _port() as port:
        command = ["spamd", "--local", "--nouser-config", f"--helper-home-dir={folder}", "--max-children=1"]
        command += [f"--port={port}", "--listen=127.0.0.1", "--syslog=null"]
        with _running(command, port):
            return [_spamd(port, mail.raw) for mail in mails]


def _spamd(port: int, raw: bytes) -> float:
    with socket.create_connection(("127.0.0.1", port), timeout=_WAIT) as line:
        line.sendall(b"CHECK SPAMC/1.2\r\nContent-length: %d\r\n\r\n" % len(raw) + raw)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    for said in answer.decode("ascii", "replace").splitlines():
        if said.startswith("Spam:"):
            return float(said.split(";")[1].split("/")[0])
    raise ValueError("no score in the answer")


@contextmanager
def _port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    yield port


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _START
        while process.poll() is None and time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        else:
            raise TimeoutError(f"{command[0]} did not start")
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
