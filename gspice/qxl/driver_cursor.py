"""The pointer half of the guest driver: each method writes one QXLCursorCmd."""

import numpy as np

from gspice.geometry import Point
from gspice.qxl.driver_memory import CommandMemory, Resource
from gspice.qxl.driver_queue import CommandSink, Ring
from gspice.qxl.structures import CommandType, QXLDataChunk
from gspice.qxl.structures_command import CursorCommandType, QXLCursor, QXLCursorCmd

SHAPE_HEADER = 42
"""Bytes of QXLCursor before its data."""


class Cursor:
    """Pointer commands; every method raises DeviceBusy when it must be tried again later."""

    def __init__(self, queue: CommandSink) -> None:
        self._queue = queue
        self._memory: CommandMemory = queue.memory

    def set(
        self,
        *,
        kind: int,
        width: int,
        height: int,
        hot: Point | tuple[int, int],
        data: bytes,
        x: int,
        y: int,
        visible: bool,
        unique: int,
    ) -> None:
        """Set shape and position."""

        def build(resource: Resource) -> None:
            command, _ = resource.struct(QXLCursorCmd)
            resource.kept = True
            shape, place = resource.struct(QXLCursor, tail=len(data))
            command.type = CursorCommandType.SET
            command.u.set.position.x, command.u.set.position.y = x, y
            command.u.set.visible = int(visible)
            command.u.set.shape = place.address
            header = shape.header
            header.unique, header.type = unique, kind
            header.width, header.height = width, height
            header.hot_spot_x, header.hot_spot_y = hot
            shape.data_size = len(data)
            chunk: QXLDataChunk = shape.chunk
            chunk.data_size = len(data)
            self._memory.span(place.at(SHAPE_HEADER), len(data))[:] = np.frombuffer(data, np.uint8)

        self._queue.submit(Ring.CURSOR, CommandType.CURSOR, build)

    def move(self, x: int, y: int) -> None:
        """Move the pointer."""

        def build(resource: Resource) -> None:
            command, _ = resource.struct(QXLCursorCmd)
            command.type = CursorCommandType.MOVE
            command.u.position.x, command.u.position.y = x, y

        self._queue.submit(Ring.CURSOR, CommandType.CURSOR, build)

    def hide(self) -> None:
        """Hide the pointer."""

        def build(resource: Resource) -> None:
            command, _ = resource.struct(QXLCursorCmd)
            command.type = CursorCommandType.HIDE

        self._queue.submit(Ring.CURSOR, CommandType.CURSOR, build)

    def trail(self, length: int, frequency: int) -> None:
        """Have the pointer leave a trail."""

        def build(resource: Resource) -> None:
            command, _ = resource.struct(QXLCursorCmd)
            command.type = CursorCommandType.TRAIL
            command.u.trail.length, command.u.trail.frequency = length, frequency

        self._queue.submit(Ring.CURSOR, CommandType.CURSOR, build)
