"""A stop is heard whenever it is asked for, also while the targets are being written down."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.response import freezing, queueing, services
from watchfloor.response.contracts import RemediationStatus, Row, Targets
from watchfloor.response.models import Remediation
from watchfloor.response.progress import begin, finish

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"


@pytest.mark.django_db
def test_a_stop_while_targets_are_written_down_is_not_forgotten(mails, monkeypatch):
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)
    by = Actor("person:1", "Ada", frozenset(Permission))
    targets = Targets(rows=(Row(PHISH, "ann@corp.example"),))
    one = services.start(by=by, name="Purge", reason="", action="soft-delete", targets=targets, at=NOW)
    real = freezing.insert_lines

    def stopped_meanwhile(lines):
        services.stop(by=by, remediation_id=one.pk)
        real(lines)

    monkeypatch.setattr(freezing, "insert_lines", stopped_meanwhile)
    freezing.freeze(begin(one.pk, now=NOW), now=NOW)
    kept = Remediation.objects.get(pk=one.pk)
    assert (kept.status, kept.total, kept.frozen_at) == (RemediationStatus.STOPPING, 1, NOW)
    assert finish(one.pk, now=NOW).status == RemediationStatus.STOPPED
