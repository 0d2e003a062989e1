"""How commands look in a recording: the lines and raw blocks of each, as libspice-server writes them."""

from collections.abc import Callable
from typing import Any

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import KEEP_DATA, CommandKind, RecordedPrimary, flipped
from gspice.qxl.recording_shapes import (
    TRANSFORM,
    write_clip,
    write_dashes,
    write_path,
    write_string,
)

Parts = list[bytes]
"""Pieces of text and data, in order; images are not copied on their way into a file."""

_SURFACE_DEPS = 3
_LINE_STYLED = 8
_BITMAP, _SURFACE = 0, 104
_UNSTABLE, _TOP_DOWN = 2, 4
_NO_RECT = Rect(0, 0, 0, 0)


def command_parts(command: ops.Command) -> tuple[CommandKind, Parts]:
    """The kind of a command and its payload."""
    kind, write = _COMMANDS[type(command)]
    out: Parts = []
    write(out, command)
    return kind, out


def primary_parts(primary: RecordedPrimary) -> Parts:
    """The payload of a message that makes a primary surface."""
    p = primary
    out = [
        f"{p.width} {p.height} {p.stride} {p.format}\n".encode(),
        f"{p.position} {p.mouse_mode} {p.flags} {p.type}\n".encode(),
    ]
    _binary(out, "data", p.data)
    return out


# Pieces


def _line(out: Parts, text: str) -> None:
    out.append(f"{text}\n".encode())


def _binary(out: Parts, name: str, data: bytes) -> None:
    out += (f"binary 0 {name} {len(data)}:".encode(), data, b"\n")


def _chunks(out: Parts, name: str, data: bytes) -> None:
    _line(out, f"data_chunks 0 {len(data)}")
    _binary(out, name, data)


def _rect(name: str, rect: Rect) -> str:
    left, top, right, bottom = rect
    return f"rect {name} {top} {left} {bottom} {right}"


def _signed(value: int) -> int:
    """A 32-bit number as ``%d`` prints it."""
    return value - (1 << 32) if value >= 1 << 31 else value


def _image(out: Parts, image: ops.Image | None) -> None:
    if image is None:
        _line(out, "image 0")
        return
    match image:
        case ops.BitmapImage():
            kind = _BITMAP
        case ops.SurfaceImage():
            kind = _SURFACE
        case ops.EncodedImage():
            kind = image.type
        case _:
            raise TypeError(f"no image of a command: {image!r}")
    _line(
        out,
        f"image 1\ndescriptor.id {image.id}\ndescriptor.type {kind}\ndescriptor.flags {image.flags}\n"
        f"descriptor.width {image.width}\ndescriptor.height {image.height}",
    )
    if isinstance(image, ops.BitmapImage):
        _bitmap(out, image)
    elif isinstance(image, ops.SurfaceImage):
        _line(out, f"surface_image.surface_id {image.surface_id}")
    elif isinstance(image, ops.EncodedImage):
        _line(out, f"quic.data_size {len(image.data)}")
        _chunks(out, "quic.data", image.data)


def _bitmap(out: Parts, image: ops.BitmapImage) -> None:
    flags = (_TOP_DOWN if image.top_down else 0) | (_UNSTABLE if image.unstable else 0)
    _line(
        out,
        f"bitmap.format {BitmapFormat(image.format):d}\nbitmap.flags {flags}\nbitmap.x {image.width}\n"
        f"bitmap.y {image.height}\nbitmap.stride {image.stride}\nhas_palette {int(image.palette is not None)}",
    )
    if image.palette is not None:
        _line(out, f"qp.num_ents {len(image.palette.ents)}\nunique {image.palette.unique}")
        for entry in image.palette.ents:
            _line(out, f"ents {_signed(entry)}")
    _chunks(out, "bitmap.data", image.data)


def _point(out: Parts, point: Point) -> None:
    _line(out, f"point {point[0]} {point[1]}")


def _brush(out: Parts, brush: ops.Brush) -> None:
    _line(out, f"type {brush.type}")
    if brush.pattern is not None:
        _image(out, brush.pattern)
        _point(out, brush.pos)
    elif brush.type:
        _line(out, f"u.color {_signed(brush.color)}")


