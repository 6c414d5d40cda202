"""Actors, a moment, and the facts of judging as the composition root gives them."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import actor_of, system_actor
from watchfloor.intelligence import facts, uses

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TUNER = system_actor("test", Permission.DETECTION_TUNE, Permission.EMAIL_ACTION_PROPOSE)
NOBODY = system_actor("nobody")


@pytest.fixture(autouse=True)
def nothing_held():
    """No facts of another test in memory, no source of people of another test."""
    people = list(facts._people)
    facts._held.clear()
    uses._seen.clear()
    yield
    facts._held.clear()
    facts._people[:] = people


@pytest.fixture
def analyst(ada):
    """Ada as she acts."""
    return actor_of(ada)
