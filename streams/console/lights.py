"""Decides how a severity is coloured: the palette of its region, with letters that stay readable on it."""

from __future__ import annotations

WHITE, BLACK = "#ffffff", "#000000"


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb, 0 to 1 (WCAG 2.2, relative luminance)."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink(background: str) -> str:
    """White while it reaches 4 : 1 in the bold letters of a tag, else the better of white and black."""
    if contrast(background, WHITE) >= 4:
        return WHITE
    return max((WHITE, BLACK), key=lambda letters: contrast(background, letters))