def _mask(out: Parts, mask: ops.Mask) -> None:
    _line(out, f"flags {int(mask.inverse)}")
    _point(out, mask.pos)
    _image(out, mask.image)


def _source(out: Parts, drawable: ops.Drawable, image: ops.Image, area: Rect) -> None:
    own = drawable.self_bitmap_area
    if (
        own is not None
        and isinstance(image, ops.SurfaceImage)
        and image.id == image.flags == 0
        and image.surface_id == drawable.surface_id
        and own.contains(area)
    ):
        # The self-bitmap, which guests name by giving no image, in coordinates from its corner.
        _image(out, None)
        area = area.translate(-own.left, -own.top)
    else:
        _image(out, image)
    _line(out, _rect("src_area", area))


# Operations


def _body(out: Parts, drawable: ops.Drawable) -> None:
    op: Any = drawable.op
    special = _SPECIAL.get(type(op))
    if special is not None:
        special(out, op)
        return
    # The others are made of the same few parts, each kind in its order.
    for part in _LAYOUTS[type(op)]:
        if part == "src":
            _source(out, drawable, op.src, op.src_area)
        elif part == "brush":
            _brush(out, op.brush)
        elif part == "mask":
            _mask(out, op.mask)
        elif part == "ropd":
            _line(out, f"rop_descriptor {_signed(op.ropd)}")
        else:
            _line(out, f"{part} {_signed(getattr(op, part))}")


_LAYOUTS: dict[type[ops.Op], tuple[str, ...]] = {
    ops.Nop: (),
    ops.Fill: ("brush", "ropd", "mask"),
    ops.Opaque: ("src", "brush", "ropd", "scale_mode", "mask"),
    ops.Copy: ("src", "ropd", "scale_mode", "mask"),
    ops.Blend: ("src", "ropd", "scale_mode", "mask"),
    ops.Blackness: ("mask",),
    ops.Whiteness: ("mask",),
    ops.Invers: ("mask",),
    ops.Rop3: ("src", "brush", "rop3", "scale_mode", "mask"),
    ops.Transparent: ("src", "src_color", "true_color"),
    ops.AlphaBlend: ("alpha_flags", "alpha", "src"),
}


def _copy_bits(out: Parts, op: ops.CopyBits) -> None:
    _point(out, op.src)


def _stroke(out: Parts, op: ops.Stroke) -> None:
    _chunks(out, "path", write_path(op.path))
    _line(out, f"attr.flags {op.attr_flags}")
    if op.attr_flags & _LINE_STYLED:
        _line(out, f"attr.style_nseg {len(op.style)}")
        _binary(out, "style", write_dashes(op.style))
    _brush(out, op.brush)
    _line(out, f"fore_mode {op.fore_mode}\nback_mode {op.back_mode}")


def _text(out: Parts, op: ops.Text) -> None:
    data = write_string(op.glyphs)
    _line(out, f"data_size {len(data)}\nlength {len(op.glyphs)}\nflags {op.flags}")
    _chunks(out, "string", data)
    _line(out, _rect("back_area", op.back_area))
    _brush(out, op.fore_brush)
    _brush(out, op.back_brush)
    _line(out, f"fore_mode {op.fore_mode}\nback_mode {op.back_mode}")


def _transform(out: Parts, name: str, transform: tuple[int, ...] | None) -> None:
    _line(out, f"{name} {int(transform is not None)}")
    if transform is not None:
        _binary(out, "transform", TRANSFORM.pack(*transform))


def _composite(out: Parts, op: ops.Composite) -> None:
    _line(out, f"flags {_signed(op.flags)}")
    _image(out, op.src)
    _transform(out, "src_transform", op.src_transform)
    _line(out, f"mask {int(op.mask is not None)}")
    if op.mask is not None:
        _image(out, op.mask)
    _transform(out, "mask_transform", op.mask_transform)
    _line(out, f"src_origin {op.src_origin[0]} {op.src_origin[1]}")
    _line(out, f"mask_origin {op.mask_origin[0]} {op.mask_origin[1]}")


_SPECIAL: dict[type[ops.Op], Callable[[Parts, Any], None]] = {
    ops.CopyBits: _copy_bits,
    ops.Stroke: _stroke,
    ops.Text: _text,
    ops.Composite: _composite,
}


