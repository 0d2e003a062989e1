"""The server's own copy of a scanout: what the display channel captures while the host draws into its buffer."""

from gspice.geometry import Rect
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.server.scanout_buffer import BYTES_PER_PIXEL, ScanoutBuffer
from gspice.server.scanout_rows import read_pixels


class ScanoutFrame:
    """Pixels of XRGB32, black at first; it stands in for a canvas where pixels are read."""

    def __init__(self, spec: SurfaceSpec) -> None:
        self.spec = spec
        self._rows = memoryview(bytearray(spec.height * spec.width * BYTES_PER_PIXEL)).cast(
            "B", (spec.height, spec.width, BYTES_PER_PIXEL)
        )

    def copy(self, buffer: ScanoutBuffer, area: Rect) -> None:
        """Take ``area``, which lies inside, from the host's buffer. InterfaceError: it cannot be read."""
        buffer.read(area, self._rows, area.left, area.top)

    def view(self, surface_id: int) -> tuple[memoryview, int]:
        """All rows as they are now, and the bytes from one to the next."""
        return self._rows.cast("B").toreadonly(), self.spec.width * BYTES_PER_PIXEL

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """The pixels of a rectangle inside; there is one surface, whatever its id."""
        data = read_pixels(self._rows, rect.left, rect.top, rect.width, rect.height)
        return Pixels(rect.width, rect.height, rect.width * BYTES_PER_PIXEL, SurfaceFormat.XRGB32, data)
