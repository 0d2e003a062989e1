"""The surface commands of a recording as QXL structures in the host's memory.

``CommandWriter.submit`` with a QXLSurfaceCmd that is built field by field says what is written.
"""

from gspice.qxl import ops

class SurfaceWriter:
    """For one recording: nothing here is for two threads at a time. DoesNotFit: no memory; nothing was written."""

    def __init__(self, largest: int) -> None:
        """``largest``: bytes that one block may have."""

    def create(self, surface: int, command: ops.SurfaceCreate, pixels: int) -> int:
        """The address of a QXLCommandExt, which is the caller's; the memory at ``pixels`` is not part of it."""

    def destroy(self, surface: int, pixels: int) -> int:
        """The address of a QXLCommandExt, which is the caller's; the memory at ``pixels`` goes with it."""
