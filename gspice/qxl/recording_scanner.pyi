from collections.abc import Callable

class NotBuffered(Exception):
    """A scanner on hold would have had to read more of its file."""

class Scanner:
    """Reads a recording's text through ``readinto``, which fills a buffer and returns how many bytes; 0: the end.

    Raises RecordingError for whatever is not as the format has it. Its methods are for compiled modules.
    """

    position: int
    """Bytes of text read so far."""

    def __init__(self, readinto: Callable[[memoryview], int | None]) -> None: ...
    def hold(self) -> None:
        """From here on nothing is read of the file: what would have to be raises NotBuffered, until ``go_on``."""

    def go_on(self, back: bool) -> None:
        """The end of ``hold``; ``back``: to where the text stood then."""

    def at_end(self) -> bool:
        """Whether nothing but white space is left."""
    def begin(self) -> int:
        """Read the first line; the version it names."""
    def event(self) -> tuple[int, int, int, int] | None:
        """The next event's line: counter, what (0 command, 1 message), type, nanoseconds. None: no more."""
    def primary_follows(self) -> bool:
        """Whether numbers come next, and not another event or the end."""
    def numbers(self, *names: str) -> list[int]:
        """So many signed 32-bit numbers."""
    def block(self, name: str) -> bytes:
        """A raw block."""
