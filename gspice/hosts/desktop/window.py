"""A window: frame, title bar and shadow around content that its kind paints."""

from enum import Enum
from functools import cache

from gspice.geometry import Rect
from gspice.hosts.desktop import fonts, paint, theme
from gspice.hosts.desktop.cursors import CursorShape
from gspice.hosts.desktop.icons import Icon, draw_icon
from gspice.hosts.desktop.paint import Mask
from gspice.hosts.desktop.pane import Pane
from gspice.hosts.desktop.screen import Raster
from gspice.hosts.desktop.shadow import cast_shadow, shadow_bounds
from gspice.region import Region

SMALLEST = (200, 120)
"""Width and height below which no window goes."""


class FramePart(Enum):
    """What lies under a point of a window."""

    CONTENT = "content"
    TITLE = "title"
    MINIMISE = "minimise"
    CLOSE = "close"


@cache
def _corners() -> Mask:
    return paint.rounded(4 * theme.CORNER, 4 * theme.CORNER, theme.CORNER)


class Window(Pane):
    """A framed pane. Kinds of windows paint into ``content`` of the store and say what they touched."""

    def __init__(self, title: str, icon: Icon, width: int, height: int) -> None:
        super().__init__(max(width, SMALLEST[0]), max(height, SMALLEST[1]))
        self.title = title
        self.icon = icon
        self.focused = False
        self.moved_by_hand = False
        """A person has put it where it is: a new screen size leaves it there where it can."""
        self._place_pieces()

    @property
    def bounds(self) -> Rect:
        return shadow_bounds(self.rect)

    @property
    def content(self) -> Rect:
        """Where the content lies in the window."""
        edge = theme.BORDER
        return Rect(edge, theme.TITLE_HEIGHT, self.rect.width - edge, self.rect.height - edge)

    def _place_pieces(self) -> None:
        width, height, corner = self.rect.width, self.rect.height, theme.CORNER
        self._corner_rects = [
            Rect.sized(x, y, corner, corner) for y in (0, height - corner) for x in (0, width - corner)
        ]
        body = Region([Rect(0, 0, width, height)])
        for rect in self._corner_rects:
            body.subtract(rect)
        self._body = body
        around = Region([self.bounds.translate(-self.rect.left, -self.rect.top)])
        around.subtract_region(body)
        self._around = around.rects()

    def set_size(self, width: int, height: int) -> None:
        width, height = max(width, SMALLEST[0]), max(height, SMALLEST[1])
        self.rect = Rect.sized(self.rect.left, self.rect.top, width, height)
        self._place_pieces()
        super().set_size(width, height)

    def opaque(self) -> Region:
        region = self._body.copy()
        region.translate(self.rect.left, self.rect.top)
        return region

    def draw(self, target: Raster, area: Rect) -> None:
        left, top = self.rect.left, self.rect.top
        for piece in self._around:
            cast_shadow(target, area, self.rect, piece.translate(left, top))
        for piece in self._body.rects():
            self.draw_part(target, area, piece)
        masks = _corners()
        for index, piece in enumerate(self._corner_rects):
            if piece.translate(left, top).intersect(area).empty:
                continue
            corner = theme.CORNER
            row = slice(0, corner) if index < 2 else slice(-corner, None)
            column = slice(0, corner) if index % 2 == 0 else slice(-corner, None)
            x, y = left + piece.left - area.left, top + piece.top - area.top
            paint.overlay(target, x, y, paint.part(self.store, piece), masks[row, column])

    # The frame.

    def button_rects(self) -> dict[FramePart, Rect]:
        """Where the title bar's buttons lie."""
        size, gap = theme.BUTTON_SIZE, theme.BUTTON_GAP
        top = (theme.TITLE_HEIGHT - size) // 2
        close = Rect.sized(self.rect.width - gap - size, top, size, size)
        return {FramePart.CLOSE: close, FramePart.MINIMISE: close.translate(-size - gap, 0)}

    def part_at(self, x: int, y: int) -> FramePart:
        """What lies at that point of the window."""
        for part, rect in self.button_rects().items():
            if rect.contains_point(x, y):
                return part
        return FramePart.TITLE if y < theme.TITLE_HEIGHT else FramePart.CONTENT

    def set_focus(self, focused: bool) -> None:
        """Show whether keys go to this window."""
        if focused != self.focused:
            self.focused = focused
            self.paint_frame()
            self.touch(Rect(0, 0, self.rect.width, theme.TITLE_HEIGHT))
            self.focus_changed()

    def focus_changed(self) -> None:
        """For kinds whose content shows the focus."""

    def paint(self) -> None:
        self.paint_frame()
        self.paint_content()

    def paint_content(self) -> None:
        """Paint all of ``content``."""

    def paint_frame(self) -> None:
        """Paint border and title bar."""
        width, height = self.rect.width, self.rect.height
        store = self.store
        for edge in (
            Rect(0, 0, width, theme.BORDER),
            Rect(0, 0, theme.BORDER, height),
            Rect(width - theme.BORDER, 0, width, height),
            Rect(0, height - theme.BORDER, width, height),
        ):
            paint.fill(store, edge, theme.FRAME)
        colors = theme.TITLE_ACTIVE if self.focused else theme.TITLE_INACTIVE
        bar = Rect(theme.BORDER, theme.BORDER, width - theme.BORDER, theme.TITLE_HEIGHT - 1)
        paint.gradient(store, bar, *colors)
        paint.fill(store, Rect(bar.left, bar.bottom, bar.right, bar.bottom + 1), theme.TITLE_LINE)
        draw_icon(store, self.icon, 10, (theme.TITLE_HEIGHT - 16) // 2)
        self._paint_title()
        self._paint_buttons()

    def _paint_title(self) -> None:
        face = fonts.bold(12)
        room = self.rect.width - 2 * (2 * (theme.BUTTON_SIZE + theme.BUTTON_GAP) + theme.BUTTON_GAP)
        text = face.fit(self.title, room)
        color = theme.TITLE_TEXT if self.focused else theme.TITLE_TEXT_INACTIVE
        x = (self.rect.width - face.width(text)) // 2
        face.draw(self.store, x, (theme.TITLE_HEIGHT - face.height) // 2, text, color)

    def _paint_buttons(self) -> None:
        disc, cross, dash = _button_masks()
        for part, rect in self.button_rects().items():
            closing = part is FramePart.CLOSE
            active = theme.CLOSE if closing else theme.MINIMISE
            color = active if self.focused else theme.BUTTON_INACTIVE
            sign = 0xFFFFFF if closing and self.focused else 0x5A6170
            paint.blend(self.store, rect.left, rect.top, disc, color)
            paint.blend(self.store, rect.left, rect.top, cross if closing else dash, sign)

    def cursor_at(self, x: int, y: int) -> CursorShape:
        part = self.part_at(x, y)
        if part is FramePart.CONTENT:
            return self.content_cursor()
        return CursorShape.MOVE if part is FramePart.TITLE else CursorShape.HAND

    def content_cursor(self) -> CursorShape:
        """The pointer's shape over the content."""
        return CursorShape.ARROW


@cache
def _button_masks() -> tuple[Mask, Mask, Mask]:
    """The disc of a button, the cross and the dash upon it."""
    size = theme.BUTTON_SIZE
    low, high, middle = size * 0.36, size * 0.64, size * 0.5
    disc = paint.shape(size, size, lambda pen, s: pen.ellipse((0, 0, size * s - 1, size * s - 1), fill=255))

    def line(pen: paint.Pen, s: int, ends: tuple[float, float, float, float]) -> None:
        pen.line([end * s for end in ends], fill=255, width=round(1.7 * s))

    def draw_cross(pen: paint.Pen, s: int) -> None:
        line(pen, s, (low, low, high, high))
        line(pen, s, (low, high, high, low))

    cross = paint.shape(size, size, draw_cross)
    dash = paint.shape(size, size, lambda pen, s: line(pen, s, (low, middle, high, middle)))
    return disc, cross, dash
