"""Every engine gives DuckDB's rows, or refuses with a place: nothing else. One file, so that one process holds one cluster.

WATCHFLOOR_SCALE=full asks all there is (`make test-scale`); else Spark, whose every question costs a third of a second, is
asked a part. Each area says in docs/reference/engines.md how many of its questions each engine answers.
"""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlglot import parse_one

from labs import free_ports
from tests.scale.comparing import comparable, differences
from tests.scale.conftest import AREAS
from tests.scale.filling import NOW, rows_of
from tests.scale.reference import known_refusals, noted
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable
from watchfloor.lake import selectors as lake
from watchfloor.lake import services
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.catalogue import table
from watchfloor.lake.contracts import QueryFailed, TooSlow
from watchfloor.lake.engines.dialects.saying import Unspeakable
from watchfloor.lake.engines.sail import SailEngine
from watchfloor.lake.engines.spark import SparkEngine
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.query.compile import FOREVER, Window
from watchfloor.lake.snapshot import cold, engine_named, hunting_engine, source_of

pytestmark = [pytest.mark.django_db, pytest.mark.lab, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
AT_ONCE = 3
FULL = os.environ.get("WATCHFLOOR_SCALE") == "full"
SHARE = {("Spark", "explorer"): 8, ("Spark", "grid"): 3, ("Spark", "corpus"): 2}
"""Every so many-th question of an area is asked of an engine."""


def outcome(question, engine) -> tuple[str, str]:
    """same, refused, failed or different, with the words."""
    ours = comparable(hunting_engine().run(question.tree.copy(), question.sources), loose=question.loose)
    try:
        theirs = comparable(engine.run(question.tree.copy(), question.sources, timeout=120), loose=question.loose)
    except Unspeakable as refused:
        return "refused", refused.words
    except QueryFailed as failed:
        return "failed", failed.message
    return ("same", "") if ours == theirs else ("different", "; ".join(differences(ours, theirs)))


@pytest.mark.parametrize("area", AREAS)
def test_an_engine_gives_duckdbs_rows_or_refuses(area, asked, engine):
    step = 1 if FULL else SHARE.get((engine.flavour.name, area), 1)
    questions = asked[area][::step]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda question: (question.name, *outcome(question, engine)), questions))
    noted(engine.flavour.name, area, found)
    assert [one for one in found if one[1] == "different"] == []
    if area != "corpus":
        known = known_refusals(engine.flavour.name, area)
        assert [one for one in found if one[1] in ("refused", "failed") and one[0] not in known] == []


# --- rows -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(filled, db, settings, tmp_path):
    """A lake of one test's own."""
    settings.HOME = tmp_path


def test_hot_and_cold_rows_come_exactly_once_and_old_files_have_todays_columns(kept, engine):
    mails = table("EmailEvents")
    old = to_arrow(mails, rows_of(mails, start=NOW - timedelta(days=9), days=2, count=40, part="old"))
    cold("EmailEvents").append(old.drop_columns(["Subject", "UrlCount"]), watermark=0)
    flushed = rows_of(mails, start=NOW - timedelta(days=4), days=2, count=30, part="flushed")
    position = services.append("EmailEvents", flushed)
    cold("EmailEvents").append(to_arrow(mails, flushed), watermark=position)  # hot still, and cold already
    services.append("EmailEvents", rows_of(mails, start=NOW - timedelta(days=1), days=1, count=20, part="hot"))
    sources = {"E": source_of("EmailEvents", Window(NOW - timedelta(days=30), FOREVER))}
    assert sources["E"].lacking
    for text in (
        "SELECT count(*) AS n, count(DISTINCT \"Timestamp\") AS t, sum(\"UrlCount\") AS u FROM E",
        "SELECT \"Timestamp\", \"Subject\", \"UrlCount\" FROM E",
    ):  # fmt: skip
        tree = parse_one(text, dialect="duckdb")
        answer = engine.run(tree.copy(), sources)
        assert comparable(answer) == comparable(hunting_engine().run(tree.copy(), sources))
    assert answer.num_rows == 90


def test_an_answer_has_the_types_that_duckdb_gives_it(engine):
    tree = parse_one(
        "SELECT 1 AS i, sum(x) AS s, 0.5::DOUBLE AS r, 'ä' AS t, CAST('2026-01-01T00:00:00Z' AS TIMESTAMPTZ) AS m, TRUE AS b, "
        "TO_JSON([x]) AS j FROM (SELECT 5 AS x) GROUP BY x",
        dialect="duckdb",
    )
    assert engine.run(tree.copy(), {}).schema == hunting_engine().run(tree.copy(), {}).schema


def test_a_table_without_rows_answers_as_one(kept, engine):
    sources = {"E": source_of("EmailEvents", Window(NOW - timedelta(days=9000), NOW - timedelta(days=8000)))}
    assert engine.run(parse_one("SELECT count(*) AS n FROM E"), sources).to_pylist() == [{"n": 0}]


