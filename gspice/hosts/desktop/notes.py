"""The notes window: paragraphs of antialiased proportional text that one can scroll."""

from typing import NamedTuple

from gspice.geometry import Rect
from gspice.hosts.desktop import fonts, paint, theme
from gspice.hosts.desktop.cursors import CursorShape
from gspice.hosts.desktop.fonts import Font
from gspice.hosts.desktop.icons import Icon
from gspice.hosts.desktop.keyboard import KeyEvent
from gspice.hosts.desktop.window import Window

_MARGIN = 22
_BAR = 12
"""Width of the strip with the scroll bar."""
_WHEEL = 48
"""Pixels that one step of the wheel scrolls."""

HEADING, SUBHEADING, BODY, POINT = range(4)

TEXT: tuple[tuple[int, str], ...] = (
    (HEADING, "Welcome to GSpice"),
    (
        BODY,
        "This desktop has no virtual machine behind it. A small guest draws it with QXL commands, the server"
        " turns those into SPICE messages, and your viewer puts the picture together again.",
    ),
    (SUBHEADING, "Things to try"),
    (POINT, "Drag a window by its title bar: its pixels are moved, not sent again."),
    (POINT, "Type seq 500 in the terminal and watch it scroll; Ctrl-C stops it."),
    (POINT, "Scroll these notes with the wheel, or with the arrow keys after a click."),
    (POINT, "Close the clock, then bring it back from the panel below."),
    (POINT, "Resize the viewer: the desktop takes the new size, and the wallpaper is painted for it."),
    (SUBHEADING, "What travels"),
    (
        BODY,
        "Text and window frames are sent without loss, so small letters stay crisp. The moving landscape is"
        " found to be video and becomes a stream. When a picture rests, what a stream left blurred is made"
        " exact.",
    ),
    (
        BODY,
        "The pointer is drawn by the viewer itself, from shapes it has been sent once: an arrow over the"
        " desktop, a beam over text, a cross of arrows over title bars and a hand over buttons.",
    ),
    (SUBHEADING, "Keys"),
    (POINT, "Alt-Tab goes from window to window, Alt-F4 closes the one in front."),
    (POINT, "Shift with Page Up and Page Down looks back in the terminal."),
    (POINT, "Caps Lock and Num Lock light the lamps of your own keyboard."),
    (BODY, "Have a pleasant stay."),
)


class _Style(NamedTuple):
    bold: bool
    size: int
    color: int
    before: int
    """Pixels left free above the paragraph."""
    leading: int
    """Pixels between lines, on top of the font's own."""
    indent: int


_STYLES = {
    HEADING: _Style(True, 20, theme.TEXT, 0, 4, 0),
    SUBHEADING: _Style(True, 13, theme.ACCENT, 16, 3, 0),
    BODY: _Style(False, 13, theme.TEXT, 8, 4, 0),
    POINT: _Style(False, 13, theme.TEXT, 6, 4, 18),
}


class _PlacedLine(NamedTuple):
    y: int
    x: int
    face: Font
    color: int
    text: str
    bullet: bool


class Notes(Window):
    """Scrolled by the wheel, and by keys while it has the focus."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__("Welcome", Icon.NOTES, width, height)
        self._offset = 0
        """Pixels of the text that lie above the window."""
        self.sized()
        self.paint()

    def content_cursor(self) -> CursorShape:
        return CursorShape.TEXT

    @property
    def _text_rect(self) -> Rect:
        content = self.content
        return Rect(content.left, content.top, content.right - _BAR, content.bottom)

    def sized(self) -> None:
        width = self._text_rect.width - 2 * _MARGIN
        y = _MARGIN - 4
        self._lines: list[_PlacedLine] = []
        for kind, text in TEXT:
            style = _STYLES[kind]
            face = fonts.bold(style.size) if style.bold else fonts.sans(style.size)
            y += style.before
            for index, line in enumerate(face.wrap(text, width - style.indent)):
                bullet = kind == POINT and index == 0
                self._lines.append(_PlacedLine(y, _MARGIN + style.indent, face, style.color, line, bullet))
                y += face.height + style.leading
        self._height = y + _MARGIN
        self._offset = min(self._offset, self._furthest)

    @property
    def _furthest(self) -> int:
        return max(0, self._height - self._text_rect.height)

    def paint_content(self) -> None:
        self._paint_text(0, self._text_rect.height)
        self._paint_bar()

    def _paint_text(self, start: int, end: int) -> None:
        """Paint rows of the text's area, counted from its top."""
        area = self._text_rect
        rows = Rect(area.left, area.top + start, area.right, area.top + end)
        view = paint.part(self.store, rows)
        view[:] = paint.bgrx(theme.WINDOW)
        for line in self._lines:
            y = line.y - self._offset - start
            if -2 * line.face.height < y < rows.height + line.face.height:
                line.face.draw(view, line.x, y, line.text, line.color)
                if line.bullet:
                    dot = paint.rounded(5, 5, 2)
                    paint.blend(view, line.x - 13, y + line.face.ascent - 7, dot, theme.ACCENT)

    def _paint_bar(self) -> None:
        area = self._text_rect
        strip = Rect(area.right, area.top, self.content.right, area.bottom)
        painted = paint.raster(strip.width, strip.height, theme.WINDOW)
        if self._furthest:
            track = strip.height - 8
            length = max(24, track * area.height // self._height)
            top = 4 + (track - length) * self._offset // self._furthest
            paint.blend(painted, 3, top, paint.rounded(6, length, 3), theme.FRAME)
        self.put(strip, painted)

    def _scroll_to(self, offset: int) -> None:
        offset = min(max(0, offset), self._furthest)
        moved, self._offset = self._offset - offset, offset
        area = self._text_rect
        if moved == 0:
            return
        if abs(moved) >= area.height:
            self._paint_text(0, area.height)
            self.touch(area)
        else:
            self.scroll(area, moved)
            start = 0 if moved > 0 else area.height + moved
            self._paint_text(start, start + abs(moved))
            self.touch(Rect(area.left, area.top + start, area.right, area.top + start + abs(moved)))
        self._paint_bar()

    def wheel(self, steps: int) -> None:
        self._scroll_to(self._offset + steps * _WHEEL)

    def key(self, event: KeyEvent) -> None:
        page = self._text_rect.height - _WHEEL
        steps = {
            "Up": -_WHEEL,
            "Down": _WHEEL,
            "PageUp": -page,
            "PageDown": page,
            " ": page,
            "Home": -self._height,
            "End": self._height,
        }
        if event.key in steps:
            self._scroll_to(self._offset + steps[event.key])
