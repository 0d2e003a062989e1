"""File descriptors that a host has given away: closed exactly once, also where whoever should have used them died."""

import contextlib
import os
from collections.abc import Iterable


class OwnedDescriptors:
    """Owns descriptors until ``close``, or until nobody holds this any more."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.numbers = tuple(numbers)
        """In the host's order; the same one may come twice."""

    def __len__(self) -> int:
        return len(self.numbers)

    def close(self) -> None:
        """Give the descriptors back; calling it again does nothing."""
        numbers, self.numbers = self.numbers, ()
        for number in set(numbers):
            with contextlib.suppress(OSError):  # the host's number was wrong
                os.close(number)

    def __del__(self) -> None:
        self.close()
