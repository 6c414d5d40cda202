"""Clicks on protected links, answered by the real served processes: an open loop, so that a slow answer delays no next click.

Each click is a connection of its own, as people's are; its time counts from when it was due. Afterwards every click that was
answered is in the lake, once.
"""

import asyncio
import json
import secrets
import time
from datetime import timedelta
from typing import Any

from benchmarks.serving import served
from benchmarks.workplace import percentile, say
from labs import free_ports
from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.intelligence.models import Entry
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.models import Email
from watchfloor.lake.selectors import count
from watchfloor.response.clicks import policy
from watchfloor.response.clicks.tokens import Link, sign

SMALL: dict[str, Any] = {"seconds": 2, "indicators": 20_000}
FULL: dict[str, Any] = {"seconds": 30}
MANAGER = system_actor("benchmark", Permission.CONNECTION_MANAGE)
MAIL = "ab" * 32
SETTLE_S = 60


def measure(*, seconds: int = 3, rate: int = 200, indicators: int = 50_000) -> dict[str, Any]:
    """`redirect_p99_ms` from due to answered; raises AssertionError when a click is wrong, lost or doubled."""
    key = _prepared(indicators)
    run = secrets.token_hex(4)
    (port,) = free_ports(1)
    with served(port):
        warm, _ = asyncio.run(_clicks(port, key, f"warm{run}", rate=20, seconds=1))
        _missing(f"warm{run}", len(warm))  # once they are in the lake, both processes have begun and read the entries
        took, wrong = asyncio.run(_clicks(port, key, run, rate=rate, seconds=seconds))
        assert not wrong, f"{len(wrong)} of {len(took)} clicks met something else: {wrong[:3]}"
        lost = _missing(run, len(took))
    assert lost == 0, f"{lost} of {len(took)} clicks that were answered are not in the lake"
    p50, p99 = percentile(took, 0.5) * 1000, percentile(took, 0.99) * 1000
    say(f"clicks: {len(took)} at {rate}/s over {indicators:,} indicators, p50 {p50:.1f} ms, p99 {p99:.1f} ms, all kept")
    return {"redirect_p99_ms": round(p99, 1), "redirect_p50_ms": round(p50, 1), "clicks_lost": lost}


def _prepared(indicators: int) -> bytes:
    now = utc_now()
    Entry.objects.bulk_create(
        [
            Entry(kind="domain", value=f"bad{n}.example", effect="indicator", source="a feed", added_by="x", added_at=now, looked_back_at=now)
            for n in range(indicators)
        ],
        batch_size=2000,
    )  # fmt: skip
    Email.objects.create(
        network_message_id="11111111-1111-4111-8111-111111111111", fingerprint=MAIL, sha256=MAIL, received_at=now,
        last_at=now, summary=b"",
    )  # fmt: skip
    kept = policy.change(
        by=MANAGER, enabled=True, internal=False, override=False, exempt_domains=[], exempt_recipients=[], at=now
    )
    assert kept.key is not None
    return kept.key


async def _clicks(port: int, key: bytes, run: str, *, rate: int, seconds: int) -> tuple[list[float], list[str]]:
    """Seconds from due to answered of each click, and what was answered wrongly."""
    wrong: list[str] = []
    begin = time.perf_counter() + 0.1

    async def one(n: int) -> float:
        due = begin + n / rate
        bad = n % 10 == 0
        url = f"https://{'bad' if bad else 'good'}{n}.example/{run}"
        token = sign(Link(url, MAIL, f"p{n}@corp.example"), key=key)
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /click/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Firefox/140\r\nConnection: close\r\n\r\n".encode()
        )
        status = await reader.readline()
        took = time.perf_counter() - due
        await reader.read()
        writer.close()
        if (b" 200 " in status) is not bad or (b" 302 " in status) is bad:
            wrong.append(f"{url}: {status.decode().strip()}")
        return took

    return list(await asyncio.gather(*(one(n) for n in range(rate * seconds)))), wrong


def _missing(run: str, clicked: int) -> int:
    """How many clicks of this run are missing from the lake, or there twice (below 0), once the worker has moved them."""
    now = utc_now()
    ours = Condition("Url", Operator.CONTAINS_ANY, (f"/{run}",))
    query = Query("UrlClickEvents", now - timedelta(hours=1), now + timedelta(hours=1), (ours,))
    until, found = time.monotonic() + SETTLE_S, 0
    while time.monotonic() < until and found < clicked:
        time.sleep(0.2)
        found = count(query)
    return clicked - found


if __name__ == "__main__":
    print(json.dumps(measure()))
