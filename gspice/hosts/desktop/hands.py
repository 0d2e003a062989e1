"""What a person does with the pointer: clicks, drags and turns of the wheel."""

from collections.abc import Callable

from gspice.geometry import Point, Rect
from gspice.hosts.desktop.cursors import CursorShape
from gspice.hosts.desktop.stack import WindowStack
from gspice.hosts.desktop.window import FramePart, Window
from gspice.vdi import HostButtons

_BUTTON_PARTS = (FramePart.MINIMISE, FramePart.CLOSE)


class Hands:
    """Follows pointer and buttons. Drags are carried out by ``settle`` only, so many moves cost one."""

    def __init__(self, stack: WindowStack, put_away: Callable[[Window, FramePart], None]) -> None:
        self._stack = stack
        self._put_away = put_away
        self.position = Point(0, 0)
        self._buttons = HostButtons(0)
        self._dragged: Window | None = None
        self._grip = Point(0, 0)
        """Where in the dragged window the pointer holds it."""
        self._pressed: tuple[Window, FramePart] | None = None

    def pointer(self, x: int, y: int, buttons: HostButtons, screen: Rect) -> None:
        """The pointer is at (x, y), pulled onto the screen, with these buttons down."""
        self.position = Point(x, y)
        self.pull_onto(screen)
        was, now = HostButtons.LEFT in self._buttons, HostButtons.LEFT in buttons
        self._buttons = buttons
        if now and not was:
            self._press()
        elif was and not now:
            self._release()

    def pull_onto(self, screen: Rect) -> None:
        """Keep the pointer on the screen."""
        x, y = self.position
        self.position = Point(
            min(max(x, screen.left), screen.right - 1), min(max(y, screen.top), screen.bottom - 1)
        )

    def settle(self) -> None:
        """Put the dragged window where the pointer holds it."""
        if self._dragged is not None:
            x, y = self.position
            before = self._dragged.rect
            self._stack.move(self._dragged, x - self._grip.x, y - self._grip.y)
            self._dragged.moved_by_hand |= self._dragged.rect != before

    def wheel(self, steps: int) -> None:
        """Turn the wheel over whatever lies under the pointer."""
        pane = self._stack.pane_at(*self.position)
        if pane is not None:
            pane.wheel(steps)

    def drop(self) -> None:
        """Let go of everything, as when the dragged window goes away."""
        self._dragged = self._pressed = None

    def _press(self) -> None:
        x, y = self.position
        pane = self._stack.pane_at(x, y)
        if pane is None:
            self._stack.focus(None)
            return
        local = Point(x - pane.rect.left, y - pane.rect.top)
        if not isinstance(pane, Window):
            pane.press(*local)
            return
        self._stack.open(pane)
        part = pane.part_at(*local)
        if part in _BUTTON_PARTS:
            self._pressed = (pane, part)
        elif part is FramePart.TITLE:
            self._dragged, self._grip = pane, local
        else:
            pane.press(*local)

    def _release(self) -> None:
        if self._dragged is not None:
            self.settle()
        pressed = self._pressed
        self.drop()
        if pressed is None:
            return
        window, part = pressed
        x, y = self.position
        inside = window.button_rects()[part].contains_point(x - window.rect.left, y - window.rect.top)
        if inside and window in self._stack.windows:
            self._put_away(window, part)

    def cursor(self) -> CursorShape:
        """The shape for where the pointer is; a drag keeps its own."""
        if self._dragged is not None:
            return CursorShape.MOVE
        x, y = self.position
        pane = self._stack.pane_at(x, y)
        return CursorShape.ARROW if pane is None else pane.cursor_at(x - pane.rect.left, y - pane.rect.top)
