"""Spark over Spark Connect: one statement on many machines. The client needs no Java; the cluster does."""

from watchfloor.lake.engines.connect import ConnectEngine
from watchfloor.lake.engines.delta import ColdFile
from watchfloor.lake.engines.dialects.patterns import JAVA
from watchfloor.lake.engines.dialects.saying import Flavour


class SparkEngine(ConnectEngine):
    """An engine at sc://host:port. Its workers read the files themselves: the lake has to lie where all of them see it."""

    flavour = Flavour("Spark", JAVA, own=False, lateral_in=True)

    def path_of(self, file: ColdFile) -> str:
        if file.uri.startswith("s3://"):
            return "s3a" + file.uri.removeprefix("s3")  # as Hadoop calls it
        return f"file:{file.path}"  # a cluster's own file system may be another
