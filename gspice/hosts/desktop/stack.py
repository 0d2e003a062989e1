"""The window manager: which windows are on the desktop, in what order, where, and which has the focus."""

from gspice.geometry import Rect
from gspice.hosts.desktop import theme
from gspice.hosts.desktop.compositor import Compositor
from gspice.hosts.desktop.pane import Pane
from gspice.hosts.desktop.window import Window
from gspice.region import Region

_REACHABLE = 120
"""Pixels of a title bar that always stay on the screen, so that a window can be dragged back."""


class WindowStack:
    """Windows from the lowest to the highest, with the panel above them all."""

    def __init__(self, compositor: Compositor, panel: Pane) -> None:
        self._compositor = compositor
        self._panel = panel
        panel.compositor = compositor
        self.windows: list[Window] = []
        self.focused: Window | None = None
        self._restack()

    @property
    def area(self) -> Rect:
        """The screen without the panel."""
        screen = self._compositor.area
        return Rect(0, 0, screen.right, max(0, screen.bottom - theme.PANEL_HEIGHT))

    def _restack(self) -> None:
        self._compositor.layers = [*self.windows, self._panel]

    def open(self, window: Window) -> None:
        """Put a window on top, give it the focus; one that is open already is raised."""
        if window in self.windows:
            self.raise_window(window)
        else:
            self.windows.append(window)
            window.compositor = self._compositor
            self._restack()
            self._compositor.damage(window, [window.bounds])
        self.focus(window)

    def hide(self, window: Window) -> None:
        """Take a window off the desktop; the next one gets the focus."""
        if window not in self.windows:
            return
        self._compositor.damage(window, [window.bounds])
        self.windows.remove(window)
        window.compositor = None
        self._restack()
        if self.focused is window:
            self.focus(self.windows[-1] if self.windows else None)

    def focus(self, window: Window | None) -> None:
        """Send keys to this window from now on."""
        previous, self.focused = self.focused, window
        for changed in (previous, window):
            if changed is not None:
                changed.set_focus(changed is window)

    def raise_window(self, window: Window) -> None:
        """Bring a window to the front; only what others covered of it is drawn."""
        index = self.windows.index(window)
        covered = Region()
        for above in self.windows[index + 1 :]:
            covered.add(above.bounds.intersect(window.bounds))
        self.windows.append(self.windows.pop(index))
        self._restack()
        self._compositor.damage(window, covered.rects())

    def move(self, window: Window, left: int, top: int) -> None:
        """Put a window elsewhere, but where its title bar can still be reached."""
        left, top = self._reachable(window, left, top)
        dx, dy = left - window.rect.left, top - window.rect.top
        if (dx, dy) == (0, 0):
            return
        if window not in self.windows:
            window.place(left, top)
            return
        source = self._compositor.visible(window)
        before = window.bounds
        window.place(left, top)
        self._compositor.moved(window, source, dx, dy, [before, window.bounds])

    def _reachable(self, window: Window, left: int, top: int) -> tuple[int, int]:
        area = self.area
        least = min(_REACHABLE, window.rect.width)
        left = min(max(left, area.left + least - window.rect.width), area.right - least)
        return left, max(area.top, min(top, area.bottom - theme.TITLE_HEIGHT))

    def arrange(self, window: Window, rect: Rect) -> None:
        """Give a window place and size; it is painted anew where the size differs."""
        shown = window in self.windows
        if shown:
            self._compositor.damage(window, [window.bounds])
        if (rect.width, rect.height) != (window.rect.width, window.rect.height):
            window.set_size(rect.width, rect.height)
        window.place(*self._reachable(window, rect.left, rect.top))
        if shown:
            self._compositor.damage(window, [window.bounds])

    def pane_at(self, x: int, y: int) -> Pane | None:
        """The panel or the highest window at that point of the screen."""
        if self._panel.rect.contains_point(x, y):
            return self._panel
        for window in reversed(self.windows):
            if window.rect.contains_point(x, y):
                return window
        return None

    def cycle(self) -> None:
        """Bring the lowest window to the front."""
        if self.windows:
            self.open(self.windows[0])
