"""Reading recordings of QXL devices, as libspice-server makes them, one event at a time.

They may be plain, or compressed with zstd or gzip: the first bytes say which. A recording of gigabytes is read in
the memory of its largest image, and of what zstd itself keeps: up to 64 MiB. Where a frame's window is larger,
2 GiB at most (``zstd --long=31``), it is kept in a temporary file.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase, RawIOBase
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar, cast

from gspice.errors import ConfigError
from gspice.qxl.recording_commands import read_command
from gspice.qxl.recording_events import (
    CREATES_PRIMARY,
    MAX_DATA,
    VERSION,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
    RecordingError,
)
from gspice.qxl.recording_scanner import NotBuffered, Scanner
from gspice.qxl.recording_unzstd import Unzstd, ZstdError

Value = TypeVar("Value")

ReadInto = Callable[[memoryview], int]
"""Fills from the start with what comes next; 0: there is no more."""
_READ_FAILURES = (OSError, EOFError, zlib.error, ZstdError)
"""What reading a damaged file raises, one way of packing it or another."""


def _unzstd(file: BinaryIO) -> ReadInto:
    return Unzstd(file.read).readinto


def _gunzip(file: BinaryIO) -> ReadInto:
    return gzip.GzipFile(fileobj=file).readinto


_PACKINGS: dict[bytes, Callable[[BinaryIO], ReadInto]] = {
    b"\x28\xb5\x2f\xfd": _unzstd,
    b"\x1f\x8b": _gunzip,
    **{bytes([0x50 + number]) + b"\x2a\x4d\x18": _unzstd for number in range(16)},  # frames that zstd skips
}
_OTHERS = {b"\xfd7zX": "xz", b"BZh": "bzip2", b"\x04\x22\x4d\x18": "lz4", b"PK\3\4": "zip"}
"""Packings that are not read here."""


MAGIC_BYTES = max(map(len, _PACKINGS))


class RecordingReader:
    """Iterate over it for the events, once; use it as a context manager, or ``close`` it.

    RecordingError, from the constructor or the iteration: what follows cannot be read.
    """

    def __init__(self, source: Path | BinaryIO) -> None:
        """``source``: a path, or a file that is open for reading, a pipe too, and stays the caller's.

        ConfigError: there is no such file.
        """
        self._owned = isinstance(source, Path)
        self._file = _open(source) if isinstance(source, Path) else source
        try:
            self._scanner = Scanner(_unpacked(self._file))
            version = self._guard(self._scanner.begin)
            if version != VERSION:
                raise RecordingError(0, f"version {version} of the format: only {VERSION} is known")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "RecordingReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._owned:
            self._file.close()

    @property
    def position(self) -> int:
        """Bytes of uncompressed text read so far."""
        return self._scanner.position

    @property
    def file_position(self) -> int:
        """Bytes of the file read so far."""
        return self._file.tell()

    def __iter__(self) -> Iterator[RecordedEvent]:
        while (event := self._guard(self._next)) is not None:
            yield event

    def buffered(self) -> RecordedEvent | None:
        """The next event, if all of it has been read of the file already, and never a wait for more; else None.

        Iteration goes on behind it.
        """
        return self._guard(self._next_buffered)

    def _next_buffered(self) -> RecordedEvent | None:
        self._scanner.hold()
        back = True
        try:
            event = self._next()
            back = False
            return event
        except NotBuffered:
            return None
        finally:
            self._scanner.go_on(back)

    def _guard(self, read: Callable[[], Value]) -> Value:
        try:
            return read()
        except _READ_FAILURES as error:
            raise RecordingError(self._scanner.position, f"cannot be read: {error}") from error
        except MemoryError as error:
            raise RecordingError(self._scanner.position, f"no memory for what follows: {error}") from error

    def _next(self) -> RecordedEvent | None:
        scanner = self._scanner
        head = scanner.event()
        if head is None:
            return None
        counter, what, number, time_ns = head
        if what == 1:
            primary = _read_primary(scanner) if number in CREATES_PRIMARY else None
            return RecordedMessage(counter, number, time_ns, primary)
        value = read_command(scanner, number)
        if isinstance(value, str):
            return RecordedBadCommand(counter, number, time_ns, value)
        return RecordedCommand(counter, number, time_ns, value)


def _open(path: Path) -> BinaryIO:
    try:
        # Without a buffer, which would lock out ``close`` while another thread waits for a pipe.
        return cast(BinaryIO, path.open("rb", buffering=0))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the recording: {error.strerror}") from error


class _Begun(RawIOBase):
    """A file whose first bytes were read: here they come again, for pipes cannot go back."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head = head
        self._rest = cast(BufferedIOBase, file)

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        """Fill from the start; 0: there is no more."""
        if not self._head:
            return self._rest.readinto(target)
        size = min(len(self._head), len(target))
        target[:size], self._head = self._head[:size], self._head[size:]
        return size


def _unpacked(file: BinaryIO) -> ReadInto:
    magic = b""
    # A pipe may give less than is asked for.
    while len(magic) < MAGIC_BYTES and (more := file.read(MAGIC_BYTES - len(magic))):
        magic += more
    for prefix, name in _OTHERS.items():
        if magic.startswith(prefix):
            raise RecordingError(0, f"this is {name}: unpack it first")
    whole = _Begun(magic, file)
    for prefix, unpack in _PACKINGS.items():
        if magic.startswith(prefix):
            return unpack(cast(BinaryIO, whole))
    return whole.readinto


def _read_primary(scanner: Scanner) -> RecordedPrimary | None:
    """The payload of a message that makes a primary surface; a surface that was refused has none."""
    if not scanner.primary_follows():
        return None
    width, height, stride, surface_format = scanner.numbers("width", "height", "stride", "format")
    position, mouse_mode, flags, kind = scanner.numbers("position", "mouse_mode", "flags", "type")
    if min(width, height) < 0 or abs(stride) * height > MAX_DATA:
        raise RecordingError(
            scanner.position, f"primary surface of {width}x{height}, stride {stride}: over {MAX_DATA} bytes"
        )
    data = scanner.block("data")
    if data and len(data) != abs(stride) * height:
        raise RecordingError(
            scanner.position, f"primary surface of {len(data)} bytes, not {abs(stride) * height}"
        )
    return RecordedPrimary(
        width=width,
        height=height,
        stride=stride,
        format=surface_format,
        position=position,
        mouse_mode=mouse_mode,
        flags=flags,
        type=kind,
        data=data,
    )
