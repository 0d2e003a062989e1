"""The time of day that goes with a monotonic ``now``."""

import time
from collections.abc import Callable
from datetime import datetime

WallClock = Callable[[float], datetime]
"""The local time at a monotonic time."""


def system_wall_clock(now: float) -> datetime:
    """The host's local time. It is read afresh, so that steps of the host's clock are followed."""
    return datetime.fromtimestamp(time.time()).astimezone()


def next_second(now: float, wall: datetime) -> float:
    """The monotonic time at which the second after ``wall``, the time at ``now``, begins."""
    return now + max(0.001, 1 - wall.microsecond / 1e6)


def next_minute(now: float, wall: datetime) -> float:
    """The monotonic time at which the minute after ``wall`` begins."""
    return next_second(now, wall) + 59 - wall.second
