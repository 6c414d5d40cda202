"""What counts towards the depth of HTML, for everybody who counts it before a parser that is quadratic in depth."""

FLAT = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "tbody",
        "dt",
        "dd",
        "option",
    ]
)
"""Elements that never nest: void ones, and those whose next sibling closes them."""
