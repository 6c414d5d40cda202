from datetime import UTC, datetime, timedelta

from watchfloor.kernel.ids import uuid7

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_id_says_its_version_and_variant():
    made = uuid7(at=NOON)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_ids_sort_by_time():
    moments = [NOON + timedelta(milliseconds=step) for step in range(50)]
    made = [str(uuid7(at=moment)) for moment in moments]
    assert made == sorted(made)


def test_the_same_randomness_gives_the_same_id():
    assert uuid7(at=NOON, randomness=b"0123456789") == uuid7(at=NOON, randomness=b"0123456789")
    assert uuid7(at=NOON) != uuid7(at=NOON)
