"""Parts of one buffer, given out and taken back."""

from bisect import bisect_left

from gspice.errors import GpuMemoryError


class Arena:
    """Knows which parts of a buffer are free; it never touches the buffer. Units are the caller's.

    Parts are given out where they fit best, so that many small ones leave the large gaps whole.
    """

    def __init__(self, size: int, *, step: int = 1) -> None:
        """``step``: parts begin at multiples of it, and take up multiples of it."""
        self._step = step
        self.size = size
        self._free: list[tuple[int, int]] = [(0, size)] if size else []
        """(offset, size), in order of offset, never side by side."""
        self._taken: dict[int, int] = {}

    @property
    def used(self) -> int:
        """How much is given out."""
        return sum(self._taken.values())

    def take(self, size: int) -> int:
        """The offset of a free part of this size. GpuMemoryError: there is none; ``grow`` or give something back."""
        size = self._rounded(size)
        best: tuple[int, int] | None = None
        for index, (_, room) in enumerate(self._free):
            if room >= size and (best is None or room < best[0]):
                best = room, index
        if best is None:
            raise GpuMemoryError(f"no {size} of {self.size} units are free in one piece")
        room, index = best
        offset, _ = self._free[index]
        if room == size:
            del self._free[index]
        else:
            self._free[index] = offset + size, room - size
        self._taken[offset] = size
        return offset

    def give_back(self, offset: int) -> None:
        """Free the part that begins there; KeyError where none does."""
        self._release(offset, self._taken.pop(offset))

    def grow(self, size: int) -> None:
        """The buffer is larger now, and what was in it lies where it lay."""
        if size > self.size:
            before, self.size = self.size, size
            self._release(before, size - before)

    def _release(self, offset: int, size: int) -> None:
        index = bisect_left(self._free, (offset, 0))
        if index < len(self._free) and offset + size == self._free[index][0]:
            size += self._free.pop(index)[1]
        if index and sum(self._free[index - 1]) == offset:
            index -= 1
            offset, before = self._free.pop(index)
            size += before
        self._free.insert(index, (offset, size))

    def _rounded(self, size: int) -> int:
        return max(1, (size + self._step - 1) // self._step) * self._step
