"""The colours of both themes are far enough apart to be read (WCAG 2.2: 4.5 to 1 for text, 3 to 1 for marks and borders)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[1] / "static" / "ui" / "css" / "tokens.css"
PAIR = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
PLAIN = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6});")
THEMES = ("light", "dark")
TONES = ("neutral", "info", "success", "warning", "danger")
GROUNDS = ("surface", "surface-quiet", "surface-page", "surface-hover", "surface-selected")


def colours(theme):
    text = TOKENS.read_text()
    plain = dict(PLAIN.findall(text))
    return plain | {name: (light if theme == "light" else dark) for name, light, dark in PAIR.findall(text)}


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_reckoned_as_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", ["text", "text-quiet", "brand-text", "danger-text"])
def test_text_is_readable_on_every_ground(theme, ground, text):
    found = colours(theme)
    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tone", TONES)
def test_a_tone_is_readable_on_its_own_ground(theme, tone):
    found = colours(theme)
    assert contrast(found[f"{tone}-text"], found[f"{tone}-surface"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("button", ["brand", "brand-hover", "danger", "danger-hover"])
def test_white_is_readable_on_filled_buttons(theme, button):
    found = colours(theme)
    assert contrast(found["on-brand"], found[button]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "mark", [*(f"mark-{tone}" for tone in TONES), *(f"series-{n}" for n in range(1, 9)), "line-strong", "focus"]
)
def test_marks_series_borders_and_focus_stand_out(theme, mark):
    found = colours(theme)
    assert contrast(found[mark], found["surface"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_the_top_bar_is_readable(theme):
    found = colours(theme)
    for ground in ("topbar", "topbar-field"):
        assert contrast(found["topbar-text"], found[ground]) >= 4.5
        assert contrast("#d3dae3", found[ground]) >= 4.5
