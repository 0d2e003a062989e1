"""The order that the binning finds, carried out in Python: any order within a dispatch gives the same picture."""

import random
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.gpu.compute.binning import TILE_SIZE, Binning
from gspice.gpu.compute.kinds import Kind
from gspice.gpu.compute.primitives import GpuSource, GpuSurface, PrimitiveList
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.rops import ROP_COPY, ROP_DEST_TERMS
from tests.gpu.devices import numbers

SIDES = (5, 16, 37, 50)
INVERT_SOURCE = 4 ^ 2
"""A rop that needs both: their exclusive or."""


class Step(NamedTuple):
    """A fill, or a copy from ``source`` shifted by dx and dy; ``whole``: said to be read anywhere."""

    target: int
    box: Rect
    rop: int
    color: int
    source: int | None
    dx: int
    dy: int
    whole: bool


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[Step], set[int]]:
    sizes = draw(st.lists(st.tuples(st.sampled_from(SIDES), st.sampled_from(SIDES)), min_size=1, max_size=3))
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 14))):
        target = draw(st.integers(0, len(sizes) - 1))
        width, height = sizes[target]
        grid = draw(st.booleans())
        left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        if grid:
            left, top = left // TILE_SIZE * TILE_SIZE, top // TILE_SIZE * TILE_SIZE
        right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
        box = Rect(left, top, right, bottom)
        rop = draw(st.sampled_from((ROP_COPY, INVERT_SOURCE)))
        source = draw(st.none() | st.integers(0, len(sizes) - 1))
        dx = dy = 0
        if source is not None:
            from_width, from_height = sizes[source]
            box = Rect(left, top, min(right, left + from_width), min(bottom, top + from_height))
            at_x = draw(st.integers(0, from_width - box.width))
            at_y = draw(st.integers(0, from_height - box.height))
            dx, dy = left - at_x, top - at_y
            if source == target and not box.intersect(box.translate(-dx, -dy)).empty:
                source = None
        whole = source is not None and source != target and draw(st.booleans())
        steps.append(Step(target, box, rop, draw(st.integers(0, 2**32 - 1)), source, dx, dy, whole))
    ended = set(draw(st.lists(st.integers(0, len(sizes) - 1), max_size=1)))
    return sizes, steps, ended


def combined(rop: int, source: int, before: int) -> int:
    return (source if rop & 2 else 0) ^ (before if rop & 4 else 0)


def plain(sizes: list[tuple[int, int]], steps: list[Step], memory: list[int], starts: list[int]) -> None:
    for step in steps:
        width = sizes[step.target][0]
        before = list(memory)
        for y in range(step.box.top, step.box.bottom):
            for x in range(step.box.left, step.box.right):
                source = step.color
                if step.source is not None:
                    from_width = sizes[step.source][0]
                    source = before[starts[step.source] + (y - step.dy) * from_width + x - step.dx]
                at = starts[step.target] + y * width + x
                memory[at] = combined(step.rop, source, before[at])


def carry_out(held: PrimitiveList, memory: list[int], order: random.Random) -> int:
    """What the shader does, tile after tile in any order; how many primitives were drawn."""
    binning = Binning()
    runs = binning.bin(held)
    commands, sources, slots, parts = (numbers(part) for part in held.parts())
    tiles, bins = (numbers(part) for part in binning.parts())
    drawn: set[int] = set()
    for _, first, count in runs:
        numbers_of_tiles = list(range(first, first + count))
        order.shuffle(numbers_of_tiles)
        for tile in numbers_of_tiles:
            slot, corner, begin, length = tiles[tile * 4 : tile * 4 + 4]
            offset, width, height, _ = slots[slot * 4 : slot * 4 + 4]
            left, top = corner & 0xFFFF, corner >> 16
            places = [
                (x, y)
                for y in range(top, min(top + TILE_SIZE, height))
                for x in range(left, min(left + TILE_SIZE, width))
            ]
            values = {place: memory[offset + place[1] * width + place[0]] for place in places}
            entries = bins[begin : begin + length]
            assert entries == sorted(entries)
            drawn.update(entries)
            # Pixels of a tile are drawn at once, too: in any order, each written before the next is read.
            order.shuffle(places)
            for x, y in places:
                for part in entries:
                    command, upper, lower = parts[part * 3 : part * 3 + 3]
                    if not (upper & 0xFFFF <= x < lower & 0xFFFF and upper >> 16 <= y < lower >> 16):
                        continue
                    word = commands[command * 16 : command * 16 + 16]
                    source = word[3]
                    if word[4]:
                        told = sources[(word[4] - 1) * 16 : word[4] * 16]
                        dx, dy = ((number + 2**31) % 2**32 - 2**31 for number in word[5:7])
                        source = memory[told[1] + (y - dy) * told[2] + x - dx]
                    values[x, y] = combined(word[0] >> 8 & 255, source, values[x, y])
                memory[offset + y * width + x] = values[x, y]
    return len(drawn)


