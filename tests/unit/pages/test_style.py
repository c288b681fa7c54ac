"""Contrast as WCAG 2.2, 1.4.3 defines it, of every text colour on every ground it stands on."""

import re
from itertools import product

import pytest

from standfast.core import templates
from standfast.pages.trust.model import Mark
from standfast.pages.trust.render import PACKAGE

ENOUGH = 4.5
STYLE = templates.render(PACKAGE, "page.css")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?--real-wash.*?)\}", STYLE, re.DOTALL)
)
GROUNDS = ("paper", "card", *(f"{mark}-wash" for mark in Mark))


def luminance(colour: str) -> float:
    shares = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(colours: dict[str, str]) -> None:
    pairs = [*product(("ink", "soft", "link"), GROUNDS)]
    pairs += [(mark, ground) for mark in Mark for ground in ("paper", "card", f"{mark}-wash")]
    poor = [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < ENOUGH]
    assert len(pairs) == 36
    assert poor == []
