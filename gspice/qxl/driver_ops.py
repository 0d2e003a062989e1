"""Writes any drawing operation into guest memory: the way back of what the parser does.

For hosts that have operations as values (recordings, comparisons of canvases) and for tests of the parser.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gspice.geometry import Point, Rect
from gspice.qxl import ops
from gspice.qxl.driver_image import CHUNK_HEADER, GuestBitmap, GuestSurface, ImageWriter
from gspice.qxl.driver_memory import CommandMemory, Place, Resource
from gspice.qxl.structures import QXLDataChunk, QXLRect
from gspice.qxl.structures_draw import DrawBody, DrawType, QXLBrush, QXLPath, QXLQMask, QXLString
from gspice.qxl.structures_image import BitmapFlag, ImageType, QXLImage, QXLImageDescriptor

BODIES = {kind: kind.name.lower() for kind in DrawType}
"""The member of the drawable's union that holds an operation."""


class OpWriter:
    """Writes the bodies of drawables for one device."""

    def __init__(self, memory: CommandMemory, images: ImageWriter) -> None:
        self._memory = memory
        self._images = images
        self._special: dict[type[ops.Op], Callable[[Resource, Any, Any], None]] = {
            ops.CopyBits: self._copy_bits,
            ops.Stroke: self._stroke,
            ops.Text: self._text,
            ops.Composite: self._composite,
        }

    def write(self, resource: Resource, u: DrawBody, op: ops.Op) -> None:
        """Fill in a drawable's body. DeviceBusy, DoesNotFit: see ``GuestMemory``."""
        if op.TYPE == DrawType.NOP:
            return
        body = getattr(u, BODIES[DrawType(op.TYPE)])
        special = self._special.get(type(op))
        if special is not None:
            special(resource, body, op)
            return
        # The other bodies are made of the same few parts, under the names that the operations use.
        source: Any = op
        for name, kind in body._fields_:
            if name == "src_bitmap":
                body.src_bitmap = self.image(resource, source.src)
            elif name == "rop_descriptor":
                body.rop_descriptor = source.ropd
            elif kind is QXLRect:
                body.src_area = qxl_rect(getattr(op, name))
            elif kind is QXLBrush:
                self._brush(resource, body.brush, getattr(op, name))
            elif kind is QXLQMask:
                self._mask(resource, body.mask, getattr(op, name))
            else:
                setattr(body, name, getattr(op, name))

    def image(self, resource: Resource, image: ops.Image | None) -> int:
        """Write an image under the id that it has; its address, 0 for None."""
        if image is None:
            return 0
        if isinstance(image, ops.EncodedImage):
            return self._encoded(resource, image)
        if isinstance(image, ops.SurfaceImage):
            place = self._images.write(resource, GuestSurface(image.surface_id, image.width, image.height))
        else:
            assert isinstance(image, ops.BitmapImage)
            rows = np.frombuffer(image.data, np.uint8).reshape(image.height, image.stride)
            bitmap = GuestBitmap(
                width=image.width,
                format=image.format,
                rows=rows if image.top_down else rows[::-1],
                palette=image.palette.ents if image.palette else (),
                palette_id=image.palette.unique if image.palette else 0,
                top_down=image.top_down,
            )
            place = self._images.write(resource, bitmap)
            if image.unstable:
                self._memory.view(QXLImage, place).u.bitmap.flags |= BitmapFlag.UNSTABLE
        self._describe(place, image)
        return place.address

    def _describe(self, place: Place, image: ops.Image) -> None:
        descriptor = self._memory.view(QXLImageDescriptor, place)
        descriptor.id, descriptor.flags = image.id, image.flags
        descriptor.width, descriptor.height = image.width, image.height

    def _encoded(self, resource: Resource, image: ops.EncodedImage) -> int:
        # Descriptor, size of the data, and a chunk at once behind it.
        place = resource.carve(18 + 4 + CHUNK_HEADER + len(image.data))
        self._describe(place, image)
        struct = self._memory.view(QXLImage, place)
        struct.descriptor.type = ImageType(image.type)
        struct.u.quic.data_size = len(image.data)
        self._chunk(place.at(22), image.data)
        return place.address

    def _chunk(self, place: Place, data: bytes) -> None:
        self._memory.view(QXLDataChunk, place).data_size = len(data)
        self._put(place.at(CHUNK_HEADER), data)

    def _put(self, place: Place, data: bytes) -> None:
        self._memory.span(place, len(data))[:] = np.frombuffer(data, np.uint8)

    def _numbers(self, resource: Resource, values: tuple[int, ...] | None) -> int:
        """An array of 32-bit numbers; its address, 0 for none."""
        if not values:
            return 0
        data = _i32(values).tobytes()
        place = resource.carve(len(data))
        self._put(place, data)
        return place.address

    def _brush(self, resource: Resource, out: QXLBrush, brush: ops.Brush) -> None:
        out.type = brush.type
        if brush.pattern is not None:
            out.u.pattern.pat = self.image(resource, brush.pattern)
            out.u.pattern.pos.x, out.u.pattern.pos.y = brush.pos
        else:
            out.u.color = brush.color

    def _mask(self, resource: Resource, out: QXLQMask, mask: ops.Mask) -> None:
        out.flags = int(mask.inverse)
        out.pos.x, out.pos.y = mask.pos
        out.bitmap = self.image(resource, mask.image)

    def _copy_bits(self, _resource: Resource, body: Any, op: ops.CopyBits) -> None:
        body.src_pos.x, body.src_pos.y = op.src

    def _stroke(self, resource: Resource, body: Any, op: ops.Stroke) -> None:
        parts = [
            _i32((segment.flags, len(segment.points), *(c for point in segment.points for c in point)))
            for segment in op.path
        ]
        data = b"".join(part.tobytes() for part in parts)
        path, place = resource.struct(QXLPath, tail=len(data))
        path.data_size = len(data)
        self._chunk(place.at(4), data)
        body.path = place.address
        body.attr.flags, body.attr.style_nseg = op.attr_flags, len(op.style)
        body.attr.style = self._numbers(resource, op.style)
        self._brush(resource, body.brush, op.brush)
        body.fore_mode, body.back_mode = op.fore_mode, op.back_mode

    def _text(self, resource: Resource, body: Any, op: ops.Text) -> None:
        data = b"".join(_glyph(glyph) for glyph in op.glyphs)
        string, place = resource.struct(QXLString, tail=len(data))
        string.data_size, string.length, string.flags = len(data), len(op.glyphs), op.flags
        self._chunk(place.at(8), data)
        body.str = place.address
        body.back_area = qxl_rect(op.back_area)
        self._brush(resource, body.fore_brush, op.fore_brush)
        self._brush(resource, body.back_brush, op.back_brush)
        body.fore_mode, body.back_mode = op.fore_mode, op.back_mode

    def _composite(self, resource: Resource, body: Any, op: ops.Composite) -> None:
        body.flags = op.flags
        body.src = self.image(resource, op.src)
        body.mask = self.image(resource, op.mask)
        body.src_transform = self._numbers(resource, op.src_transform)
        body.mask_transform = self._numbers(resource, op.mask_transform)
        body.src_origin.x, body.src_origin.y = op.src_origin
        body.mask_origin.x, body.mask_origin.y = op.mask_origin


def qxl_rect(rect: Rect) -> QXLRect:
    """The rectangle as guest memory holds it."""
    return QXLRect(rect.top, rect.left, rect.bottom, rect.right)


def _i32(values: tuple[int, ...]) -> NDArray[np.uint32]:
    return (np.array(values, np.int64) & 0xFFFFFFFF).astype(np.uint32)


def _glyph(glyph: ops.Glyph) -> bytes:
    points: tuple[Point, Point] = (glyph.render_pos, glyph.origin)
    head = _i32(tuple(value for point in points for value in point)).tobytes()
    size = glyph.width.to_bytes(2, "little") + glyph.height.to_bytes(2, "little")
    return head + size + glyph.data
