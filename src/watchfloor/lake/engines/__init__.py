"""Storage engines: the only place that knows Delta, DuckDB and S3.

Reads files below the lake's folder, an object store's through a cache in it, and Arrow tables handed in.
Gives snapshots of the cold tier and answers to query trees.
"""
