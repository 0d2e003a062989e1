"""Canvases in lockstep: when they are compared, what of a batch is submitted at once, and in which order."""

from collections.abc import Sequence

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_lanes import Kind, Lane, Place
from gspice.hosts.compare_lockstep import Lockstep
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from tests.hosts.compared import Clock, Silent, copy, fill

SPEC = SurfaceSpec(60, 40, SurfaceFormat.XRGB32)
BOX = Rect(0, 0, 9, 9)


class Noting(CpuCanvas):
    """Notes how many commands came at once, and what was read."""

    def __init__(self, name: str, order: list[str]) -> None:
        super().__init__()
        self.name, self.order = name, order
        self.pieces: list[int] = []
        self.reads: list[Rect] = []

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        self.pieces.append(len(batch))
        self.order.append(self.name)
        return super().submit(batch)

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        self.reads.append(rect)
        return super().read(surface_id, rect)


class Rig:
    """Two canvases, and batches by hand."""

    def __init__(self, every: int) -> None:
        self.order: list[str] = []
        self.canvases = [Noting("a", self.order), Noting("b", self.order)]
        self.lanes = [Lane(canvas.name, canvas) for canvas in self.canvases]
        self.lockstep = Lockstep(self.lanes, Clock(), every)
        self.number = 0
        self.lockstep.create_surface(0, SPEC)

    def submit(self, *batch: ops.Drawable) -> list[DrawOutcome]:
        for _ in batch:
            self.number += 1
            self.lockstep.at(Place(self.number, self.number), "draw", True)
        return self.lockstep.submit(batch)


def test_pieces_end_where_a_comparison_is_due() -> None:
    rig = Rig(5)
    outcomes = rig.submit(*[fill(1, BOX)] * 12)
    # The surface itself was the first command.
    assert rig.canvases[0].pieces == rig.canvases[1].pieces == [4, 5, 3]
    assert rig.lockstep.comparisons == 2 and len(outcomes) == 12
    assert [outcome.rects for outcome in outcomes] == [(BOX,)] * 12


def test_samples_come_alone_and_only_their_area_is_compared() -> None:
    rig = Rig(1000)
    rig.submit(fill(1, BOX), fill(2, BOX), copy(Rect(10, 10, 33, 34)), fill(3, BOX))
    assert rig.canvases[1].pieces == [2, 1, 1]
    assert rig.lockstep.sampled == 1
    looks = [rect for rect in rig.canvases[1].reads if rect.area > 1]
    assert looks == [Rect(10, 10, 33, 34)] * 2, "before, and after"


def test_narrowing_goes_command_by_command() -> None:
    rig = Rig(1000)
    rig.lockstep.narrow(4)
    rig.submit(*[fill(1, BOX)] * 6)
    assert rig.canvases[0].pieces == [3, 1, 1, 1]
    assert rig.lockstep.comparisons == 3
    coarser = Rig(1000)
    coarser.lockstep.narrow(4, every=2)
    coarser.submit(*[fill(1, BOX)] * 8)
    assert sum(coarser.canvases[0].pieces) == 8 and coarser.lockstep.comparisons > 1


def test_each_canvas_is_first_in_its_turn() -> None:
    rig = Rig(1)
    rig.submit(*[fill(1, BOX)] * 4)
    assert "".join(rig.order) in ("abbaabba", "baabbaab")


def test_only_surfaces_that_were_drawn_on_are_read() -> None:
    rig = Rig(2)
    rig.lockstep.create_surface(1, SPEC)
    for canvas in rig.canvases:
        canvas.reads.clear()
    rig.submit(fill(1, BOX), fill(2, BOX))
    assert [rect for rect in rig.canvases[1].reads if rect.area > 1] == [Rect(0, 0, 60, 40)]
    rig.lockstep.finish()
    assert len([rect for rect in rig.canvases[1].reads if rect.area > 1]) == 3, "all in the end"


def test_a_surface_is_compared_before_it_goes() -> None:
    rig = Rig(1000)
    rig.submit(fill(1, BOX))
    rig.canvases[1].submit([fill(2, BOX)])
    rig.lockstep.at(Place(9, 9), "DESTROY_PRIMARY", False)
    rig.lockstep.destroy_surface(0)
    first = rig.lanes[1].first
    assert first is not None and first.kind is Kind.PIXELS and first.upto == Place(9, 9)
    assert not rig.canvases[0].surfaces() and not rig.canvases[1].surfaces()
    with pytest.raises(GuestError):
        rig.lockstep.destroy_surface(0)


def test_it_is_a_canvas_like_the_reference() -> None:
    rig = Rig(3)
    with pytest.raises(GuestError):
        rig.lockstep.create_surface(0, SPEC)
    assert rig.lanes[1].differences == 0, "both refuse"
    rig.submit(fill(0x123456, BOX))
    assert rig.lockstep.surfaces() == {0: SPEC} and rig.lockstep.caps is rig.canvases[0].caps
    assert rig.lockstep.read(0, Rect(0, 0, 1, 1)).data[:3] == bytes([0x56, 0x34, 0x12])
    assert not rig.lockstep.alone
    outcome = rig.submit(fill(1, BOX, 77))[0]
    assert not outcome.drawn and rig.lanes[0].times["Fill"].not_drawn == 1


def test_areas_that_are_not_told_of_differ() -> None:
    lanes = [Lane("cpu", CpuCanvas()), Lane("silent", Silent())]
    lockstep = Lockstep(lanes, Clock(), 10)
    lockstep.create_surface(0, SPEC)
    lockstep.at(Place(3, 3), "Fill", True)
    lockstep.submit([fill(1, BOX)])
    first = lanes[1].first
    assert first is not None and first.kind is Kind.AREA and first.upto == Place(3, 3)
