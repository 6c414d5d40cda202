"""From what connections observe to rows that are seen: completed, once each, and what does not fit set aside with its reason."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.models import DeadLetter, Observed
from watchfloor.connectors.observing import trim_observed
from watchfloor.connectors.services import observe
from watchfloor.lake import jobs, recent, selectors
from watchfloor.lake.contracts import Query
from watchfloor.lake.models import RecentEvents
from watchfloor.lake.observing import READER, observe_pending
from watchfloor.runtime.selectors import cursor_position

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def sign_in(number=0, **more):
    return {
        "Timestamp": (NOON + timedelta(seconds=number)).isoformat(),
        "ActionType": "LogonSuccess",
        "AccountUpn": f"Ada{number}@Corp.Example",
        "IPAddress": "8.8.8.8",
    } | more


def bring(*rows, table="IdentityLogonEvents", source="mail server", at=NOON):
    observe(kind=ObservedKind.EVENTS, source=source, table=table, items=rows, at=at)


def seen(table="IdentityLogonEvents", **options):
    window = Query(table, NOON - timedelta(days=300), NOON + timedelta(days=2))
    return selectors.rows(window, descending=False, limit=10_000, **options)


def test_a_sign_in_becomes_a_row_with_what_follows_from_it(lake):
    bring(sign_in())
    assert observe_pending(now=NOON) == 1
    (row,) = seen()
    assert row["AccountUpn"] == "ada0@corp.example"
    assert (row["AccountName"], row["AccountDomain"]) == ("Ada0", "Corp.Example")
    assert (row["Location"], row["Isp"]) == ("US", "GOOGLE")
    assert row["ReportId"]
    assert row["Timestamp"] == NOON


def test_nothing_is_read_twice_and_the_queue_empties_behind_the_reader(lake):
    bring(sign_in(), sign_in(1))
    assert jobs.observe() == 2
    assert jobs.observe() == 0
    assert len(seen()) == 2
    assert cursor_position(READER) == Observed.objects.latest("position").position
    assert trim_observed() == 1
    assert not Observed.objects.exists()


def test_a_record_that_comes_twice_is_stored_once(lake):
    bring(sign_in(ReportId="r1"), sign_in(1, ReportId="r2"))
    observe_pending(now=NOON)
    bring(sign_in(1, ReportId="r2"), sign_in(2, ReportId="r3"), sign_in(2, ReportId="r3"), source="another collector")
    assert observe_pending(now=NOON) == 3
    assert [row["ReportId"] for row in seen()] == ["r1", "r2", "r3"]


def test_records_without_an_id_that_look_alike_are_all_kept(lake):
    bring(sign_in(), sign_in())
    bring(sign_in())
    observe_pending(now=NOON)
    assert len({row["ReportId"] for row in seen()}) == 3


def test_what_tells_a_repetition_is_forgotten_after_days(lake):
    bring(sign_in(ReportId="r1"))
    observe_pending(now=NOON)
    assert recent.forget(now=NOON + timedelta(days=2)) == 0
    assert recent.forget(now=NOON + timedelta(days=4)) == 1
    assert not RecentEvents.objects.exists()


def test_the_same_id_in_two_tables_is_two_events(lake):
    bring(sign_in(ReportId="r1"))
    bring(
        {"Timestamp": NOON.isoformat(), "ReportId": "r1", "ActionType": "PasswordChanged"},
        table="IdentityDirectoryEvents",
    )
    observe_pending(now=NOON)
    assert len(seen()) == len(seen("IdentityDirectoryEvents")) == 1


def test_a_device_row_gets_a_number_for_an_id_and_the_kind_of_its_address(lake):
    row = {"Timestamp": NOON.isoformat(), "DeviceName": "pc1", "AccountName": "CORP\\ada", "RemoteIP": "10.0.0.9"}
    bring(row | {"ReportId": "record-7"}, table="DeviceLogonEvents")
    bring(row | {"ReportId": "record-7"}, table="DeviceLogonEvents")
    observe_pending(now=NOON)
    (found,) = seen("DeviceLogonEvents")
    assert found["ReportId"] > 0
    assert (found["AccountName"], found["AccountDomain"], found["RemoteIPType"]) == ("ada", "CORP", "Private")


def test_a_row_that_does_not_fit_is_buried_with_its_reason_and_the_others_come_in(lake):
    bring(sign_in(), sign_in(1, Shoe=43), sign_in(2, Port="x"), sign_in(3, Shoe=44), sign_in(4))
    assert observe_pending(now=NOON) == 5
    assert len(seen()) == 2
    position = Observed.objects.get().position
    assert {letter.reason for letter in DeadLetter.objects.all()} == {
        f"IdentityLogonEvents has no column “Shoe” (batch {position}, row 2, 4)",
        f"Port “x” is no int (batch {position}, row 3)",
    }


@pytest.mark.parametrize(
    ("table", "reason"), [("Nonsense", "there is no table"), ("EmailEvents", "written from the mail itself")]
)
def test_a_table_that_takes_no_rows_is_said_once_for_the_batch(lake, table, reason):
    bring(sign_in(), sign_in(1), table=table)
    bring(sign_in(2))
    assert observe_pending(now=NOON) == 3
    assert len(seen()) == 1
    (letter,) = DeadLetter.objects.all()
    assert reason in letter.reason


def test_a_clock_that_runs_far_ahead_and_a_record_older_than_the_table_are_refused(lake):
    bring(sign_in(86_400 * 3), sign_in(-86_400 * 500), sign_in())
    observe_pending(now=NOON)
    assert len(seen()) == 1
    reasons = sorted(letter.reason for letter in DeadLetter.objects.all())
    assert "lies in the future" in reasons[1]
    assert "older than this table is kept" in reasons[0]


def test_a_record_without_a_time_bears_the_time_it_came(lake):
    bring({"AccountUpn": "ada@corp.example"}, at=NOON - timedelta(seconds=3))
    observe_pending(now=NOON)
    assert seen()[0]["Timestamp"] == NOON - timedelta(seconds=3)


def test_a_record_that_comes_late_bears_both_times(lake):
    bring(sign_in(-3600, AdditionalFields={"Session": "s"}), sign_in())
    observe_pending(now=NOON)
    late, prompt = seen()
    assert late["AdditionalFields"] == '{"ReceivedAt": "2026-11-21T12:00:00+00:00", "Session": "s"}'
    assert prompt["AdditionalFields"] == ""


def test_a_flood_of_unfit_rows_makes_one_dead_letter(lake):
    bring(*(sign_in(number, Shoe=1) for number in range(3_000)))
    assert observe_pending(now=NOON) == 3_000
    bring(sign_in(Shoe=1))
    observe_pending(now=NOON)
    (letter,) = DeadLetter.objects.all()
    assert letter.attempts == 2


def test_a_flood_of_different_faults_makes_few_dead_letters_even_with_text_no_database_takes(lake):
    bring(*(sign_in(number, Port=f"port\x00\ud800{number}") for number in range(500)))
    assert observe_pending(now=NOON) == 500
    assert DeadLetter.objects.count() == 51
    assert DeadLetter.objects.filter(reason__startswith="rows were refused for 450 more reasons").exists()


def test_text_with_what_no_database_takes_comes_in(lake):
    bring(sign_in(DeviceName="pc\x00one\ud800"))
    observe_pending(now=NOON)
    assert seen()[0]["DeviceName"].startswith("pc")
    assert not DeadLetter.objects.exists()
