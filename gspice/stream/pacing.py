"""How much one client gets at a time, and how soon: by its byte window, and by what its last frames packed to."""

from collections.abc import Sequence

from gspice.geometry import Rect
from gspice.stream.byte_window import ByteWindow

FRAME_PIXELS = 1 << 20
"""Pixels of one frame at most: more are the next one's, so that none takes long to encode."""
LEAST_PIXELS = 8 << 10
"""Pixels of one frame at least, however slow the link: a line of text is not to come in parts."""
FIRST_PIXELS, FIRST_BYTES = 16 << 10, 4 << 10
"""Small areas of together so many pixels, and bytes as expected, do not wait until the large ones of their frame are
packed: they are packed on the spot."""
WORTH_PIXELS = 32 << 10
"""Of the large areas together: fewer are packed too soon for that to matter."""
SLOW_LINK = 1_250_000
"""Bytes a second below which photographs come lossy at first, if that is wanted: 10 Mbit/s, as libspice has it."""
HELD_UP = 0.5
"""Part of the frames that have to wait for room where it is the link that sets the pace."""
FIRST_GUESS = 0.5
"""Bytes a pixel, of a client that has had no frame yet."""


class Pacing:
    """Of one client's display channel. Ask for ``has_room``, send a frame, tell it to ``framed``, then ``mark``."""

    def __init__(self) -> None:
        self.window = ByteWindow()
        self._bytes_per_pixel = FIRST_GUESS
        """Of its last frames."""
        self._held_up = False
        """The next frame has had to wait for room."""
        self._pressure = 0.0
        """What part of the last frames have had to."""

    def has_room(self, now: float) -> bool:
        if self.window.room(now) > 0:
            return True
        self._held_up = True
        return False

    def budget(self, now: float) -> int:
        """Pixels that about fill the room there is."""
        pixels = int(self.window.room(now) / self._bytes_per_pixel)
        return min(max(pixels, LEAST_PIXELS), FRAME_PIXELS)

    def expected(self, rects: Sequence[Rect]) -> int:
        """About how many bytes these will pack to."""
        return int(sum([rect.area for rect in rects]) * self._bytes_per_pixel)

    def first_of(self, rects: Sequence[Rect]) -> Sequence[Rect]:
        """Those that go ahead of the rest of their frame; ``rects`` as ``ClientView.take`` orders them."""
        left = min(FIRST_PIXELS, int(FIRST_BYTES / self._bytes_per_pixel))
        for count, rect in enumerate(rects):
            left -= rect.area
            if left < 0:
                large = sum([each.area for each in rects[count:]])
                return rects[:count] if large >= WORTH_PIXELS else ()
        return ()

    def framed(self, sent: int, pixels: int) -> None:
        """A frame went: that many bytes, for that many pixels."""
        self._pressure += (float(self._held_up) - self._pressure) / 8
        self._held_up = False
        if pixels:
            self._bytes_per_pixel += (max(sent, 1) / pixels - self._bytes_per_pixel) / 4

    @property
    def slow_link(self) -> bool:
        """Whether it is a slow link that holds frames up: what it takes is known only once there was more to send."""
        return self._pressure > HELD_UP and (self.window.rate or SLOW_LINK) < SLOW_LINK
