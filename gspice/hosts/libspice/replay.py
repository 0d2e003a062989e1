"""Recordings behind spice_replay_*: what the host's next command is, and what the recorded host asked of its device.

The functions at the end are called by C: none raises. One thread at a time reads a recording, any of the host's; the
server's own threads give commands back meanwhile.
"""

import itertools
import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, cast

import numpy as np

from gspice.errors import ConfigError, GuestError, InterfaceError
from gspice.geometry import Rect
from gspice.hosts.libspice import library
from gspice.hosts.libspice.replay_commands import CommandWriter
from gspice.hosts.libspice.replay_file import HostFile
from gspice.hosts.libspice.replay_surfaces import DeviceSurfaces, SurfacePool, SurfacesInUse
from gspice.hosts.replay_canvas import primary_spec
from gspice.hosts.replay_surfaces import DESTROYS_UNNAMED, PRIMARY, SurfaceIds
from gspice.pixels import SurfaceSpec
from gspice.qxl import ops
from gspice.qxl.driver_memory import DoesNotFit
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import (
    CREATES_PRIMARY,
    DESTROYS_PRIMARY,
    DESTROYS_SURFACES,
    MAX_SURFACES,
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)
from gspice.vdi.qxl import DevSurfaceCreate

log = logging.getLogger(__name__)

GROUP = 0
"""The memory group whose slot the host has made of all memory."""
MAX_REASONS = 100
"""Different reasons for which commands are left out that are told; recordings can be made to have any number."""
RESETS = {
    MessageNumber.RESET_CURSOR: "reset_cursor",
    MessageNumber.RESET_IMAGE_CACHE: "reset_image_cache",
}
"""Messages without arguments that are carried out, and how the worker's methods are called. Of the others either the
arguments are not recorded, or they are this host's own business: slots, connections, the reading of pixels."""

HEEDED = CREATES_PRIMARY | DESTROYS_PRIMARY | DESTROYS_SURFACES | DESTROYS_UNNAMED | frozenset(RESETS)
"""All messages that anything is done for."""


