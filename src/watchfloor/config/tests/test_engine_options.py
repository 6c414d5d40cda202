"""Where other engines answer, as an operator writes it."""

import pytest

from watchfloor.config.options import read_options
from watchfloor.kernel.errors import BadInput


def read(tmp_path, **options: str):
    return read_options(
        {"WATCHFLOOR_HOME": str(tmp_path)} | {f"WATCHFLOOR_{name.upper()}": value for name, value in options.items()}
    )


def test_an_engine_is_named_with_its_address(tmp_path):
    found = read(tmp_path, lake_spark="sc://spark.internal:15002", lake_engine="spark")
    assert (found.lake_engine, found.lake_spark, found.lake_sail) == ("spark", "sc://spark.internal:15002", "")
    assert read(tmp_path, lake_sail="sc://sail.internal:443/;use_ssl=true").lake_sail.endswith("use_ssl=true")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lake_spark": "spark://host:7077"}, "not an address of Spark Connect"),
        ({"lake_sail": "sail.internal:50051"}, "not an address of Spark Connect"),
        ({"lake_engine": "flink"}, "none of duckdb, spark and sail"),
        ({"lake_engine": "sail"}, "needs lake_sail"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_the_start(tmp_path, options, words):
    with pytest.raises(BadInput, match=words):
        read(tmp_path, **options)
