"""The parts of the KQL figures: reads a corpus of public queries, gives counts that `benchmarks/kql.py` prints.

Each part measures one thing and knows nothing of the others; what a query does to its engine happens in a process of its own.
"""
