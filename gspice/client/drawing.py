"""Drawing messages as the operations that a canvas draws; what a canvas does not draw, it says itself."""

from collections.abc import Callable
from typing import Any

from gspice.client.images import ImageCache, image_of
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.qxl import ops
from gspice.wire import types as wire
from gspice.wire.enums import MaskFlags
from gspice.wire.message import Message
from gspice.wire.messages import draw


def drawable_of(message: Message, cache: ImageCache) -> ops.Drawable:
    """The drawable of one of DRAWING_MESSAGES; its images are put into the cache where the server wants that.

    UnsupportedError: one of its images cannot be decoded. ProtocolError: it makes no sense.
    """
    base = base_of(message)
    try:
        op = _CONVERTERS[type(message)](message, cache)
        return ops.Drawable(surface_id=base.surface_id, bbox=base.box, clip=clip_of(base.clip), op=op)
    except (OverflowError, ValueError, TypeError) as error:
        raise ProtocolError(f"{message.NAME}: {error}") from error


def base_of(message: Message) -> wire.DisplayBase:
    """Where one of DRAWING_MESSAGES draws."""
    base: wire.DisplayBase = message.base  # type: ignore[attr-defined]
    return base


def clip_of(clip: wire.Clip) -> tuple[Rect, ...] | None:
    """The rectangles of a clip; None: it does not clip."""
    return tuple(clip.rects) if isinstance(clip, wire.ClipRects) else None


def drawing_name(message: Message) -> str:
    """The operation as the user is told of it."""
    return message.NAME.removeprefix("Display").upper()


def _source(image: wire.Image | None, cache: ImageCache) -> ops.Image:
    if image is None:
        raise ProtocolError("a drawing operation without its image")
    return image_of(image, cache)


def _mask(mask: wire.QMask, cache: ImageCache) -> ops.Mask:
    if mask.bitmap is None:
        return ops.Mask()
    return ops.Mask(image_of(mask.bitmap, cache), mask.pos, bool(mask.flags & MaskFlags.INVERS))


def _brush(brush: wire.Brush, cache: ImageCache) -> ops.Brush:
    if isinstance(brush, wire.BrushPattern):
        return ops.Brush(brush.type, pattern=image_of(brush.pattern, cache), pos=brush.pos)
    return ops.Brush(brush.type, brush.color if isinstance(brush, wire.BrushSolid) else 0)


def _fill(m: draw.DisplayFill, cache: ImageCache) -> ops.Op:
    return ops.Fill(_brush(m.brush, cache), m.ropd, _mask(m.mask, cache))


def _opaque(m: draw.DisplayOpaque, cache: ImageCache) -> ops.Op:
    source, brush, mask = _source(m.src, cache), _brush(m.brush, cache), _mask(m.mask, cache)
    return ops.Opaque(source, m.src_area, brush, m.ropd, m.scale_mode, mask)


def _copy(m: draw.DisplayCopy, cache: ImageCache) -> ops.Op:
    return ops.Copy(_source(m.src, cache), m.src_area, m.ropd, m.scale_mode, _mask(m.mask, cache))


def _blend(m: draw.DisplayBlend, cache: ImageCache) -> ops.Op:
    return ops.Blend(_source(m.src, cache), m.src_area, m.ropd, m.scale_mode, _mask(m.mask, cache))


def _rop3(m: draw.DisplayRop3, cache: ImageCache) -> ops.Op:
    source, brush, mask = _source(m.src, cache), _brush(m.brush, cache), _mask(m.mask, cache)
    return ops.Rop3(source, m.src_area, brush, m.rop3, m.scale_mode, mask)


def _stroke(m: draw.DisplayStroke, cache: ImageCache) -> ops.Op:
    segments = tuple(ops.PathSegment(part.flags, tuple(part.points)) for part in m.path.segments)
    style = tuple(m.attr.style or ())
    return ops.Stroke(segments, m.attr.flags, style, _brush(m.brush, cache), m.fore_mode, m.back_mode)


def _text(m: draw.DisplayText, cache: ImageCache) -> ops.Op:
    glyphs = tuple(
        ops.Glyph(glyph.render_pos, glyph.origin, glyph.width, glyph.height, bytes(glyph.data))
        for glyph in m.string.glyphs
    )
    fore, back = _brush(m.fore_brush, cache), _brush(m.back_brush, cache)
    return ops.Text(m.string.flags, glyphs, m.back_area, fore, back, m.fore_mode, m.back_mode)


def _transparent(m: draw.DisplayTransparent, cache: ImageCache) -> ops.Op:
    return ops.Transparent(_source(m.src, cache), m.src_area, m.src_color, m.true_color)


def _alpha_blend(m: draw.DisplayAlphaBlend, cache: ImageCache) -> ops.Op:
    return ops.AlphaBlend(m.alpha_flags, m.alpha, _source(m.src, cache), m.src_area)


def _composite(m: draw.DisplayComposite, cache: ImageCache) -> ops.Op:
    mask = image_of(m.mask, cache) if m.mask is not None else None
    return ops.Composite(
        m.flags, _source(m.src, cache), mask, m.src_transform, m.mask_transform, m.src_origin, m.mask_origin
    )


_CONVERTERS: dict[type[Message], Callable[[Any, ImageCache], ops.Op]] = {
    draw.DisplayFill: _fill,
    draw.DisplayOpaque: _opaque,
    draw.DisplayCopy: _copy,
    draw.DisplayBlend: _blend,
    draw.DisplayCopyBits: lambda m, cache: ops.CopyBits(m.src),
    draw.DisplayBlackness: lambda m, cache: ops.Blackness(_mask(m.mask, cache)),
    draw.DisplayWhiteness: lambda m, cache: ops.Whiteness(_mask(m.mask, cache)),
    draw.DisplayInvers: lambda m, cache: ops.Invers(_mask(m.mask, cache)),
    draw.DisplayRop3: _rop3,
    draw.DisplayStroke: _stroke,
    draw.DisplayText: _text,
    draw.DisplayTransparent: _transparent,
    draw.DisplayAlphaBlend: _alpha_blend,
    draw.DisplayComposite: _composite,
}
DRAWING_MESSAGES = tuple(_CONVERTERS)
"""The messages that draw."""
