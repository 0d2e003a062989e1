import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Source, Surface
from gspice.gpu.cpu.render import Picture, composite, is_operator
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.pixels import SurfaceFormat

ARGB, XRGB = SurfaceFormat.ARGB32, SurfaceFormat.XRGB32
SRC, OVER = 1, 3
ALL = Rect(0, 0, 4, 2)


def raw(data: bytes, width: int = 4, height: int = 2, **more: object) -> Source:
    options: dict[str, object] = {"fetch": Fetch.RAW, "pack": Pack.WORD32, **more}
    return Source(data, width, height, len(data) // height, **options)  # type: ignore[arg-type]


def pixels(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


COUNT = pixels(*range(1, 9))


@pytest.mark.parametrize("padding", [0, 1, 4])
@pytest.mark.parametrize("top_down", [False, True])
def test_sources_are_read_as_they_lie_or_as_a_copy(padding: int, top_down: bool) -> None:
    rows = [COUNT[:16], COUNT[16:]]
    data = b"".join(row + bytes(padding) for row in (rows if top_down else reversed(rows)))
    surface = Surface(4, 2, 32)
    composite(SRC, Picture(raw(data, top_down=top_down), ARGB), surface, ARGB, [ALL], ALL)
    assert surface.read(ALL) == COUNT


def test_a_copied_part_tells_its_place() -> None:
    source = raw(b"".join(bytes([n, n, n]) for n in range(8)), fetch=Fetch.RGB24)
    picture = Picture(source, XRGB, Rect(1, 1, 3, 2))
    assert (picture.left, picture.top) == (1, 1)
    surface = Surface(4, 2, 32)
    composite(SRC, picture, surface, ARGB, [ALL], ALL)
    assert surface.read(ALL) == pixels(0xFF050505, 0xFF060606, 0, 0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="not inside"):
        Picture(source, XRGB, Rect(1, 1, 5, 2))


def test_only_the_rectangles_are_touched() -> None:
    surface = Surface(4, 2, 32)
    rects = [Rect(0, 0, 1, 1), Rect(2, 1, 4, 2)]
    composite(SRC, Picture(raw(COUNT), ARGB), surface, ARGB, rects, ALL)
    assert surface.read(ALL) == pixels(1, 0, 0, 0, 0, 0, 7, 8)
    composite(SRC, Picture(raw(COUNT), ARGB), surface, ARGB, [], ALL)
    assert surface.read(ALL) == pixels(1, 0, 0, 0, 0, 0, 7, 8)


def test_alpha_of_the_whole() -> None:
    surface = Surface(4, 2, 32)
    white = Picture(raw(b"\xff" * 32), ARGB)
    composite(OVER, white, surface, ARGB, [ALL], ALL, alpha=0x80)
    assert surface.read(ALL) == b"\x80" * 32


def test_masks_and_component_alpha() -> None:
    white, mask = Picture(raw(b"\xff" * 32), ARGB), Picture(raw(pixels(0x80FF4000) * 8), ARGB)
    surface = Surface(4, 2, 32)
    composite(SRC, white, surface, ARGB, [ALL], ALL, mask=mask)
    assert surface.read(ALL) == b"\x80" * 32
    mask.component_alpha(True)
    composite(SRC, white, surface, ARGB, [ALL], ALL, mask=mask)
    assert surface.read(ALL) == pixels(0x80FF4000) * 8


def test_transforms_repeats_and_places() -> None:
    picture = Picture(raw(COUNT), ARGB)
    picture.transform(0x20000, 0, 0, 0, 0x10000, 0)
    picture.sample(1, 3)
    surface = Surface(4, 2, 32)
    composite(SRC, picture, surface, ARGB, [ALL], Rect(1, 0, 4, 2), src_x=1)
    assert surface.read(ALL) == pixels(0, 3, 1, 3, 0, 7, 5, 7)
    for repeat, filtering in ((4, 0), (0, 5), (-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="no repeat"):
            picture.sample(repeat, filtering)


def test_a_surface_keeps_its_picture_alive() -> None:
    surface = Surface(4, 2, 32)
    surface.load(COUNT, 16)
    picture = Picture(surface, ARGB)
    del surface
    target = Surface(4, 2, 32)
    composite(SRC, picture, target, ARGB, [ALL], ALL)
    assert target.read(ALL) == COUNT


def test_what_does_not_fit_is_refused() -> None:
    surface = Surface(4, 2, 32)
    picture = Picture(raw(COUNT), ARGB)
    with pytest.raises(ValueError, match="no operator"):
        composite(14, picture, surface, ARGB, [ALL], ALL)
    with pytest.raises(ValueError, match="not inside"):
        composite(SRC, picture, surface, ARGB, [Rect(0, 0, 5, 2)], ALL)
    with pytest.raises(ValueError, match="32-bit pixels"):
        composite(SRC, picture, surface, SurfaceFormat.A8, [ALL], ALL)
    with pytest.raises(ValueError, match="32-bit pixels"):
        Picture(surface, SurfaceFormat.RGB555)
    with pytest.raises(ValueError, match="32-bit pixels"):
        Picture(raw(COUNT), SurfaceFormat.RGB555)
    with pytest.raises(ValueError, match="own source"):
        composite(SRC, Picture(surface, ARGB), surface, ARGB, [ALL], ALL)
    with pytest.raises(ValueError, match="own source"):
        composite(SRC, picture, surface, ARGB, [ALL], ALL, mask=Picture(surface, ARGB))
    assert surface.read(ALL) == bytes(32)


def test_operators_are_those_of_pixman() -> None:
    known = {*range(14), *range(0x10, 0x1C), *range(0x20, 0x2C), *range(0x30, 0x3F)}
    assert {op for op in range(-1, 300) if is_operator(op)} == known
