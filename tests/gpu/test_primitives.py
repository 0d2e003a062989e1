import pytest

from gspice.geometry import Rect
from gspice.gpu.compute.kinds import Kind
from gspice.gpu.compute.primitives import GpuSource, GpuSurface, PrimitiveList
from gspice.gpu.plans.formats import Fetch, Pack
from tests.gpu.devices import numbers, words

ALL = [Rect(0, 0, 40, 30)]


def surface(offset: int = 0, width: int = 40, height: int = 30, bits: int = 32) -> GpuSurface:
    return GpuSurface(width, height, bits, offset)


def raw(target: GpuSurface) -> GpuSource:
    return GpuSource(target, target.width, target.height, 0, fetch=Fetch.RAW, pack=Pack.WORD32)


def bitmap(data: bytes, width: int, height: int, stride: int, **more: object) -> GpuSource:
    options: dict[str, object] = {"fetch": Fetch.XRGB32, "pack": Pack.WORD32, **more}
    return GpuSource(data, width, height, stride, **options)  # type: ignore[arg-type]


def test_a_command_is_written_down_once_and_its_rectangles_each() -> None:
    held = PrimitiveList()
    target = surface(640)
    held.add(Kind.FILL, target, [Rect(1, 2, 3, 4), Rect(5, 6, 7, 8)], rop=2, color=0xFF123456)
    held.add(Kind.FILL, target, b"".join(n.to_bytes(4, "little") for n in (9, 10, 11, 12)), rop=6)
    commands, sources, surfaces, parts = held.parts()
    assert numbers(commands)[:4] == [Kind.FILL | 2 << 8, 0, 0, 0xFF123456]
    assert len(commands) == 2 * 64
    assert sources == b""
    assert numbers(surfaces) == [640, 40, 30, 0xFFFFFFFF]
    assert numbers(parts) == [
        0, 1 | 2 << 16, 3 | 4 << 16, 0, 5 | 6 << 16, 7 | 8 << 16, 1, 9 | 10 << 16, 11 | 12 << 16
    ]  # fmt: skip
    assert (len(held), held.commands_held) == (3, 2)
    held.clear()
    assert (len(held), held.commands_held, held.weight, held.parts()) == (0, 0, 0, (b"", b"", b"", b""))


def test_weight_counts_the_tiles_of_each_rectangle() -> None:
    held = PrimitiveList()
    held.add(Kind.FILL, surface(), [Rect(0, 0, 16, 16)])
    assert held.weight == 1
    held.add(Kind.FILL, surface(), [Rect(15, 15, 17, 17), Rect(0, 0, 40, 30)])
    assert held.weight == 1 + 4 + 6
    # A pattern may be read anywhere.
    held.add(Kind.TILE, surface(), [Rect(0, 0, 1, 1)], pattern=raw(surface()))
    assert held.weight == 1 + 4 + 6 + 1 + 6


def test_tables_are_as_long_as_indices_go() -> None:
    short = bitmap(bytes(4), 4, 1, 4, fetch=Fetch.LUT4_LE, lut=(7, 8))
    assert short.lut == (7, 8, *[0] * 14)
    long = bitmap(bytes(4), 4, 1, 4, fetch=Fetch.LUT1_BE, lut=range(300))
    assert long.lut == (0, 1)
    assert bitmap(bytes(16), 4, 1, 16).lut == ()


def test_sources_are_placed_once_each() -> None:
    held, target = PrimitiveList(), surface()
    one = bitmap(bytes(range(96)), 4, 6, 16)
    bottom_up = bitmap(bytes(96), 4, 6, 16, top_down=False)
    for source in (one, bottom_up, one):
        held.add(Kind.BLIT, target, [Rect(0, 0, 4, 6)], source=source)
    assert held.data_bytes == 192
    held.place(0, 1000, 5)
    held.place(1, 2000, 6)
    words_of = numbers(held.parts()[1])
    assert len(words_of) == 32
    assert (words_of[1], words_of[2], words_of[5]) == (1000, 16, 5)
    assert (words_of[17], words_of[18], words_of[21]) == (2000 + 80, 2**32 - 16, 6)


@pytest.mark.parametrize(
    ("size", "width", "height", "stride", "more"),
    [
        (15, 4, 1, 16, {}),
        (16, 4, 1, 15, {}),
        (16, 0, 1, 16, {}),
        (16, 4, -1, 16, {}),
        (16, 4, 1, 16, {"fetch": 13}),
        (16, 4, 1, 16, {"pack": 7}),
        (16, 4, 1, 16, {"fetch": Fetch.RAW, "pack": Pack.TO_ALPHA1}),
    ],
)
def test_sources_that_make_no_sense(
    size: int, width: int, height: int, stride: int, more: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match=r"no fetch|bytes with stride|less than a byte"):
        bitmap(bytes(size), width, height, stride, **more)


def test_what_does_not_fit_leaves_the_list_as_it_was() -> None:
    held, target, other = PrimitiveList(), surface(), surface(2000, 8, 8)
    held.add(Kind.FILL, target, ALL)
    before = held.parts()[0], held.parts()[3], held.weight, held.commands_held
    for boxes in ([Rect(0, 0, 41, 1)], [Rect(-1, 0, 4, 4)], [Rect(3, 0, 3, 4)]):
        with pytest.raises(ValueError, match="not inside"):
            held.add(Kind.FILL, target, boxes)
    with pytest.raises(ValueError, match="does not cover"):
        held.add(Kind.BLIT, target, [Rect(0, 0, 9, 8)], source=raw(other))
    with pytest.raises(ValueError, match="read where it is drawn"):
        held.add(Kind.BLIT, target, [Rect(0, 0, 9, 8)], source=raw(target))
    with pytest.raises(ValueError, match="not on the device"):
        held.add(Kind.FILL, surface(-1), ALL)
    with pytest.raises(OverflowError):
        held.add(Kind.BLIT, target, [Rect(0, 0, 9, 8)], source=bitmap(bytes(288), 9, 8, 36), dx=1 << 40)
    assert (held.parts()[0], held.parts()[3], held.weight, held.commands_held) == before


def test_knows_which_surfaces_it_holds() -> None:
    held, target, source = PrimitiveList(), surface(), surface(1200)
    held.add(Kind.BLIT, target, ALL, source=raw(source))
    assert held.holds(target)
    assert held.holds(source)
    assert not held.holds(surface())
    held.clear()
    assert not held.holds(target)


def test_pixels_are_sampled_as_told() -> None:
    held, target = PrimitiveList(), surface()
    source = bitmap(words(1, 2, 3, 4), 2, 2, 8).sampled(32, 3, True, True, (1, 2, 3, 4, 5, -6))
    held.add(Kind.COMPOSITE, target, ALL, source=source, sampled=True)
    told = numbers(held.parts()[1])
    assert told[6] == 32 | 3 << 8 | 1 << 12 | 1 << 13 | 1 << 14
    assert told[8:14] == [1, 2, 3, 4, 5, 2**32 - 6]
