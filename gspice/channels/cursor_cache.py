"""Which cursor shapes a client holds: the server decides, the client obeys."""

from collections import OrderedDict
from dataclasses import dataclass

CURSOR_CACHE_SIZE = 256
"""Shapes that a client is made to keep; it forgets only what it is told to."""


@dataclass(frozen=True, slots=True)
class CacheVerdict:
    """How to send a shape. Send the invalidation of ``evicted`` before the shape."""

    held: bool
    """The client has it: send the id alone."""
    store: bool
    """The client is to keep it."""
    evicted: int | None = None
    """The id that makes room for it."""


class CursorCache:
    """The ids of one client, least recently used first."""

    def __init__(self, size: int = CURSOR_CACHE_SIZE) -> None:
        self._size = size
        self._ids: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ids)

    def use(self, unique: int) -> CacheVerdict:
        """Note that the shape is sent now. Id 0 stands for no shape in particular and is never kept."""
        if not unique:
            return CacheVerdict(held=False, store=False)
        if unique in self._ids:
            self._ids.move_to_end(unique)
            return CacheVerdict(held=True, store=False)
        evicted = None
        if len(self._ids) >= self._size:
            evicted, _ = self._ids.popitem(last=False)
        self._ids[unique] = None
        return CacheVerdict(held=False, store=True, evicted=evicted)

    def clear(self) -> None:
        """The client forgot everything."""
        self._ids.clear()
