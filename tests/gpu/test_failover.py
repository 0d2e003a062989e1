"""Whatever the GPU's canvas fails at, outcomes and pixels are those of a canvas that never failed."""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.errors import GpuError, GpuLostError, GpuMemoryError, GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas, CanvasCaps, DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.failover import FailoverCanvas
from gspice.gpu.journal import JournalLimits
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import CopyBits, Drawable
from tests.conformance.strategies import drawables, noise, rects_in, seeds, specs
from tests.gpu.failing_canvas import AheadCanvas, FailingCanvas, Loss, fill

SPEC = SurfaceSpec(32, 16, SurfaceFormat.XRGB32)
BOX = Rect(0, 0, 32, 16)
CANVASES = (FailingCanvas, AheadCanvas)
SMALL = JournalLimits(held_bytes=40_000, commands=9)
"""So that checkpoints are taken in the midst of everything."""


def result(canvas: Canvas, step: tuple[str, tuple[object, ...]]) -> object:
    """What a call returns, or the GuestError that it raises."""
    name, arguments = step
    try:
        got = getattr(canvas, name)(*arguments)
    except GuestError:
        return GuestError
    if isinstance(got, Pixels):
        row = row_bytes(got.width, got.format.bits_per_pixel)
        return [got.data[y * got.stride :][:row] for y in range(got.height)]
    return got


Step = tuple[str, tuple[object, ...]]


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """Calls of a canvas: surfaces come and go and come back, are drawn on and read."""
    surfaces = draw(specs())
    alive: set[int] = set()
    steps: list[Step] = []

    def create(surface_id: int) -> None:
        spec = surfaces[surface_id]
        data, stride = None, 0
        if draw(st.booleans()):
            tight = row_bytes(spec.width, spec.format.bits_per_pixel)
            stride = tight + draw(st.sampled_from((0, 0, 3)))
            data = noise(draw(seeds), stride * spec.height)
        steps.append(("create_surface", (surface_id, spec, data, stride)))
        alive.add(surface_id)

    for surface_id in surfaces:
        create(surface_id)
    for _ in range(draw(st.integers(1, 10))):
        surface_id = draw(st.sampled_from(sorted(surfaces)))
        kind = draw(st.sampled_from(("draw", "draw", "draw", "read", "destroy", "create")))
        if kind == "draw":
            steps.append(("submit", (draw(st.lists(drawables(surfaces), max_size=4)),)))
        elif kind == "read":
            spec = surfaces[surface_id]
            steps.append(("read", (surface_id, draw(rects_in(spec.width, spec.height)))))
        elif kind == "destroy":
            steps.append(("destroy_surface", (surface_id,)))
            alive.discard(surface_id)
        else:
            create(surface_id)
    return steps


def check_story(canvas: FailoverCanvas, steps: list[Step]) -> None:
    plain = CpuCanvas()
    for step in steps:
        assert result(canvas, step) == result(plain, step)
        assert canvas.surfaces() == plain.surfaces()
    for surface_id, spec in plain.surfaces().items():
        whole = ("read", (surface_id, Rect(0, 0, spec.width, spec.height)))
        assert result(canvas, whole) == result(plain, whole)


@given(steps=stories(), at=st.integers(0, 60), loss=st.sampled_from(Loss), kind=st.sampled_from(CANVASES))
@settings(max_examples=150, deadline=None)
def test_a_loss_at_any_call_is_not_seen(
    steps: list[Step], at: int, loss: Loss, kind: type[FailingCanvas]
) -> None:
    gpu = kind(at, loss)
    with closing(FailoverCanvas(gpu, CpuCanvas(), SMALL)) as canvas:
        check_story(canvas, steps)
        assert bool(canvas.lost) == (gpu.calls > at)
        assert gpu.closed == bool(canvas.lost)


@pytest.mark.parametrize("kind", CANVASES)
@pytest.mark.parametrize("loss", Loss)
def test_a_loss_at_every_single_call_of_one_story(loss: Loss, kind: type[FailingCanvas]) -> None:
    odd = SurfaceSpec(13, 9, SurfaceFormat.A1)
    steps: list[Step] = [
        ("create_surface", (0, SPEC)),
        ("create_surface", (7, odd, noise(1, 5 * 9), 5)),
        ("submit", ([fill(0, Rect(1, 1, 9, 9), 0x123456), fill(7, Rect(3, 2, 8, 9), 1)],)),
        ("submit", ([fill(0, Rect(i, 1, i + 4, 9), 3, 256) for i in range(9)],)),
        ("submit", ([Drawable(surface_id=0, bbox=Rect(2, 2, 30, 12), op=CopyBits(Point(0, 1)))],)),
        ("destroy_surface", (7,)),
        ("create_surface", (7, SPEC)),
        ("submit", ([fill(7, Rect(i, 1, i + 4, 9), i, 64) for i in range(9)],)),
        ("read", (7, Rect(0, 0, 5, 5))),
        ("submit", ([],)),
        ("submit", ([fill(0, BOX, 0x0F0F0F, 64)],)),
    ]
    whole = kind()
    check_story(FailoverCanvas(whole, CpuCanvas(), SMALL), steps)
    assert whole.calls > len(steps), "no checkpoint was read back"
    for at in range(whole.calls):
        canvas = FailoverCanvas(kind(at, loss), CpuCanvas(), SMALL)
        check_story(canvas, steps)
        assert canvas.lost == "GpuLostError: the driver has reset the context"


