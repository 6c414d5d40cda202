"""Every detection rule of content/detections does on its own examples what it says."""

import pytest

from watchfloor.detection.examples import failures
from watchfloor.detection.library import rules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_hits_and_misses_its_examples(rule):
    assert failures(rule) == []
    assert rule.entities
    assert rule.recommendations
