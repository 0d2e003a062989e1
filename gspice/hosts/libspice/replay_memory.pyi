"""Memory for what a recording is turned into: at plain addresses, freed by C when the host says so."""

def allocate(size: int) -> int:
    """The address of so many bytes, all 0. MemoryError."""

def release(address: int) -> None:
    """Free what ``allocate`` gave."""

def span(address: int, size: int) -> memoryview:
    """The bytes at an address, to be written; not to be kept longer than they are."""

def hand_out(data: int, kind: int, blocks: tuple[int, ...], surface: int) -> int:
    """The address of a QXLCommandExt for the command structure at ``data``, which is told of it by its release info.

    What is at the addresses in ``blocks`` is the command's from now on, and goes with it. ``surface``: the id that is
    free again when it goes, -1 for none. MemoryError: nothing was handed out.
    """

def take_back(command: int) -> int:
    """Free a command that ``hand_out`` gave; its ``surface``."""
