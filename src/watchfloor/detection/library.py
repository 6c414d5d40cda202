"""Where the rules lie, read once per process: in a checkout under content/, in an installed wheel inside the package."""

from functools import cache
from pathlib import Path

from watchfloor.detection.contracts import Rule
from watchfloor.detection.reading import read_rule
from watchfloor.kernel.content import content_folder
from watchfloor.kernel.errors import BadInput


def rules_folder() -> Path:
    """content/detections. Raises NotConfigured naming where it was looked for."""
    return content_folder("detections")


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule by file name. Raises BadInput when two carry one id."""
    found: dict[str, Rule] = {}
    for path in sorted(rules_folder().glob("*/*.yaml")):
        rule = read_rule(path)
        if rule.id in found:
            raise BadInput(f"the id “{rule.id}” is used by {found[rule.id].path} already", place=str(path))
        found[rule.id] = rule
    return tuple(found.values())


def rule_of(rule_id: str) -> Rule | None:
    """The rule with this id, or None when it was removed since it fired."""
    return next((rule for rule in rules() if rule.id == rule_id), None)
