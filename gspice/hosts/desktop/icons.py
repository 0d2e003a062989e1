"""Small pictures of the applications, 16 pixels square."""

from enum import Enum
from functools import cache

from gspice.hosts.desktop import paint
from gspice.hosts.desktop.paint import Mask, Pen
from gspice.hosts.desktop.screen import Raster

ICON_SIZE = 16


class Icon(Enum):
    """Which application."""

    TERMINAL = "terminal"
    NOTES = "notes"
    CLOCK = "clock"
    VIDEO = "video"
    LOGO = "logo"


def _terminal(pen: Pen, part: int, s: int) -> None:
    if part == 0:
        pen.rounded_rectangle((0, s, 16 * s, 15 * s), 3 * s, fill=255)
    else:
        pen.line([3.5 * s, 5 * s, 6.5 * s, 8 * s, 3.5 * s, 11 * s], fill=255, width=3 * s // 2, joint="curve")
        pen.line([8 * s, 11.2 * s, 12.5 * s, 11.2 * s], fill=255, width=3 * s // 2)


def _notes(pen: Pen, part: int, s: int) -> None:
    if part == 0:
        pen.rounded_rectangle((2 * s, 0, 14 * s, 16 * s), 2 * s, fill=255)
    else:
        for row, end in ((4, 11.5), (7, 11.5), (10, 11.5), (13, 8.5)):
            pen.line([4.5 * s, row * s, end * s, row * s], fill=255, width=s)


def _clock(pen: Pen, part: int, s: int) -> None:
    if part == 0:
        pen.ellipse((0, 0, 16 * s - 1, 16 * s - 1), fill=255)
    else:
        pen.ellipse((1.8 * s, 1.8 * s, 14.2 * s, 14.2 * s), fill=255)
        pen.line([8 * s, 4 * s, 8 * s, 8.4 * s, 11 * s, 10 * s], fill=0, width=3 * s // 2, joint="curve")


def _video(pen: Pen, part: int, s: int) -> None:
    if part == 0:
        pen.rounded_rectangle((0, 2 * s, 16 * s, 14 * s), 3 * s, fill=255)
    else:
        pen.polygon([6 * s, 4.8 * s, 11.5 * s, 8 * s, 6 * s, 11.2 * s], fill=255)


def _logo(pen: Pen, part: int, s: int) -> None:
    if part == 0:
        pen.rounded_rectangle((0, 0, 16 * s - 1, 16 * s - 1), 5 * s, fill=255)
    else:
        pen.arc((3.2 * s, 3.2 * s, 12.8 * s, 12.8 * s), 20, 320, fill=255, width=2 * s)
        pen.line([8.2 * s, 8.4 * s, 12.6 * s, 8.4 * s], fill=255, width=2 * s)


_DRAWERS = {
    Icon.TERMINAL: (_terminal, (0x2B3242, 0x9CE39B)),
    Icon.NOTES: (_notes, (0xF5C451, 0x7A5A12)),
    Icon.CLOCK: (_clock, (0x2F6FDE, 0xFFFFFF)),
    Icon.VIDEO: (_video, (0xE0533D, 0xFFFFFF)),
    Icon.LOGO: (_logo, (0x2F6FDE, 0xFFFFFF)),
}
"""Each icon is two shapes, one upon the other, each of one colour."""


@cache
def _masks(icon: Icon) -> tuple[tuple[Mask, int], ...]:
    draw, colors = _DRAWERS[icon]
    return tuple(
        (paint.shape(ICON_SIZE, ICON_SIZE, lambda pen, s, part=part: draw(pen, part, s)), color)  # type: ignore[misc]
        for part, color in enumerate(colors)
    )


def draw_icon(target: Raster, icon: Icon, x: int, y: int) -> None:
    """Draw it with its top left at (x, y)."""
    for mask, color in _masks(icon):
        paint.blend(target, x, y, mask, color)
