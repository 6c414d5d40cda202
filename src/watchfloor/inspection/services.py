"""The front door: inspect one mail here, or many in limited worker processes."""

from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.pool import InspectionPool, inspect_safely
from watchfloor.inspection.report import as_json, as_text
from watchfloor.inspection.resolver import DnsResolver, Resolver
from watchfloor.inspection.verdict import judge
from watchfloor.inspection.weights import THRESHOLD, WEIGHTS

__all__ = ["THRESHOLD", "WEIGHTS", "DnsResolver", "InspectionPool", "Resolver", "as_json", "as_text", "inspect", "inspect_safely", "judge"]
