"""Both roads from a drawing command to QXL structures, and what each one made."""

import ctypes as c
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gspice.hosts.libspice import replay_memory
from gspice.hosts.libspice.replay_commands import MAX_COMMAND, HostMemory
from gspice.hosts.libspice.replay_writer import DrawableWriter
from gspice.hosts.replay_surfaces import SurfaceIds
from gspice.qxl import ops
from gspice.qxl.driver_draw import Drawing
from gspice.qxl.driver_memory import Resource
from gspice.qxl.structures import CommandType
from tests.hosts.libspice.replayed import CommandExtStruct

POINTER = 8
PLACES = np.array([1 << 8 * digit for digit in range(POINTER)], np.uint64)


class CommandStruct(c.Structure):
    """gspice_replay_command, without the addresses of its blocks."""

    _pack_ = 1
    _fields_ = (("ext", CommandExtStruct), ("surface", c.c_int32), ("count", c.c_uint32))


@dataclass(frozen=True)
class Written:
    """One command: its blocks, and where the structure lies that it begins with."""

    places: tuple[int, ...]
    blocks: tuple[NDArray[np.uint8], ...]
    data: int


class _Queue:
    """Where the guest-side driver's writer puts a command in a test: it is kept, and read, as its resource."""

    def __init__(self) -> None:
        self.memory = HostMemory()
        self.resource = Resource(self.memory, 0)

    def submit(self, _ring: object, kind: CommandType, build: object) -> Resource:
        assert kind == CommandType.DRAW and callable(build)
        build(self.resource)
        return self.resource


def as_defined(drawable: ops.Drawable) -> Written:
    """What ``Drawing.draw`` writes."""
    queue = _Queue()
    try:
        Drawing(queue).draw(drawable)
        blocks = queue.resource.blocks
        assert queue.resource.place is not None
        return Written(
            places=tuple(block.place.address for block in blocks),
            blocks=tuple(_bytes(block.place.address, block.size) for block in blocks),
            data=queue.resource.place.address,
        )
    finally:
        queue.resource.free()


def compiled(drawable: ops.Drawable, like: Written, ids: SurfaceIds | None = None) -> Written | None:
    """What ``DrawableWriter`` writes, read in blocks of the sizes of ``like``; None where it leaves it to others."""
    address = DrawableWriter(MAX_COMMAND).write(drawable, ids)
    if not address:
        return None
    try:
        command = CommandStruct.from_address(address)
        assert (command.ext.type, command.ext.group_id, command.ext.flags) == (CommandType.DRAW, 0, 0)
        assert command.surface == -1
        assert c.c_uint64.from_address(command.ext.data).value == address, "hosts find the command by its id"
        places = tuple((c.c_uint64 * command.count).from_address(address + c.sizeof(CommandStruct)))
        assert len(places) == len(like.blocks)
        blocks = [_bytes(at, block.size) for at, block in zip(places, like.blocks, strict=True)]
        blocks[0][:POINTER] = 0  # its release info
        return Written(places, tuple(blocks), command.ext.data)
    finally:
        replay_memory.take_back(address)


def moved(written: Written, places: tuple[int, ...]) -> Written:
    """The same as if its blocks were elsewhere: with the addresses in it that they would have there."""
    blocks = tuple(block.copy() for block in written.blocks)
    for block in blocks:
        # Of chunks of pixels only the head.
        head = block[: block.size if block.size < 2048 else 20]
        words = np.lib.stride_tricks.sliding_window_view(head.copy(), POINTER).dot(PLACES)
        inside = np.zeros(words.shape, np.bool_)
        for old, other in zip(written.places, written.blocks, strict=True):
            inside |= (words >= old) & (words < old + other.size)
        for at in np.flatnonzero(inside):
            there = _moved(int(words[at]), written, places).to_bytes(POINTER, "little")
            block[at : at + POINTER] = np.frombuffer(there, np.uint8)
    return Written(places, blocks, _moved(written.data, written, places))


def _moved(address: int, written: Written, places: tuple[int, ...]) -> int:
    for old, new, block in zip(written.places, places, written.blocks, strict=True):
        if old <= address < old + block.size:
            return address - old + new
    return address


def _bytes(address: int, size: int) -> NDArray[np.uint8]:
    return np.frombuffer(c.string_at(address, size), np.uint8).copy()