class Replay:
    """One recording, played for one device. ``close`` it."""

    def __init__(self, file: HostFile, surfaces: int) -> None:
        """``surfaces``: ids of the device's surfaces are below. ConfigError, RecordingError: nothing can be played, and
        the file is still the caller's."""
        if surfaces < 1:
            raise ConfigError(f"nsurfaces is {surfaces}: a device has one surface at least")
        self._file = file
        self._reader = RecordingReader(cast(BinaryIO, file))
        self._events: Iterator[RecordedEvent] = iter(self._reader)
        self._seen: RecordedEvent | None = None
        """The next event, which was read and not carried out."""
        self._failed: Exception | None = None
        """Why nothing comes after the commands that were made."""
        self._writer = CommandWriter()
        self._pool = SurfacePool(min(surfaces, MAX_SURFACES))
        self._surfaces = DeviceSurfaces()
        self._ids = SurfaceIds(self._surfaces.spec)
        self._instance = 0
        self._unnamed = 0
        """Surfaces that messages destroyed without telling which."""
        self.skipped: Counter[str] = Counter()
        """Commands that were left out, by reason."""

    def next_command(self, instance: int) -> int:
        """The address of the next command's QXLCommandExt, 0 at the end. What the recorded host asked of its device
        in between is asked of this one, and waited for. RecordingError, SurfacesInUse: that was the last command."""
        self._use(instance)
        while not (command := self._writer.take()):
            event = self._event()
            if event is None:
                return 0
            try:
                self._attempt(event)
            except SurfacesInUse:
                self._events = iter(())
                raise
        return command

    def next_commands(self, instance: int, limit: int) -> list[int]:
        """As ``next_command``, and of the drawing commands behind it those that are read already; [] at the end.

        With these the host has not asked for anything yet: nothing is carried out for them, or waited for.
        """
        commands = [self.next_command(instance)]
        if not commands[0]:
            return []
        try:
            while len(commands) < limit and (command := self._drawn_ahead()):
                commands.append(command)
        except Exception as error:
            self._failed = error
        return commands

    def _drawn_ahead(self) -> int:
        """The next command if it draws, and if no event before it is one for the device; else 0."""
        while self._seen is None:
            event = self._reader.buffered()
            match event:
                case None:
                    return 0
                case RecordedCommand(command=ops.Drawable()):
                    self._attempt(event)
                    if command := self._writer.take():
                        return command
                case RecordedMessage() if event.number not in HEEDED:
                    pass
                case _:
                    self._seen = event
        return 0

    def _event(self) -> RecordedEvent | None:
        if self._failed is not None:
            error, self._failed = self._failed, None
            self._events = iter(())
            raise error
        event, self._seen = self._seen, None
        return event if event is not None else next(self._events, None)

    def surface_free(self, id: int) -> None:
        """The server has released the command that destroyed this surface."""
        self._pool.give(id)

    def close(self) -> None:
        """Close the file. Commands that the host has are its own; the surfaces stay on its device."""
        self._file.close()
        self._writer.close()
        if self.skipped:
            log.warning("%d commands of the recording were left out", self.skipped.total())
        _leave(self._instance, self._surfaces)

    def _use(self, instance: int) -> None:
        if instance == self._instance:
            return
        if self._instance:
            raise InterfaceError("a recording is played for one display device; this is another")
        self._instance = instance
        _clear(instance)

    def _skip(self, reason: str) -> None:
        if reason not in self.skipped and len(self.skipped) >= MAX_REASONS:
            reason = "other reasons"
        if reason not in self.skipped:
            log.warning("a command of the recording is left out: %s", reason)
        self.skipped[reason] += 1

    def _tell(self, name: str, *arguments: object) -> None:
        library.tell_worker(self._instance, name, *arguments)

    def _attempt(self, event: RecordedEvent) -> None:
        try:
            self._carry_out(event)
        except (GuestError, DoesNotFit) as error:
            self._skip(str(error))

    def _carry_out(self, event: RecordedEvent) -> None:
        match event:
            case RecordedCommand():
                self._command(event.command)
            case RecordedMessage():
                self._message(event)
            case RecordedBadCommand():
                self._skip(event.reason)

    # Commands

    def _command(self, command: ops.Command) -> None:
        writer = self._writer
        match command:
            case ops.Drawable():
                writer.draw(command, self._ids)
            case ops.SurfaceCreate():
                self._create(command)
            case ops.SurfaceDestroy():
                self._destroy(command.surface_id)
            case ops.UpdateCommand():
                writer.update(self._ids.id(command.surface_id), command)
            case ops.MessageCommand():
                writer.message(command.text)
            case _:
                writer.cursor(command)

    def _create(self, command: ops.SurfaceCreate) -> None:
        if command.surface_id in self._ids:
            if not self._unnamed or command.surface_id == PRIMARY:
                raise GuestError(f"surface {command.surface_id} exists already")
            # It must have been this one.
            self._destroy(command.surface_id)
            self._unnamed -= 1
        id = self._pool.take()
        try:
            memory = self._writer.create_surface(id, command)
        except BaseException:
            self._pool.give(id)
            raise
        self._surfaces.add(id, SurfaceSpec(command.width, command.height, command.format), memory)
        self._ids.add(command.surface_id, id)

    def _destroy(self, recorded: int) -> None:
        if recorded == PRIMARY:
            raise GuestError("the primary surface is not destroyed by a command")
        id = self._ids.id(recorded)
        self._writer.destroy_surface(id, self._surfaces.memory(id))
        self._surfaces.forget(id)
        self._ids.remove(recorded)

    # Messages

    def _message(self, event: RecordedMessage) -> None:
        number = event.number
        if number in CREATES_PRIMARY and event.primary is not None:
            self._create_primary(event.primary)
        elif number in DESTROYS_PRIMARY:
            self._destroy_primary()
        elif number in DESTROYS_SURFACES:
            self._destroy_all()
        elif number in DESTROYS_UNNAMED:
            self._unnamed += 1
        elif number in RESETS:
            if PRIMARY in self._surfaces:
                # The worker takes what is in the rings first: commands that were recorded before this.
                self._tell("update_area", PRIMARY, Rect(0, 0, 1, 1), False)
            self._tell(RESETS[MessageNumber(number)])

    def _create_primary(self, primary: RecordedPrimary) -> None:
        self._destroy_primary()
        spec = primary_spec(primary)
        size = abs(primary.stride) * primary.height
        memory = self._writer.memory.alloc(size, surface=True)
        if primary.data:
            self._writer.memory.span(memory.place, size)[:] = np.frombuffer(primary.data, np.uint8)
        self._surfaces.add(PRIMARY, spec, memory)
        self._ids.add(PRIMARY, PRIMARY)
        self._tell(
            "create_primary_surface",
            PRIMARY,
            DevSurfaceCreate(
                width=primary.width,
                height=primary.height,
                stride=primary.stride,
                format=primary.format,
                mem=memory.place.address,
                group_id=GROUP,
                position=primary.position,
                mouse_mode=primary.mouse_mode,
                flags=primary.flags,
                type=primary.type,
            ),
        )

    def _destroy_primary(self) -> None:
        if PRIMARY in self._surfaces:
            self._tell("destroy_primary_surface", PRIMARY)
            self._surfaces.free(PRIMARY)
            self._ids.discard(PRIMARY)

    def _destroy_all(self) -> None:
        self._tell("destroy_surfaces")
        self._unnamed = 0
        for recorded in self._ids.off_screen():
            self._pool.give(self._ids.remove(recorded))
        self._ids.discard(PRIMARY)
        for id in list(self._surfaces):
            self._surfaces.free(id)


