"""Tables of pasted Sentinel queries, read from ours. Reads nothing; one module each.

Gives `VIEW` in every module, found by walking this folder; `reading` says how columns are usually read.
"""
