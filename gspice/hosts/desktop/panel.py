"""The panel along the lower edge: a button for each application, and the time."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from gspice.geometry import Rect
from gspice.hosts.desktop import fonts, paint, theme
from gspice.hosts.desktop.cursors import CursorShape
from gspice.hosts.desktop.icons import ICON_SIZE, Icon, draw_icon
from gspice.hosts.desktop.pane import Pane
from gspice.hosts.desktop.screen import Raster
from gspice.hosts.desktop.wall_clock import WallClock, next_minute

_MARGIN = 8
_LOGO_WIDTH = 92
_CLOCK_WIDTH = 96
_BUTTON_WIDTH = 148
_NARROWEST = 40
"""Width at which a button has room for its icon only."""


class PanelEntry(NamedTuple):
    """One button."""

    title: str
    icon: Icon
    open: bool
    focused: bool


class Panel(Pane):
    """Shows ``entries``; a click on one calls ``chosen`` with its index."""

    def __init__(self, width: int, wall: WallClock, chosen: Callable[[int], None]) -> None:
        super().__init__(width, theme.PANEL_HEIGHT)
        self._wall = wall
        self._chosen = chosen
        self._entries: tuple[PanelEntry, ...] = ()
        self._time = datetime(1970, 1, 1)
        self._deadline = 0.0
        self.paint()

    def show(self, entries: tuple[PanelEntry, ...]) -> None:
        """Take the state of the applications."""
        if entries != self._entries:
            self._entries = entries
            self._repaint()

    def _button_rects(self) -> list[Rect]:
        room = self.rect.width - _LOGO_WIDTH - _CLOCK_WIDTH - _MARGIN
        width = min(_BUTTON_WIDTH, room // max(1, len(self._entries)) - 6)
        height = theme.PANEL_HEIGHT - 12
        step = max(_NARROWEST, width) + 6
        return [
            Rect.sized(_LOGO_WIDTH + index * step, 6, step - 6, height) for index in range(len(self._entries))
        ]

    def _repaint(self) -> None:
        painted = paint.raster(self.rect.width, self.rect.height)
        self._paint_on(painted)
        self.put(Rect(0, 0, self.rect.width, self.rect.height), painted)

    def paint(self) -> None:
        self._paint_on(self.store)

    def _paint_on(self, target: Raster) -> None:
        width, height = self.rect.width, self.rect.height
        paint.gradient(target, Rect(0, 0, width, height), *theme.PANEL)
        paint.fill(target, Rect(0, 0, width, 1), theme.PANEL_LINE)
        draw_icon(target, Icon.LOGO, _MARGIN + 2, (height - ICON_SIZE) // 2)
        face = fonts.bold(13)
        face.draw(target, _MARGIN + 25, (height - face.height) // 2, "GSpice", theme.PANEL_TEXT)
        for rect, entry in zip(self._button_rects(), self._entries, strict=True):
            self._paint_button(target, rect, entry)
        self._paint_clock(target)

    def _paint_button(self, target: Raster, rect: Rect, entry: PanelEntry) -> None:
        if entry.open:
            color = theme.PANEL_BUTTON_ACTIVE if entry.focused else theme.PANEL_BUTTON
            paint.blend(target, rect.left, rect.top, paint.rounded(rect.width, rect.height, 6), color)
            mark = Rect(rect.left + 8, rect.bottom - 2, rect.right - 8, rect.bottom)
            paint.fill(target, mark, theme.ACCENT if entry.focused else theme.PANEL_TEXT_SOFT)
        draw_icon(target, entry.icon, rect.left + 10, rect.top + (rect.height - ICON_SIZE) // 2)
        face = fonts.sans(12)
        text = face.fit(entry.title, rect.width - 42)
        color = theme.PANEL_TEXT if entry.open else theme.PANEL_TEXT_SOFT
        face.draw(target, rect.left + 33, rect.top + (rect.height - face.height) // 2, text, color)

    def _paint_clock(self, target: Raster) -> None:
        right = self.rect.width - _MARGIN - 4
        for face, y, text, color in (
            (fonts.bold(12), 5, f"{self._time:%H:%M}", theme.PANEL_TEXT),
            (fonts.sans(10), 21, f"{self._time:%a} {self._time.day} {self._time:%b}", theme.PANEL_TEXT_SOFT),
        ):
            face.draw(target, right - face.width(text), y, text, color)

    def press(self, x: int, y: int) -> None:
        for index, rect in enumerate(self._button_rects()):
            if rect.contains_point(x, y):
                self._chosen(index)
                return

    def cursor_at(self, x: int, y: int) -> CursorShape:
        over = any(rect.contains_point(x, y) for rect in self._button_rects())
        return CursorShape.HAND if over else CursorShape.ARROW

    def tick(self, now: float) -> None:
        if now >= self._deadline:
            self._time = self._wall(now)
            self._deadline = next_minute(now, self._time)
            self._repaint()

    def deadline(self) -> float:
        return self._deadline
