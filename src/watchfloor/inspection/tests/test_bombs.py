"""Mails made to exhaust their reader end in under two seconds with a verdict or as unparsable, and the worker lives on."""

import time

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
    started = time.monotonic()
    found = pool.submit(raw, Envelope(), NOW).result(60)
    taken = time.monotonic() - started
    # The machine may be busy with other tests: what counts is that no input makes the time grow without bound.
    assert taken < 2 or taken < 2 * _slowness()
    assert found.size == len(raw)
    assert found.unparsable or found.verdict.threshold
    assert pool.submit(letter(), Envelope(), NOW).result(60).unparsable == ""


def _slowness() -> float:
    """How much longer than usual plain work takes on this machine now (1 = as fast as a small idle one)."""
    started = time.monotonic()
    sum(range(5_000_000))
    return max((time.monotonic() - started) / 0.15, 1)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("100,000 nested multiparts", "more than 1000 multiparts: structure not read"),
        ("200,000 nested div", "HTML cut at depth 500"),
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
