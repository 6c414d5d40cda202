"""The front door: inspect one mail here, or many in limited worker processes."""

from watchfloor.inspection.inspect import inspect

__all__ = ["inspect"]
