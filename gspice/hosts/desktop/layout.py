"""Where windows go on a screen of a given size until a person moves them."""

from gspice.geometry import Rect
from gspice.hosts.desktop.icons import Icon

_PLACES = {
    # left, top, width and height as shares of the room; then least and most width and height in pixels.
    Icon.NOTES: ((0.035, 0.045), (0.36, 0.56), (300, 240), (460, 430)),
    Icon.VIDEO: ((0.435, 0.060), (0.40, 0.44), (300, 202), (770, 465)),
    Icon.CLOCK: ((0.775, 0.510), (0.19, 0.44), (200, 240), (250, 310)),
    Icon.TERMINAL: ((0.170, 0.420), (0.56, 0.545), (420, 260), (658, 420)),
}


def default_place(icon: Icon, area: Rect) -> Rect:
    """The window's rectangle in the screen without its panel."""
    (left, top), (wide, tall), (least_wide, least_tall), (most_wide, most_tall) = _PLACES[icon]
    width = min(most_wide, max(least_wide, round(area.width * wide)), max(1, area.width - 8))
    height = min(most_tall, max(least_tall, round(area.height * tall)), max(1, area.height - 8))
    x = area.left + min(round(area.width * left), area.width - width - 4)
    y = area.top + min(round(area.height * top), area.height - height - 4)
    return Rect.sized(max(area.left, x), max(area.top, y), width, height)
