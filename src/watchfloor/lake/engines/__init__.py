"""Storage engines: the only place that knows Delta and DuckDB.

Reads files below the lake's folder and Arrow tables handed in.
Gives snapshots of the cold tier and answers to query trees.
"""
