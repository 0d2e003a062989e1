"""Bar charts as inline SVG: widths are per cent, so that text keeps its size on every screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BAR, GAP, HEAD, GROUP = 16, 4, 22, 12
"""Heights in CSS pixels: a bar, the gap behind it, the heading of a group, the gap behind that."""
SHARE = 62
"""Per cent of the width that the longest bar takes; its text stands behind it."""
LEAST = 0.3
"""Per cent of the width of a bar that is not nothing."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a part in full colour, and a paler one behind it."""

    colour: int
    """Number of the canvas."""
    text: str
    full: float
    pale: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """Bars under a heading."""

    name: str
    bars: Sequence[Bar]


def chart(groups: Sequence[Group], what: str) -> str:
    """The groups one below the other, all on one scale. ``what``: the chart in words, for who cannot see it."""
    longest = max((bar.full + bar.pale for group in groups for bar in group.bars), default=0.0) or 1.0
    parts: list[str] = []
    y = 0
    for group in groups:
        if group.name:
            parts.append(f'<text class="head" x="0" y="{y + HEAD - 8}">{escape(group.name)}</text>')
            y += HEAD
        for bar in group.bars:
            parts += _bar(bar, y, SHARE / longest)
            y += BAR + GAP
        y += GROUP
    height = max(1, y - GROUP)
    return (
        f'<svg class="chart" width="100%" height="{height}" role="img" aria-label="{escape(what)}">'
        + "".join(parts)
        + "</svg>"
    )


def _bar(bar: Bar, y: int, unit: float) -> list[str]:
    full, pale = (max(LEAST, part * unit) if part else 0.0 for part in (bar.full, bar.pale))
    parts = []
    if full:
        parts.append(f'<rect class="c{bar.colour}" x="0" y="{y}" width="{full:.2f}%" height="{BAR}"/>')
    if pale:
        place = f'x="{full:.2f}%" y="{y}" width="{pale:.2f}%" height="{BAR}"'
        parts.append(f'<rect class="c{bar.colour} pale" {place}/>')
    text = f'<text x="{full + pale:.2f}%" dx="6" y="{y + BAR - 4}">{escape(bar.text)}</text>'
    return [*parts, text]
