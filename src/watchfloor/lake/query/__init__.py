"""Questions to the lake: conditions as trees, as words, as an address, and in memory. Pure Python, no Django.

Reads the catalogue of tables.
Gives sqlglot trees that mean the same on every engine.
"""
