import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Source, Surface, blit, fill, move
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.rops import ROP_COPY

ALL = Rect(0, 0, 8, 4)


def raw(width: int = 8, height: int = 4) -> Source:
    return Source(bytes(width * height * 4), width, height, width * 4, fetch=Fetch.RAW, pack=Pack.WORD32)


def mask(width: int = 8, height: int = 4) -> Source:
    return Source(bytes(height), width, height, 1, fetch=Fetch.LUT1_LE, pack=Pack.WORD32, lut=(0, 0xFFFFFFFF))


@pytest.mark.parametrize("bits", [1, 8, 16, 32])
def test_surfaces_begin_as_zeros_in_aligned_rows(bits: int) -> None:
    surface = Surface(13, 3, bits)
    assert surface.stride % 16 == 0
    assert surface.stride * 8 >= 13 * bits
    assert surface.read(Rect(0, 0, 13, 3)) == bytes((13 * bits + 7) // 8 * 3)


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_load_and_read(bits: int) -> None:
    size = bits // 8
    surface = Surface(5, 3, bits)
    stride = 5 * size + 2
    data = bytes(range(stride * 2 + 5 * size))
    surface.load(data, stride)
    expected = b"".join(data[y * stride + size : y * stride + 3 * size] for y in (1, 2))
    assert surface.read(Rect(1, 1, 3, 3)) == expected


def test_one_bit_pixels_are_read_from_any_place() -> None:
    surface = Surface(20, 1, 1)
    surface.load((0b1011_0111_0011_0101_1000).to_bytes(3, "little"), 3)
    expected = 0b1011_0111_0011_0101_1000 >> 3 & 0x7FF
    assert surface.read(Rect(3, 0, 14, 1)) == expected.to_bytes(2, "little")


@pytest.mark.parametrize(("width", "height", "bits"), [(0, 1, 32), (1, -1, 32), (1, 1, 24)])
def test_no_surface_of_such_a_kind(width: int, height: int, bits: int) -> None:
    with pytest.raises(ValueError, match="no surface"):
        Surface(width, height, bits)


@pytest.mark.parametrize("stride", [31, 33, -32, 0])
def test_load_checks_what_it_is_given(stride: int) -> None:
    with pytest.raises(ValueError, match="stride"):
        Surface(8, 4, 32).load(bytes(128), stride)


@pytest.mark.parametrize(
    "rect",
    [
        Rect(-1, 0, 4, 4),
        Rect(0, -1, 4, 4),
        Rect(0, 0, 9, 4),
        Rect(0, 0, 8, 5),
        Rect(4, 0, 4, 4),
        Rect(5, 0, 4, 4),
        Rect(0, 3, 4, 3),
    ],
)
def test_rectangles_outside_are_never_touched(rect: Rect) -> None:
    surface = Surface(8, 4, 32)
    with pytest.raises(ValueError, match="not inside"):
        fill(surface, [ALL, rect], 1, ROP_COPY)
    with pytest.raises(ValueError, match="not inside"):
        blit(surface, [rect], raw(), 0, 0, ROP_COPY)
    with pytest.raises(ValueError, match="not inside"):
        move(surface, [rect], 0, 0)
    with pytest.raises(ValueError, match="not inside"):
        surface.read(rect)
    assert surface.read(ALL) == bytes(128)


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, 1), (-1, 0), (0, -1), (2**31 - 1, 0), (0, -(2**31))])
def test_sources_and_masks_must_cover_what_is_drawn(dx: int, dy: int) -> None:
    surface = Surface(8, 4, 32)
    with pytest.raises(ValueError, match="source"):
        blit(surface, [ALL], raw(), dx, dy, ROP_COPY)
    with pytest.raises(ValueError, match="mask"):
        fill(surface, [ALL], 1, ROP_COPY, mask(), dx, dy)
    with pytest.raises(ValueError, match="source"):
        move(surface, [ALL], dx, dy)


def test_sources_must_fit_the_target() -> None:
    with pytest.raises(ValueError, match="32 bits"):
        blit(Surface(8, 4, 16), [ALL], raw(), 0, 0, ROP_COPY)
    surface = Surface(8, 4, 32)
    own = Source(surface, 8, 4, surface.stride, fetch=Fetch.RAW, pack=Pack.WORD32)
    with pytest.raises(ValueError, match="own source"):
        blit(surface, [ALL], own, 0, 0, ROP_COPY)
    with pytest.raises(ValueError, match="one bit"):
        fill(surface, [ALL], 1, ROP_COPY, raw())
    with pytest.raises(ValueError, match="raster"):
        fill(surface, [ALL], 1, 16)
    with pytest.raises(ValueError, match="less than a byte"):
        Source(bytes(8), 8, 1, 1, fetch=Fetch.RAW, pack=Pack.TO_ALPHA1)


@pytest.mark.parametrize("stride", [32, 36, 100])
def test_a_bottom_up_source_begins_with_its_last_row(stride: int) -> None:
    rows = [bytes([y]) * 32 for y in range(4)]
    data = b"".join(row + bytes(stride - 32) for row in rows)
    source = Source(data, 8, 4, stride, fetch=Fetch.RAW, pack=Pack.WORD32, top_down=False)
    surface = Surface(8, 4, 32)
    blit(surface, [ALL], source, 0, 0, ROP_COPY)
    assert surface.read(ALL) == b"".join(reversed(rows))


def test_nothing_to_draw_is_no_error() -> None:
    surface = Surface(8, 4, 32)
    fill(surface, [], 1, ROP_COPY)
    move(surface, [], 1, 1)
    assert surface.read(ALL) == bytes(128)


@pytest.fixture
def no_switching() -> Iterator[None]:
    """Threads run only when another gives the GIL away by itself."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("no_switching")
@pytest.mark.parametrize("call", ["fill", "blit", "move", "read", "load"])
def test_large_work_lets_other_threads_run(call: str) -> None:
    area = Rect(0, 0, 1024, 1024)
    surface, source = Surface(1024, 1025, 32), raw(1024, 1024)
    pixels = bytes(1024 * 1025 * 4)
    calls: dict[str, Callable[[], object]] = {
        "fill": lambda: fill(surface, [area], 1, 5),
        "blit": lambda: blit(surface, [area], source, 0, 0, 6),
        "move": lambda: move(surface, [area.translate(0, 1)], 0, 1),
        "read": lambda: surface.read(area),
        "load": lambda: surface.load(pixels, 4096),
    }
    gate, ran = threading.Lock(), list[bool]()

    def other() -> None:
        with gate:
            ran.append(True)

    gate.acquire()
    thread = threading.Thread(target=other)
    thread.start()
    gate.release()
    for _ in range(2000):
        if ran:
            break
        calls[call]()
    seen = bool(ran)
    thread.join()
    assert seen
