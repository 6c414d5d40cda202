"""The sample mailboxes' connection: made once, moved with each start, and never a failure in the audit log."""

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.connectors.models import Connection
from watchfloor.demo.connecting import MAILDIRS, connect_maildirs

pytestmark = pytest.mark.django_db


def test_a_second_start_changes_the_connection_and_writes_no_failure(tmp_path):
    for start in ("first", "second"):
        (tmp_path / start).mkdir()
        connect_maildirs(tmp_path / start)
    assert Connection.objects.get().settings["root"] == str(tmp_path / "second")
    told = AuditEntry.objects.filter(target=MAILDIRS).exclude(outcome="attempt").order_by("id")
    assert [(one.verb, one.outcome) for one in told] == [
        ("connection.add", "success"),
        ("connection.change", "success"),
    ]
