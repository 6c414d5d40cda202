"""The shipped rules: each does on its examples what it says."""

import pytest

from watchfloor.detection.examples import failures
from watchfloor.detection.library import rules
from watchfloor.detection.words import rule_words


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_rule_hits_and_misses_its_examples(rule):
    assert failures(rule) == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_rule_says_in_words_what_it_looks_for(rule):
    words = rule_words(rule)
    assert words
    assert all(len(line) > 10 for line in words)
