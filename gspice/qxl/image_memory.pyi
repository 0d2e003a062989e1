MIN_BYTES: int
"""Smaller blocks are Python's own and not kept."""
BUDGET: int
"""Bytes that are kept at most, in use or idle."""

def copied(data: bytes | bytearray | memoryview) -> bytes:
    """A copy of a contiguous buffer, in memory that is used again once nobody holds the copy. Any thread."""

def kept_bytes() -> int:
    """Bytes that are kept now: what is idle is no more than that."""

def trim() -> None:
    """Free what is idle; what is in use is freed when its last holder lets go."""
