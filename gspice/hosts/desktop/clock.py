"""The clock window: hands on a dial, and the time and date below."""

from math import cos, pi, sin

from gspice.geometry import Rect
from gspice.hosts.desktop import fonts, paint, theme
from gspice.hosts.desktop.icons import Icon
from gspice.hosts.desktop.screen import Raster
from gspice.hosts.desktop.wall_clock import WallClock, next_second
from gspice.hosts.desktop.window import Window

_TEXT_ROOM = 66
"""Pixels below the dial for time and date."""


class Clock(Window):
    """Ticks once a second, on the second."""

    def __init__(self, width: int, height: int, wall: WallClock, now: float) -> None:
        super().__init__("Clock", Icon.CLOCK, width, height)
        self._wall = wall
        self._time = wall(now)
        self._deadline = next_second(now, self._time)
        self.sized()
        self.paint()

    def sized(self) -> None:
        content = self.content
        self._size = max(40, min(content.width, content.height - _TEXT_ROOM) - 24)
        left = content.left + (content.width - self._size) // 2
        top = content.top + max(8, (content.height - _TEXT_ROOM - self._size) // 2 + 4)
        self._dial_rect = Rect.sized(left, top, self._size, self._size).intersect(content)
        self._dial = self._paint_dial()

    def _paint_dial(self) -> Raster:
        """The dial without hands; it lasts until the size changes."""
        size = self._size
        dial = paint.raster(size, size, theme.WINDOW)
        middle = size / 2

        def disc(pen: paint.Pen, s: int) -> None:
            pen.ellipse((0, 0, size * s - 1, size * s - 1), fill=255)

        def inner(pen: paint.Pen, s: int) -> None:
            pen.ellipse((3 * s, 3 * s, (size - 3) * s - 1, (size - 3) * s - 1), fill=255)

        def marks(pen: paint.Pen, s: int) -> None:
            for minute in range(60):
                hour = minute % 5 == 0
                outer, inside = middle - 8, middle - (16 if hour else 11)
                across, down = sin(minute * pi / 30), -cos(minute * pi / 30)
                ends = [
                    middle + across * outer,
                    middle + down * outer,
                    middle + across * inside,
                    middle + down * inside,
                ]
                pen.line([end * s for end in ends], fill=255, width=round((2.4 if hour else 1.1) * s))

        for draw, color in ((disc, 0x3B4660), (inner, 0xFBFCFE), (marks, 0x6B7385)):
            paint.blend(dial, 0, 0, paint.shape(size, size, draw), color)
        return dial

    def paint_content(self) -> None:
        paint.fill(self.store, self.content, theme.WINDOW)
        self._show_time()

    def _show_time(self) -> None:
        self.put(self._dial_rect, self._with_hands()[: self._dial_rect.height, : self._dial_rect.width])
        content = self.content
        below = Rect(content.left, self._dial_rect.bottom, content.right, content.bottom)
        text = paint.raster(below.width, below.height, theme.WINDOW)
        time, date = fonts.bold(22), fonts.sans(12)
        y = max(2, (below.height - time.height - date.height - 2) // 2)
        for face, line, color in (
            (time, f"{self._time:%H:%M:%S}", theme.TEXT),
            (date, f"{self._time:%A}, {self._time.day} {self._time:%B}", theme.TEXT_SOFT),
        ):
            line = face.fit(line, below.width)
            face.draw(text, (below.width - face.width(line)) // 2, y, line, color)
            y += face.height + 2
        self.put(below, text)

    def _with_hands(self) -> Raster:
        picture = self._dial.copy()
        size, now = self._size, self._time
        minutes = now.minute + now.second / 60
        # Turns of the circle, length and tail as shares of the radius, width, colour.
        hands = (
            ((now.hour % 12 + minutes / 60) / 12, 0.52, 0.04, 5.0, theme.TEXT),
            (minutes / 60, 0.76, 0.04, 3.6, theme.TEXT),
            (now.second / 60, 0.82, 0.18, 1.6, theme.ACCENT_WARM),
        )
        for turn, length, tail, width, color in hands:
            paint.blend(picture, 0, 0, _hand(size, turn, length, tail, width), color)
        hub = paint.rounded(9, 9, 4)
        paint.blend(picture, (size - 9) // 2, (size - 9) // 2, hub, theme.ACCENT_WARM)
        return picture

    def tick(self, now: float) -> None:
        if now >= self._deadline:
            self._time = self._wall(now)
            self._deadline = next_second(now, self._time)
            self._show_time()

    def deadline(self) -> float:
        return self._deadline


def _hand(size: int, turn: float, length: float, tail: float, width: float) -> paint.Mask:
    radius = size / 2
    across, down = sin(turn * 2 * pi), -cos(turn * 2 * pi)
    tip, end = radius * length, -radius * tail
    half = width / 2
    corners = [(tip, half * 0.5), (tip, -half * 0.5), (end, -half), (end, half)]
    points = [
        (radius + across * along - down * side, radius + down * along + across * side)
        for along, side in corners
    ]
    return paint.shape(size, size, lambda pen, s: pen.polygon([(x * s, y * s) for x, y in points], fill=255))
