"""A recording replayed as a guest: real commands through the guest-side driver into a device's memory."""

from collections import Counter, deque
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.hosts.replay_canvas import primary_spec
from gspice.hosts.replay_surfaces import PRIMARY, SurfaceIds
from gspice.pixels import SurfaceFormat, row_bytes
from gspice.qxl import ops
from gspice.qxl.driver import GuestDriver
from gspice.qxl.driver_memory import DeviceBusy, DoesNotFit
from gspice.qxl.layout import MIB, DeviceSizes
from gspice.qxl.recording_events import (
    CREATES_PRIMARY,
    DESTROYS_SURFACES,
    KEEP_DATA,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)

REPLAY_SIZES = DeviceSizes(ram=256 * MIB, vram=512 * MIB, primary=128 * MIB)
"""Recorded devices may have been larger than most; what is not touched costs nothing."""
_SHOWN = (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32)


class ReplayGuest:
    """Hand it an event with ``take``, then call ``advance`` until that is true; then the next event.

    The primary surface stays until the next one is made, also where the recording destroys it before.
    """

    def __init__(self, driver: GuestDriver) -> None:
        self._driver = driver
        self._ids = SurfaceIds(driver.surface_spec)
        self._steps: deque[Callable[[], None]] = deque()
        self.skipped: Counter[str] = Counter()
        """What was not sent to the device, by reason."""

    def take(self, event: RecordedEvent) -> None:
        """Plan what an event asks for."""
        match event:
            case RecordedCommand():
                self._steps.append(lambda: self._command(event.command))
            case RecordedMessage():
                self._message(event)
            case RecordedBadCommand():
                self.skipped[event.reason] += 1

    def advance(self) -> bool:
        """Do what is planned. False: the device is busy; call again when it interrupts, or a while later."""
        while self._steps:
            try:
                self._steps[0]()
            except DeviceBusy:
                return False
            except (GuestError, DoesNotFit) as error:
                self.skipped[str(error)] += 1
            self._steps.popleft()
        return True

    # Commands

    def _command(self, command: ops.Command) -> None:
        driver = self._driver
        match command:
            case ops.Drawable():
                driver.draw(self._ids.drawable(command))
            case ops.SurfaceCreate():
                self._create(command)
            case ops.SurfaceDestroy():
                self._destroy(command.surface_id)
            case ops.UpdateCommand():
                driver.update(command.area, command.update_id, surface=self._ids.id(command.surface_id))
            case ops.CursorSet():
                shape = command.shape
                driver.set_cursor(
                    shape.type,
                    shape.width,
                    shape.height,
                    (shape.hot_x, shape.hot_y),
                    shape.data,
                    *command.position,
                    command.visible,
                    shape.unique,
                )
            case ops.CursorMove():
                driver.move_cursor(*command.position)
            case ops.CursorHide():
                driver.hide_cursor()
            case _:
                raise GuestError(f"{type(command).__name__} is not replayed")

    def _create(self, command: ops.SurfaceCreate) -> None:
        if command.surface_id in self._ids:
            raise GuestError(f"surface {command.surface_id} exists already")
        pixels = None
        if command.data is not None:
            row = row_bytes(command.width, command.format.bits_per_pixel)
            pixels = _rows(command.data, command.height, abs(command.stride))[:, :row]
        id = self._driver.create_surface(command.width, command.height, command.format, pixels=pixels)
        self._ids.add(command.surface_id, id)

    def _destroy(self, recorded: int) -> None:
        if recorded == PRIMARY:
            raise GuestError("the primary surface is not destroyed by a command")
        self._driver.destroy_surface(self._ids.id(recorded))
        self._ids.remove(recorded)

    # Messages

    def _message(self, event: RecordedMessage) -> None:
        primary = event.primary
        if event.number in DESTROYS_SURFACES:
            for recorded in self._ids.off_screen():
                self._steps.append(partial(self._destroy, recorded))
        elif event.number in CREATES_PRIMARY and primary is not None:
            self._steps.append(lambda: self._set_mode(primary))
            if primary.flags & KEEP_DATA and primary.data:
                self._steps.append(lambda: self._show(primary))

    def _set_mode(self, primary: RecordedPrimary) -> None:
        spec = primary_spec(primary)
        if spec.format not in _SHOWN:
            raise GuestError(f"primary surface of {spec.format.name}: only 32 bits are replayed as a guest")
        self._driver.set_mode(spec.width, spec.height)
        self._ids.add(PRIMARY, PRIMARY)

    def _show(self, primary: RecordedPrimary) -> None:
        """Draw what the memory of the surface held."""
        size = primary.width, primary.height
        if self._driver.size != size:
            return
        rows = _rows(primary.rows(), primary.height, abs(primary.stride))[:, : 4 * primary.width]
        self._driver.copy(Rect(0, 0, *size), rows.reshape(primary.height, primary.width, 4))


def _rows(data: bytes, height: int, stride: int) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(height, stride)