# --- people ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def named(engine, settings):
    """The engine as an operator sets it."""
    name = engine.flavour.name.lower()
    settings.WATCHFLOOR = replace(settings.WATCHFLOOR, **{f"lake_{name}": engine.address})
    return name


def test_a_query_is_cut_where_asked_and_says_so(named):
    answer = lake.hunt("range i from 1 to 100 step 1", now=NOW, limit=7, on=named)
    assert (answer.table.num_rows, answer.truncated) == (7, True)
    answer = lake.hunt("range i from 1 to 7 step 1", now=NOW, limit=7, on=named)
    assert (answer.table.num_rows, answer.truncated) == (7, False)


def test_what_an_engine_cannot_answer_is_refused_with_its_place(named):
    text = "EmailEvents\n| extend before = prev(Subject)"
    with pytest.raises(KqlError, match="nothing says their order") as refused:
        lake.hunt(text, now=NOW, on=named)
    assert refused.value.kind == "unsupported"
    assert refused.value.position(text) == (2, 19)


def test_a_value_that_does_not_fit_is_an_error_of_the_query(engine):
    with pytest.raises(QueryFailed, match="failed while it ran on"):
        engine.run(parse_one("SELECT CAST(x AS INT) AS n FROM (SELECT 'many' AS x)", dialect="duckdb"), {})


def test_a_server_that_broke_by_itself_is_asked_once_more(engine, monkeypatch, caplog):
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException
    from pyspark.sql.connect.session import SparkSession

    words = "(java.util.concurrent.ExecutionException) Boxed Exception\n\nJVM stacktrace:\nCaused by: java.lang.InterruptedException: null"
    asked, whole, broken = [], SparkSession.sql, 1

    def breaks(session, text):
        asked.append(text)
        if len(asked) <= broken:
            raise SparkConnectGrpcException(words)
        return whole(session, text)

    monkeypatch.setattr(SparkSession, "sql", breaks)
    question = parse_one("SELECT 7 AS n", dialect="duckdb")
    assert engine.run(question.copy(), {}).to_pylist() == [{"n": 7}]
    assert len(set(asked)) == 1
    assert "asked once more" in caplog.text
    asked.clear()
    broken = 2
    with pytest.raises(QueryFailed, match=r"Caused by: java\.lang\.InterruptedException"):
        engine.run(question.copy(), {})
    assert len(asked) == 2


ENDLESS = "SELECT count(*) AS n FROM (SELECT UNNEST(RANGE(0, 300000)) AS a) AS l JOIN (SELECT UNNEST(RANGE(0, 300000)) AS b) AS r ON l.a % 7 = r.b % 7"


def test_a_query_that_takes_too_long_is_stopped_there(engine):
    began = time.monotonic()
    with pytest.raises(TooSlow):
        engine.run(parse_one(ENDLESS, dialect="duckdb"), {}, timeout=3)
    assert time.monotonic() - began < 60
    # What ran there is gone: a small question has the workers for itself.
    assert engine.run(parse_one("SELECT 1 AS n"), {}, timeout=60).to_pylist() == [{"n": 1}]


def test_queries_of_several_people_do_not_meet(engine):
    answers = {}

    def ask(number: int) -> None:
        tree = parse_one(
            f"SELECT {number} AS n, count(*) AS c FROM (SELECT UNNEST(RANGE(0, {number})) AS i)", dialect="duckdb"
        )
        answers[number] = engine.run(tree, {}).to_pylist()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [{"n": number, "c": number}] for number in range(1, 5)}


# --- operators ------------------------------------------------------------------------------------------------------


def test_an_engine_without_an_address_says_which_setting_it_wants():
    with pytest.raises(NotConfigured, match="set lake_spark to where Spark answers"):
        engine_named("spark")
    with pytest.raises(BadInput, match="engines are duckdb, spark, sail"):
        engine_named("flink")


def test_an_address_of_a_cluster_without_spark_connect_says_how_to_get_one():
    with pytest.raises(BadInput, match="start-connect-server"):
        SparkEngine(address="spark://127.0.0.1:7077", reference=hunting_engine())


def test_a_server_that_is_away_is_told_soon():
    (port,) = free_ports(1)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="does not answer"):
        SailEngine(address=f"sc://127.0.0.1:{port}", reference=hunting_engine()).run(parse_one("SELECT 1"), {})
    assert time.monotonic() - began < 30


def test_without_sparks_client_the_error_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", None)
    with pytest.raises(NotConfigured, match=r"pip install 'pyspark\[connect\]"):
        SailEngine(address="sc://127.0.0.1:1", reference=hunting_engine()).run(parse_one("SELECT 1"), {})
