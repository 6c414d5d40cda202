"""Who may see how much is kept, and who may change for how long."""

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.lake import jobs, selectors, services, storage
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


def test_a_table_has_its_own_page_with_its_days_and_its_upkeep(lake, as_max):
    services.append("EmailEvents", [mail(1), mail(2), mail(3, Timestamp=NOON - 9 * DAY)])
    with storage.only_writer():
        storage.flush(selectors.table("EmailEvents"), now=utc_now())
        storage.maintain(selectors.table("EmailEvents"), now=utc_now())
    page = as_max.get("/settings/retention/table?name=EmailEvents").content.decode()
    assert "Written by the mail that is taken in." in page
    assert "Rows by day" in page
    assert "Looked after" in page
    assert "Compact now" in page
    assert "Nothing here writes it" in as_max.get("/settings/retention/table?name=MessageEvents").content.decode()
    part = as_max.get("/settings/retention/table?name=EmailEvents", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert as_max.get("/settings/retention/table?name=Nothing").status_code == 404


def test_max_has_a_table_compacted_and_the_worker_does_it(lake, as_max, monkeypatch):
    emails = selectors.table("EmailEvents")
    with storage.only_writer():
        for number in range(3):
            services.append("EmailEvents", [mail(number)])
            storage.flush(emails, now=utc_now())
    assert state_of("EmailEvents").files == 3
    assert as_max.post("/settings/retention/compact", {"table": "EmailEvents"}).status_code == 302
    assert "Compacting soon" in as_max.get("/settings/retention").content.decode()
    assert "Max asked for compaction" in as_max.get("/settings/retention/table?name=EmailEvents").content.decode()
    monkeypatch.setattr(jobs, "_maintenance", jobs.Turn(first=9999, seconds=9999))
    jobs.maintain()
    state = state_of("EmailEvents")
    assert (state.files, state.cold_rows) == (1, 3)
    assert (state.upkeep.compacted_days, state.upkeep.wanted_at) == (1, None)
    assert AuditEntry.objects.get(verb="table.compact", outcome="success").target == "EmailEvents"
    checked = state.upkeep.checked_at
    jobs.maintain()
    assert state_of("EmailEvents").upkeep.checked_at == checked, "nobody asked again"


def test_asking_for_a_table_without_rows_ends_too(lake, as_max):
    as_max.post("/settings/retention/compact", {"table": "DeviceInfo"})
    jobs.maintain()
    assert state_of("DeviceInfo").upkeep.wanted_at is None


def test_ada_may_not_have_a_table_compacted(lake, as_ada):
    assert b"Compact now" not in as_ada.get("/settings/retention/table?name=EmailEvents").content
    assert as_ada.post("/settings/retention/compact", {"table": "EmailEvents"}).status_code == 403
    assert state_of("EmailEvents").upkeep.wanted_at is None


def test_what_was_dropped_is_remembered(lake):
    boss = system_actor("test", Permission.CONNECTION_MANAGE)
    services.append("EmailEvents", [mail(1), mail(2, Timestamp=NOON - 9 * DAY)])
    services.set_retention(table="EmailEvents", days=5, by=boss)
    with storage.only_writer():
        storage.flush(selectors.table("EmailEvents"), now=NOON)
        storage.maintain(selectors.table("EmailEvents"), now=NOON)
    state = state_of("EmailEvents")
    assert (state.cold_rows, state.upkeep.dropped_rows, state.upkeep.dropped_at) == (1, 1, NOON)
    assert state.upkeep.vacuumed_at == NOON


def state_of(name):
    return next(state for state in selectors.table_states(now=utc_now()) if state.name == name)


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
