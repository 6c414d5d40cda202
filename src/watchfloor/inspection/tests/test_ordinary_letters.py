"""Ordinary mail of companies, offices and people is left alone, however much phishing borrows from it."""

import pytest

from benchmarks.verdict.letters import ordinary_letters
from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.tests.letters import NOW

LETTERS = ordinary_letters()


@pytest.mark.parametrize("raw", [raw for _, raw in LETTERS], ids=[subject for subject, _ in LETTERS])
def test_an_ordinary_letter_is_left_alone(raw):
    verdict = inspect(raw, envelope=Envelope(), facts=TenantFacts(), now=NOW).verdict
    assert verdict.threat_types == (), [(reason.signal, reason.points) for reason in verdict.reasons]


def test_the_letters_are_many_and_of_many_languages():
    assert len(LETTERS) >= 50
    text = b"".join(raw for _, raw in LETTERS).lower()
    for word in (b"rechnung", b"facture", b"pedido", b"fattura", b"bestelling", b"invoice"):
        assert word in text