@pytest.mark.parametrize(
    "error",
    [
        GpuMemoryError("no memory"),
        GpuError("odd"),
        RuntimeError("a driver's own"),
        GuestError("no such surface"),
    ],
)
def test_every_other_error_of_a_right_call_ends_the_same_way(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    for call in range(1, 4):
        gpu = FailingCanvas(call, error=error)
        canvas = FailoverCanvas(gpu, CpuCanvas())
        caplog.clear()
        steps: list[Step] = [
            ("create_surface", (0, SPEC)),
            ("submit", ([fill(0, BOX, 0x222222, 64)],)),
            ("read", (0, BOX)),
            ("destroy_surface", (0,)),
        ]
        check_story(canvas, steps)
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert f"{type(error).__name__}: {error}" in record.getMessage()
        assert canvas.caps.name == "cpu"


def test_what_a_guest_does_wrong_is_no_loss() -> None:
    canvas = FailoverCanvas(FailingCanvas(), CpuCanvas())
    wrong: list[Step] = [
        ("read", (0, BOX)),
        ("destroy_surface", (0,)),
        ("create_surface", (0, SurfaceSpec(0, 4, SurfaceFormat.A8))),
        ("create_surface", (0, SurfaceSpec(40_000, 4, SurfaceFormat.A8))),
        ("create_surface", (0, SPEC, b"short")),
        ("create_surface", (0, SPEC)),
        ("create_surface", (0, SPEC)),
        ("read", (0, Rect(0, 0, 33, 16))),
        ("read", (0, Rect(4, 4, 4, 8))),
        ("submit", ([fill(5, BOX, 1), fill(0, BOX, 1), fill(0, Rect(3, 3, 3, 3), 1)],)),
    ]
    check_story(canvas, wrong)
    assert canvas.lost is None


class Liar(FailingCanvas):
    """Raises nothing, and returns what cannot be."""

    def submit(self, batch: object) -> list[DrawOutcome]:
        return []

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        return super().read(surface_id, Rect(0, 0, 1, 1))


@pytest.mark.parametrize("step", [("submit", ([fill(0, BOX, 5)],)), ("read", (0, BOX))])
def test_answers_that_cannot_be_are_a_loss(step: Step) -> None:
    canvas = FailoverCanvas(Liar(), CpuCanvas())
    check_story(canvas, [("create_surface", (0, SPEC)), step])
    assert canvas.lost is not None and canvas.lost.startswith("GpuError")


class ShortReads(FailingCanvas):
    """A checkpoint's pixels come back cut off."""

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        return super().read(surface_id, rect)._replace(data=b"x")


def test_a_checkpoint_that_came_back_short_is_a_loss_and_not_believed() -> None:
    canvas = FailoverCanvas(ShortReads(), CpuCanvas(), JournalLimits(commands=2))
    check_story(canvas, [("create_surface", (0, SPEC)), ("submit", ([fill(0, BOX, 9)] * 3,))])
    assert canvas.lost is not None and "read back" in canvas.lost


class Padded(FailingCanvas):
    """Reads rows with a gap behind each."""

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        pixels = super().read(surface_id, rect)
        rows = [pixels.data[y * pixels.stride :][: pixels.stride] for y in range(pixels.height)]
        return pixels._replace(stride=pixels.stride + 4, data=b"\xee\xee\xee\xee".join(rows) + b"\xee" * 4)


def test_checkpoints_of_padded_rows_are_right() -> None:
    gpu = Padded()
    canvas = FailoverCanvas(gpu, CpuCanvas(), JournalLimits(commands=2))
    steps: list[Step] = [
        ("create_surface", (0, SPEC)),
        ("submit", ([fill(0, Rect(1, 1, 5, 5), 0xABCDEF)],)),
        ("submit", ([fill(0, Rect(2, 2, 7, 7), 0x333, 256)],)),
    ]
    check_story(canvas, steps)
    assert canvas.checkpoints and canvas.lost is None
    gpu.at = gpu.calls
    check_story(canvas, [])
    plain = CpuCanvas()
    for step in steps:
        result(plain, step)
    assert canvas.read(0, BOX).data == plain.read(0, BOX).data
    assert canvas.lost


class SmallCanvas(FailingCanvas):
    caps = CanvasCaps(
        name="opengl",
        device="a small one",
        surface_formats=frozenset(SurfaceFormat) - {SurfaceFormat.A1},
        max_width=64,
        max_height=64,
    )


@pytest.mark.parametrize(
    "spec",
    [
        SurfaceSpec(65, 4, SurfaceFormat.A8),
        SurfaceSpec(4, 65, SurfaceFormat.A8),
        SurfaceSpec(9, 9, SurfaceFormat.A1),
    ],
)
def test_surfaces_that_are_too_much_for_the_gpu_move_it_all(spec: SurfaceSpec) -> None:
    canvas = FailoverCanvas(SmallCanvas(), CpuCanvas())
    check_story(canvas, [("create_surface", (3, SPEC)), ("create_surface", (4, spec))])
    assert canvas.lost and "more than it takes" in canvas.lost
    assert canvas.caps is CpuCanvas.caps


def video(rounds: int) -> Iterator[list[Drawable]]:
    for i in range(rounds):
        yield [fill(0, Rect(0, 0, 20, 16), i), fill(0, Rect(3, 3, 30, 9), 7 * i, 64)]


def test_what_is_kept_is_bounded_and_reads_are_waited_for_only_then() -> None:
    gpu = AheadCanvas()
    limits = JournalLimits(commands=20)
    canvas = FailoverCanvas(gpu, CpuCanvas(), limits)
    canvas.create_surface(0, SPEC)
    journal = canvas._journal
    assert journal is not None
    for batch in video(100):
        canvas.submit(batch)
        assert journal.commands <= limits.commands
    assert canvas.checkpoints >= 10
    assert gpu.waits == 0, "it waited for reads that had time until the journal is full"
    gpu.polls = 10_000
    for batch in video(100):
        canvas.submit(batch)
        assert journal.commands <= limits.commands
    assert gpu.waits


def test_a_batch_that_is_too_much_at_once_is_still_followed_by_a_checkpoint() -> None:
    canvas = FailoverCanvas(AheadCanvas(), CpuCanvas(), JournalLimits(commands=4))
    canvas.create_surface(0, SPEC)
    canvas.submit([fill(0, BOX, i) for i in range(50)])
    assert canvas._journal is not None and canvas._journal.commands == 0


def test_a_batch_that_is_too_much_while_a_checkpoint_is_under_way() -> None:
    gpu = AheadCanvas()
    gpu.polls = 10_000
    canvas = FailoverCanvas(gpu, CpuCanvas(), JournalLimits(commands=10))
    canvas.create_surface(0, SPEC)
    canvas.submit([fill(0, BOX, i) for i in range(5)])
    assert canvas._journal is not None and canvas._journal.commands == 6 and canvas._pending is not None
    canvas.submit([fill(0, BOX, i) for i in range(50)])
    assert canvas._journal.commands == 0
    canvas.submit([fill(0, BOX, i) for i in range(6)])
    assert canvas._pending is not None
    gpu.at = gpu.calls
    assert canvas.read(0, BOX).data == b"\5\0\0\0" * 32 * 16
    assert canvas.lost and canvas._pending is None, "reads of a GPU that is gone are held"


def test_a_checkpoint_can_be_asked_for() -> None:
    canvas = FailoverCanvas(AheadCanvas(), CpuCanvas())
    canvas.create_surface(0, SPEC)
    canvas.submit([fill(0, BOX, 5)])
    canvas.checkpoint()
    assert canvas._journal is not None and canvas._journal.commands == 0
    assert canvas.bytes_read_back == 32 * 16 * 4
    lost = FailoverCanvas(AheadCanvas(2), CpuCanvas())
    lost.create_surface(0, SPEC)
    lost.submit([fill(0, BOX, 5)])
    lost.checkpoint()
    assert lost.lost and lost.read(0, BOX).data[:4] == b"\5\0\0\0"
    lost.checkpoint()


class NoMemory(CpuCanvas):
    """No memory for the first surface; enough afterwards."""

    tries = 0

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        self.tries += 1
        if self.tries == 2:
            raise GuestError("no memory")
        super().create_surface(surface_id, spec, data, stride)


def test_where_the_fallback_fails_too_the_next_call_tries_again() -> None:
    fallback = NoMemory()
    canvas = FailoverCanvas(FailingCanvas(3), fallback)
    canvas.create_surface(0, SPEC)
    canvas.create_surface(1, SPEC)
    canvas.submit([fill(0, BOX, 5)])
    with pytest.raises(GuestError, match="no memory"):
        canvas.read(0, BOX)
    assert not fallback.surfaces()
    assert canvas.read(0, BOX).data == b"\5\0\0\0" * 32 * 16
    assert canvas.surfaces() == {0: SPEC, 1: SPEC}


class Unclosable(FailingCanvas):
    def close(self) -> None:
        raise GpuLostError("even that")


def test_a_canvas_that_cannot_be_closed_is_left(caplog: pytest.LogCaptureFixture) -> None:
    canvas = FailoverCanvas(Unclosable(0), CpuCanvas())
    canvas.create_surface(0, SPEC)
    assert "could not be closed: even that" in caplog.text
    canvas.close()
    healthy = FailoverCanvas(Unclosable(), CpuCanvas())
    healthy.close()
