"""Trying a policy is asking the lake: it takes the right to the tables that are asked."""

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.detection.backtest import back_test
from watchfloor.detection.policies import Draft
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Forbidden

pytestmark = pytest.mark.django_db


def tuner(*more: Permission) -> Actor:
    return Actor("person:9", "Tom", frozenset({Permission.DETECTION_TUNE, *more}))


@pytest.mark.parametrize("trigger", ["every", "threshold", "unusual"])
def test_nobody_reads_of_mail_by_trying_a_policy(trigger):
    rule = Draft(parts=("Subject~contains any of~a",), trigger=trigger, group_by="SenderFromAddress").rule()
    with pytest.raises(Forbidden):
        back_test(rule, by=tuner(), now=utc_now())
    assert back_test(rule, by=tuner(Permission.EMAIL_METADATA_READ), now=utc_now()).alerts == 0


def test_nor_of_accounts_or_of_the_mail_beside_a_click():
    accounts = Draft(table="IdentityLogonEvents", parts=("AccountUpn~contains any of~a",)).rule()
    with pytest.raises(Forbidden):
        back_test(accounts, by=tuner(Permission.EMAIL_METADATA_READ), now=utc_now())
    assert back_test(accounts, by=tuner(Permission.IDENTITY_READ), now=utc_now()).alerts == 0


def test_an_expression_that_takes_for_ever_is_no_policy():
    from watchfloor.kernel.errors import BadInput

    with pytest.raises(BadInput, match="wildcards"):
        Draft(parts=("Subject~matches regex~(a+)+$",)).rule()
