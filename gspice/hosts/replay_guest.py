"""A recording replayed as a guest: real commands through the guest-side driver into a device's memory."""

from collections import Counter, deque
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.hosts.replay_canvas import primary_spec
from gspice.hosts.replay_surfaces import DESTROYS_UNNAMED, PRIMARY, SurfaceIds
from gspice.pixels import row_bytes
from gspice.qxl import ops
from gspice.qxl.driver import GuestDriver
from gspice.qxl.driver_memory import DeviceBusy, DoesNotFit
from gspice.qxl.layout import MIB, DeviceSizes
from gspice.qxl.recording_events import (
    CREATES_PRIMARY,
    DESTROYS_PRIMARY,
    DESTROYS_SURFACES,
    KEEP_DATA,
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)
from gspice.vdi.qxl import Head

REPLAY_SIZES = DeviceSizes(ram=256 * MIB, vram=512 * MIB, primary=128 * MIB)
"""Recorded devices may have been larger than most; what is not touched costs nothing."""


class ReplayGuest:
    """Hand it an event with ``take``, then call ``advance`` until that is true; then the next event.

    The primary surface stays to be looked at until the next one is made, also where the recording destroys it
    before; what is drawn on it then is left out.
    """

    def __init__(self, driver: GuestDriver, *, updates: bool = True) -> None:
        """``updates``: have the primary's pixels brought to guest memory where the recorded host had. Hosts do so
        many times a second, for what else looks at the screen, so without real time it tells nothing."""
        self._driver = driver
        self._ids = SurfaceIds(driver.surface_spec)
        self._steps: deque[Callable[[], None]] = deque()
        self._unnamed = 0
        """Surfaces that messages destroyed without telling which."""
        self._calls: dict[int, Callable[[], None]] = {
            MessageNumber.OOM: driver.out_of_memory,
            MessageNumber.STOP: self._flush,
            MessageNumber.FLUSH_SURFACES_ASYNC: self._flush,
            MessageNumber.RESET_CURSOR: self._reset_cursor,
            MessageNumber.RESET_IMAGE_CACHE: self._reset_image_cache,
            MessageNumber.MONITORS_CONFIG_ASYNC: self._monitors,
            MessageNumber.DRIVER_UNLOAD: self._unload,
        }
        """Messages that come without arguments, and what is called for them. The others are of no use here:
        connections and memory slots are this device's own, its driver rings when it has written a command,
        and the commands of LOADVM_COMMANDS are recorded too."""
        if updates:
            self._calls |= dict.fromkeys((MessageNumber.UPDATE, MessageNumber.UPDATE_ASYNC), self._update)
        self.primary_refused: str | None = None
        """Why there is no primary surface where the last one was not made."""
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
            case ops.CursorTrail():
                driver.cursor_trail(command.length, command.frequency)
            case ops.MessageCommand():
                driver.message(command.text)

    def _create(self, command: ops.SurfaceCreate) -> None:
        if command.surface_id in self._ids:
            if not self._unnamed or command.surface_id == PRIMARY:
                raise GuestError(f"surface {command.surface_id} exists already")
            # It must have been this one.
            self._destroy(command.surface_id)
            self._unnamed -= 1
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
        primary, number = event.primary, event.number
        if number in DESTROYS_SURFACES:
            self._unnamed = 0
            for recorded in self._ids.off_screen():
                self._steps.append(partial(self._destroy, recorded))
        elif number in DESTROYS_UNNAMED:
            self._unnamed += 1
        if number in DESTROYS_SURFACES or number in DESTROYS_PRIMARY:
            self._steps.append(lambda: self._ids.discard(PRIMARY))
        elif number in CREATES_PRIMARY and primary is not None:
            self._steps.append(lambda: self._set_mode(primary))
        elif number in self._calls:
            self._steps.append(self._calls[number])

    def _set_mode(self, primary: RecordedPrimary) -> None:
        self._ids.discard(PRIMARY)
        try:
            self._make_primary(primary)
        except (GuestError, DoesNotFit) as error:
            self.primary_refused = str(error)
            raise
        self.primary_refused = None

    def _make_primary(self, primary: RecordedPrimary) -> None:
        spec = primary_spec(primary)
        pixels = None
        if primary.flags & KEEP_DATA and primary.data:
            row = row_bytes(spec.width, spec.format.bits_per_pixel)
            pixels = _rows(primary.rows(), spec.height, abs(primary.stride))[:, :row]
        self._driver.set_mode(spec.width, spec.height, spec.format, pixels=pixels)
        self._ids.add(PRIMARY, PRIMARY)

    # Messages that are calls. Which area and which surface they were about is not recorded.

    def _update(self) -> None:
        """Bring the primary's memory up to date. Nobody reads it here, so one call under way is enough."""
        if self._driver.device.io_pending is None and all(self._driver.size):
            self._driver.update_area(Rect(0, 0, *self._driver.size), wait=False)

    def _flush(self) -> None:
        """A machine that stops has its surfaces flushed; this one does not stop."""
        self._driver.flush_surfaces()

    def _reset_cursor(self) -> None:
        self._taken()
        self._driver.device.worker.reset_cursor()

    def _reset_image_cache(self) -> None:
        self._taken()
        self._driver.device.worker.reset_image_cache()

    def _monitors(self) -> None:
        width, height = self._driver.size
        if width:
            self._driver.monitors_config([Head(0, 0, 0, 0, width, height)])

    def _unload(self) -> None:
        self._taken()
        self._driver.device.worker.driver_unload()

    def _taken(self) -> None:
        """DeviceBusy until the worker has taken every command: what follows goes past the rings."""
        if not self._driver.rings_empty:
            raise DeviceBusy("the rings hold commands")


def _rows(data: bytes, height: int, stride: int) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(height, stride)
