"""What a worker receives, on its way into a recording: commands once parsed, and the messages of the host."""

import logging
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zstandard

from gspice.errors import ConfigError, GuestError
from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import Command
from gspice.qxl.recording_events import MAX_DATA, MessageNumber, RecordedPrimary
from gspice.qxl.recording_writer import Recorder, RecordingWriter
from gspice.server import worker_messages as m
from gspice.vdi.qxl import DevSurfaceCreate

log = logging.getLogger(__name__)

_NUMBERS: dict[type, tuple[MessageNumber, MessageNumber | None]] = {
    m.UpdateArea: (MessageNumber.UPDATE, MessageNumber.UPDATE_ASYNC),
    m.Wakeup: (MessageNumber.WAKEUP, None),
    m.Oom: (MessageNumber.OOM, None),
    m.Start: (MessageNumber.START, None),
    m.Stop: (MessageNumber.STOP, None),
    m.SetMouseMode: (MessageNumber.SET_MOUSE_MODE, None),
    m.AddMemslot: (MessageNumber.ADD_MEMSLOT, MessageNumber.ADD_MEMSLOT_ASYNC),
    m.DelMemslot: (MessageNumber.DEL_MEMSLOT, None),
    m.ResetMemslots: (MessageNumber.RESET_MEMSLOTS, None),
    m.DestroySurfaces: (MessageNumber.DESTROY_SURFACES, MessageNumber.DESTROY_SURFACES_ASYNC),
    m.CreatePrimary: (MessageNumber.CREATE_PRIMARY, MessageNumber.CREATE_PRIMARY_ASYNC),
    m.DestroyPrimary: (MessageNumber.DESTROY_PRIMARY, MessageNumber.DESTROY_PRIMARY_ASYNC),
    m.ResetCursor: (MessageNumber.RESET_CURSOR, None),
    m.ResetImageCache: (MessageNumber.RESET_IMAGE_CACHE, None),
    m.DestroySurface: (MessageNumber.DESTROY_SURFACE_WAIT, MessageNumber.DESTROY_SURFACE_WAIT_ASYNC),
    m.LoadVmCommands: (MessageNumber.LOADVM_COMMANDS, None),
    m.FlushSurfaces: (MessageNumber.FLUSH_SURFACES_ASYNC, MessageNumber.FLUSH_SURFACES_ASYNC),
    m.MonitorsConfigAsync: (MessageNumber.MONITORS_CONFIG_ASYNC, MessageNumber.MONITORS_CONFIG_ASYNC),
    m.DriverUnload: (MessageNumber.DRIVER_UNLOAD, None),
}
"""The numbers of the messages that recordings have: without and with a cookie."""


class WorkerRecorder:
    """Made by the host, used by one worker's thread.

    A file that cannot be written ends the recording, not the worker.
    """

    def __init__(
        self,
        recorder: Recorder,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        place: "Placing | None" = None,
    ) -> None:
        """``place``: where the recording lies, and where it goes with the first command."""
        self._place = place
        self._recorder: Recorder | None = recorder
        self._clock_ns = clock_ns

    def command(self, command: Command) -> None:
        """Record a command that was parsed."""
        if self._place is not None:
            place, self._place = self._place, None
            self._write(lambda _recorder, _now_ns: place.put())
        self._write(lambda recorder, now_ns: recorder.command(command, now_ns))

    def message(self, message: object, memslots: MemSlots) -> None:
        """Record a message that is about to be handled, if it is of a kind that recordings have."""
        numbers = _NUMBERS.get(type(message))
        if numbers is None:
            return
        plain, with_cookie = numbers
        number = plain if getattr(message, "cookie", None) is None else with_cookie or plain
        primary = _primary(message.surface, memslots) if isinstance(message, m.CreatePrimary) else None
        self._write(lambda recorder, now_ns: recorder.message(number, now_ns, primary))

    def close(self) -> None:
        """End the recording."""
        self._write(lambda recorder, _now_ns: recorder.close())
        self._recorder = None
        if self._place is not None:
            self._place.drop()
            self._place = None

    def _write(self, write: Callable[[Recorder, int], None]) -> None:
        if self._recorder is None:
            return
        try:
            write(self._recorder, self._clock_ns())
        except (OSError, zstandard.ZstdError) as error:
            log.error("the recording ends here: %s", error)
            self._recorder = None


def _primary(surface: DevSurfaceCreate, memslots: MemSlots) -> RecordedPrimary | None:
    """The surface and what its memory holds; None where it will be refused."""
    size = abs(surface.stride) * surface.height
    if surface.width <= 0 or surface.height <= 0 or size > MAX_DATA:
        return None
    try:
        data = memslots.copy(surface.mem, size, surface.group_id)
    except GuestError:
        return None
    return RecordedPrimary(
        width=surface.width,
        height=surface.height,
        stride=surface.stride,
        format=surface.format,
        position=surface.position,
        mouse_mode=surface.mouse_mode,
        flags=surface.flags,
        type=surface.type,
        data=data,
    )


@dataclass(frozen=True, slots=True)
class Placing:
    """A recording of a guest that has drawn nothing yet: it takes no other's place."""

    part: Path
    target: Path

    def put(self) -> None:
        """Give it its name. OSError: that cannot be done."""
        os.replace(self.part, self.target)

    def drop(self) -> None:
        """Nothing was drawn."""
        self.part.unlink(missing_ok=True)


def open_recorder(path: Path, qxl_id: int) -> WorkerRecorder:
    """Begin a recording, for its owner's eyes only; a file of that name stays until a command comes.

    Devices after the first get files of their own: ``name-1.rec.zst``. ConfigError: it cannot be written.
    """
    if qxl_id:
        name, *suffixes = path.name.split(".")
        path = path.with_name(".".join([f"{name}-{qxl_id}", *suffixes]))
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            raise ConfigError(f"{path}: cannot write a recording: it is no regular file; name another")
        descriptor, name = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent
        )
    except OSError as error:
        raise ConfigError(f"{path}: cannot write a recording: {error.strerror}") from error
    os.close(descriptor)
    part = Path(name)
    return WorkerRecorder(RecordingWriter(part), place=Placing(part, target))
