from collections.abc import Callable
from typing import Final

SMALL_WINDOW: Final[int]
"""Windows up to this are kept in memory, by libzstd."""
MAX_WINDOW: Final[int]
"""The largest that is read: ``--long=31``, the most that zstd knows."""
MAX_TEXT: Final[int]
"""The longest text of one frame whose window is not kept in memory."""

class ZstdError(Exception):
    """What is no zstd frame, or asks for more than the limits here."""

class Unzstd:
    """The text of zstd frames one after another, skippable ones left out. A frame that is cut short, or whose
    checksum is not that of its text, is an error behind the text that it has.

    A larger window than ``small_window`` is kept in a file, which has no name and goes with this object: as much
    disk as the window, and a few MiB of memory.
    """

    def __init__(self, read: Callable[[int], bytes], small_window: int = SMALL_WINDOW) -> None:
        """``read``: of a file, at most so many bytes, none at its end."""

    def readinto(self, target: bytearray | memoryview) -> int:
        """Fill from the start; how many bytes, 0: the text has ended.

        ZstdError; OSError of ``read``, and where there is no disk or address space for the window.
        """
