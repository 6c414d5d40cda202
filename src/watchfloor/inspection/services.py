"""The front door: inspect one mail here, or many in limited worker processes."""

from watchfloor.inspection.entry_names import domains_above, url_names
from watchfloor.inspection.grouping import NUMBERS, Groups, Placement, Representative, file_keys, keys_of, likeness
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.nesting import too_deep
from watchfloor.inspection.pool import InspectionPool, inspect_safely
from watchfloor.inspection.report import as_json, as_text
from watchfloor.inspection.resolver import DnsResolver, Resolver
from watchfloor.inspection.scannable import scannable
from watchfloor.inspection.verdict import judge
from watchfloor.inspection.weights import HIGH, THRESHOLD, WEIGHTS

__all__ = [
    "HIGH",
    "NUMBERS",
    "THRESHOLD",
    "WEIGHTS",
    "DnsResolver",
    "Groups",
    "InspectionPool",
    "Placement",
    "Representative",
    "Resolver",
    "as_json",
    "as_text",
    "domains_above",
    "file_keys",
    "inspect",
    "inspect_safely",
    "judge",
    "keys_of",
    "likeness",
    "scannable",
    "too_deep",
    "url_names",
]
