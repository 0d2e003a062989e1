"""Images on their way into guest memory: pixels are copied once, from the caller's array into chunks."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gspice.pixels import BitmapFormat, row_bytes
from gspice.qxl.driver_memory import CommandMemory, DoesNotFit, Place, Resource
from gspice.qxl.structures import QXLDataChunk
from gspice.qxl.structures_image import BitmapFlag, ImageFlag, ImageGroup, ImageType, QXLImage, QXLPalette

CHUNK_BYTES = 1 << 20
"""A chunk holds as many whole rows as fit, and at least one."""
CHUNK_HEADER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestBitmap:
    """A bitmap that a driver draws with."""

    width: int
    format: BitmapFormat
    rows: NDArray[np.uint8]
    """(height, bytes in a row), top row first; need not be contiguous."""
    palette: tuple[int, ...] = ()
    """0x00RRGGBB; for formats that are indexed."""
    palette_id: int = 0
    """Not 0: clients may cache the palette under it."""
    cache_id: int | None = None
    """32 bits: the server and its clients may keep the image under this id."""
    top_down: bool = True
    """How the rows lie in guest memory."""
    direct: bool = False
    """Whether the pixels lie in one piece, without chunks."""

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.dtype != np.uint8:
            raise ValueError(
                f"rows are {self.rows.dtype} of shape {self.rows.shape}, not (height, bytes) of uint8"
            )
        if self.rows.shape[1] < row_bytes(self.width, self.format.bits_per_pixel):
            raise ValueError(
                f"{self.width} {self.format.name} pixels do not fit a row of {self.rows.shape[1]} bytes"
            )

    @property
    def height(self) -> int:
        return int(self.rows.shape[0])


@dataclass(frozen=True, slots=True)
class GuestSurface:
    """The pixels of an off-screen surface as the source of a drawing."""

    surface_id: int
    width: int
    height: int


def bgrx(
    pixels: NDArray[np.uint8],
    *,
    cache_id: int | None = None,
    top_down: bool = True,
    direct: bool = False,
    alpha: bool = False,
) -> GuestBitmap:
    """A 32-bit bitmap of an array (height, width, 4) with bytes B, G, R, and X or A."""
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise ValueError(
            f"pixels are {pixels.dtype} of shape {pixels.shape}, not (height, width, 4) of uint8"
        )
    height, width = pixels.shape[:2]
    return GuestBitmap(
        width=width,
        format=BitmapFormat.ARGB32 if alpha else BitmapFormat.XRGB32,
        rows=pixels.reshape(height, 4 * width),
        cache_id=cache_id,
        top_down=top_down,
        direct=direct,
    )


class ImageWriter:
    """Writes images for the commands of one device."""

    def __init__(self, memory: CommandMemory) -> None:
        self._memory = memory
        self._serial = itertools.count(1)

    def write(self, resource: Resource, image: GuestBitmap | GuestSurface) -> Place:
        """Put an image into a resource's memory; where it lies. DeviceBusy, DoesNotFit: see
        ``GuestMemory``."""
        struct, place = resource.struct(QXLImage)
        descriptor = struct.descriptor
        descriptor.width, descriptor.height = image.width, image.height
        if isinstance(image, GuestSurface):
            descriptor.type = ImageType.SURFACE
            descriptor.id = self._uncached_id()
            struct.u.surface_image.surface_id = image.surface_id
            return place
        descriptor.type = ImageType.BITMAP
        if image.cache_id is None:
            descriptor.id = self._uncached_id()
        else:
            descriptor.id = image_id(ImageGroup.DRIVER, image.cache_id)
            descriptor.flags = ImageFlag.CACHE
        flags = BitmapFlag(0)
        if image.top_down:
            flags |= BitmapFlag.TOP_DOWN
        if image.direct:
            flags |= BitmapFlag.DIRECT
        bitmap = struct.u.bitmap
        bitmap.format, bitmap.flags = image.format, flags
        bitmap.x, bitmap.y, bitmap.stride = image.width, image.height, image.rows.shape[1]
        if image.palette:
            bitmap.palette = self._palette(resource, image)
        rows = image.rows if image.top_down else image.rows[::-1]
        bitmap.data = self._direct(resource, rows) if image.direct else self.chunks(resource, rows)
        return place

    def chunks(self, resource: Resource, rows: NDArray[np.uint8]) -> int:
        """Put rows into a chain of chunks; the address of its first."""
        height, stride = rows.shape
        if rows.nbytes > self._memory.capacity:
            raise DoesNotFit(f"an image of {rows.nbytes} bytes: the device has {self._memory.capacity}")
        step = max(1, CHUNK_BYTES // max(stride, 1))
        parts = [rows[start : start + step] for start in range(0, max(height, 1), step)]
        # All memory first: no pixel is copied for a command that cannot be sent.
        places = [resource.bulk(CHUNK_HEADER + part.nbytes) for part in parts]
        for index, (place, part) in enumerate(zip(places, parts, strict=True)):
            chunk = self._memory.view(QXLDataChunk, place)
            chunk.data_size = part.nbytes
            chunk.prev_chunk = places[index - 1].address if index else 0
            chunk.next_chunk = places[index + 1].address if index + 1 < len(places) else 0
            self._copy(place.at(CHUNK_HEADER), part)
        return places[0].address

    def _direct(self, resource: Resource, rows: NDArray[np.uint8]) -> int:
        place = resource.bulk(rows.nbytes)
        self._copy(place, rows)
        return place.address

    def _palette(self, resource: Resource, image: GuestBitmap) -> int:
        entries = np.array(image.palette, "<u4")
        palette, place = resource.struct(QXLPalette, tail=entries.nbytes)
        palette.unique, palette.num_ents = image.palette_id, len(image.palette)
        self._copy(place.at(10), entries.view(np.uint8)[None])
        return place.address

    def _copy(self, place: Place, rows: NDArray[np.uint8]) -> None:
        self._memory.span(place, rows.nbytes).reshape(rows.shape)[...] = rows

    def _uncached_id(self) -> int:
        return image_id(ImageGroup.DRIVER_DONT_CACHE, next(self._serial) & 0xFFFFFFFF)


def image_id(group: ImageGroup, unique: int) -> int:
    """The 64-bit id of an image that a group has numbered ``unique`` (32 bits)."""
    return unique << 32 | group
