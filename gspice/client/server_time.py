"""The server's clock, in which it says when video frames are to be shown."""

from collections.abc import Callable
from typing import Final

MS: Final = 1000
_WRAP: Final = 1 << 32
_HALF: Final = 1 << 31


class ServerTime:
    """The server's mm_time as one client knows it: what it was told last, and what has gone by since."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: seconds, from anywhere."""
        self.clock = clock
        self._ahead_ms: float | None = None

    def heard(self, mm_time: int) -> None:
        """The server says that it is that time now."""
        self._ahead_ms = mm_time - self.clock() * MS

    def until(self, mm_time: int) -> int:
        """Milliseconds from now to that time, negative once it is past; 0 as long as nothing was heard."""
        if self._ahead_ms is None:
            return 0
        now = round(self.clock() * MS + self._ahead_ms)
        # The server's clock starts over after 49 days.
        return (mm_time - now + _HALF) % _WRAP - _HALF
