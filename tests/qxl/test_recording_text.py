"""The text of commands, word for word as the format has it."""

from gspice.geometry import Point, Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import CommandKind, RecordedPrimary
from gspice.qxl.recording_text import command_parts, primary_parts
from tests.qxl.recording_samples import CURSOR, MASK, OPERATIONS, PATTERN

HEAD = """drawable
rect bbox 2 1 4 3
type 0
effect 1
mm_time 4294967295
self_bitmap 0
rect self_bitmap_area 0 0 0 0
surface_id 5
surfaces_dest 7
rect surfaces_rects 11 10 13 12
surfaces_dest -1
rect surfaces_rects 0 0 0 0
surfaces_dest -1
rect surfaces_rects 0 0 0 0
"""
BITMAP_7 = """image 1
descriptor.id 7
descriptor.type 0
descriptor.flags 1
descriptor.width 2
descriptor.height 2
bitmap.format 8
bitmap.flags 4
bitmap.x 2
bitmap.y 2
bitmap.stride 8
has_palette 0
data_chunks 0 16
binary 0 bitmap.data 16:\0\1\2\3\4\5\6\7\x08\t\n\x0b\x0c\r\x0e\x0f
"""
NO_MASK = "flags 0\npoint 0 0\nimage 0\n"


def text(command: ops.Command) -> str:
    return b"".join(command_parts(command)[1]).decode("latin-1")


def body(op: ops.Op) -> str:
    """The text of an operation behind the drawable's own."""
    drawable = ops.Drawable(
        surface_id=5,
        bbox=Rect(1, 2, 3, 4),
        op=op,
        mm_time=0xFFFFFFFF,
        surface_deps=((7, Rect(10, 11, 12, 13)),),
    )
    whole = text(drawable)
    start = f"{HEAD}type {op.TYPE}\n"
    assert whole.startswith(start)
    return whole.removeprefix(start)


def test_operations() -> None:
    by_type = {type(op): op for op in OPERATIONS}
    assert body(ops.Nop()) == ""
    assert (
        body(ops.Fill(ops.Brush(1, 0xFFFFFFFF), 8, ops.Mask()))
        == "type 1\nu.color -1\nrop_descriptor 8\n" + NO_MASK
    )
    assert (
        body(ops.Fill(PATTERN, 8, ops.Mask())) == f"type 2\n{BITMAP_7}point 3 4\nrop_descriptor 8\n{NO_MASK}"
    )
    assert body(by_type[ops.Opaque]) == (
        f"{BITMAP_7}rect src_area 0 0 2 2\ntype 1\nu.color -15584170\nrop_descriptor 8\nscale_mode 1\n{NO_MASK}"
    )
    assert body(ops.CopyBits(Point(-3, 4))) == "point -3 4\n"
    assert body(ops.Blackness(MASK)).startswith("flags 1\npoint 1 -1\nimage 1\ndescriptor.id 8\n")
    assert body(by_type[ops.Transparent]) == (
        f"{BITMAP_7}rect src_area 0 0 2 2\nsrc_color 65280\ntrue_color 16711935\n"
    )
    assert body(by_type[ops.AlphaBlend]) == f"alpha_flags 1\nalpha 128\n{BITMAP_7}rect src_area 0 0 2 2\n"
    assert body(by_type[ops.Rop3]).endswith(f"point 3 4\nrop3 202\nscale_mode 1\n{NO_MASK}")


def test_strokes_and_texts() -> None:
    by_type = {type(op): op for op in OPERATIONS}
    stroke = body(by_type[ops.Stroke])
    assert stroke.startswith("data_chunks 0 32\nbinary 0 path 32:\3\0\0\0\2\0\0\0")
    assert stroke.endswith(
        "\nattr.flags 8\nattr.style_nseg 2\nbinary 0 style 8:\x10\0\0\0\x20\0\0\0\n"
        "type 1\nu.color -15584170\nfore_mode 8\nback_mode 8\n"
    )
    string = body(by_type[ops.Text])
    assert string.startswith("data_size 24\nlength 1\nflags 1\ndata_chunks 0 24\nbinary 0 string 24:\1\0\0\0")
    assert string.endswith(
        "\nrect back_area 0 0 0 0\ntype 1\nu.color -15584170\ntype 0\nfore_mode 8\nback_mode 8\n"
    )


