"""The ticks: custom detections and Sigma rules that are due, the folder of rules, campaigns, tracked queries."""

from watchfloor.hunting.campaigns.listing_mails import list_mails
from watchfloor.hunting.campaigns.noting import note_campaigns
from watchfloor.hunting.custom.running import run_due
from watchfloor.hunting.health import report_rules
from watchfloor.hunting.sigma.folder import bring_folder
from watchfloor.hunting.sigma.importing import go_on as import_rules
from watchfloor.hunting.sigma.running import run_due as run_due_rules
from watchfloor.hunting.trackers.counting import count_due
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every


@every(20, name="custom-detections")
def custom_detections_tick() -> int:
    return run_due(now=utc_now())


@every(20, name="sigma-rules")
def sigma_rules_tick() -> int:
    return run_due_rules(now=utc_now())


@every(60, name="sigma-folder")
def sigma_folder_tick() -> int:
    return bring_folder(now=utc_now())


@every(2, name="sigma-imports")
def sigma_imports_tick() -> int:
    """The next part of an import that was handed in."""
    return import_rules(now=utc_now())


@every(60, name="hunting.campaigns")
def campaigns_tick() -> int:
    """Note campaigns that were found to be phish or malware, and their mails; the next turn goes on where a flood of them left off."""
    noted = note_campaigns(now=utc_now())
    list_mails()
    return noted


@every(20, name="hunting.trackers")
def trackers_tick() -> int:
    """Count tracked queries that are due."""
    return count_due(now=utc_now())


@every(30, name="rules-health")
def rules_health_tick() -> int:
    report_rules()
    return 0
