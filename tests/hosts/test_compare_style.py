"""The style has every colour, by day and by night, and asks nobody for anything."""

import re

from gspice.hosts.compare_style import COLOURS, STYLE


def test_every_colour_has_two_faces() -> None:
    used = set(re.findall(r"var\((--\w[\w-]*)\)", STYLE))
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    for face in (light, dark):
        assert used <= set(re.findall(r"(--[\w-]+):", face))
    assert all(f".c{n} {{" in STYLE and f".b{n} {{" in STYLE for n in range(COLOURS))


def test_nothing_comes_from_elsewhere() -> None:
    assert "url(" not in STYLE and "@import" not in STYLE and "</" not in STYLE
    assert STYLE.count("{") == STYLE.count("}")
