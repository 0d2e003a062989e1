"""Commands in words, for people who look for what is wrong with one."""

from collections.abc import Callable, Iterator
from typing import Any

from gspice.geometry import Point, Rect
from gspice.gpu.plans.reads import images_read
from gspice.gpu.plans.rops import Ropd
from gspice.hosts.compare_sampling import samples
from gspice.qxl import ops
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
)
from gspice.wire.enums import ImageType

TOLD_RECTS = 6
"""Rectangles of a clip that are told one by one."""
Words = list[tuple[str, str]]
"""What is told, and how it is: in the order in which it is to be read."""

_IMAGE_TYPES = {kind.value for kind in ImageType}
_MESSAGES = {number.value for number in MessageNumber}
_RASTERS = {1: "1 bit", 2: "4 bits", 4: "8 bits"}
_SCALE_MODES = {0: "interpolated", 1: "nearest"}
_FILTERS = ("fast", "good", "best", "nearest", "bilinear")
_REPEATS = ("none", "tiled", "padded", "reflected")


def event_name(event: RecordedEvent) -> str:
    """The kind of an event, short: the operation, the command or the message."""
    match event:
        case RecordedCommand(command=ops.Drawable() as drawable):
            return type(drawable.op).__name__
        case RecordedCommand():
            return type(event.command).__name__
        case RecordedBadCommand():
            return "bad command"
        case RecordedMessage() if event.number in _MESSAGES:
            return MessageNumber(event.number).name
    return f"message {event.number}"


def event_words(event: RecordedEvent) -> Words:
    """Everything about an event that bears on pixels."""
    match event:
        case RecordedCommand(command=ops.Drawable() as drawable):
            return [("op", type(drawable.op).__name__), *_drawable(drawable)]
        case RecordedCommand(command=ops.SurfaceCreate() as made):
            size = f"{made.width}x{made.height} {made.format.name}, stride {made.stride}"
            kept = "with pixels" if made.data is not None else "black"
            return [("op", "SurfaceCreate"), ("surface", str(made.surface_id)), ("size", f"{size}, {kept}")]
        case RecordedCommand(command=ops.SurfaceDestroy() as gone):
            return [("op", "SurfaceDestroy"), ("surface", str(gone.surface_id))]
        case RecordedMessage(primary=primary) if primary is not None:
            size = f"{primary.width}x{primary.height}, format {primary.format}, stride {primary.stride}"
            return [("op", event_name(event)), ("surface", "0"), ("size", size)]
    return [("op", event_name(event))]


def image_words(image: ops.Image) -> str:
    """Kind, size and format of an image."""
    size = f"{image.width}x{image.height}"
    match image:
        case ops.BitmapImage():
            rows = "top row first" if image.top_down else "bottom row first"
            palette = f", palette of {len(image.palette.ents)}" if image.palette is not None else ""
            return f"bitmap {size} {image.format.name}, {rows}, stride {image.stride}{palette}"
        case ops.SurfaceImage():
            return f"surface {image.surface_id}, {size}"
        case ops.EncodedImage():
            kind = ImageType(image.type).name if image.type in _IMAGE_TYPES else f"type {image.type}"
            return f"{kind} image {size} of {len(image.data)} bytes"
    return f"{type(image).__name__} {size}"


def rect_words(rect: Rect) -> str:
    """Corners and size."""
    return f"({rect.left}, {rect.top}) to ({rect.right}, {rect.bottom}), {rect.width}x{rect.height}"


def _drawable(drawable: ops.Drawable) -> Iterator[tuple[str, str]]:
    yield "surface", str(drawable.surface_id)
    yield "bbox", rect_words(drawable.bbox)
    yield "clip", _clip(drawable.clip)
    if drawable.self_bitmap_area is not None:
        yield "self-bitmap", rect_words(drawable.self_bitmap_area)
    for name, told in _FIELDS:
        value = getattr(drawable.op, name, None)
        if value is not None and (words := told(value)):
            yield name.replace("_", " "), words
    if isinstance(drawable.op, ops.Composite):
        yield from _composite(drawable.op)
    kinds = dict.fromkeys(type(image).__name__ for image in images_read(drawable.op))
    yield "image kinds", ", ".join(kinds) or "none"
    yield "samples between pixels", "yes, 1 per channel is allowed" if samples(drawable) else "no"


