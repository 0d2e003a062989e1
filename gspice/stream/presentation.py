"""When a client shall show each frame of a stream: as soon as it has come, and never so that it counts as late.

Clients show a frame when their multimedia clock reaches the frame's time. The clock was set by the server, some time
ago, over a link that took some time. A frame whose time is over when it comes is late: MJPEG frames are thrown away
then, and of other codecs some are. One whose time is far ahead makes the desktop slow. So frames bear the time at which
they are sent, and a lead, which follows what clients report of how early their frames come.
"""

from typing import Final

FIRST_LEAD: Final = 0.030
"""Seconds that the first frames may take longer than the message did that set the clock."""
EARLY: Final = 0.010
"""Seconds that frames shall come before their time."""
LEAST_LEAD: Final = -2.0
"""The message that set the clock can have been that much longer on its way than frames are."""
MOST_LEAD: Final = 2.0
BACK: Final = 4
"""What reports find too much of the lead goes by that part at a time: one frame's luck is not the next one's."""
SLACK: Final = 0.005
"""Seconds of a report that are not worth a change."""


def multimedia_time(now: float) -> int:
    """What clients' multimedia clocks are told to show: milliseconds modulo 2**32."""
    return int(now * 1000) & 0xFFFFFFFF


class Presentation:
    """Of one stream. Times are seconds of the server's clock."""

    def __init__(self) -> None:
        self.lead = FIRST_LEAD
        """Seconds from the sending of a frame to its time."""
        self._last: int | None = None

    def stamp(self, now: float) -> int:
        """The multimedia time of a frame that is sent now.

        Never 0, which clients do not take, and never before that of the frame before.
        """
        stamp = multimedia_time(now + self.lead)
        if self._last is not None and (stamp - self._last) & 0x80000000:
            stamp = self._last
        self._last = stamp or 1
        return self._last

    def reported(self, margin_ms: int) -> None:
        """A report's last frame came that much before its time; late ones count below 0."""
        excess = margin_ms / 1000 - EARLY
        if excess < 0:
            self.lead = min(self.lead - excess, MOST_LEAD)
        elif excess > SLACK:
            self.lead = max(self.lead - excess / BACK, LEAST_LEAD)
