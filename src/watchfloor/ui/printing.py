"""Printed documents carry all they need: our styles, and ECharts with our drawing where a document holds charts."""

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static" / "ui"
IMPORTED = re.compile(r'@import url\("([\w-]+\.css)"\) layer\((\w+)\);')
EXPORTS = re.compile(r"export\s*\{([^{}]*)\};?\s*$")
LEFT_OUT = {"layout.css", "overlays.css", "forms.css"}  # the frame around pages, and what nobody can press on paper
NEEDED_OF_ECHARTS = "init"


@cache
def styles() -> str:
    """The layers of watchfloor.css that a document needs as one text, those of printing last. No rule in it loads anything."""
    main = (STATIC / "css" / "watchfloor.css").read_text()
    order = re.search(r"@layer [^;]+;", main)
    parts = [order.group(0) if order else ""]
    imported = [one for one in IMPORTED.findall(main) if one[0] not in LEFT_OUT]
    for name, layer in [*imported, ("print.css", "slices")]:
        parts.append(_layered((STATIC / "css" / name).read_text(), layer))
    return "\n".join(parts)


def _layered(sheet: str, layer: str) -> str:
    """@page stands outside of layers: engines differ in whether they honour it inside."""
    pages = re.findall(r"^@page \{.*?^\}$", sheet, re.DOTALL | re.MULTILINE)
    for page in pages:
        sheet = sheet.replace(page, "")
    return "\n".join([*pages, f"@layer {layer} {{", sheet, "}"])


@cache
def chart_script() -> str:
    """One module of ECharts and ours: the names the files import stand in it, so nothing is imported any more."""
    bundle = (STATIC / "vendor" / "echarts.min.js").read_text()
    exported = EXPORTS.search(bundle)
    if exported is None:
        raise ValueError("echarts.min.js no longer ends with its exports")
    inner = re.search(rf"(?:^|,)\s*(\S+) as {NEEDED_OF_ECHARTS}(?:,|$)", exported.group(1))
    if inner is None:
        raise ValueError(f"echarts.min.js no longer exports {NEEDED_OF_ECHARTS}")
    drawing = f"const {NEEDED_OF_ECHARTS}=(()=>{{{bundle[: exported.start()]};return {inner.group(1)};}})();"
    ours = [(STATIC / name).read_text() for name in ("chart-colours.js", "chart-options.js", "print.js")]
    return "\n".join([drawing, *map(_joined, ours)]).replace("</script", "<\\/script")


def _joined(module: str) -> str:
    """A module's text without its imports and exports, for a module that holds what it imports."""
    text = re.sub(r"^import .*?;\n", "", module, flags=re.MULTILINE)
    return re.sub(r"^export (?=(?:async )?(?:function|const|class)\b)", "", text, flags=re.MULTILINE)
