"""A small recording of a difference: the surfaces as they were before, and then the commands in question."""

import time
from collections.abc import Collection
from pathlib import Path

from gspice.gpu.canvas import Canvas
from gspice.gpu.plans.reads import surfaces_read
from gspice.hosts.compare import Factory, Follow, plain
from gspice.hosts.compare_lanes import Place
from gspice.hosts.compare_pixels import all_rows
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.hosts.replay_surfaces import PRIMARY
from gspice.pixels import row_bytes
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import (
    KEEP_DATA,
    MessageNumber,
    RecordedCommand,
    RecordedEvent,
    RecordedPrimary,
)
from gspice.qxl.recording_writer import RecordingWriter


def event_at(file: Path, index: int, follow: Follow = plain) -> RecordedEvent | None:
    """The event with this index; None where the recording ends before."""
    with RecordingReader(file) as reader:
        for at, event in enumerate(follow(reader, file)):
            if at == index:
                return event
    return None


def save(file: Path, make: Factory, since: Place, upto: Place, target: Path, follow: Follow = plain) -> None:
    """Write the events behind ``since`` up to ``upto``, on the surfaces that ``make``'s canvas has there.

    Of a single command's surfaces those that it names are written, otherwise all. ConfigError, OSError: the file cannot
    be written.
    """
    canvas = make()
    try:
        with RecordingReader(file) as reader, RecordingWriter(target) as writer:
            replay = CanvasReplay(canvas, time.perf_counter)
            begun = False
            for index, event in enumerate(follow(reader, file)):
                if index <= since.index:
                    replay.event(event)
                    continue
                if not begun:
                    replay.finish()
                    alone = upto.index - since.index == 1
                    _write_surfaces(writer, canvas, _named(event) if alone else canvas.surfaces())
                    begun = True
                writer.event(event)
                if index >= upto.index:
                    break
    finally:
        canvas.close()


def _named(event: RecordedEvent) -> Collection[int]:
    if isinstance(event, RecordedCommand) and isinstance(event.command, ops.Drawable):
        drawable = event.command
        deps = {surface_id for surface_id, _ in drawable.surface_deps}
        return {drawable.surface_id, *surfaces_read(drawable), *deps}
    return ()


def _write_surfaces(writer: RecordingWriter, canvas: Canvas, wanted: Collection[int]) -> None:
    for surface_id, spec in sorted(canvas.surfaces().items()):
        if surface_id not in wanted:
            continue
        data = all_rows(canvas, surface_id, spec)
        width, height, form = spec
        stride = row_bytes(width, form.bits_per_pixel)
        if surface_id == PRIMARY:
            primary = RecordedPrimary(
                width=width, height=height, stride=stride, format=form.value, flags=KEEP_DATA, data=data
            )
            writer.message(MessageNumber.CREATE_PRIMARY, 0, primary)
        else:
            made = ops.SurfaceCreate(
                surface_id=surface_id, format=form, width=width, height=height, stride=stride, keep_data=True,
                data=data,
            )  # fmt: skip
            writer.command(made, 0)
