"""Tokens into a tree, by recursive descent. Reads `tokens`, gives `syntax`; refuses with the place and what was expected."""

from watchfloor.lake.kql.parsing.query import parse

__all__ = ["parse"]
