"""What moves on desktops and is no video; and what lies over videos."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gspice.geometry import Rect
from tests.stream.video_scenes import Picture, grain, letters, page, photo

BLUE, WHITE, GREY = (200, 120, 40, 0), (255, 255, 255, 0), (90, 90, 90, 0)


def put(screen: Picture, rect: Rect, what: Picture | tuple[int, int, int, int]) -> None:
    """Paint what of a rectangle is on the screen."""
    height, width = screen.shape[:2]
    seen = rect.intersect(Rect(0, 0, width, height))
    if not seen.empty:
        if isinstance(what, np.ndarray):
            what = what[seen.top - rect.top :, seen.left - rect.left :][: seen.height, : seen.width]
        screen[seen.top : seen.bottom, seen.left : seen.right] = what


@dataclass
class Still:
    """Something of which only the state decides how it looks: it declares its place whenever that is another."""

    state: Callable[[float], object]
    paint: Callable[[Picture, float], None]
    where: Callable[[float], Rect]
    _last: tuple[object, Rect] | None = None

    def draw(self, screen: Picture, t: float) -> list[Rect]:
        self.paint(screen, t)
        before, self._last = self._last, (self.state(t), self.where(t))
        if before == self._last:
            return []
        return [self._last[1]] if before is None or before[1] == self._last[1] else [before[1], self._last[1]]

    def playing(self, t: float) -> Rect | None:
        return None


def blinking(rect: Rect, hz: float, color: tuple[int, int, int, int] = GREY) -> Still:
    """A caret."""
    return Still(
        lambda t: int(t * 2 * hz) % 2,
        lambda screen, t: put(screen, rect, color) if int(t * 2 * hz) % 2 else None,
        lambda t: rect,
    )


def typing(rect: Rect, per_second: float = 12) -> Still:
    """Characters that come one by one into a window of text."""
    ink = letters(rect.width, rect.height, 12)

    def paint(screen: Picture, t: float) -> None:
        done, across = int(t * per_second), rect.width // 9
        window = np.full((rect.height, rect.width, 4), 255, np.uint8)
        lines, rest = divmod(done, across)
        shown = ink.copy()
        shown[lines * 10 + 10 :] = False
        shown[lines * 10 : lines * 10 + 10, rest * 9 :] = False
        window[shown] = 20
        put(screen, rect, window)

    return Still(lambda t: int(t * per_second), paint, lambda t: rect)


def scrolling(rect: Rect, step: Callable[[float], int], content: Picture) -> Still:
    """A window onto something larger; ``step`` says how many rows it has gone."""

    def paint(screen: Picture, t: float) -> None:
        top = step(t) % (content.shape[0] - rect.height)
        put(screen, rect, content[top : top + rect.height])

    return Still(step, paint, lambda t: rect)


def terminal(width: int, height: int) -> Picture:
    """Light letters on black, some coloured."""
    picture = np.zeros((height, width, 4), np.uint8)
    ink = letters(width, height, 21)
    picture[ink] = 200
    coloured = ink.copy()
    coloured[:, width // 5 :] = False
    picture[coloured] = (80, 220, 90, 0)
    return picture


def article(width: int, height: int) -> Picture:
    """Text with photographs in it."""
    picture = page(width, height, 31)
    for number, top in enumerate(range(60, height - 240, 420)):
        left = 40 + 90 * (number % 3)
        picture[top : top + 220, left : left + 330] = photo(330, 220, 40 + number % 4)
    return picture


def window(rect: Callable[[float], Rect], since: float = 0.0, seed: int = 8) -> Still:
    """A window of text, from some time on."""
    size = rect(since)
    content = page(size.width, size.height, seed)
    content[:18] = BLUE
    return Still(
        lambda t: t >= since,
        lambda screen, t: put(screen, rect(t), content) if t >= since else None,
        rect,
    )


def dragged(rect: Rect, path: Callable[[float], tuple[int, int]], shadow: int = 0, seed: int = 8) -> Still:
    """A window that is dragged about, with a shadow of so many pixels around it."""
    content = page(rect.width, rect.height, seed)
    content[:18] = BLUE

    def place(t: float) -> Rect:
        return rect.translate(*path(t))

    def around(t: float) -> Rect:
        at = place(t)
        return Rect(max(0, at.left - shadow), max(0, at.top - shadow), at.right + shadow, at.bottom + shadow)

    def paint(screen: Picture, t: float) -> None:
        at = place(t)
        for ring in range(shadow, 0, -4):
            left, top = max(0, at.left - ring), max(0, at.top - ring)
            part = screen[top : at.bottom + ring, left : at.right + ring]
            part -= part >> 3
        put(screen, at, content)

    return Still(path, paint, around)


def spinner(rect: Rect, hz: float = 30) -> Still:
    """A ring of which an arc is lit, which turns."""
    x, y = np.meshgrid(np.arange(rect.width) - rect.width / 2, np.arange(rect.height) - rect.height / 2)
    away, angle = np.hypot(x, y) * 2 / rect.width, np.arctan2(y, x)
    ring = (away > 0.75) & (away < 0.95)

    def paint(screen: Picture, t: float) -> None:
        picture = np.full((rect.height, rect.width, 4), 255, np.uint8)
        picture[ring] = (220, 220, 220, 0)
        picture[ring & ((angle + int(t * hz) * 0.25) % (2 * np.pi) < 1.5)] = BLUE
        put(screen, rect, picture)

    return Still(lambda t: int(t * hz), paint, lambda t: rect)


def progress(rect: Rect) -> Still:
    """A bar that fills within ten seconds, with a stripe of light that runs along it."""

    def paint(screen: Picture, t: float) -> None:
        put(screen, rect, (230, 230, 230, 0))
        put(screen, Rect.sized(rect.left, rect.top, int(rect.width * (t % 10) / 10), rect.height), BLUE)
        run = int(t * 300) % rect.width
        put(screen, Rect.sized(rect.left + run, rect.top, 40, rect.height), (240, 200, 160, 0))

    return Still(lambda t: int(t * 60), paint, lambda t: rect)


def slides(rect: Rect, every: float, fade: float) -> Still:
    """Photographs, one after the other."""
    pictures = [photo(rect.width, rect.height, 50 + number) for number in range(4)]

    def weight(t: float) -> float:
        return min(1.0, (t % every) / fade) if fade and t >= every else 1.0

    def paint(screen: Picture, t: float) -> None:
        number, share = int(t / every), weight(t)
        new = pictures[number % 4]
        if share < 1.0:
            # As toolkits blend: with a factor of 256ths.
            parts = int(share * 256)
            old = pictures[(number - 1) % 4].astype(np.uint16)
            new = ((old * (256 - parts) + new.astype(np.uint16) * parts) >> 8).astype(np.uint8)
        put(screen, rect, new)

    return Still(lambda t: (int(t / every), weight(t)), paint, lambda t: rect)


def clock(rect: Rect) -> Still:
    """Digits that change every second."""

    def paint(screen: Picture, t: float) -> None:
        face = np.full((rect.height, rect.width, 4), 255, np.uint8)
        face[letters(rect.width, rect.height, int(t), 20)] = 30
        put(screen, rect, face)

    return Still(int, paint, lambda t: rect)


def mouse(path: Callable[[float], tuple[int, int]]) -> Still:
    """A pointer painted into the screen."""
    return Still(
        path,
        lambda screen, t: put(screen, Rect.sized(*path(t), 12, 18), WHITE),
        lambda t: Rect.sized(*path(t), 12, 18),
    )


@dataclass
class Subtitles:
    """Letters over a picture, others every two seconds; the player declares them with the picture."""

    rect: Rect
    _text: dict[int, object] = field(default_factory=dict)

    def draw(self, screen: Picture, t: float) -> list[Rect]:
        part = screen[self.rect.top : self.rect.bottom, self.rect.left : self.rect.right]
        part[letters(self.rect.width, self.rect.height, int(t / 2), 14)] = 255
        return []

    def playing(self, t: float) -> Rect | None:
        return None


def noise_window(rect: Rect) -> Still:
    """Static noise: no gradients at all, but no edges of letters either."""
    return Still(
        lambda t: int(t * 30),
        lambda screen, t: put(screen, rect, grain(int(t * 30), rect.width, rect.height) * 8),
        lambda t: rect,
    )