# Commands


def _drawable(out: Parts, drawable: ops.Drawable) -> None:
    _line(out, "drawable\n" + _rect("bbox", drawable.bbox))
    if drawable.clip is None:
        _line(out, "type 0")
    else:
        _line(out, f"type 1\nnum_rects {len(drawable.clip)}")
        _chunks(out, "clip_rects", write_clip(drawable.clip))
    own = drawable.self_bitmap_area
    _line(
        out,
        f"effect {drawable.effect}\nmm_time {drawable.mm_time}\nself_bitmap {int(own is not None)}\n"
        f"{_rect('self_bitmap_area', own or _NO_RECT)}\nsurface_id {drawable.surface_id}",
    )
    deps = [*drawable.surface_deps[:_SURFACE_DEPS], *[(-1, _NO_RECT)] * _SURFACE_DEPS][:_SURFACE_DEPS]
    for surface_id, rect in deps:
        _line(out, f"surfaces_dest {surface_id}\n{_rect('surfaces_rects', rect)}")
    _line(out, f"type {drawable.op.TYPE}")
    _body(out, drawable)


def _update(out: Parts, command: ops.UpdateCommand) -> None:
    area = _rect("area", command.area)
    _line(out, f"update\n{area}\nupdate_id {_signed(command.update_id)}\nsurface_id {command.surface_id}")


def _message(out: Parts, command: ops.MessageCommand) -> None:
    _binary(out, "message", command.text)


def _surface_create(out: Parts, command: ops.SurfaceCreate) -> None:
    c = command
    keep = c.data if c.keep_data else None
    _line(
        out,
        f"surface_cmd\nsurface_id {c.surface_id}\ntype 0\nflags {0 if keep is None else KEEP_DATA}\n"
        f"u.surface_create.format {c.format:d}\nu.surface_create.width {c.width}\n"
        f"u.surface_create.height {c.height}\nu.surface_create.stride {c.stride}",
    )
    if keep is not None:
        # As memory holds it.
        _binary(out, "data", flipped(keep, -c.stride) if c.stride < 0 else keep)


def _surface_destroy(out: Parts, command: ops.SurfaceDestroy) -> None:
    _line(out, f"surface_cmd\nsurface_id {command.surface_id}\ntype 1\nflags 0")


def _cursor_set(out: Parts, command: ops.CursorSet) -> None:
    shape = command.shape
    _line(
        out,
        f"cursor_cmd\ntype 0\npoint16 {command.position[0]} {command.position[1]}\n"
        f"u.set.visible {int(command.visible)}\nheader.unique {shape.unique}\nheader.type {shape.type}\n"
        f"header.width {shape.width}\nheader.height {shape.height}\nheader.hot_spot_x {shape.hot_x}\n"
        f"header.hot_spot_y {shape.hot_y}\ndata_size {len(shape.data)}",
    )
    _chunks(out, "cursor", shape.data)


def _cursor_move(out: Parts, command: ops.CursorMove) -> None:
    _line(out, f"cursor_cmd\ntype 1\npoint16 {command.position[0]} {command.position[1]}")


def _cursor_hide(out: Parts, _command: ops.CursorHide) -> None:
    _line(out, "cursor_cmd\ntype 2")


def _cursor_trail(out: Parts, command: ops.CursorTrail) -> None:
    _line(out, f"cursor_cmd\ntype 3\nu.trail.length {command.length}\nu.trail.frequency {command.frequency}")


_COMMANDS: dict[type, tuple[CommandKind, Callable[[Parts, Any], None]]] = {
    ops.Drawable: (CommandKind.DRAW, _drawable),
    ops.UpdateCommand: (CommandKind.UPDATE, _update),
    ops.MessageCommand: (CommandKind.MESSAGE, _message),
    ops.SurfaceCreate: (CommandKind.SURFACE, _surface_create),
    ops.SurfaceDestroy: (CommandKind.SURFACE, _surface_destroy),
    ops.CursorSet: (CommandKind.CURSOR, _cursor_set),
    ops.CursorMove: (CommandKind.CURSOR, _cursor_move),
    ops.CursorHide: (CommandKind.CURSOR, _cursor_hide),
    ops.CursorTrail: (CommandKind.CURSOR, _cursor_trail),
}
