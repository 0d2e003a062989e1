"""The small recording of a difference holds the surfaces as they were, and the commands."""

from pathlib import Path

import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_lanes import Place
from gspice.hosts.compare_recording import event_at, save
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedCommand
from tests.hosts.compared import NO_MASK, copy, drawable, fill, invers, off_screen, record, usual


def drawn(file: Path, upto: int = 1 << 30) -> CpuCanvas:
    canvas = CpuCanvas()
    replay = CanvasReplay(canvas, lambda: 0.0)
    with RecordingReader(file) as reader:
        for index, event in enumerate(reader):
            if index <= upto:
                replay.event(event)
    replay.finish()
    return canvas


def pixels(canvas: CpuCanvas) -> dict[int, bytes]:
    return {
        surface_id: canvas.read(surface_id, Rect(0, 0, spec.width, spec.height)).data
        for surface_id, spec in canvas.surfaces().items()
    }


def place(index: int) -> Place:
    return Place(index, index)


@pytest.mark.parametrize("form", [SurfaceFormat.XRGB32, SurfaceFormat.RGB565])
def test_one_command_on_the_surfaces_that_it_names(tmp_path: Path, form: SurfaceFormat) -> None:
    source = ops.SurfaceImage(id=0, flags=0, width=16, height=16, surface_id=4)
    put = drawable(ops.Copy(source, Rect(0, 0, 9, 9), 8, 0, NO_MASK), Rect(5, 5, 14, 14))
    commands: list[ops.Command] = [
        off_screen(3),
        off_screen(4),
        copy(Rect(0, 0, 16, 16), 16, surface_id=4),
        *usual(5),
        put,
        *usual(4),
    ]
    file, target = record(tmp_path / "a.rec", *commands, form=form), tmp_path / "b.rec"
    save(file, CpuCanvas, place(8), place(9), target)
    before = pixels(drawn(file, 8))
    with RecordingReader(target) as reader:
        events = list(reader)
    assert len(events) == 3, "two surfaces, and the command"
    assert {0: before[0], 4: before[4]} == pixels(drawn(target, 1))
    after = pixels(drawn(file, 9))
    assert {0: after[0], 4: after[4]} == pixels(drawn(target))


@pytest.mark.parametrize("form", SurfaceFormat)
def test_surfaces_of_every_format(tmp_path: Path, form: SurfaceFormat) -> None:
    commands: list[ops.Command] = [
        off_screen(4, form, 13),
        copy(Rect(0, 0, 13, 16), 16, Rect(0, 0, 13, 16), 4),
        invers(Rect(3, 3, 9, 9), 4),
    ]
    file, target = record(tmp_path / "a.rec", *commands), tmp_path / "b.rec"
    save(file, CpuCanvas, place(2), place(3), target)
    assert pixels(drawn(file))[4] == pixels(drawn(target))[4] != pixels(drawn(target, 0))[4]


def test_several_commands_on_all_surfaces(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", off_screen(3), *usual(6), off_screen(4), ops.SurfaceDestroy(3), fill(7))
    save(file, CpuCanvas, place(4), place(9), tmp_path / "b.rec.zst")
    assert pixels(drawn(file, 9)) == pixels(drawn(tmp_path / "b.rec.zst"))
    assert set(drawn(tmp_path / "b.rec.zst").surfaces()) == {0, 4}


def test_event_at(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual(8))
    event = event_at(file, 7)
    assert isinstance(event, RecordedCommand) and isinstance(event.command, ops.Drawable)
    assert isinstance(event.command.op, ops.Invers)
    assert event_at(file, 9) is None
