"""Where the product's data lies: `content/` of a checkout, or the copy inside an installed wheel."""

from pathlib import Path

from watchfloor.kernel.errors import NotConfigured

PACKAGE = Path(__file__).resolve().parent.parent


def content_folder(area: str) -> Path:
    """The folder content/<area>. Raises NotConfigured naming both places when neither is there."""
    places = (PACKAGE / "content" / area, PACKAGE.parent.parent / "content" / area)
    for place in places:
        if place.is_dir():
            return place
    raise NotConfigured(f"the folder content/{area} is missing; looked in {places[0]} and {places[1]}")
