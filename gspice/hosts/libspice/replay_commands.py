"""Commands as values become QXL structures in the host's own memory, where plain addresses lead to them.

The same writers as the guest-side driver's; a block of C's memory takes the place of a piece of a device's.
"""

import ctypes
from collections import deque
from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from gspice.hosts.libspice import replay_memory
from gspice.hosts.libspice.replay_surface_writer import SurfaceWriter
from gspice.hosts.libspice.replay_writer import DrawableWriter
from gspice.hosts.replay_surfaces import SurfaceIds
from gspice.qxl import ops
from gspice.qxl.driver_cursor import Cursor
from gspice.qxl.driver_draw import Drawing
from gspice.qxl.driver_memory import Block, DoesNotFit, Place, Resource, Struct
from gspice.qxl.driver_queue import Ring
from gspice.qxl.recording_events import MAX_DATA, flipped
from gspice.qxl.structures import CommandType, QXLRect
from gspice.qxl.structures_command import QXLMessage, QXLUpdateCmd

MAX_COMMAND = 2 * MAX_DATA
"""Bytes of one command: what a recording may hold for it, and room around it."""
NO_SURFACE = -1


class HostMemory:
    """Memory of this process as commands are written to it: offset and address of a place are the same."""

    capacity = MAX_COMMAND

    def begin_command(self) -> None:
        """There is always room for one more: the host bounds how many it holds."""

    def alloc(self, size: int, *, surface: bool = False) -> Block:
        """A cleared block. DoesNotFit: too large, or this process has no memory for it."""
        if size > MAX_COMMAND:
            raise DoesNotFit(f"{size} bytes in one piece: more than {MAX_COMMAND}")
        try:
            address = replay_memory.allocate(size)
        except MemoryError as error:
            raise DoesNotFit(str(error)) from error
        return Block(Place(address, address), size, None, surface)

    def free(self, block: Block) -> None:
        """Take back a block that no command has."""
        replay_memory.release(block.place.address)

    def view(self, kind: type[Struct], place: Place) -> Struct:
        """The structure that lies there, in place."""
        return cast(Struct, kind.from_address(place.address))

    def span(self, place: Place, size: int) -> NDArray[np.uint8]:
        """The bytes that lie there, in place."""
        return np.frombuffer(replay_memory.span(place.address, size), np.uint8)


class CommandWriter:
    """Each method writes one command; ``take`` gives their addresses in that order. DoesNotFit: none was written."""

    def __init__(self) -> None:
        self.memory = HostMemory()
        self._ready: deque[int] = deque()
        self._drawing = Drawing(self)
        self._cursor = Cursor(self)
        self._drawables = DrawableWriter(MAX_COMMAND)
        self._surfaces = SurfaceWriter(MAX_COMMAND)

    def take(self) -> int:
        """The address of the next command's QXLCommandExt, which is the caller's; 0: all were taken."""
        return self._ready.popleft() if self._ready else 0

    def close(self) -> None:
        """Free what nobody took."""
        while command := self.take():
            replay_memory.take_back(command)

    def submit(self, ring: Ring, kind: CommandType, build: Callable[[Resource], None]) -> Resource:
        """Build a command, the structure that it is first. The host puts it into the ring of its kind."""
        resource = Resource(self.memory, 0)
        try:
            build(resource)
        except Exception:
            resource.free()
            raise
        assert resource.place is not None, "build makes the command's structure"
        blocks = tuple(block.place.address for block in resource.blocks)
        surface = NO_SURFACE if resource.surface_id is None else resource.surface_id
        self._ready.append(replay_memory.hand_out(resource.place.address, kind, blocks, surface))
        return resource

    def draw(self, drawable: ops.Drawable, ids: SurfaceIds | None = None) -> None:
        """Draw; ``ids`` are the device's names for the drawable's surfaces, None where it has those already.

        GuestError: it names a surface that does not exist.
        """
        command = self._drawables.write(drawable, ids)
        if command:
            self._ready.append(command)
        else:
            self._drawing.draw(drawable if ids is None else ids.drawable(drawable))

    def create_surface(self, surface: int, command: ops.SurfaceCreate) -> Block:
        """Make an off-screen surface under this id. Its memory is the caller's until ``destroy_surface``."""
        size = abs(command.stride) * command.height
        pixels = self.memory.alloc(size, surface=True)
        try:
            if command.keep_data and command.data is not None:
                rows = flipped(command.data, -command.stride) if command.stride < 0 else command.data
                self.memory.span(pixels.place, size)[:] = np.frombuffer(rows, np.uint8)
            self._ready.append(self._surfaces.create(surface, command, pixels.place.address))
        except Exception:
            self.memory.free(pixels)
            raise
        return pixels

    def destroy_surface(self, surface: int, pixels: Block) -> None:
        """Drop an off-screen surface; its memory goes with the command, and its id is free then."""
        self._ready.append(self._surfaces.destroy(surface, pixels.place.address))

    def update(self, surface: int, command: ops.UpdateCommand) -> None:
        """Ask for the surface's pixels in its memory, and to be told of it."""

        def build(resource: Resource) -> None:
            out, _ = resource.struct(QXLUpdateCmd)
            area = command.area
            out.area = QXLRect(area.top, area.left, area.bottom, area.right)
            out.update_id, out.surface_id = command.update_id, surface

        self.submit(Ring.DISPLAY, CommandType.UPDATE, build)

    def message(self, text: bytes) -> None:
        """Write to the server's log."""

        def build(resource: Resource) -> None:
            _, place = resource.struct(QXLMessage, tail=len(text) + 1)
            self.memory.span(place.at(ctypes.sizeof(QXLMessage)), len(text))[:] = np.frombuffer(
                text, np.uint8
            )

        self.submit(Ring.DISPLAY, CommandType.MESSAGE, build)

    def cursor(self, command: ops.Command) -> None:
        """Write a pointer command."""
        match command:
            case ops.CursorSet():
                shape = command.shape
                self._cursor.set(
                    kind=shape.type,
                    width=shape.width,
                    height=shape.height,
                    hot=(shape.hot_x, shape.hot_y),
                    data=shape.data,
                    x=command.position[0],
                    y=command.position[1],
                    visible=command.visible,
                    unique=shape.unique,
                )
            case ops.CursorMove():
                self._cursor.move(*command.position)
            case ops.CursorHide():
                self._cursor.hide()
            case ops.CursorTrail():
                self._cursor.trail(command.length, command.frequency)