# Devices whose recording has ended: their surfaces go on being shown, and the server writes to their memory.

_left: dict[int, DeviceSurfaces] = {}
"""By the address of the instance."""


def _leave(instance: int, surfaces: DeviceSurfaces) -> None:
    if list(surfaces):
        _left[instance] = surfaces


def _clear(instance: int) -> None:
    """Make room on a device for another recording."""
    surfaces = _left.pop(instance, None)
    if surfaces is not None:
        library.tell_worker(instance, "destroy_surfaces")
        for id in list(surfaces):
            surfaces.free(id)


# Handles

_replays: dict[int, Replay] = {}
"""By handle: a number, for hosts never look behind it."""
_handles = itertools.count(1)


def new(file: HostFile, surfaces: int) -> int:
    """A new recording's handle; 0 where it is none, and the file is still the host's."""

    def make() -> int:
        replay = Replay(file, surfaces)
        handle = next(_handles)
        _replays[handle] = replay
        return handle

    return library.guarded("spice_replay_new", 0, make)


def next_commands(handle: int, instance: int, limit: int) -> list[int]:
    """The addresses of the next QXLCommandExts; [] where the recording ends, or cannot be read on."""

    def carry_out() -> list[int]:
        return _replay(handle).next_commands(instance, limit)

    return library.guarded("spice_replay_next_cmd", [], carry_out)


def surface_free(handle: int, surface: int) -> None:
    """The host freed the command that destroyed this surface. After the recording nobody needs the id."""
    replay = _replays.get(handle)
    if replay is not None:
        library.guarded("spice_replay_free_cmd", None, partial(replay.surface_free, surface))


def free(handle: int) -> None:
    """Close the recording, and its file."""

    def carry_out() -> None:
        replay = _replay(handle)
        del _replays[handle]
        replay.close()

    library.guarded("spice_replay_free", None, carry_out)


def _replay(handle: int) -> Replay:
    replay = _replays.get(handle)
    if replay is None:
        raise InterfaceError(f"there is no recording {handle:#x}: it could not be read, or is freed")
    return replay
