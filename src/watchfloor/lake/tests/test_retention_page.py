"""Who may see how much is kept, and who may change for how long."""

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.lake import selectors, services, storage
from watchfloor.lake.models import RetentionSetting

from .conftest import DAY, NOON, mail


def days(**changed):
    """The form as the page shows it, with some days changed."""
    return {table.name: changed.get(table.name, table.retention_days) for table in selectors.tables()}


def test_max_sees_every_table_with_its_rows(lake, as_max):
    services.append("EmailEvents", [mail(n) for n in range(1234)])
    page = as_max.get("/settings/retention").content.decode()
    assert "1,234" in page
    for table in selectors.tables():
        assert table.name in page
    assert 'name="EmailEvents"' in page


def test_the_page_asks_the_database_the_same_whatever_there_is(lake, as_max, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        page = as_max.get("/settings/retention").content.decode()
    assert "Size a day" in page
    assert "DeviceProcessEvents" in page
    assert not (lake / "lake" / "DeviceProcessEvents").exists()


def test_size_is_told_for_a_day(lake):
    from watchfloor.lake.views import Line

    services.append("EmailEvents", [mail(1), mail(2, Timestamp=NOON - 9 * DAY)])
    with storage.only_writer():
        storage.flush(selectors.table("EmailEvents"), now=utc_now())
    (state,) = [state for state in selectors.table_states(now=utc_now()) if state.name == "EmailEvents"]
    line = Line(state, None)
    assert line.days == 10
    assert line.bytes_a_day == state.bytes // 10


def test_ada_reads_but_cannot_change(lake, as_ada):
    page = as_ada.get("/settings/retention")
    assert page.status_code == 200
    assert b'name="EmailEvents"' not in page.content
    assert as_ada.post("/settings/retention", days(EmailEvents=30)).status_code == 403
    assert not RetentionSetting.objects.exists()


def test_eve_may_not_look(lake, as_eve):
    assert as_eve.get("/settings/retention").status_code == 403


def test_max_keeps_mail_for_thirty_days_and_the_audit_log_says_so(lake, as_max):
    assert as_max.post("/settings/retention", days(EmailEvents=30)).status_code == 302
    assert storage.retention_days(selectors.table("EmailEvents")) == 30
    assert storage.retention_days(selectors.table("EmailUrlInfo")) == 400
    entry = AuditEntry.objects.get(verb="retention.change", outcome="success")
    assert (entry.target, entry.before, entry.after) == ("EmailEvents", {"days": 400}, {"days": 30})


def test_no_days_at_all_is_refused_with_a_reason(lake, as_max):
    answer = as_max.post("/settings/retention", days(EmailEvents=0))
    assert answer.status_code == 400
    assert not RetentionSetting.objects.exists()


def test_the_verb_refuses_too(lake):
    boss = system_actor("test", Permission.CONNECTION_MANAGE)
    with pytest.raises(BadInput):
        services.set_retention(table="EmailEvents", days=0, by=boss)
    with pytest.raises(BadInput):
        services.set_retention(table="Nothing", days=3, by=boss)
    with pytest.raises(Forbidden):
        services.set_retention(table="EmailEvents", days=3, by=system_actor("test"))


def test_the_state_says_how_far_the_cold_tier_lags(lake):
    services.append("EmailEvents", [mail(1), mail(2)])
    (state,) = [state for state in selectors.table_states(now=utc_now()) if state.name == "EmailEvents"]
    assert (state.hot_rows, state.cold_rows) == (2, 0)
    assert state.lag_seconds is not None
    assert state.oldest == NOON.replace(second=1)
