"""Query trees in the words of other engines: what DuckDB reads as it stands, said in Spark's SQL.

Reads sqlglot trees in DuckDB's shapes and the columns of their sources.
Gives one statement, or a refusal with the place in the query of what the other engine would answer otherwise.
"""
