"""What is fuzzed by bytes alone: each target takes any bytes, and an exception or a crash is a bug found.

``guest_parser`` and ``guest_canvas`` take a page of guest memory with commands in it, laid out as ``packed`` does;
``recording`` takes the text of a recording.
"""

import ctypes
import io
import random
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np

from gspice.codec import image as codec
from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedCommand, RecordingError
from gspice.qxl.recording_writer import RecordingWriter
from gspice.vdi.qxl import CommandExt
from tests.codec.coded import Coded, coded
from tests.qxl.guest_commands import Build, commands
from tests.qxl.guest_memory import GROUP, PAGE, GuestMemory
from tests.qxl.guest_structures import COPY, copy, qxl

MAKERS = commands()
MAX_COMMANDS = 4
MONITORS = 6
"""As a command's type, which no command has: a monitors configuration lies there."""
MAX_IMAGE_BYTES = 1 << 18
HEAD = struct.Struct("<BBH")
"""Of one command: its type, flags, and offset in the page."""
SIDE = 48
SURFACES = tuple(zip((0, 1, 2, 3, 5, 7), SurfaceFormat, strict=True))
"""Of the canvas: id and format. Valid commands draw on 0 and 3, and read 7."""
FORMAT_OF_VALID = {0: SurfaceFormat.XRGB32, 3: SurfaceFormat.ARGB32, 7: SurfaceFormat.RGB565}
SPECS = {number: SurfaceSpec(SIDE, SIDE, FORMAT_OF_VALID.get(number, fmt)) for number, fmt in SURFACES} | {
    4: SurfaceSpec(SIDE, SIDE, SurfaceFormat.A1)
}
ALL = Rect(0, 0, SIDE, SIDE)
_BACKGROUND = random.Random(1).randbytes(4 * SIDE * SIDE)
_MAX_MAGIC = 4

guest = GuestMemory(PAGE)
"""One for all cases: making it anew takes longer than most cases."""


def packed(memory: bytes, *heads: tuple[int, int, int]) -> bytes:
    """An input of the guest's targets: commands (type, flags, offset), and what the end of the page holds."""
    return bytes([len(heads)]) + b"".join(HEAD.pack(*head) for head in heads) + memory


def unpacked(data: bytes) -> list[CommandExt]:
    """Lay the input's memory out in ``guest``; its commands."""
    number = data[0] % (MAX_COMMANDS + 1) if data else 0
    heads, memory = data[1 : 1 + number * HEAD.size], data[1 + number * HEAD.size :]
    whole = len(heads) - len(heads) % HEAD.size
    made = []
    for kind, flags, offset in HEAD.iter_unpack(heads[:whole]):
        made.append(CommandExt(guest.address(offset % (PAGE + 1)), kind, GROUP, flags))
    ctypes.memset(guest.pages.address, 0, PAGE)
    memory = memory[-PAGE:]
    guest.write(guest.address(PAGE - len(memory)), memory)
    return made


def parsed(command: CommandExt) -> ops.Command | None:
    """The value of a command, or None where it is refused; what it releases lies in the page."""
    release = guest.parser.release_info(command)
    if release is not None:
        assert 0 <= release.address - guest.pages.address <= PAGE - 8, release
    try:
        value = guest.parser.parse(command)
    except GuestError as error:
        assert str(error)
        return None
    assert release is not None, f"{value} has nothing to release"
    return value


def guest_parser(data: bytes) -> None:
    """Commands are values or refused with GuestError, and read nothing but the page."""
    for command in unpacked(data):
        parsed(command)
        if command.type == MONITORS:
            with suppress(GuestError):
                guest.parser.monitors_config(command.data, GROUP)


def guest_canvas(data: bytes) -> None:
    """What the parser lets through is drawn, or refused without a trace; nothing outside its area changes."""
    values = [parsed(command) for command in unpacked(data)]
    draw_all([value for value in values if isinstance(value, ops.Drawable)])


def draw_all(drawables: list[ops.Drawable]) -> list[DrawOutcome]:
    """Draw one at a time, checking each, and then the whole batch at once: the same must come out."""
    if not drawables:
        return []
    single, batch = _canvas(), _canvas()
    outcomes = [_checked_draw(single, drawable) for drawable in drawables]
    together = batch.submit(drawables)
    assert [o.drawn for o in together] == [o.drawn for o in outcomes], (together, outcomes)
    for number in SPECS:
        assert batch.read(number, ALL).data == single.read(number, ALL).data, f"surface {number} of a batch"
    return outcomes


def decode(kind: int, data: bytes, width: int, height: int) -> codec.DecodedImage:
    """As a canvas decodes, of small images: a large one is a second of work, and no news."""
    return codec.decode(kind, data, width, height, MAX_IMAGE_BYTES)


