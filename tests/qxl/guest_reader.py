"""Reads back, structure by structure, what the guest driver wrote: an independent eye beside the parser."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gspice.geometry import Rect
from gspice.qxl.driver import GuestDriver
from gspice.qxl.structures import Packed, QXLDataChunk, QXLRect
from gspice.qxl.structures_draw import QXLDrawable
from gspice.qxl.structures_image import BitmapFlag, QXLImage, QXLPalette
from tests.qxl.fake_worker import attached

Struct = TypeVar("Struct", bound=Packed)


class GuestReader:
    """A driver with a mode set, its worker, and the way back from addresses to memory."""

    def __init__(self, width: int = 320, height: int = 200) -> None:
        self.device, self.worker = attached()
        self.driver = GuestDriver(self.device)
        self.driver.set_mode(width, height)
        self.worker.finish()
        self.driver.service()

    def offset(self, address: int) -> int:
        return self.worker.host_address(address) - self.device.memory.address

    def at(self, kind: type[Struct], address: int) -> Struct:
        return self.device.memory.view(kind, self.offset(address))

    def read(self, address: int, size: int) -> bytes:
        offset = self.offset(address)
        return bytes(self.device.memory.mapping[offset : offset + size])

    def drawable(self) -> QXLDrawable:
        """Take the one command in the ring."""
        taken = self.worker.take()
        assert [command.type for command in taken] == [1]
        return self.at(QXLDrawable, taken[0].data)

    def chunks(self, address: int) -> list[bytes]:
        """The parts of a chain, which must be linked both ways."""
        parts, previous = [], 0
        while address:
            chunk = self.at(QXLDataChunk, address)
            assert chunk.prev_chunk == previous
            parts.append(self.read(address + 20, chunk.data_size))
            previous, address = address, chunk.next_chunk
        return parts

    def image(self, address: int) -> tuple[QXLImage, NDArray[np.uint8]]:
        """An image and its rows as bytes, top row first."""
        image = self.at(QXLImage, address)
        bitmap = image.u.bitmap
        assert (bitmap.x, bitmap.y) == (image.descriptor.width, image.descriptor.height)
        if bitmap.flags & BitmapFlag.DIRECT:
            data = self.read(bitmap.data, bitmap.stride * bitmap.y)
        else:
            data = b"".join(self.chunks(bitmap.data))
        rows = np.frombuffer(data, np.uint8).reshape(bitmap.y, bitmap.stride)
        return image, rows if bitmap.flags & BitmapFlag.TOP_DOWN else rows[::-1]

    def palette(self, address: int) -> tuple[int, tuple[int, ...]]:
        palette = self.at(QXLPalette, address)
        return palette.unique, tuple(
            np.frombuffer(self.read(address + 10, 4 * palette.num_ents), "<u4").tolist()
        )

    def clip(self, address: int) -> list[Rect]:
        count = int.from_bytes(self.read(address, 4), "little")
        values = np.frombuffer(b"".join(self.chunks(address + 4)), "<i4").reshape(count, 4).tolist()
        return [Rect(left, top, right, bottom) for top, left, bottom, right in values]


def as_rect(rect: QXLRect) -> Rect:
    return Rect(rect.left, rect.top, rect.right, rect.bottom)
