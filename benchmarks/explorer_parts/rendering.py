"""How long the picture of a mail takes, from nothing to PNG: a browser started for it, confined, and gone again."""

import time

PICTURES = 5
ROW = "<tr><td style='padding:12px;border-bottom:1px solid #ddd'>Invoice {0}</td><td>EUR {0}.00</td><td><a href='https://pay.example/{0}'>Pay</a></td></tr>"
MAIL = (
    "<!doctype html><html><head><style>body{{font-family:Arial;background:#f3f2f1}} table{{background:#fff;width:640px;margin:auto}}"
    "</style></head><body><img src='https://track.example/pixel.gif'><table>{rows}</table></body></html>"
)


def measure() -> dict[str, float]:
    """`render_s` is the median of a few pictures of a mail of forty rows, each by a browser of its own; wall time."""
    from watchfloor.inspection.services import render_png

    html = MAIL.format(rows="".join(ROW.format(number) for number in range(40)))
    took = []
    for _ in range(PICTURES):
        began = time.perf_counter()
        picture = render_png(html)
        took.append(time.perf_counter() - began)
        if picture[:4] != b"\x89PNG":
            raise RuntimeError("no picture came")
    return {"render_s": sorted(took)[PICTURES // 2]}
