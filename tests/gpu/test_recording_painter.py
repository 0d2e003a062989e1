"""A whole batch planned and written down before a pixel is drawn gives what the CPU canvas draws."""

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.codec.image import decode
from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans.painting import Plan
from gspice.gpu.plans.planners import plan
from gspice.pixels import SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import AlphaBlend, Brush, CopyBits, Drawable, Op, Stroke, SurfaceImage, Text
from tests.conformance.strategies import (
    MAX_SIDE,
    Specs,
    any_rects,
    brushes,
    descriptors,
    drawables,
    noise,
    rects_in,
    seeds,
    specs,
)
from tests.conformance.test_stroke import strokes
from tests.conformance.test_text import strings
from tests.gpu.recording import Handle, RecordingPainter, Replay

PUT = 8
XOR = 64


@st.composite
def lines_and_letters(draw: st.DrawFn, surfaces: Specs) -> Drawable:
    """A STROKE or a TEXT, whose brushes may be surfaces, that drawn on included."""
    surface_id = draw(st.sampled_from(sorted(surfaces)))
    spec = surfaces[surface_id]
    op: Op
    if draw(st.booleans()):
        line = draw(strokes(spec.format))[0]
        mode = draw(st.just(XOR) | descriptors())
        op = Stroke(line.path, line.attr_flags, line.style, draw(brushes(surfaces)), mode, 0)
    else:
        flags, bits = draw(st.sampled_from(((1, 1), (2, 4), (4, 8))))
        back = draw(any_rects())
        op = Text(
            flags, draw(strings(bits)), back, draw(brushes(surfaces)), draw(brushes(surfaces)), PUT, PUT
        )
    clip = draw(st.none() | st.lists(any_rects(), max_size=3).map(tuple))
    return Drawable(surface_id=surface_id, bbox=draw(rects_in(spec.width, spec.height)), op=op, clip=clip)


def recorded(specs: Specs, batch: list[Drawable]) -> tuple[list[DrawOutcome], bytes]:
    """What was said of each command, and the record as bytes: nothing in it can lead back to a planner."""
    painter = RecordingPainter()
    handles = {
        i: (Handle(i, spec.width, spec.height, spec.format.bits_per_pixel), spec) for i, spec in specs.items()
    }
    plans: list[Plan | None] = []
    outcomes = []
    for drawable in batch:
        try:
            made = plan(drawable, handles, painter, decode)
        except (GuestError, OverflowError) as error:
            plans.append(None)
            outcomes.append(DrawOutcome((), False, str(error)))
        else:
            plans.append(made)
            outcomes.append(DrawOutcome(tuple(made.rects), True))
    assert not painter.record, "drawn while planning"
    for i, made_plan in enumerate(plans):
        begun = len(painter.record)
        try:
            if made_plan is not None and made_plan.rects:
                made_plan.draw()
        except (GuestError, OverflowError) as error:
            del painter.record[begun:]
            outcomes[i] = DrawOutcome((), False, str(error))
    return outcomes, pickle.dumps(painter.record)


def compare(specs: Specs, seed: int, batch: list[Drawable]) -> None:
    """Draw the batch on a CPU canvas and by a record, both filled with the same noise."""
    canvas, surfaces = CpuCanvas(), {}
    for surface_id, spec in specs.items():
        bits = spec.format.bits_per_pixel
        stride = row_bytes(spec.width, bits)
        data = noise(seed + surface_id, stride * spec.height)
        canvas.create_surface(surface_id, spec, data, stride)
        surfaces[surface_id] = Surface(spec.width, spec.height, bits)
        surfaces[surface_id].load(data, stride)
    outcomes, record = recorded(specs, batch)
    for ours, theirs in zip(outcomes, canvas.submit(batch), strict=True):
        assert ours.drawn == theirs.drawn, (ours.reason, theirs.reason)
        assert ours.reason.replace("recording canvas", "cpu canvas") == theirs.reason
        assert sorted(ours.rects) == sorted(theirs.rects)
    Replay(surfaces).run(pickle.loads(record))
    for surface_id, spec in specs.items():
        whole = Rect(0, 0, spec.width, spec.height)
        assert surfaces[surface_id].read(whole) == canvas.read(surface_id, whole).data, surface_id


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_random_batches(data: st.DataObject) -> None:
    surfaces = data.draw(specs())
    commands = drawables(surfaces) | lines_and_letters(surfaces)
    compare(surfaces, data.draw(seeds), data.draw(st.lists(commands, min_size=1, max_size=8)))


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_lines_and_letters(data: st.DataObject) -> None:
    surfaces = data.draw(specs())
    commands = st.lists(lines_and_letters(surfaces), min_size=1, max_size=6)
    compare(surfaces, data.draw(seeds), data.draw(commands))


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_a_command_reads_of_its_own_surface_is_what_earlier_ones_drew(data: st.DataObject) -> None:
    spec = SurfaceSpec(MAX_SIDE, MAX_SIDE, data.draw(st.sampled_from(SurfaceFormat)))
    near = st.integers(-6, MAX_SIDE)
    box = rects_in(MAX_SIDE, MAX_SIDE)
    own = SurfaceImage(id=1, flags=0, width=MAX_SIDE, height=MAX_SIDE, surface_id=1)
    kinds = (
        st.builds(CopyBits, st.builds(Point, near, near)),
        st.builds(AlphaBlend, st.integers(0, 3), st.just(255), st.just(own), box),
        st.builds(
            Text,
            st.just(1),
            strings(1),
            box,
            st.builds(Brush, st.just(2), st.just(0), st.just(own), st.builds(Point, near, near)),
            st.builds(Brush, st.just(2), st.just(0), st.just(own), st.builds(Point, near, near)),
            st.just(PUT),
            st.just(PUT),
        ),
    )
    batch = [
        Drawable(
            surface_id=1,
            bbox=data.draw(box),
            op=data.draw(st.one_of(*kinds)),
            self_bitmap_area=data.draw(st.none() | box),
        )
        for _ in range(data.draw(st.integers(1, 6)))
    ]
    compare({1: spec}, data.draw(seeds), batch)
