"""What a recording of a QXL device holds: commands, the worker's messages, and the primary surfaces they made.

The text form is that of libspice-server's recordings (``SPICE_REPLAY 1``): ``recording`` reads it,
``recording_writer`` writes it.
"""

from dataclasses import dataclass
from enum import IntEnum

from gspice.errors import GSpiceError
from gspice.qxl.ops import Command

MAGIC = "SPICE_REPLAY"
VERSION = 1

MAX_DATA = 1 << 30
"""Bytes of one image, surface or other block: as much as a canvas takes for a surface."""
MAX_CHUNKS = 1 << 21
"""Pieces that a block may come in; libspice-server takes no more from guests."""
MAX_SPACE = 1 << 16
"""White space before a word; what is written has one character."""
MAX_WORD = 64
"""Bytes of a word or number; the longest that is written has 25."""
MAX_MESSAGE_BYTES = 100_000
"""Text of one message command; the server reads no more."""
MAX_CURSOR_BYTES = 1 << 24
"""Data of one pointer shape: 2048x2048 pixels of 32 bits."""
MAX_PATH_BYTES = 1 << 20
"""A STROKE's path; as values its points take some 20 times that."""
MAX_STRING_BYTES = 1 << 24
"""Glyphs of one TEXT."""
MAX_CLIP_RECTS = 1 << 16
"""Rectangles of one clip; as values they take some 10 times their bytes."""
MAX_SURFACES = 1024
"""Surface ids are below this."""


class RecordingError(GSpiceError):
    """A recording cannot be read on: it is damaged, or cut off. What came before it is good."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"recording damaged at byte {position}: {reason}")
        self.position = position
        """Where, in bytes of the recording's uncompressed text."""
        self.reason = reason


class MessageNumber(IntEnum):
    """RED_WORKER_MESSAGE_*: the messages from host to worker, numbered as recordings number them."""

    UPDATE = 1
    WAKEUP = 2
    OOM = 3
    READY = 4
    DISPLAY_CONNECT = 5
    DISPLAY_DISCONNECT = 6
    DISPLAY_MIGRATE = 7
    START = 8
    STOP = 9
    CURSOR_CONNECT = 10
    CURSOR_DISCONNECT = 11
    CURSOR_MIGRATE = 12
    SET_COMPRESSION = 13
    SET_STREAMING_VIDEO = 14
    SET_MOUSE_MODE = 15
    ADD_MEMSLOT = 16
    DEL_MEMSLOT = 17
    RESET_MEMSLOTS = 18
    DESTROY_SURFACES = 19
    CREATE_PRIMARY = 20
    DESTROY_PRIMARY = 21
    RESET_CURSOR = 22
    RESET_IMAGE_CACHE = 23
    DESTROY_SURFACE_WAIT = 24
    LOADVM_COMMANDS = 25
    UPDATE_ASYNC = 26
    ADD_MEMSLOT_ASYNC = 27
    DESTROY_SURFACES_ASYNC = 28
    CREATE_PRIMARY_ASYNC = 29
    DESTROY_PRIMARY_ASYNC = 30
    DESTROY_SURFACE_WAIT_ASYNC = 31
    FLUSH_SURFACES_ASYNC = 32
    MONITORS_CONFIG_ASYNC = 35
    DRIVER_UNLOAD = 36
    GL_SCANOUT = 37
    GL_DRAW_ASYNC = 38
    SET_VIDEO_CODECS = 39
    CLOSE_WORKER = 40


CREATES_PRIMARY = frozenset({MessageNumber.CREATE_PRIMARY, MessageNumber.CREATE_PRIMARY_ASYNC})
DESTROYS_PRIMARY = frozenset({MessageNumber.DESTROY_PRIMARY, MessageNumber.DESTROY_PRIMARY_ASYNC})
DESTROYS_SURFACES = frozenset({MessageNumber.DESTROY_SURFACES, MessageNumber.DESTROY_SURFACES_ASYNC})
"""The primary among them."""


class CommandKind(IntEnum):
    """QXL_CMD_*."""

    DRAW = 1
    UPDATE = 2
    CURSOR = 3
    MESSAGE = 4
    SURFACE = 5


KEEP_DATA = 1
"""Surface flag: what the memory holds is what the surface shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPrimary:
    """The primary surface that a message made, and its memory at that moment."""

    width: int
    height: int
    stride: int
    """Negative: the first row lies last in ``data``."""
    format: int
    """SPICE_SURFACE_FMT_*, as the guest gave it."""
    position: int = 0
    mouse_mode: int = 1
    flags: int = 0
    type: int = 0
    data: bytes = b""
    """``height * abs(stride)`` bytes in memory order; empty where the memory could not be read. Shown only with
    ``KEEP_DATA``."""

    def rows(self) -> bytes:
        """The pixels with the top row first, ``abs(stride)`` bytes apart; empty without data."""
        return flipped(self.data, -self.stride) if self.stride < 0 else self.data


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """A command that the worker took from a ring."""

    counter: int
    """Number of the event."""
    type: int
    """QXL_CMD_*."""
    time_ns: int
    """The recorder's monotonic clock."""
    command: Command


@dataclass(frozen=True, slots=True)
class RecordedBadCommand:
    """A command that no server would have carried out: recordings hold what guests sent, good or bad."""

    counter: int
    type: int
    time_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A message of the host that the worker was about to handle."""

    counter: int
    number: int
    """MessageNumber; numbers that it does not know occur."""
    time_ns: int
    primary: RecordedPrimary | None = None
    """With ``CREATES_PRIMARY``, unless the surface was refused."""


RecordedEvent = RecordedCommand | RecordedBadCommand | RecordedMessage


def flipped(data: bytes, stride: int) -> bytes:
    """Rows of ``stride`` bytes in the opposite order."""
    return b"".join(data[at : at + stride] for at in range(len(data) - stride, -1, -stride))