def test_composites() -> None:
    op = OPERATIONS[-1]
    assert isinstance(op, ops.Composite)
    whole = body(op)
    assert whole.startswith(f"flags {op.flags}\n{BITMAP_7}src_transform 1\nbinary 0 transform 24:\0\0\1\0")
    assert "\nmask 1\nimage 1\ndescriptor.id 11\n" in whole
    assert whole.endswith("\nmask_transform 0\nsrc_origin 1 2\nmask_origin 3 -4\n")


def test_clips_and_self_bitmaps() -> None:
    clipped = ops.Drawable(
        surface_id=0,
        bbox=Rect(0, 0, 1, 1),
        op=ops.Nop(),
        clip=(Rect(1, 2, 3, 4),),
        self_bitmap_area=Rect(1, 2, 3, 4),
    )
    assert text(clipped).startswith(
        "drawable\nrect bbox 0 0 1 1\ntype 1\nnum_rects 1\ndata_chunks 0 16\n"
        "binary 0 clip_rects 16:\2\0\0\0\1\0\0\0\4\0\0\0\3\0\0\0\neffect 1\nmm_time 0\n"
        "self_bitmap 1\nrect self_bitmap_area 2 1 4 3\n"
    )


def test_other_commands() -> None:
    assert command_parts(ops.UpdateCommand(Rect(1, 2, 3, 4), 0xFFFFFFFF, 6)) == (
        CommandKind.UPDATE,
        [b"update\nrect area 2 1 4 3\nupdate_id -1\nsurface_id 6\n"],
    )
    assert command_parts(ops.MessageCommand(b"hi")) == (
        CommandKind.MESSAGE,
        [b"binary 0 message 2:", b"hi", b"\n"],
    )
    assert text(ops.SurfaceDestroy(3)) == "surface_cmd\nsurface_id 3\ntype 1\nflags 0\n"
    kept = ops.SurfaceCreate(
        surface_id=2, format=SurfaceFormat.RGB565, width=1, height=2, stride=-2, keep_data=True, data=b"0011"
    )
    assert text(kept) == (
        "surface_cmd\nsurface_id 2\ntype 0\nflags 1\nu.surface_create.format 80\nu.surface_create.width 1\n"
        "u.surface_create.height 2\nu.surface_create.stride -2\nbinary 0 data 4:1100\n"
    )
    assert text(CURSOR) == (
        "cursor_cmd\ntype 0\npoint16 -5 6\nu.set.visible 1\nheader.unique 9223372036854775808\nheader.type 0\n"
        "header.width 2\nheader.height 1\nheader.hot_spot_x 1\nheader.hot_spot_y 0\ndata_size 8\n"
        "data_chunks 0 8\nbinary 0 cursor 8:pixels!!\n"
    )
    assert text(ops.CursorMove(Point(-1, 2))) == "cursor_cmd\ntype 1\npoint16 -1 2\n"
    assert text(ops.CursorHide()) == "cursor_cmd\ntype 2\n"
    assert text(ops.CursorTrail(4, 5)) == "cursor_cmd\ntype 3\nu.trail.length 4\nu.trail.frequency 5\n"


def test_primaries() -> None:
    primary = RecordedPrimary(
        width=640, height=2, stride=-4, format=32, mouse_mode=1, flags=1, data=b"11110000"
    )
    assert b"".join(primary_parts(primary)) == b"640 2 -4 32\n0 1 1 0\nbinary 0 data 8:11110000\n"
