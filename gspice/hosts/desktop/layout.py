"""Where windows go on a screen of a given size until a person moves them."""

from gspice.geometry import Rect
from gspice.hosts.desktop.icons import Icon

_PLACES = {
    # Left and top, width and height as shares of the room; least and most width and height in pixels.
    Icon.NOTES: ((0.035, 0.045), (0.36, 0.56), (300, 240), (460, 430)),
    Icon.VIDEO: ((0.500, 0.045), (0.40, 0.40), (322, 214), (770, 466)),
    Icon.CLOCK: ((0.790, 0.500), (0.19, 0.44), (200, 240), (250, 310)),
    Icon.TERMINAL: ((0.100, 0.485), (0.56, 0.500), (420, 260), (658, 492)),
}
_FRAME_WIDTH, _FRAME_HEIGHT = 2, 33
"""Pixels of a window that are not content."""


def default_place(icon: Icon, area: Rect) -> Rect:
    """The window's rectangle in the screen without its panel."""
    (left, top), (wide, tall), (least_wide, least_tall), (most_wide, most_tall) = _PLACES[icon]
    width = min(most_wide, max(least_wide, round(area.width * wide)), max(1, area.width - 8))
    height = min(most_tall, max(least_tall, round(area.height * tall)), max(1, area.height - 8))
    if icon is Icon.VIDEO:
        # Wide pictures are the rule: no black bars for them.
        unit = min((width - _FRAME_WIDTH) // 16, (height - _FRAME_HEIGHT) // 9)
        width, height = unit * 16 + _FRAME_WIDTH, unit * 9 + _FRAME_HEIGHT
    x = area.left + min(round(area.width * left), area.width - width - 4)
    y = area.top + min(round(area.height * top), area.height - height - 4)
    return Rect.sized(max(area.left, x), max(area.top, y), width, height)
