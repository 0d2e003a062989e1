"""What a host that replays a recording gets: commands at plain addresses, read as the server reads them."""

import ctypes as c
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gspice.hosts.libspice import replay_memory
from gspice.qxl import ops
from gspice.qxl.memslots import MemSlots
from gspice.qxl.parser import CommandParser
from gspice.qxl.recording_events import MessageNumber, RecordedEvent, RecordedMessage, RecordedPrimary
from gspice.qxl.recording_writer import RecordingWriter
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot

DATA = Path(__file__).resolve().parents[2] / "data"

PRIMARY = RecordedMessage(
    0, MessageNumber.CREATE_PRIMARY, 0, RecordedPrimary(width=320, height=200, stride=1280, format=32)
)
"""A recorded primary surface."""

libc = c.CDLL(None)
libc.fopen.restype = libc.fdopen.restype = c.c_void_p
libc.fopen.argtypes = (c.c_char_p, c.c_char_p)
libc.fdopen.argtypes = (c.c_int, c.c_char_p)
libc.fclose.argtypes = libc.fgetc.argtypes = (c.c_void_p,)
libc.fread.argtypes = (c.c_void_p, c.c_size_t, c.c_size_t, c.c_void_p)


class CommandExtStruct(c.Structure):
    """QXLCommandExt."""

    _pack_ = 1
    _fields_ = (
        ("data", c.c_uint64),
        ("type", c.c_uint32),
        ("padding", c.c_uint32),
        ("group_id", c.c_uint32),
        ("flags", c.c_uint32),
    )


class Server:
    """The server's side: one memory slot that is all the memory there is, and the parser."""

    def __init__(self) -> None:
        self.memslots = MemSlots(groups=1, slots=1, generation_bits=8, id_bits=8, internal_group=0)
        self.memslots.add(
            MemSlot(group_id=0, slot_id=0, generation=0, virt_start=0, virt_end=(1 << 64) - 1, addr_delta=0)
        )
        self.parser = CommandParser(self.memslots)

    def read(self, address: int) -> ops.Command:
        """The command at the address of its QXLCommandExt; it is still the host's."""
        ext = CommandExtStruct.from_address(address)
        command = CommandExt(ext.data, ext.type, ext.group_id, ext.flags)
        release = self.parser.release_info(command)
        assert release is not None
        assert c.c_uint64.from_address(release.address).value == address, "hosts find the command by its id"
        return self.parser.parse(command)

    def take(self, address: int) -> ops.Command:
        """The command at an address, whose memory is free then."""
        command = self.read(address)
        replay_memory.take_back(address)
        return command


class Worker:
    """Stands for the worker of a display device: writes down what it is told."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.calls: list[tuple[Any, ...]] = []
        self.pixels: list[bytes] = []
        """Of each primary surface, as it lay in memory when the surface was made."""

    def tell(self, instance: int, name: str, *arguments: Any) -> None:
        """In place of ``library.tell_worker``."""
        self.calls.append((instance, name, *arguments))
        if name == "create_primary_surface":
            surface: DevSurfaceCreate = arguments[1]
            size = abs(surface.stride) * surface.height
            self.pixels.append(self._server.memslots.copy(surface.mem, size, surface.group_id))

    def names(self) -> list[str]:
        """What was asked since the last time."""
        names = [call[1] for call in self.calls]
        self.calls.clear()
        return names


def recording(events: Iterable[RecordedEvent | ops.Command]) -> bytes:
    """A recording of these."""
    file = io.BytesIO()
    with RecordingWriter(file) as writer:
        for event in events:
            write: Callable[..., None] = writer.event if hasattr(event, "counter") else writer.command
            write(event) if hasattr(event, "counter") else write(event, 0)
    return file.getvalue()


def c_file(path: Path) -> int:
    """The address of a FILE that is open for reading."""
    file = libc.fopen(str(path).encode(), b"r")
    assert file
    return int(file)
