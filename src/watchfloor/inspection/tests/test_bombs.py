"""Mails made to exhaust their reader end in under two seconds with a verdict or as unparsable, and the worker lives on."""

import os
from pathlib import Path

import pytest

from watchfloor.inspection.contracts import Envelope, ThreatType
from watchfloor.inspection.pool import InspectionPool
from watchfloor.inspection.tests import bombs
from watchfloor.inspection.tests.letters import FACTS, NOW, letter


@pytest.fixture(scope="module")
def pool():
    with InspectionPool(1, FACTS) as running:
        running.submit(letter(), Envelope(), NOW).result(60)
        yield running


@pytest.mark.parametrize("name", bombs.BOMBS)
def test_a_bomb_ends_in_two_seconds(pool, name):
    raw = bombs.BOMBS[name]()
    pids, before = pool.pids, _processor_seconds(pool.pids)
    found = pool.submit(raw, Envelope(), NOW).result(60)
    # Processor time, not the clock's: the machine may be busy with other tests.
    taken = _processor_seconds(pool.pids) - (before if pool.pids == pids else 0)
    assert taken < 2
    assert found.size == len(raw)
    assert found.unparsable or found.verdict.threshold
    assert pool.submit(letter(), Envelope(), NOW).result(60).unparsable == ""


def _processor_seconds(pids: tuple[int, ...]) -> float:
    """Processor time the workers have used so far, in seconds (proc(5), fields utime and stime)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("100,000 nested multiparts", "more than 1000 multiparts: structure not read"),
        ("200,000 nested div", "HTML cut where its nesting defeats parsers"),
        ("20,000 recipients", "header cut at 64 kB"),
        ("subject of 1.3 MB", "header cut at 64 kB"),
        ("100,000 headers", "headers cut at 2000"),
        ("50,000 parts", "parts cut at 500"),
        ("mail of 100 MB", "mail cut at 64 MB"),
        ("zip bomb", "archive declares 4095 MB: not unpacked"),
        ("zip of 30,000 files", "archive listing cut at 1000 entries"),
        ("picture of 900 megapixels", "image over 8 megapixels not searched for QR codes"),
        ("PDF of 4 GB", "PDF streams cut"),
    ],
)
def test_what_was_cut_is_said(pool, name, limit):
    assert limit in pool.submit(bombs.BOMBS[name](), Envelope(), NOW).result(60).limits_hit


def test_a_zip_bomb_is_called_one(pool):
    found = pool.submit(bombs.zip_bomb(), Envelope(), NOW).result(60)
    assert found.verdict.threat_types == (ThreatType.MALWARE,)
    assert "unpacks to 4095 MB" in found.verdict.reasons[0].words
