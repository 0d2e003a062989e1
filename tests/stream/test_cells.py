"""Digests of what a look holds, by cells."""

import random

import pytest

from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.stream.cells import BUSY_S, Cells, Grid
from gspice.stream.screen import Screen

WIDTH, HEIGHT = 150, 70
GRID = Grid(64, 32)
ALL = Rect(0, 0, WIDTH, HEIGHT)
COLUMNS = 3


class Source:
    """Pixels that a test writes to."""

    def __init__(self) -> None:
        self.rows = bytearray(random.Random(1).randbytes(WIDTH * HEIGHT * 4))

    def read(self, surface_id: int, rect: Rect) -> object:
        raise AssertionError("the view is there")

    def view(self, surface_id: int) -> tuple[memoryview, int]:
        return memoryview(self.rows), WIDTH * 4

    def write(self, x: int, y: int, byte: int, value: int) -> None:
        self.rows[(y * WIDTH + x) * 4 + byte] = value


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def screen(source: Source) -> Screen:
    made = Screen(SurfaceSpec(WIDTH, HEIGHT, SurfaceFormat.XRGB32), source)  # type: ignore[arg-type]
    made.look(0.0)
    return made


def digests(cells: Cells) -> dict[Rect, bytes]:
    return {cell.rect: cell.digest for cell in cells.digests(cells.touching([ALL]))}


def test_the_grid_covers_the_screen_by_rows(screen: Screen) -> None:
    cells = screen.cells(GRID)
    rects = list(digests(cells))
    assert len(rects) == 9 and rects[2] == Rect(128, 0, 150, 32) and rects[8] == Rect(128, 64, 150, 70)
    assert sum(rect.area for rect in rects) == ALL.area
    assert screen.cells(GRID) is cells


def test_within_and_touching(screen: Screen) -> None:
    cells = screen.cells(GRID)
    assert cells.within(ALL) == set(range(9)) == cells.touching([ALL])
    assert cells.within(Rect(0, 0, 149, 69)) == {0, 1, COLUMNS, COLUMNS + 1}
    assert cells.within(Rect(1, 0, 150, 64)) == {1, 2, COLUMNS + 1, COLUMNS + 2}
    assert cells.within(Rect(10, 10, 60, 30)) == set()
    assert cells.touching([Rect(63, 31, 65, 33)]) == {0, 1, COLUMNS, COLUMNS + 1}
    assert cells.touching([Rect(0, 0, 64, 32), Rect(130, 69, 131, 70)]) == {0, 8}


def test_a_digest_names_pixels_wherever_they_are_seen(screen: Screen, source: Source) -> None:
    cells = screen.cells(GRID)
    before = digests(cells)
    assert len(set(before.values())) == 9
    for x in range(64):
        for y in range(32):
            source.rows[(y * WIDTH + x + 64) * 4 : (y * WIDTH + x + 65) * 4] = source.rows[
                (y * WIDTH + x) * 4 : (y * WIDTH + x + 1) * 4
            ]
    screen.declare([ALL])
    screen.look(1.0)
    after = digests(cells)
    changed = {rect for rect, digest in after.items() if before[rect] != digest}
    assert changed == {Rect(64, 0, 128, 32)}
    assert after[Rect(64, 0, 128, 32)] == after[Rect(0, 0, 64, 32)]


def test_one_bit_counts_and_the_high_byte_does_not(screen: Screen, source: Source) -> None:
    cells = screen.cells(GRID)
    before = digests(cells)
    source.write(70, 40, 2, source.rows[(40 * WIDTH + 70) * 4 + 2] ^ 1)
    source.write(1, 1, 3, source.rows[(WIDTH + 1) * 4 + 3] ^ 0xFF)
    source.write(2, 1, 0, source.rows[(WIDTH + 2) * 4] ^ 1)  # so that the high byte is taken over
    screen.declare([ALL])
    screen.look(1.0)
    source.write(2, 1, 0, source.rows[(WIDTH + 2) * 4] ^ 1)
    screen.declare([ALL])
    screen.look(2.0)
    after = digests(cells)
    assert {rect for rect in after if before[rect] != after[rect]} == {Rect(64, 32, 128, 64)}


def test_moves_change_what_cells_hold(screen: Screen, source: Source) -> None:
    cells = screen.cells(GRID)
    before = digests(cells)
    source.rows[: WIDTH * 4 * (HEIGHT - 8)] = source.rows[WIDTH * 4 * 8 :]
    screen.declare([ALL])
    look = screen.look(1.0)
    assert look.moves
    assert all(before[rect] != digest for rect, digest in digests(cells).items() if rect.top < 64)


def test_any_rectangle_has_a_digest_unless_some_of_it_is_busy(screen: Screen, source: Source) -> None:
    cells = screen.cells(GRID)
    rect = Rect(10, 10, 100, 60)
    before = cells.digest(rect)
    assert before is not None and before != cells.digest(Rect(10, 10, 100, 59))
    assert cells.digest(Rect(64, 0, 128, 32)) == digests(cells)[Rect(64, 0, 128, 32)]
    source.write(99, 59, 1, source.rows[(59 * WIDTH + 99) * 4 + 1] ^ 1)
    screen.declare([ALL])
    screen.look(1.0)
    assert cells.digest(rect) not in (before, None)
    source.write(99, 59, 1, source.rows[(59 * WIDTH + 99) * 4 + 1] ^ 1)
    screen.declare([ALL])
    screen.look(1.0 + BUSY_S / 2)
    assert cells.digest(rect) is None and cells.digest(Rect(0, 0, 10, 10)) is not None


def test_what_changes_all_the_time_is_not_digested(screen: Screen, source: Source) -> None:
    cells = screen.cells(GRID)
    now = 10.0
    for value, pause in enumerate((1.0, BUSY_S / 2, BUSY_S / 2, BUSY_S * 2)):
        now += pause
        source.write(70, 40, 0, value)
        screen.declare([Rect(70, 40, 71, 41)])
        screen.look(now)
        busy = Rect(64, 32, 128, 64) not in digests(cells)
        assert busy == (pause < BUSY_S)
        assert len(digests(cells)) == 9 - busy


def test_formats_and_heights_are_told_apart(screen: Screen) -> None:
    class Blank:
        bounds = Rect(0, 0, 64, 48)

        def __init__(self, of: Screen) -> None:
            self.format = of.format

        def read(self, rect: Rect) -> object:
            class P:
                data = bytes(rect.area * 4)

            return P()

    found = digests_of(Cells(Blank(screen), GRID), Rect(0, 0, 64, 48))  # type: ignore[arg-type]
    assert len(found) == 2 and len(set(found)) == 2


def digests_of(cells: Cells, rect: Rect) -> list[bytes]:
    return [cell.digest for cell in cells.digests(cells.touching([rect]))]
