"""From the page of an email to its place in quarantine."""

from types import SimpleNamespace

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.page_panels import QuarantineOfAnEmail
from watchfloor.response.tests.quarantined import ANN, hold

pytestmark = pytest.mark.django_db


def ways(max):
    mail = QuarantinedMail.objects.get()
    entity = SimpleNamespace(id=mail.network_message_id)
    return [one.href for one in QuarantineOfAnEmail().links(entity=entity, actor=actor_of(max))]


def test_a_held_mail_has_a_way_into_quarantine_until_no_copy_is_held(max):
    hold(ANN)
    QuarantinedMail.objects.update(network_message_id="00000000-0000-4000-8000-000000000001")
    assert ways(max) == [f"/quarantine/{QuarantinedMail.objects.get().pk}"]
    QuarantinedCopy.objects.update(status=CopyStatus.RELEASED.value)
    assert ways(max) == []


def test_a_mail_that_was_never_held_has_none(max):
    entity = SimpleNamespace(id="00000000-0000-4000-8000-000000000002")
    assert QuarantineOfAnEmail().links(entity=entity, actor=actor_of(max)) == []
