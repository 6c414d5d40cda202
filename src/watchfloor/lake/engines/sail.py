"""Sail over Spark Connect: Spark's words without a JVM. What it reads otherwise goes through functions of ours, sent along."""

from typing import Any

from watchfloor.lake.engines.connect import ConnectEngine
from watchfloor.lake.engines.dialects.patterns import RUST
from watchfloor.lake.engines.dialects.saying import Flavour


class SailEngine(ConnectEngine):
    """An engine at sc://host:port. Its Python has to be of our own minor version, as it runs functions of ours."""

    flavour = Flavour("Sail", RUST, own=True, lateral_in=False)

    def prepare(self, session: Any) -> None:
        from pyspark import cloudpickle
        from pyspark.sql import types

        from watchfloor.lake.engines import sail_functions

        super().prepare(session)
        # By value: the server does not have this module.
        cloudpickle.register_pickle_by_value(sail_functions)  # type: ignore[no-untyped-call]
        texts = types.ArrayType(types.StringType())
        kinds = {
            "text": types.StringType(),
            "texts": texts,
            "bool": types.BooleanType(),
            "wholes": types.ArrayType(types.LongType()),
            "moment": types.TimestampType(),
        }
        for name, (function, kind) in sail_functions.FUNCTIONS.items():
            session.udf.register(f"wf_{name}", function, kinds[kind])