@settings(max_examples=150, deadline=None)
@given(batches(), st.randoms(use_true_random=False))
def test_any_order_within_a_dispatch_gives_the_same_picture(
    batch: tuple[list[tuple[int, int]], list[Step], set[int]], order: random.Random
) -> None:
    sizes, steps, ended = batch
    starts = [0]
    for width, height in sizes:
        starts.append(starts[-1] + width * height)
    memory = [order.getrandbits(32) for _ in range(starts[-1])]
    expected = list(memory)
    plain(sizes, steps, expected, starts)
    held = PrimitiveList()
    surfaces = [GpuSurface(*size, 32, start) for size, start in zip(sizes, starts, strict=False)]
    for step in steps:
        source = None
        if step.source is not None:
            one = surfaces[step.source]
            source = GpuSource(one, one.width, one.height, 0, fetch=Fetch.RAW, pack=Pack.WORD32)
        held.add(
            Kind.FILL if source is None else Kind.BLIT, surfaces[step.target], [step.box], rop=step.rop,
            color=step.color, source=source, dx=step.dx, dy=step.dy, whole=step.whole,
            opaque=not step.rop & ROP_DEST_TERMS,
        )  # fmt: skip
    for number in ended:
        held.end(surfaces[number])
    carry_out(held, memory, order)
    for number, (start, end) in enumerate(pairwise(starts)):
        if number not in ended:
            assert memory[start:end] == expected[start:end]


def fill(held: PrimitiveList, target: GpuSurface, box: Rect, *, opaque: bool = True) -> None:
    held.add(Kind.FILL, target, [box], rop=ROP_COPY if opaque else INVERT_SOURCE, color=5, opaque=opaque)


def drawn(held: PrimitiveList) -> int:
    return carry_out(held, [0] * 20000, random.Random(1))


def test_what_is_covered_later_is_left_out() -> None:
    held, target = PrimitiveList(), GpuSurface(100, 100, 32, 0)
    for _ in range(5):
        fill(held, target, Rect(3, 3, 90, 90), opaque=False)
    fill(held, target, Rect(2, 2, 91, 91))
    assert drawn(held) == 1
    held.clear()
    # By two together, tile by tile, and not as a whole.
    fill(held, target, Rect(0, 0, 64, 64))
    fill(held, target, Rect(0, 0, 32, 64))
    fill(held, target, Rect(32, 0, 64, 64))
    assert drawn(held) == 2


def test_what_is_read_before_it_is_covered_is_drawn() -> None:
    held, target, other = PrimitiveList(), GpuSurface(64, 64, 32, 0), GpuSurface(64, 64, 32, 4096)
    source = GpuSource(target, 64, 64, 0, fetch=Fetch.RAW, pack=Pack.WORD32)
    fill(held, target, Rect(0, 0, 64, 64))
    held.add(Kind.BLIT, other, [Rect(0, 0, 64, 64)], rop=ROP_COPY, source=source, opaque=True)
    fill(held, target, Rect(0, 0, 64, 64))
    assert drawn(held) == 3
    assert [run[2] for run in Binning().bin(held)] == [16, 16, 16]


def test_of_surfaces_that_end_only_what_is_read_is_drawn() -> None:
    held, target, other = PrimitiveList(), GpuSurface(64, 64, 32, 0), GpuSurface(64, 64, 32, 4096)
    fill(held, other, Rect(0, 0, 64, 64))
    held.end(other)
    assert drawn(held) == 0
    assert Binning().bin(held) == []
    source = GpuSource(other, 64, 64, 0, fetch=Fetch.RAW, pack=Pack.WORD32)
    held.add(Kind.BLIT, target, [Rect(0, 0, 16, 16)], rop=ROP_COPY, source=source, opaque=True)
    assert [run[2] for run in Binning().bin(held)] == [1, 1]


def test_tiles_go_to_the_least_variant_that_draws_them() -> None:
    held, target = PrimitiveList(), GpuSurface(64, 16, 32, 0)
    mask = GpuSource(bytes(8), 16, 4, 2, fetch=Fetch.LUT1_LE, pack=Pack.WORD32, lut=(0, 0xFFFFFFFF))
    fill(held, target, Rect(0, 0, 64, 16))
    held.add(Kind.FILL, target, [Rect(16, 0, 32, 4)], mask=mask, mask_dx=16)
    held.add(Kind.COMPOSITE, target, [Rect(40, 0, 41, 1)], source=mask, sampled=True)
    # What comes later and needs less changes nothing.
    fill(held, target, Rect(17, 1, 19, 3))
    runs = Binning().bin(held)
    assert [(variant, count) for variant, _, count in runs] == [(0, 2), (1, 1), (2, 1)]
    assert held.used_sources() == {0: mask}


def test_what_may_be_read_anywhere_is_drawn_before() -> None:
    held, target, other = PrimitiveList(), GpuSurface(64, 64, 32, 0), GpuSurface(64, 64, 32, 4096)
    source = GpuSource(other, 64, 64, 0, fetch=Fetch.RAW, pack=Pack.WORD32)
    fill(held, other, Rect(40, 40, 50, 50))
    held.add(Kind.BLIT, target, [Rect(0, 0, 8, 8)], rop=ROP_COPY, source=source, whole=True, opaque=True)
    assert [run[2] for run in Binning().bin(held)] == [4, 1]
    # And what is drawn there afterwards comes after.
    fill(held, other, Rect(40, 40, 50, 50), opaque=False)
    assert [run[2] for run in Binning().bin(held)] == [4, 1, 4]