def _clip(clip: tuple[Rect, ...] | None) -> str:
    if clip is None:
        return "none"
    told = "; ".join(map(rect_words, clip[:TOLD_RECTS]))
    more = f"; and {len(clip) - TOLD_RECTS} more" if len(clip) > TOLD_RECTS else ""
    return f"{len(clip)} rectangle{'' if len(clip) == 1 else 's'}{': ' if clip else ''}{told}{more}"


def _brush(brush: ops.Brush) -> str:
    if brush.pattern is not None:
        return f"pattern at {tuple(brush.pos)}: {image_words(brush.pattern)}"
    return f"solid {brush.color:#08x}" if brush.type == 1 else "none"


def _mask(mask: ops.Mask | ops.Image) -> str:
    if isinstance(mask, ops.Image):
        return image_words(mask)
    if mask.image is None:
        return "none"
    return f"{image_words(mask.image)}, at {tuple(mask.pos)}{', inverse' if mask.inverse else ''}"


def _ropd(ropd: int) -> str:
    return ", ".join(flag.name or "" for flag in Ropd if ropd & flag) or f"{ropd:#x}"


def _source(src: ops.Image | Point) -> str:
    return (
        image_words(src) if isinstance(src, ops.Image) else f"from ({src.x}, {src.y}) of the surface itself"
    )


def _transform(matrix: tuple[int, ...]) -> str:
    return ", ".join(f"{number / 65536:g}" for number in matrix)


def _path(path: tuple[ops.PathSegment, ...]) -> str:
    return f"{len(path)} segments, {sum(len(segment.points) for segment in path)} points"


def _glyphs(glyphs: tuple[ops.Glyph, ...]) -> str:
    size = f", the first {glyphs[0].width}x{glyphs[0].height}" if glyphs else ""
    return f"{len(glyphs)}{size}"


def _flags(flags: int) -> str:
    raster = _RASTERS.get(flags & 7)
    return f"{flags:#x}" + (f", glyphs of {raster}" if raster and flags < 16 else "")


_FIELDS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("src", _source),
    ("src_area", rect_words),
    ("brush", _brush),
    ("fore_brush", _brush),
    ("back_brush", _brush),
    ("back_area", rect_words),
    ("ropd", _ropd),
    ("rop3", "{:#04x}".format),
    ("fore_mode", _ropd),
    ("back_mode", _ropd),
    ("scale_mode", lambda mode: _SCALE_MODES.get(mode, str(mode))),
    ("mask", _mask),
    ("path", _path),
    ("style", lambda style: f"dashes of {', '.join(f'{dash / 16:g}' for dash in style[:8])}" if style else ""),
    ("glyphs", _glyphs),
    ("flags", _flags),
    ("src_color", "{:#08x}".format),
    ("alpha", str),
    ("alpha_flags", "{:#x}".format),
    ("src_transform", _transform),
    ("mask_transform", _transform),
    ("src_origin", lambda point: f"({point.x}, {point.y})"),
    ("mask_origin", lambda point: f"({point.x}, {point.y})"),
)  # fmt: skip
"""What is told of an operation, where it has it."""


def _composite(op: ops.Composite) -> Iterator[tuple[str, str]]:
    yield "operator", f"PIXMAN_OP {op.flags & 0xFF:#x}"
    for what, filtering, repeat in (("source", op.flags >> 8 & 7, op.flags >> 14 & 3),
                                    ("mask", op.flags >> 11 & 7, op.flags >> 16 & 3)):  # fmt: skip
        if what == "source" or op.mask is not None:
            name = _FILTERS[filtering] if filtering < len(_FILTERS) else str(filtering)
            yield f"{what} sampling", f"{name}, outside {_REPEATS[repeat]}"
