"""The usage report (SI-07): who asks what, what it costs, by day, person and table, and as a file."""

import csv
import io
from datetime import timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.hunting.advanced import usage
from watchfloor.hunting.advanced.asking import batches, read_question
from watchfloor.hunting.advanced.recording import remember
from watchfloor.hunting.advanced.window import Window, read_window
from watchfloor.hunting.models import QueryRun
from watchfloor.kernel.clock import utc_now

WEEK = "7d"


@pytest.fixture
def ran(ada, max):
    """Runs of Ada and Max, and of a detection: cheap, dear, refused, old."""
    now = utc_now()
    window = read_window({"range": WEEK}, now=now)
    by_ada, by_max = actor_of(ada), actor_of(max)

    def one(by, text, age, **outcome):
        return remember(text=text, window=window, by=by, now=now - age, **outcome)

    hour = timedelta(hours=1)
    one(by_ada, "EmailEvents | take 1", hour, seconds=0.2, rows=1, rows_read=10)
    one(by_ada, "EmailEvents | join UrlClickEvents on NetworkMessageId", 2 * hour, seconds=4.0, rows_read=500)
    one(by_max, "EmailUrlInfo | where Url == '=1+1'", 3 * hour, seconds=30.0, rows_read=200_000_000)
    one(by_max, "EmailEvents | wher", 26 * hour, error="there is no operator “wher”")
    one(by_max, "EmailEvents", timedelta(days=40), seconds=1.0)
    one(by_max, "EmailEvents", hour, interface="detection", rule_id="custom-1", seconds=0.1, new=2, words="2 rows")
    return now


def told(by, now, **parameters):
    wanted = usage.read_wanted(parameters, by=by)
    return usage.report(wanted, by=by, now=now), wanted


def test_everybodys_runs_are_counted_for_whoever_may_read_the_audit_log(ran, max):
    report, wanted = told(actor_of(max), ran)
    assert wanted.all_people
    assert (report.totals["runs"], report.totals["failed"], report.totals["high"]) == (5, 1, 1)
    assert report.tables[0] == ("EmailEvents", 4)
    assert dict(report.tables)["UrlClickEvents"] == 1
    assert report.slowest[0].text.startswith("EmailUrlInfo")
    assert report.people[0]["person_name"] == "Max"


def test_others_see_their_own_runs_alone_whatever_they_ask_for(ran, ada, max):
    report, wanted = told(actor_of(ada), ran, person=actor_of(max).id)
    assert not wanted.all_people
    assert report.totals["runs"] == 2
    assert usage.people_known(by=actor_of(ada)) == []


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"range": "1d"}, 4),
        ({"range": "90d"}, 6),
        ({"level": "high"}, 1),
        ({"level": "medium"}, 1),
        ({"level": "low"}, 3),
        ({"state": "failed"}, 1),
        ({"state": "completed"}, 4),
        ({"interface": "detection"}, 1),
        ({"interface": "pigeon", "level": "odd", "range": "a year"}, 5),
    ],
)
def test_the_report_is_narrowed(ran, max, parameters, count):
    by = actor_of(max)
    wanted = usage.read_wanted(parameters, by=by)
    assert usage.runs(wanted, by=by, now=ran).count() == count


def test_a_persons_runs_are_chosen_by_name(ran, ada, max):
    by = actor_of(max)
    assert dict(usage.people_known(by=by)) == {actor_of(ada).id: "Ada", by.id: "Max"}
    report, _ = told(by, ran, person=actor_of(ada).id)
    assert report.totals["runs"] == 2


def test_the_level_in_python_is_the_level_in_the_database(ran, max):
    by = actor_of(max)
    for key in usage.LEVELS:
        wanted = usage.read_wanted({"level": key, "range": "90d"}, by=by)
        assert {usage.level(run) for run in usage.runs(wanted, by=by, now=ran)} <= {key}


def test_the_chart_counts_each_day_by_interface(ran, max):
    report, _ = told(actor_of(max), ran, range="7d")
    assert len(report.chart["categories"]) == 8
    counted = {one["name"]: sum(one["values"]) for one in report.chart["series"]}
    assert counted == {"Hunting page": 4, "Detection": 1}


def test_the_pages_show_and_export_it(ran, as_max, as_ada, as_eve):
    page = as_max.get("/hunting/usage").content.decode()
    assert "Slowest queries" in page
    assert "Everybody" in page
    assert "These are your own queries" in as_ada.get("/hunting/usage").content.decode()
    assert "Nobody asked anything" in as_max.get("/hunting/usage?interface=export").content.decode()
    assert as_eve.get("/hunting/usage").status_code == 403
    answer = as_max.get("/hunting/usage.csv?level=high")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [(one["User or detection"], one["Usage"], one["State"]) for one in rows] == [("Max", "High", "Completed")]
    assert rows[0]["Query"] == "EmailUrlInfo | where Url == '=1+1'"
    assert rows[0]["Tables"] == "EmailUrlInfo"
    assert (
        len(list(csv.reader(io.StringIO(b"".join(as_ada.get("/hunting/usage.csv").streaming_content).decode())))) == 3
    )


def test_an_export_is_counted_when_it_is_read_and_when_it_is_left(as_ada, ada, mail):
    for _ in range(3):
        mail()
    answer = as_ada.post("/hunting/export", {"query": "EmailEvents | project Subject", "format": "csv"})
    assert len(b"".join(answer.streaming_content).splitlines()) == 4
    run = QueryRun.objects.get()
    assert (run.interface, run.rows, run.error) == ("export", 3, "")
    question = read_question({"query": "EmailEvents | project Subject"}, now=utc_now())
    _, left = batches(question, by=actor_of(ada), now=utc_now())
    next(left)
    left.close()
    assert "not read to its end" in QueryRun.objects.latest("id").error


def test_a_window_between_no_times_is_set_in_the_query():
    assert Window.between(None, utc_now()).key == "query"
