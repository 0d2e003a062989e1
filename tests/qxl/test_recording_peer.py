"""What is written here, libspice-server's own reader of recordings makes a guest's memory of again.

That memory is read by the parser of guest memory: three pieces of code that know nothing of each other agree.
"""

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.memslots import MemSlots
from gspice.qxl.parser import CommandParser
from gspice.qxl.recording_writer import RecordingWriter
from gspice.vdi.qxl import CommandExt, MemSlot
from tests.peers.peers import missing
from tests.qxl.recording_samples import AREA, CURSOR, OPERATIONS, drawn

ROOT = Path(__file__).parent.parent.parent
LIBRARY = "libspice-server.so.1"
FROM_SURFACE = ops.Copy(
    ops.SurfaceImage(id=3, flags=0, width=16, height=16, surface_id=1), AREA, 8, 0, ops.Mask()
)
SAMPLES: tuple[ops.Command, ...] = (
    # Its reader gives surfaces the lowest free id, so these keep theirs.
    ops.SurfaceCreate(surface_id=1, format=SurfaceFormat.ARGB32, width=16, height=16, stride=-64),
    ops.SurfaceCreate(
        surface_id=2,
        format=SurfaceFormat.A8,
        width=4,
        height=2,
        stride=-4,
        keep_data=True,
        data=b"row0row1",
    ),
    *[drawn(op) for op in OPERATIONS],
    drawn(FROM_SURFACE),
    ops.Drawable(surface_id=1, bbox=AREA, op=ops.CopyBits(Point(3, 3)), surface_deps=((2, AREA),)),
    ops.MessageCommand(b"hello"),
    CURSOR,
    ops.CursorMove(Point(-1, 700)),
    ops.CursorHide(),
    ops.CursorTrail(2, 30),
    ops.SurfaceDestroy(2),
)


class QXLCommandExt(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_uint64),
        ("type", ctypes.c_uint32),
        ("padding", ctypes.c_uint32),
        ("group_id", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
    ]


def read_by_libspice(path: str) -> list[str]:
    """What the library makes of a recording, as text."""
    library, libc = ctypes.CDLL(LIBRARY), ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    library.spice_replay_new.restype = ctypes.c_void_p
    library.spice_replay_new.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.spice_replay_next_cmd.restype = ctypes.POINTER(QXLCommandExt)
    library.spice_replay_next_cmd.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    memslots = MemSlots(groups=1, slots=1, generation_bits=0, id_bits=0, internal_group=0)
    memslots.add(MemSlot(group_id=0, slot_id=0, generation=0, virt_start=1, virt_end=1 << 47, addr_delta=0))
    parser = CommandParser(memslots)
    replay = library.spice_replay_new(libc.fopen(path.encode(), b"rb"), 1024)
    found = []
    while command := library.spice_replay_next_cmd(replay, None):
        ext = command.contents
        try:
            found.append(show(parser.parse(CommandExt(ext.data, ext.type, 0, ext.flags))))
        except GuestError as error:
            found.append(f"refused: {error}")
        # Nothing is freed: the process ends soon.
    return found


def show(command: ops.Command) -> str:
    """All that a command holds, but where it lies."""
    if isinstance(command, ops.SurfaceCreate):
        fields = ("surface_id", "format", "width", "height", "stride", "keep_data", "data")
        return repr([getattr(command, name) for name in fields])
    return repr(command)


@pytest.mark.peer
def test_libspice_reads_what_is_written(tmp_path: Path) -> None:
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        missing("libspice-server", "libspice-server1")
    path = tmp_path / "all.rec"
    with RecordingWriter(path) as writer:
        for command in SAMPLES:
            writer.command(command, 1)
    # In a process of its own: the library aborts where it does not understand.
    code = f"import json; from {__name__} import read_by_libspice; print(json.dumps(read_by_libspice({str(path)!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [show(command) for command in SAMPLES]
