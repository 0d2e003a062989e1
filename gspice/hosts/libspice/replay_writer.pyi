"""The drawing commands of a recording as QXL structures in the host's memory, in one pass over each.

``gspice.qxl.driver_draw.Drawing.draw`` says what is written: blocks and bytes are those that it writes.
"""

from gspice.hosts.replay_surfaces import SurfaceIds
from gspice.qxl import ops

class DrawableWriter:
    """For one recording: nothing here is for two threads at a time."""

    def __init__(self, largest: int) -> None:
        """``largest``: bytes that one block, or one image, may have."""

    def write(self, drawable: ops.Drawable, ids: SurfaceIds | None) -> int:
        """The address of a QXLCommandExt, which is the caller's; 0: write this one as ``Drawing.draw`` does.

        ``ids``: what the drawable's surfaces are called on the device; None: what they are called in it. GuestError:
        there is no such surface; DoesNotFit: too large, or no memory. Nothing was written then.
        """
