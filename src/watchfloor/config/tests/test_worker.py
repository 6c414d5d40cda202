"""The worker's rounds."""

import pytest

from watchfloor.config.ticking import pause


@pytest.mark.parametrize(("seconds", "idle", "expected"), [(0.3, 5, 0.3), (0.3, 31, 1.0), (60, 5, 60), (60, 900, 60)])
def test_what_has_nothing_to_do_looks_once_a_second(seconds, idle, expected):
    assert pause(seconds, idle=idle) == expected
