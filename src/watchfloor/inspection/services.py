"""The front door: inspect one mail here, or many in limited worker processes."""

from watchfloor.inspection.analysis.contents import file_of, page_of
from watchfloor.inspection.analysis.process import analyse_apart
from watchfloor.inspection.brands import owner as brand_of
from watchfloor.inspection.delivery import hop_of, is_outside
from watchfloor.inspection.domain_kinds import site_kinds
from watchfloor.inspection.embedded import EmbeddedMail, embedded_mails
from watchfloor.inspection.entry_names import domains_above, ip_names, url_names
from watchfloor.inspection.file_types import extension_of
from watchfloor.inspection.grouping import NUMBERS, Groups, Placement, Representative, file_keys, keys_of, likeness
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.nesting import too_deep
from watchfloor.inspection.outlook.message import is_outlook, outlook_mail
from watchfloor.inspection.outlook.properties import NotOutlook
from watchfloor.inspection.pool import InspectionPool, inspect_safely
from watchfloor.inspection.rendering.contracts import NoRenderer
from watchfloor.inspection.rendering.pages import print_pdf, render_png
from watchfloor.inspection.report import as_json, as_text
from watchfloor.inspection.resolver import DnsResolver, Resolver
from watchfloor.inspection.scannable import scannable
from watchfloor.inspection.urls import Parts, take_apart, unwrapped
from watchfloor.inspection.verdict import judge
from watchfloor.inspection.weights import HIGH, THRESHOLD, WEIGHTS

__all__ = [
    "HIGH",
    "NUMBERS",
    "THRESHOLD",
    "WEIGHTS",
    "DnsResolver",
    "EmbeddedMail",
    "Groups",
    "InspectionPool",
    "NoRenderer",
    "NotOutlook",
    "Parts",
    "Placement",
    "Representative",
    "Resolver",
    "analyse_apart",
    "as_json",
    "as_text",
    "brand_of",
    "domains_above",
    "embedded_mails",
    "extension_of",
    "file_keys",
    "file_of",
    "hop_of",
    "inspect",
    "inspect_safely",
    "ip_names",
    "is_outlook",
    "is_outside",
    "judge",
    "keys_of",
    "likeness",
    "outlook_mail",
    "page_of",
    "print_pdf",
    "render_png",
    "scannable",
    "site_kinds",
    "take_apart",
    "too_deep",
    "unwrapped",
    "url_names",
]
