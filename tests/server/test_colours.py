"""The colours of the page: whatever is read can be read, on dark ground and on light."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

SHEET = files("scorekit.server").joinpath("static/page.css").read_text()
DARK, LIGHT = (
    dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", root)) for root in re.findall(r":root \{\s(.*?)\}", SHEET, re.S)[:2]
)
Colour = tuple[float, float, float]


def rgb(code: str) -> Colour:
    """Red, green and blue of a colour, 0-255."""
    red, green, blue = (float(int(code[i : i + 2], 16)) for i in (1, 3, 5))
    return red, green, blue


def mixed(over: Colour, share: float, under: Colour) -> Colour:
    """What is seen of a colour that lets its ground through."""
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(over, under, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (
        x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (one / 255 for one in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio (WCAG 2.2), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_reckoned_as_it_is_defined() -> None:
    """Black on white is 21, #767676 on white the first grey to pass."""
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#ffffff")) > 4.5 > contrast(rgb("#777777"), rgb("#ffffff"))


@pytest.mark.parametrize("scheme", [DARK, LIGHT], ids=["dark", "light"])
def test_all_text_stands_out(scheme: dict[str, str]) -> None:
    """Every pair of ink and ground that the page writes with has a contrast of 4.5 or more."""
    assert scheme.keys() == {"ground", "panel", "line", "ink", "soft", "faint", "accent", "wrong"}
    ground, panel, _, ink, soft, faint, accent, wrong = (rgb(scheme[name]) for name in (
        "ground", "panel", "line", "ink", "soft", "faint", "accent", "wrong"))  # fmt: skip
    told = mixed(wrong, 0.12, panel)
    pairs = [(a, b) for a in (ink, soft, faint, accent, wrong) for b in (ground, panel)]
    pairs += [(ground, accent), (ground, wrong), (ink, told), (soft, told)]
    pairs += [(ink, mixed(accent, 0.05 + 0.065 * tier, ground)) for tier in range(1, 6)]
    assert min(contrast(a, b) for a, b in pairs) >= 4.5


def test_colours_have_names() -> None:
    """What is drawn and what is laid out takes its colours from the two schemes, so that none is for one of them alone."""
    said = SHEET[SHEET.index("* {") :] + "".join(
        files("scorekit.server").joinpath(f"static/{name}.js").read_text() for name in ("page", "roll", "whole")
    )
    assert re.findall(r"#[0-9a-f]{6}\b|rgba?\(|hsl", said) == []
