"""What makes an activity worth points: one small file per sign, found by walking this folder.

Each file has a SIGNAL; its `look` reads one activity and the past before it, and says what it saw, or nothing.
"""

from functools import cache

from watchfloor.identities.scoring.signal import Signal
from watchfloor.kernel.registry import modules_in


@cache
def signals() -> dict[str, Signal]:
    """Every signal by key."""
    found = (module.SIGNAL for module in modules_in(__name__))
    return {signal.key: signal for signal in found}
