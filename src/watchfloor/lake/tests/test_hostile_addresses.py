"""An address that nobody's mouse made is refused in words before any engine sees it."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.http import QueryDict

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.query.address import MOST_CONDITIONS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def query_of(*conditions: str, more: str = "") -> Query:
    address = "&".join(f"f={quote(one, safe='~,')}" for one in conditions)
    return selectors.query_from_parameters(QueryDict(f"{address}{more}"), now=NOW)


@pytest.mark.parametrize(
    "condition",
    [
        "EmailSize~greater than~" + "9" * 20,
        "EmailSize~greater than~" + "9" * 5000,
        "EmailSize~less than~-" + "9" * 40,
        "EmailSize~greater than~nan",
        "EmailSize~greater than~1e400",
        "Timestamp~greater than~0001-01-01T00:00:00+23:59",
        "Timestamp~less than~9999-12-31T23:59:59-23:59",
        "Timestamp~less than~1969-12-31T23:59:59",
        "Subject~sounds like~a",
        'x"; DROP TABLE EmailEvents; --~equal any of~1',
    ],
)
def test_a_value_that_no_engine_can_hold_is_refused_in_words(condition):
    with pytest.raises(BadInput) as error:
        query_of(condition)
    assert len(str(error.value)) < 700


@pytest.mark.parametrize(
    "times",
    ["from=0001-01-01T00:00%2B23:59&to=0002-01-01", "from=0001-01-01&to=0001-02-01", "from=2026-01-01&to=9999-12-31"],
)
def test_a_time_that_no_mail_has_is_refused_in_words(times):
    with pytest.raises(BadInput):
        query_of(more=f"&{times}")


def test_a_thousand_conditions_are_refused_but_a_thousand_values_are_not():
    with pytest.raises(BadInput, match=f"at most {MOST_CONDITIONS} conditions"):
        query_of(*["Subject~contains any of~a"] * (MOST_CONDITIONS + 1))
    values = [f"word{number}" for number in range(1000)]
    assert len(query_of(f"Subject~contains any of~{','.join(values)}").conditions[0].values) == 1000


def test_thousands_of_values_and_odd_texts_run(lake):
    for operator, count in ((Operator.EQUAL_ANY, 20_000), (Operator.CONTAINS_ANY, 4_000)):
        for column in ("Subject", "ThreatTypes"):
            values = (
                "'); DROP TABLE x; --",
                "$$;--",
                "a\0b",
                "\ud800",
                *(f"v{number}" for number in range(count // 10)),
            )
            query = Query("EmailEvents", datetime(2026, 11, 1, tzinfo=UTC), NOW, (Condition(column, operator, values),))
            assert selectors.count(query) == 0
