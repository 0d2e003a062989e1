"""Small recordings replayed as a guest through the whole server: the picture is that of drawing them directly."""

import io
import itertools
from collections.abc import Sequence

import pytest

from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.replay import ReplayHost
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.pixels import Pixels, SurfaceFormat, row_bytes
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)
from gspice.qxl.recording_writer import RecordingWriter
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer
from tests.qxl.recording_samples import CURSOR, OPERATIONS, noise

WIDTH, HEIGHT = 65, 48
WHOLE = Rect(0, 0, WIDTH, HEIGHT)
BOX = Rect(10, 20, 12, 22)


def primary(format: SurfaceFormat, *, flags: int = 1, step: int = -1) -> RecordedMessage:
    stride = row_bytes(WIDTH, format.bits_per_pixel) + 5
    surface = RecordedPrimary(
        width=WIDTH,
        height=HEIGHT,
        stride=step * stride,
        format=format,
        flags=flags,
        data=noise(format, stride * HEIGHT),
    )
    return RecordedMessage(0, MessageNumber.CREATE_PRIMARY_ASYNC, 0, surface)


def command(value: ops.Command) -> RecordedCommand:
    return RecordedCommand(0, 1, 0, value)


def message(number: MessageNumber) -> RecordedMessage:
    return RecordedMessage(0, number, 0)


def drawn(op: ops.Op, surface_id: int = 0, bbox: Rect = BOX) -> RecordedCommand:
    return command(ops.Drawable(surface_id=surface_id, bbox=bbox, op=op))


def create(surface_id: int, format: SurfaceFormat) -> RecordedCommand:
    stride = -(-row_bytes(WIDTH, format.bits_per_pixel) // 4) * 4
    return command(
        ops.SurfaceCreate(
            surface_id=surface_id,
            format=format,
            width=WIDTH,
            height=HEIGHT,
            stride=stride,
            keep_data=True,
            data=noise(surface_id, stride * HEIGHT),
        )
    )


def copied(surface_id: int, *, to: int = 0, bbox: Rect = WHOLE) -> RecordedCommand:
    image = ops.SurfaceImage(id=1, flags=0, width=WIDTH, height=HEIGHT, surface_id=surface_id)
    return drawn(ops.Copy(image, bbox, 8, 0, ops.Mask()), to, bbox)


def filled(color: int, box: Rect, surface_id: int = 0) -> RecordedCommand:
    return drawn(ops.Fill(ops.Brush(1, color), 8, ops.Mask()), surface_id, box)


def both(events: Sequence[RecordedEvent], *, real_time: bool) -> tuple[Pixels, Pixels, ReplayHost]:
    """The last picture of a recording: of the server, and drawn directly."""
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        for event in events:
            writer.event(event)
    file.seek(0)
    with RecordingReader(file) as reader:
        recorded = list(reader)
    canvas = CpuCanvas()
    direct = CanvasReplay(canvas, lambda: 0.0)
    for event in recorded:
        direct.event(event)
    direct.finish()
    canvas.close()
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0, renderer="cpu"))
    host = ReplayHost(server, iter(recorded), real_time=real_time)
    try:
        host.run()
    finally:
        host.close()
    assert host.error is None and not host.device.bugs.present
    assert host.picture is not None and direct.picture is not None
    return host.picture, direct.picture, host


def rows(picture: Pixels) -> list[bytes]:
    """The pixels without what pads their rows."""
    row, last = row_bytes(picture.width, picture.format.bits_per_pixel), picture.width
    lines = [picture.data[at : at + row] for at in range(0, picture.stride * picture.height, picture.stride)]
    if picture.format is SurfaceFormat.A1:
        lines = [line[:-1] + bytes([line[-1] & (1 << (last % 8 or 8)) - 1]) for line in lines]
    return lines


def check(events: Sequence[RecordedEvent], *, real_time: bool = False) -> ReplayHost:
    through_the_server, direct, host = both(events, real_time=real_time)
    assert (through_the_server.width, through_the_server.format) == (direct.width, direct.format)
    assert rows(through_the_server) == rows(direct)
    return host


@pytest.mark.parametrize("format", SurfaceFormat)
def test_every_operation_on_every_format_of_primaries(format: SurfaceFormat) -> None:
    events: list[RecordedEvent] = [primary(format)]
    for index, op in enumerate(OPERATIONS):
        events.append(drawn(op, bbox=Rect.sized(4 * (index % 16), 4 * (index // 16), 2, 2)))
    for index, source in enumerate(SurfaceFormat):
        events += [create(index + 1, source), drawn(OPERATIONS[0], index + 1)]
        events.append(copied(index + 1, bbox=Rect.sized(0, 20 + 4 * index, WIDTH, 4)))
    check(events)


@pytest.mark.parametrize(("flags", "step"), [(0, 1), (0, -1), (1, 1), (1, -1)])
def test_what_primaries_begin_with(flags: int, step: int) -> None:
    for format in (SurfaceFormat.RGB565, SurfaceFormat.A1):
        check([primary(format, flags=flags, step=step), filled(0x55AA, Rect(3, 4, 9, 9))])


def test_messages_between_commands() -> None:
    events: list[RecordedEvent] = [primary(SurfaceFormat.XRGB32), create(1, SurfaceFormat.RGB555)]
    for number, shade in zip(MessageNumber, itertools.count(1)):
        if "PRIMARY" in number.name or "DESTROY" in number.name:
            continue
        events += [filled(shade * 0x010305, Rect.sized(shade, shade, 20, 7)), message(number)]
    events += [command(CURSOR), message(MessageNumber.RESET_CURSOR), command(ops.CursorTrail(3, 5))]
    events += [command(ops.MessageCommand(b"end")), command(ops.UpdateCommand(WHOLE, 5, 0))]
    # All of it is due at once: what real time does besides is to replay updates.
    host = check(events, real_time=True)
    assert not host.guest.skipped
    # A surface that was destroyed by number only, and made anew.
    wait = message(MessageNumber.DESTROY_SURFACE_WAIT_ASYNC)
    check([*events, wait, create(1, SurfaceFormat.A8), copied(1, bbox=Rect(0, 0, 30, 30))])


def test_nothing_is_drawn_on_a_primary_that_is_gone() -> None:
    gone = message(MessageNumber.DESTROY_PRIMARY)
    start: list[RecordedEvent] = [
        primary(SurfaceFormat.XRGB32),
        create(1, SurfaceFormat.XRGB32),
        filled(5, WHOLE),
    ]
    late = filled(0xFFFFFF, Rect(0, 0, 9, 9))
    check([*start, gone, late, copied(0, to=1)])
    check([*start, message(MessageNumber.DESTROY_SURFACES_ASYNC), late])
    host = check(
        [
            *start,
            gone,
            late,
            primary(SurfaceFormat.RGB555),
            copied(1, bbox=Rect(0, 0, 9, 9)),
            command(ops.CursorMove(Point(1, 1))),
        ]
    )
    assert dict(host.guest.skipped) == {"surface 0 does not exist": 1}
