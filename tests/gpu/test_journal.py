"""The copy in main memory: what is kept, what is forgotten, and that a canvas made of it is equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.journal import COPY_BYTES, MAX_READS, MAX_RECTS, TILE, Journal, JournalLimits, Shadow, coarse
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.held_bytes import BASE_BYTES
from gspice.qxl.ops import BitmapImage, Copy, Drawable, Mask, SurfaceImage
from gspice.region import Region
from tests.conformance.strategies import noise, rects_in
from tests.gpu.failing_canvas import fill

SPEC = SurfaceSpec(100, 80, SurfaceFormat.XRGB32)
WHOLE = Rect(0, 0, 100, 80)


class Drawn:
    """A canvas and its journal, told of the same."""

    def __init__(self, limits: JournalLimits | None = None) -> None:
        self.canvas, self.journal = CpuCanvas(), Journal(limits)

    def create(self, surface_id: int, spec: SurfaceSpec = SPEC, data: bytes | None = None) -> None:
        self.canvas.create_surface(surface_id, spec, data)
        self.journal.created(surface_id, spec, data, 0)

    def destroy(self, surface_id: int) -> None:
        self.canvas.destroy_surface(surface_id)
        self.journal.destroyed(surface_id)

    def draw(self, *batch: Drawable) -> None:
        self.journal.drew(batch, self.canvas.submit(batch))

    def checkpoint(self) -> None:
        mark = self.journal.mark()
        self.journal.commit(mark, [self.canvas.read(*area).data for area in mark.reads])

    def check(self) -> None:
        again = CpuCanvas()
        self.journal.restore(again)
        assert again.surfaces() == self.canvas.surfaces() == self.journal.specs()
        for surface_id, spec in again.surfaces().items():
            whole = Rect(0, 0, spec.width, spec.height)
            assert again.read(surface_id, whole) == self.canvas.read(surface_id, whole)


def test_a_surface_that_is_gone_is_forgotten_at_the_next_checkpoint_and_not_before() -> None:
    both = Drawn()
    both.create(0)
    both.create(1, data=noise(3, 100 * 80 * 4))
    image = SurfaceImage(id=1, flags=0, width=100, height=80, surface_id=1)
    both.draw(Drawable(surface_id=0, bbox=WHOLE, op=Copy(image, WHOLE, 8, 0, Mask())))
    before = both.journal.held_bytes
    both.destroy(1)
    assert both.journal.held_bytes >= before + 100 * 80 * 4, "what is kept of it is not counted"
    both.check()
    both.create(1, SurfaceSpec(9, 9, SurfaceFormat.A8))
    both.check()
    both.checkpoint()
    assert (both.journal.held_bytes, both.journal.commands) == (0, 0)
    assert set(both.journal._base) == {0, 1}
    both.check()
    both.destroy(1)
    both.checkpoint()
    assert set(both.journal._base) == {0}
    both.check()


def test_what_is_drawn_after_the_mark_stays() -> None:
    both = Drawn()
    both.create(0)
    both.draw(fill(0, Rect(0, 0, 70, 70), 0x101010))
    mark = both.journal.mark()
    pixels = [both.canvas.read(*area).data for area in mark.reads]
    both.draw(fill(0, Rect(5, 5, 90, 9), 0x777777, 64))
    both.destroy(0)
    both.create(0)
    both.draw(fill(0, Rect(2, 2, 9, 9), 0x123))
    both.check()
    both.journal.commit(mark, pixels)
    assert both.journal.commands == 4
    both.check()
    both.checkpoint()
    both.check()


def test_only_what_was_drawn_is_read_back() -> None:
    both = Drawn()
    both.create(0)
    both.checkpoint()
    assert both.journal.mark().reads == ()
    both.draw(fill(0, Rect(3, 3, 5, 5), 1), fill(0, Rect(70, 66, 80, 70), 1))
    assert both.journal.mark().reads == ((0, Rect(0, 0, 64, 64)), (0, Rect(64, 64, 100, 80)))
    assert both.journal.mark().reads == ()


def test_what_was_drawn_on_a_surface_that_is_gone_is_not_read_back() -> None:
    both = Drawn()
    both.create(0)
    both.create(1)
    both.draw(fill(0, Rect(3, 3, 5, 5), 1), fill(1, WHOLE, 1))
    both.destroy(1)
    assert both.journal.mark().reads == ((0, Rect(0, 0, 64, 64)),)
    both.create(1)
    assert both.journal.mark().reads == ()


def test_all_rectangles_of_a_command_are_read_back() -> None:
    both = Drawn()
    both.create(0)
    command = fill(0, WHOLE, 0x778899)
    clip = (Rect(1, 1, 4, 4), Rect(90, 1, 95, 4), Rect(30, 70, 40, 75))
    both.draw(Drawable(surface_id=0, bbox=WHOLE, op=command.op, clip=clip))
    both.checkpoint()
    both.check()


def test_commands_without_effect_are_not_kept() -> None:
    journal = Journal()
    journal.created(0, SPEC, None, 0)
    command = fill(0, WHOLE, 1)
    journal.drew([command], [DrawOutcome((), False, "why not")])
    assert journal.commands == 1
    journal.drew([command], [DrawOutcome((WHOLE,), True)])
    assert journal.commands == 2


def test_pixels_that_commands_hold_are_counted() -> None:
    journal = Journal(JournalLimits(held_bytes=10_000, commands=100))
    journal.created(0, SPEC, None, 0)
    assert not journal.due and not journal.full
    image = BitmapImage(
        id=1, flags=0, width=30, height=30, format=BitmapFormat.XRGB32, top_down=True, stride=120,
        data=bytes(3600),
    )  # fmt: skip
    box = Rect(0, 0, 30, 30)
    command = Drawable(surface_id=0, bbox=box, op=Copy(image, box, 8, 0, Mask()))
    journal.drew([command], [DrawOutcome((box,), True)])
    assert 3600 + 2 * BASE_BYTES <= journal.held_bytes < 5000
    assert not journal.due
    journal.drew([command], [DrawOutcome((box,), True)])
    assert journal.due and not journal.full
    journal.drew([command], [DrawOutcome((box,), True)])
    assert journal.full


def test_many_small_commands_are_due_too() -> None:
    journal = Journal(JournalLimits(commands=10))
    journal.created(0, SPEC, None, 0)
    for count in range(2, 12):
        assert (journal.due, journal.full) == (count > 5, False)
        journal.drew([fill(0, WHOLE, 1)], [DrawOutcome((WHOLE,), True)])
    assert journal.full


def test_where_was_drawn_is_joined_before_it_is_too_much() -> None:
    both = Drawn(JournalLimits(commands=1 << 20))
    both.create(0)
    rects = tuple(Rect(x, y, x + 1, y + 1) for x in range(100) for y in range(80))
    assert len(rects) * 3 > 2 * MAX_RECTS
    for step in range(1, 4):
        both.journal.drew(
            [fill(0, WHOLE, 1)], [DrawOutcome(tuple(r.translate(0, step) for r in rects), True)]
        )
        assert len(both.journal._drawn[0]) <= MAX_RECTS


@pytest.mark.parametrize("pixels", [[b""], [b"x" * (100 * 80 * 4 + 1)], []])
def test_pixels_of_another_size_change_nothing(pixels: list[bytes]) -> None:
    both = Drawn()
    both.create(0)
    both.draw(fill(0, WHOLE, 0x333))
    mark = both.journal.mark()
    with pytest.raises(ValueError):
        both.journal.commit(mark, pixels)
    assert both.journal.commands == 2
    both.check()


def test_no_memory_for_the_copy_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(self: Shadow) -> None:
        raise MemoryError

    both = Drawn()
    both.create(0)
    both.draw(fill(0, WHOLE, 0x333))
    mark = both.journal.mark()
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(Shadow, "reserve", none_left)
        both.journal.commit(mark, [both.canvas.read(0, WHOLE).data])
    both.check()


@pytest.mark.parametrize("surface_format", SurfaceFormat)
@pytest.mark.parametrize("gap", [0, 5])
def test_pixels_that_a_surface_begins_with(surface_format: SurfaceFormat, gap: int) -> None:
    spec = SurfaceSpec(13, 7, surface_format)
    stride = row_bytes(13, surface_format.bits_per_pixel) + gap
    data = noise(9, stride * 7)
    canvas, again = CpuCanvas(), CpuCanvas()
    canvas.create_surface(0, spec, data, stride)
    again.create_surface(0, spec, Shadow(spec, data, stride).data())
    assert canvas.read(0, Rect(0, 0, 13, 7)) == again.read(0, Rect(0, 0, 13, 7))


@pytest.mark.parametrize("surface_format", SurfaceFormat)
@pytest.mark.parametrize("rect", [Rect(8, 1, 13, 6), Rect(0, 2, 13, 7), Rect(0, 0, 8, 1)])
def test_patches_go_where_they_belong(surface_format: SurfaceFormat, rect: Rect) -> None:
    spec = SurfaceSpec(13, 7, surface_format)
    canvas, again = CpuCanvas(), CpuCanvas()
    shadow = Shadow(spec)
    assert shadow.data() is None and shadow.held_bytes == 0
    canvas.create_surface(0, spec)
    canvas.submit([fill(0, rect, 0x00FF55AA)])
    shadow.patch(rect, canvas.read(0, rect).data)
    again.create_surface(0, spec, shadow.data())
    assert canvas.read(0, Rect(0, 0, 13, 7)) == again.read(0, Rect(0, 0, 13, 7))


def test_large_patches_are_copied_in_parts() -> None:
    spec = SurfaceSpec(300, 700, SurfaceFormat.ARGB32)
    data = noise(4, 300 * 700 * 4)
    assert len(data) > 3 * COPY_BYTES
    shadow = Shadow(spec)
    shadow.patch(Rect(0, 0, 300, 700), data)
    assert shadow.data() == data


@given(
    spec=st.builds(SurfaceSpec, st.integers(1, 3000), st.integers(1, 3000), st.just(SurfaceFormat.A1)),
    data=st.data(),
)
def test_rounded_areas_cover_and_stay_inside_and_begin_at_whole_bytes(
    spec: SurfaceSpec, data: st.DataObject
) -> None:
    rects = data.draw(st.lists(rects_in(spec.width, spec.height), min_size=1, max_size=40))
    out = coarse(rects, spec)
    assert 0 < len(out) <= MAX_READS
    region = Region(out)
    assert region.area == sum(rect.area for rect in out), "they overlap"
    assert all(region.covers(rect) for rect in rects)
    for rect in out:
        assert Rect(0, 0, spec.width, spec.height).contains(rect)
        assert rect.left % TILE == 0 and (rect.right % TILE == 0 or rect.right == spec.width)


def test_many_areas_become_bands_and_then_one() -> None:
    spec = SurfaceSpec(1920, 4096, SurfaceFormat.XRGB32)
    pairs = [Rect.sized(x, 128 * y, 9, 9) for y in range(MAX_READS) for x in (0, 640)]
    assert len(pairs) > MAX_READS
    assert coarse(pairs, spec) == [Rect(0, 128 * y, 704, 128 * y + 64) for y in range(MAX_READS)]
    assert coarse([*pairs, Rect(1000, 4000, 1001, 4001)], spec) == [Rect(0, 0, 1024, 4032)]


def test_far_corners_are_read_apart() -> None:
    spec = SurfaceSpec(1920, 1080, SurfaceFormat.XRGB32)
    corners = [Rect(0, 0, 8, 8), Rect(1900, 1070, 1920, 1080)]
    assert sum(rect.area for rect in coarse(corners, spec)) == 64 * 64 + 64 * 56
    assert Point(0, 0) == corners[0][:2]
