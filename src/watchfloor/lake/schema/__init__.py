"""The event tables, one module each: add a column here and filter bar, grid, storage and docs know it.

Reads nothing.
Gives `TABLE` in every module, found by walking this folder.
"""
