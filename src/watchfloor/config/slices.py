"""Loading what each slice contributes: its jobs, its panels, its URLs."""

import importlib
import importlib.util

from django.conf import settings


def load(part: str) -> None:
    """Import `watchfloor.<slice>.<part>` for every slice that has it (part: jobs, panels)."""
    for name in settings.SLICES:
        if importlib.util.find_spec(f"watchfloor.{name}.{part}"):
            importlib.import_module(f"watchfloor.{name}.{part}")
    if part == "jobs":  # whoever runs ticks judges mail
        from watchfloor.config.knowing import know_the_organisation

        know_the_organisation()
