"""Calling wgpu-native so that a panic in it ends the call and not the process."""

def hold() -> None:
    """Take SIGABRT for as long as there are holders; ``let_go`` ends it. Handlers that were there still get theirs."""

def let_go() -> None:
    """See ``hold``."""

def call(function: int, a: int = 0, b: int = 0, c: int = 0, d: int = 0, e: int = 0) -> int:
    """Call the function at an address with words, with the GIL released; while it is held, see ``hold``.

    GpuLostError: it aborted. Nothing of its library may be called on what it was called for, not even to free it.
    """
