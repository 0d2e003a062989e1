"""What ``bench gpu-canvas`` draws: frames of a busy desktop, and of a film. Every frame covers all that it shows."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas
from gspice.hosts.replay_canvas import BATCH, BATCH_BYTES
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.held_bytes import held_bytes
from gspice.qxl.ops import (
    AlphaBlend,
    BitmapImage,
    Brush,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Glyph,
    Mask,
    Op,
    SurfaceImage,
    Text,
)

SCREEN, WALLPAPER = 0, 1
"""Surfaces."""
WINDOWS, SHADOWS, FILLS = 40, 8, 200
BITMAPS = 8
"""Different ones of the windows: each is sent five times, under the same id."""
LINES, LINE_GLYPHS, GLYPHS = 30, 60, 64
GLYPH_WIDTH, GLYPH_HEIGHT = 8, 14
FILM_WIDTH, FILM_HEIGHT = 1920, 1080
CACHE = 1
PUT, OR, AND, XOR, INVERS_DEST = 8, 16, 32, 64, 512
ROPDS = (PUT, XOR, OR, AND, INVERS_DEST)
NO_MASK = Mask()
OVER_WITH_MASK = 3 | 1 << 19
A8_GLYPHS = 4
Batch = list[Drawable]


class Frame(NamedTuple):
    """One frame, in batches as the server makes them."""

    kind: str
    batches: list[Batch]
    shown: Rect
    """What it covers."""
    spot: Rect
    """A pixel that it draws on."""


class Scene:
    """The frames of a screen of one size; the same numbers give the same frames."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.whole = Rect(0, 0, width, height)
        self._scale = max(1, width // 1920)
        chance = random.Random(width)
        window = self._scale * 480, self._scale * 360
        self._windows = [_bitmap(chance, BitmapFormat.ARGB32, *window) for _ in range(BITMAPS)]
        self._shadow = _bitmap(chance, BitmapFormat.A8, *window)
        self._stencil = _bitmap(chance, BitmapFormat.BIT1_BE, *window)
        self._glyphs = [chance.randbytes(GLYPH_WIDTH * GLYPH_HEIGHT) for _ in range(GLYPHS)]
        self._film = [
            _bitmap(chance, BitmapFormat.XRGB32, FILM_WIDTH, FILM_HEIGHT, flags=0) for _ in range(2)
        ]
        self._wallpaper = chance.randbytes(1 << 16)

    def prepare(self, canvas: Canvas) -> None:
        """Make the surfaces; GpuError, GuestError as the canvas has it."""
        spec = SurfaceSpec(self.width, self.height, SurfaceFormat.XRGB32)
        size = 4 * self.width * self.height
        canvas.create_surface(SCREEN, spec)
        canvas.create_surface(WALLPAPER, spec, (self._wallpaper * (size // len(self._wallpaper) + 1))[:size])

    def desktop(self, number: int) -> Frame:
        """Wallpaper, fills, windows that moved since the last frame, their shadows and texts; then all is scrolled."""
        chance = random.Random(number)
        scroll = 48 * self._scale
        ops: list[tuple[Rect, Op]] = [(self.whole, Copy(self._off_screen(), self.whole, PUT, 0, NO_MASK))]
        ops += [self._fill(chance, index) for index in range(FILLS)]
        for index in range(WINDOWS):
            image = self._windows[index % BITMAPS]
            box = self._placed(chance, image.width, image.height)
            area = Rect(0, 0, image.width, image.height)
            if index < SHADOWS:
                ops += self._masked(box)
            ops.append((box, AlphaBlend(0, 160 + 2 * index, _sent(image), area)))
        ops += [self._line(chance) for _ in range(LINES)]
        ops.append((Rect(0, 0, self.width, self.height - scroll), CopyBits(Point(0, scroll))))
        return Frame(
            "desktop", _batches(ops), self.whole, Rect.sized(self.width // 2, self.height // 2, 1, 1)
        )

    def film(self, number: int) -> Frame:
        """A picture that the canvas has not seen, in the middle of the screen."""
        image = _sent(self._film[number % len(self._film)])
        left, top = (self.width - FILM_WIDTH) // 2, (self.height - FILM_HEIGHT) // 2
        box = Rect.sized(left, top, FILM_WIDTH, FILM_HEIGHT)
        op = Copy(image, Rect(0, 0, FILM_WIDTH, FILM_HEIGHT), PUT, 0, NO_MASK)
        return Frame("film", _batches([(box, op)]), box, Rect.sized(left + number, top, 1, 1))

    @property
    def film_bytes(self) -> int:
        """What one frame of the film brings."""
        return len(self._film[0].data)

    def _off_screen(self) -> SurfaceImage:
        return SurfaceImage(id=0, flags=0, width=self.width, height=self.height, surface_id=WALLPAPER)

    def _placed(self, chance: random.Random, width: int, height: int) -> Rect:
        left, top = chance.randrange(self.width - width), chance.randrange(self.height - height)
        return Rect.sized(left, top, width, height)

    def _fill(self, chance: random.Random, index: int) -> tuple[Rect, Op]:
        sides = (chance.randrange(8, 160 * self._scale) for _ in range(2))
        box = self._placed(chance, *sides)
        return box, Fill(Brush(1, chance.randrange(1 << 24)), ROPDS[index % len(ROPDS)], NO_MASK)

    def _masked(self, box: Rect) -> list[tuple[Rect, Op]]:
        """A shadow of 8-bit alpha, and the wallpaper through a stencil."""
        shadow = Composite(
            OVER_WITH_MASK,
            _sent(self._windows[0]),
            _sent(self._shadow),
            None,
            None,
            Point(0, 0),
            Point(0, 0),
        )
        stencil = Copy(self._off_screen(), box, PUT, 0, Mask(_sent(self._stencil), Point(0, 0)))
        return [(box, shadow), (box, stencil)]

    def _line(self, chance: random.Random) -> tuple[Rect, Op]:
        box = self._placed(chance, LINE_GLYPHS * GLYPH_WIDTH, GLYPH_HEIGHT)
        glyphs = tuple(
            Glyph(
                Point(box.left + GLYPH_WIDTH * column, box.top),
                Point(0, 0),
                GLYPH_WIDTH,
                GLYPH_HEIGHT,
                chance.choice(self._glyphs),
            )
            for column in range(LINE_GLYPHS)
        )
        ink = Brush(1, chance.randrange(1 << 24))
        return box, Text(A8_GLYPHS, glyphs, Rect(0, 0, 0, 0), ink, Brush(0), PUT, PUT)


def _bitmap(
    chance: random.Random, form: BitmapFormat, width: int, height: int, flags: int = CACHE
) -> BitmapImage:
    stride = row_bytes(width, form.bits_per_pixel)
    return BitmapImage(
        id=chance.getrandbits(32),
        flags=flags,
        width=width,
        height=height,
        format=form,
        top_down=True,
        stride=stride,
        data=chance.randbytes(stride * height),
    )


def _sent(image: BitmapImage) -> BitmapImage:
    """The image in bytes of its own, as each of a guest's commands has them, whatever it sent before."""
    return BitmapImage(
        id=image.id,
        flags=image.flags,
        width=image.width,
        height=image.height,
        format=image.format,
        top_down=image.top_down,
        stride=image.stride,
        data=bytes(bytearray(image.data)),
    )


def _batches(ops: list[tuple[Rect, Op]]) -> list[Batch]:
    return list(_split(Drawable(surface_id=SCREEN, bbox=box, op=op) for box, op in ops))


def _split(drawables: Iterator[Drawable]) -> Iterator[Batch]:
    batch: Batch = []
    held = 0
    for drawable in drawables:
        batch.append(drawable)
        held += held_bytes(drawable)
        if len(batch) >= BATCH or held >= BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
