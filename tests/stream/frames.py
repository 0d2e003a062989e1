"""Frames to compare, and what a client makes of the answers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gspice.geometry import Rect
from gspice.stream.reference_frame import Move, ReferenceFrame

Frame = NDArray[Any]
"""Pixels of 1, 2 or 4 bytes, by rows."""
GLYPH = 8
WHITE, BLUE = 0xFFFFFF, 0x336699


def whole(frame: Frame) -> Rect:
    return Rect(0, 0, frame.shape[1], frame.shape[0])


def part(frame: Frame, rect: Rect) -> Frame:
    """A part of a frame, which can be written to."""
    return frame[rect.top : rect.bottom, rect.left : rect.right]


def reference(frame: Frame, *, ignore_high: bool = False) -> ReferenceFrame:
    """A reference that has seen the frame."""
    made = ReferenceFrame(frame.shape[1], frame.shape[0], frame.itemsize, ignore_high=ignore_high)
    made.fill_from(frame.tobytes(), frame.shape[1] * frame.itemsize, whole(frame))
    return made


def rows_of(frame: Frame, rect: Rect, padding: int = 0) -> tuple[bytes, int]:
    """The data of a rectangle and their stride; nothing behind the last pixel."""
    rows = [row.tobytes() for row in part(frame, rect)]
    return (b"\xa5" * padding).join(rows), len(rows[0]) + padding


def moves_to(
    old: Frame, new: Frame, rect: Rect | None = None, hints: Sequence[tuple[int, int]] = ()
) -> list[Move]:
    """What is proposed between two frames; moves and changes together make the newer one, or this fails."""
    rect = rect or whole(new)
    frame, copy = reference(old), old.copy()
    data, stride = rows_of(new, rect)
    moves = frame.find_moves(data, stride, rect, hints)
    for move in moves:
        frame.move(*move)
        apply(copy, move)
    for changed in frame.compare(data, stride, rect):
        part(copy, changed)[:] = part(new, changed)
    assert (part(copy, rect) == part(new, rect)).all()
    assert frame.read(whole(old)) == copy.tobytes()
    return moves


def apply(frame: Frame, move: Move) -> None:
    part(frame, move.rect)[:] = part(frame, move.rect.translate(-move.dx, -move.dy)).copy()


def residue(old: Frame, new: Frame, moves: Sequence[Move]) -> int:
    """Pixels that differ once the moves are made."""
    copy = old.copy()
    for move in moves:
        apply(copy, move)
    return int((copy != new).sum())


def noise(width: int, height: int, seed: int = 1, form: type[np.unsignedinteger[Any]] = np.uint32) -> Frame:
    """No two pixels have anything to do with each other."""
    top = min(1 << 24, 1 << 8 * form().itemsize)
    return np.random.default_rng(seed).integers(0, top, (height, width)).astype(form)


def text(width: int, height: int, seed: int = 1, ink: int = 0) -> Frame:
    """Ragged lines of two colors, from an alphabet of 40 glyphs, with spaces between words."""
    random = np.random.default_rng(seed)
    alphabet = random.random((40, GLYPH - 2, GLYPH - 2)) < 0.4
    page = np.full((height, width), WHITE, np.uint32)
    for top in range(0, height - GLYPH, GLYPH):
        for left in range(0, int(random.integers(width // 3, width - GLYPH)), GLYPH):
            if random.random() < 0.85:
                glyph = page[top : top + GLYPH - 2, left : left + GLYPH - 2]
                glyph[alphabet[random.integers(40)]] = ink
    return page
