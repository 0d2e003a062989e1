"""Buffers as hosts hand them over for scanout, in plain memory."""

import os

import numpy as np
from numpy.typing import NDArray

from gspice.server import worker_messages as m
from gspice.server.owned_descriptors import OwnedDescriptors
from gspice.server.scanout_buffer import fourcc

XR24 = fourcc("XR24")


class HostBuffer:
    """Memory that the test writes, standing in for a dma-buf; each ``message`` gives away a descriptor of its own."""

    def __init__(self, width: int, height: int, *, pixel: int = 4, stride: int = 0, offset: int = 0) -> None:
        self.width, self.height, self.pixel, self.offset = width, height, pixel, offset
        self.stride = stride or width * pixel
        self.fd = os.memfd_create("scanout", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, offset + self.stride * height)

    def write(self, rows: NDArray[np.uint8]) -> None:
        """Fill the buffer with pixels of its own format, in the order of its rows."""
        for number, row in enumerate(rows):
            os.pwrite(self.fd, row.tobytes(), self.offset + number * self.stride)

    def fill(self, *value: int) -> None:
        """Give every pixel these bytes."""
        self.write(np.broadcast_to(np.array(value, np.uint8), (self.height, self.width, self.pixel)))

    def message(
        self, *, code: int = XR24, modifier: int = 0, top: bool = True, planes: int = 1
    ) -> m.GlScanout:
        fds = OwnedDescriptors(os.dup(self.fd) for _ in range(planes))
        return m.GlScanout(
            fds,
            self.width,
            self.height,
            (self.offset,) * planes,
            (self.stride,) * planes,
            code,
            modifier,
            top,
        )

    def close(self) -> None:
        os.close(self.fd)
