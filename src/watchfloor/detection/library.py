"""Where the rules lie, read once per process: in a checkout under content/, in an installed wheel inside the package."""

from functools import cache
from pathlib import Path

from watchfloor.detection.contracts import Rule
from watchfloor.detection.reading import read_rule
from watchfloor.kernel.errors import BadInput, NotConfigured

PACKAGE = Path(__file__).resolve().parent.parent
PLACES = (PACKAGE / "content" / "detections", PACKAGE.parent.parent / "content" / "detections")


def rules_folder() -> Path:
    """The first place that exists: the wheel's own copy, then the checkout's folder."""
    for place in PLACES:
        if place.is_dir():
            return place
    looked = " and ".join(str(place) for place in PLACES)
    raise NotConfigured(
        f"the detection rules are missing: looked in {looked}; reinstall the package or use a whole checkout"
    )


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
