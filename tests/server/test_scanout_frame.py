"""The server's copy of a scanout."""

import numpy as np

from gspice.geometry import Rect
from gspice.gpu.dmabuf_egl import EglImporter
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.server.scanout_buffer import open_buffer
from gspice.server.scanout_frame import ScanoutFrame
from tests.server.scanouts import HostBuffer

SPEC = SurfaceSpec(6, 4, SurfaceFormat.XRGB32)


def test_it_is_black_until_something_is_copied_and_then_holds_that_alone() -> None:
    host = HostBuffer(6, 4)
    host.fill(1, 2, 3, 4)
    buffer = open_buffer(host.message(), EglImporter())
    frame = ScanoutFrame(SPEC)
    assert frame.read(0, Rect(0, 0, 6, 4)) == Pixels(6, 4, 24, SurfaceFormat.XRGB32, bytes(96))
    frame.copy(buffer, Rect(1, 1, 4, 3))
    host.fill(9, 9, 9, 9)
    rows = np.frombuffer(frame.read(7, Rect(0, 0, 6, 4)).data, "<u4").reshape(4, 6)
    assert np.all(rows[1:3, 1:4] == 0x04030201) and np.count_nonzero(rows) == 6
    assert frame.read(0, Rect(3, 2, 5, 4)).data == bytes((1, 2, 3, 4)) + bytes(12)
    buffer.close()
    host.close()
