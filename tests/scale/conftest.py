"""A lake with cold and hot rows of every table, a Sail server and a Spark cluster, once for the file that asks them: meanwhile the home of the process is another."""

from datetime import timedelta

import pytest
from django.conf import settings

from labs.sail import Sail
from labs.spark import Spark
from tests.scale import questions
from tests.scale.filling import NOW, everything, rows_of
from watchfloor.lake import services
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.engines.sail import SailEngine
from watchfloor.lake.engines.spark import SparkEngine
from watchfloor.lake.models import HotBatch
from watchfloor.lake.snapshot import cold, hunting_engine

COLD, HOT = 120, 30
AREAS = ("explorer", "detections", "fifteen", "hunts", "grid", "corpus")


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker, tmp_path_factory):
    """A home whose tables hold rows of eleven days, the last day hot. Only in here may the database be asked."""
    home = tmp_path_factory.mktemp("scale")
    patch = pytest.MonkeyPatch()
    with django_db_blocker.unblock():
        patch.setattr(settings, "HOME", home)
        for table in everything():
            start = NOW - timedelta(days=11)
            for part in range(2):
                rows = rows_of(
                    table, start=start + timedelta(days=5 * part), days=5, count=COLD // 2, part=f"cold {part}"
                )
                cold(table.name).append(to_arrow(table, rows), watermark=0)
            services.append(table.name, rows_of(table, start=NOW - timedelta(days=1), days=1, count=HOT, part="hot"))
        yield patch
        HotBatch.objects.all().delete()
    patch.undo()


@pytest.fixture(scope="module")
def asked(filled):
    """Every question by its area, with the rows of one moment."""
    return {
        "explorer": list(questions.explorer(filled)),
        "detections": list(questions.detections(filled)),
        "fifteen": list(questions.fifteen()),
        "hunts": list(questions.hunts()),
        "grid": list(questions.grid(hunting_engine())),
        "corpus": list(questions.corpus()),
    }


@pytest.fixture(scope="module")
def sail(filled):
    with Sail() as server:
        engine = SailEngine(address=server.address, reference=hunting_engine())
        yield engine
        engine.close()


@pytest.fixture(scope="module")
def spark(filled):
    with Spark() as cluster:
        engine = SparkEngine(address=cluster.address, reference=hunting_engine())
        yield engine
        engine.close()


@pytest.fixture(params=["sail", "spark"])
def engine(request):
    """One engine after the other."""
    return request.getfixturevalue(request.param)
