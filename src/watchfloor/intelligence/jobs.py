"""What intelligence does in the worker: last use of entries, back-tests, and forgetting what has ended."""

from datetime import timedelta

from dbos import DBOS
from django.db import close_old_connections

from watchfloor.intelligence import news
from watchfloor.intelligence.backtesting import WORKFLOW, forget_runs, run_of, work_day
from watchfloor.intelligence.entries import forget_ended
from watchfloor.intelligence.hindsight import look_back
from watchfloor.intelligence.uses import forget_days, note_uses
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.selectors import entries_met
from watchfloor.runtime.services import every

RUNS_KEPT = timedelta(days=1)


@every(15, name="intelligence.uses")
def uses() -> int:
    """Write down which entries mail met."""
    note_uses(entries_met(), now=utc_now())
    return 0


@every(10, name="intelligence.look_back")
def hindsight() -> int:
    """Hold new entries against stored mail."""
    return look_back(now=utc_now())


@every(5, name="intelligence.news")
def entry_news() -> int:
    """Find and tell what happened to entries."""
    now = utc_now()
    read = news.watch_allowed_mail(now=now)
    news.tell(now=now)
    return read


@every(600, name="intelligence.ends")
def ends() -> int:
    """Find entries that end soon or are due for review."""
    return news.watch_ends(now=utc_now())


@every(86_400, name="intelligence.learned")
def learned() -> int:
    """End allow entries that the filter needs no more."""
    return news.end_learned(now=utc_now())


@every(3600, name="intelligence.forget")
def forget() -> int:
    """Drop entries that ended long ago, and yesterday's back-tests."""
    now = utc_now()
    forget_ended(now=now)
    forget_days(now=now)
    news.forget(now=now)
    forget_runs(before=now - RUNS_KEPT)
    return 0


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def back_test(id: str) -> int:
    """One step per day, so that a restart goes on where it was; returns how many days."""
    days = days_of(id)
    for day in range(days):
        one_day(id, day)
    return days


@DBOS.step(name="intelligence.back_test_days")
def days_of(id: str) -> int:
    """How many days the back-test asks for."""
    close_old_connections()
    return run_of(id).days


@DBOS.step(name="intelligence.back_test_day", retries_allowed=True, max_attempts=3)
def one_day(id: str, day: int) -> None:
    """Read one day."""
    close_old_connections()
    work_day(id, day)
