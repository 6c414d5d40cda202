"""What Parquet footers tell of columns, wherever the files lie."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSystem, PyFileSystem

AT_ONCE = 8


def unfilled(root: str, options: dict[str, str] | None, files: Sequence[str], wanted: frozenset[str]) -> frozenset[str]:
    """Those of the `wanted` columns that some of the files lack, or hold a null in; read from the footers alone.

    `files` are addresses below the table's `root`. A column without statistics counts as unfilled.
    """
    system = PyFileSystem(DeltaStorageHandler(root, options))
    names = [file.removeprefix(root).lstrip("/") for file in files]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        filled = list(pool.map(lambda name: _filled(system, name), names))
    return wanted - frozenset.intersection(wanted, *filled)


def _filled(system: FileSystem, name: str) -> frozenset[str]:
    """Columns that hold a value in every row of one file."""
    with system.open_input_file(name) as file:
        footer = pq.read_metadata(file)
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    found = [
        {
            column.path_in_schema
            for column in map(group.column, range(group.num_columns))
            if column.is_stats_set and column.statistics.null_count == 0
        }
        for group in groups
    ]
    return frozenset(set.intersection(*found)) if found else frozenset(footer.schema.names)