def _canvas() -> CpuCanvas:
    canvas = CpuCanvas(decode)
    for number, spec in SPECS.items():
        canvas.create_surface(number, spec, _BACKGROUND)
    return canvas


def _checked_draw(canvas: CpuCanvas, drawable: ops.Drawable) -> DrawOutcome:
    before = {number: canvas.read(number, ALL).data for number in SPECS}
    (outcome,) = canvas.submit([drawable])
    allowed = np.zeros((SIDE, SIDE), bool)
    if outcome.drawn:
        for rect in outcome.rects:
            assert ALL.contains(rect) and not rect.empty, outcome
            assert not allowed[rect.top : rect.bottom, rect.left : rect.right].any(), f"{outcome} overlap"
            allowed[rect.top : rect.bottom, rect.left : rect.right] = True
    else:
        assert outcome.reason
    for number, old in before.items():
        new = canvas.read(number, ALL).data
        if new == old:
            continue
        assert number == drawable.surface_id and outcome.drawn, f"surface {number} changed: {outcome}"
        assert not (_changed(old, new) & ~allowed).any(), f"{outcome}: pixels outside changed"
    return outcome


def _changed(old: bytes, new: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which pixels of a surface differ."""
    differ = np.frombuffer(old, np.uint8) ^ np.frombuffer(new, np.uint8)
    if differ.size < SIDE * SIDE:
        # 1 bit a pixel, the leftmost in the lowest bit
        return np.unpackbits(differ.reshape(SIDE, -1), axis=1, bitorder="little")[:, :SIDE].astype(bool)
    return (differ.reshape(SIDE, SIDE, -1) != 0).any(axis=2)  # type: ignore[no-any-return]


def recording(data: bytes) -> None:
    """Events or RecordingError; a command that was read is read again as it was when it is written."""
    if data[:_MAX_MAGIC] == b"\x28\xb5\x2f\xfd" or data[:2] == b"\x1f\x8b":
        return  # the packings have libraries, with fuzzers, of their own
    read: list[ops.Command] = []
    try:
        for event in RecordingReader(io.BytesIO(data)):
            if isinstance(event, RecordedCommand):
                read.append(event.command)
    except RecordingError as error:
        assert error.reason
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        for number, command in enumerate(read):
            writer.command(command, number)
    again = [event for event in RecordingReader(io.BytesIO(file.getvalue()))]
    assert [getattr(event, "command", event) for event in again] == read
    draw_all([command for command in read if isinstance(command, ops.Drawable)][:MAX_COMMANDS])


TARGETS: dict[str, Callable[[bytes], None]] = {
    "parser": guest_parser,
    "canvas": guest_canvas,
    "recording": recording,
}


def seeds(target: str) -> dict[str, bytes]:
    """Valid inputs to begin with, by name: a command of every kind, and some that belong together."""
    builders: dict[str, list[Build]] = {name: [build] for name, build in MAKERS.items()}
    for image in coded("quic"):
        if image.entry["width"] <= SIDE and image.entry["height"] <= SIDE and len(image.data) < PAGE // 2:
            builders[image.name] = [partial(_copy_of_quic, image=image)]
    builders["onto another surface"] = [MAKERS["copy SURFACE"], MAKERS["text"], MAKERS["composite"]]
    builders["one over the other"] = [
        MAKERS[name] for name in ("compat fill", "stroke", "copy bits", "transparent")
    ]
    if target == "parser":
        builders["monitors"] = [_monitors]
    make = _recorded if target == "recording" else _in_a_page
    return {name: make(several) for name, several in builders.items()}


def _copy_of_quic(page: GuestMemory, image: Coded) -> CommandExt:
    width, height = image.size
    middle = len(image.data) // 2
    source = page.quic(image.data[:middle], image.data[middle:], width=width, height=height)
    area = Rect(0, 0, width, height)
    return page.drawable(COPY, copy(source, area), surface_id=0, bbox=area)


def _monitors(page: GuestMemory) -> CommandExt:
    heads = [qxl("QXLHead", number, number, 640, 480, 640 * number, 0, 0) for number in range(3)]
    return page.command(MONITORS, qxl("QXLMonitorsConfig", len(heads), 4) + b"".join(heads))


def _in_a_page(builders: list[Build]) -> bytes:
    page = GuestMemory(PAGE)
    made = [build(page) for build in builders]
    start = min(page.offset(command.data) for command in made)
    heads = [(command.type, command.flags, page.offset(command.data)) for command in made]
    return packed(page.read(page.address(start), PAGE - start), *heads)


def _recorded(builders: list[Build]) -> bytes:
    page = GuestMemory(4 * PAGE)
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        for number, build in enumerate(builders):
            writer.command(page.parse(build(page)), number)
    return file.getvalue()
