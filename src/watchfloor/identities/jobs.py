"""Ticks of the worker: what directories told is taken in; once a day everybody is written down."""

from django.db import transaction

from watchfloor.connectors.services import register_observer
from watchfloor.identities.clicks import reading as clicks
from watchfloor.identities.content.looking import look
from watchfloor.identities.directory_reading import CURSOR, KINDS, read_directory
from watchfloor.identities.directory_rows import snapshot_all
from watchfloor.identities.page.asset_knowledge import UsersOfAnIncident
from watchfloor.identities.scoring import jobs as scoring_jobs  # noqa: F401  the ticks of the score
from watchfloor.incidents.services import register_asset_knowledge
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every

register_asset_knowledge(UsersOfAnIncident())  # incidents are tagged by who is touched, and that the worker does
register_observer(CURSOR, kinds=KINDS)
register_observer(clicks.CURSOR, kinds=clicks.KINDS)


@every(1, name="identities.read_directory")
def read_directory_tick() -> int:
    return read_directory(now=utc_now())


@every(2, name="identities.read_clicks")
def read_clicks_tick() -> int:
    return clicks.read_clicks(now=utc_now())


@every(10, name="identities.look_into_files")
def look_into_files_tick() -> int:
    return look(now=utc_now())


@every(60, name="identities.snapshot")
def snapshot_tick() -> int:
    with transaction.atomic():
        return snapshot_all(now=utc_now())
