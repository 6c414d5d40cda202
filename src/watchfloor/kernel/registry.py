"""Finding things by walking a folder: one file added there is all it takes."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def modules_in(package: str) -> Iterator[ModuleType]:
    """Import and yield each module or package directly inside `package`, by name, tests left out."""
    root = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda found: found.name):
        if info.name != "tests":
            yield importlib.import_module(f"{package}.{info.name}")
