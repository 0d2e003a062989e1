"""What a QXL command becomes once it has left guest memory: plain values that own their pixels."""

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, SurfaceFormat

class Palette:
    unique: int
    ents: tuple[int, ...]
    """Colours as 0x00RRGGBB."""
    def __init__(self, unique: int, ents: tuple[int, ...]) -> None: ...

class Image:
    """Base of the image kinds: ``id`` (64 bit), ``flags`` (CACHE 1, HIGH_BITS_SET 2), size in pixels."""

    id: int
    flags: int
    width: int
    height: int

class BitmapImage(Image):
    format: BitmapFormat
    top_down: bool
    unstable: bool
    stride: int
    palette: Palette | None
    data: bytes
    """``stride * height`` bytes, in the order the guest stored the rows (see ``top_down``)."""
    def __init__(
        self,
        *,
        id: int,
        flags: int,
        width: int,
        height: int,
        format: BitmapFormat,
        top_down: bool,
        stride: int,
        data: bytes,
        palette: Palette | None = None,
        unstable: bool = False,
    ) -> None: ...

class SurfaceImage(Image):
    """The current pixels of another surface."""

    surface_id: int
    def __init__(self, *, id: int, flags: int, width: int, height: int, surface_id: int) -> None: ...

class EncodedImage(Image):
    """An image that the guest compressed itself: ``type`` is SPICE_IMAGE_TYPE_* (QUIC 1, ...)."""

    type: int
    data: bytes
    def __init__(self, *, id: int, flags: int, width: int, height: int, type: int, data: bytes) -> None: ...

class Brush:
    """``type``: 0 none, 1 solid (``color`` 0x00RRGGBB or 16-bit raw), 2 pattern (``pattern`` at ``pos``)."""

    type: int
    color: int
    pattern: Image | None
    pos: Point
    def __init__(self, type: int, color: int = 0, pattern: Image | None = None, pos: Point = ...) -> None: ...

class Mask:
    """A 1-bit image that says which pixels an op touches; ``inverse`` turns that round. No ``image``: all."""

    image: Image | None
    pos: Point
    inverse: bool
    def __init__(self, image: Image | None = None, pos: Point = ..., inverse: bool = False) -> None: ...

class Op:
    """Base of the drawing operations; ``TYPE`` is QXL_DRAW_*."""

    TYPE: int

class Nop(Op): ...

class Fill(Op):
    brush: Brush
    ropd: int
    mask: Mask
    def __init__(self, brush: Brush, ropd: int, mask: Mask) -> None: ...

class Opaque(Op):
    src: Image
    src_area: Rect
    brush: Brush
    ropd: int
    scale_mode: int
    mask: Mask
    def __init__(
        self, src: Image, src_area: Rect, brush: Brush, ropd: int, scale_mode: int, mask: Mask
    ) -> None: ...

class Copy(Op):
    src: Image
    src_area: Rect
    ropd: int
    scale_mode: int
    mask: Mask
    def __init__(self, src: Image, src_area: Rect, ropd: int, scale_mode: int, mask: Mask) -> None: ...

class Blend(Op):
    src: Image
    src_area: Rect
    ropd: int
    scale_mode: int
    mask: Mask
    def __init__(self, src: Image, src_area: Rect, ropd: int, scale_mode: int, mask: Mask) -> None: ...

class CopyBits(Op):
    src: Point
    def __init__(self, src: Point) -> None: ...

class Blackness(Op):
    mask: Mask
    def __init__(self, mask: Mask) -> None: ...

class Whiteness(Op):
    mask: Mask
    def __init__(self, mask: Mask) -> None: ...

class Invers(Op):
    mask: Mask
    def __init__(self, mask: Mask) -> None: ...

class Rop3(Op):
    src: Image
    src_area: Rect
    brush: Brush
    rop3: int
    scale_mode: int
    mask: Mask
    def __init__(
        self, src: Image, src_area: Rect, brush: Brush, rop3: int, scale_mode: int, mask: Mask
    ) -> None: ...

class PathSegment:
    """``flags`` START BEGIN1 END2 CLOSE8 BEZIER16; ``points`` are (x, y) in 28.4 fixed point."""

    flags: int
    points: tuple[tuple[int, int], ...]
    def __init__(self, flags: int, points: tuple[tuple[int, int], ...]) -> None: ...

class Stroke(Op):
    path: tuple[PathSegment, ...]
    attr_flags: int
    style: tuple[int, ...]
    """Dash lengths in 28.4 fixed point; empty when not styled."""
    brush: Brush
    fore_mode: int
    back_mode: int
    def __init__(
        self,
        path: tuple[PathSegment, ...],
        attr_flags: int,
        style: tuple[int, ...],
        brush: Brush,
        fore_mode: int,
        back_mode: int,
    ) -> None: ...

class Glyph:
    render_pos: Point
    origin: Point
    width: int
    height: int
    data: bytes
    """Rows of ``(width * bits + 7) // 8`` bytes."""
    def __init__(self, render_pos: Point, origin: Point, width: int, height: int, data: bytes) -> None: ...

class Text(Op):
    flags: int
    """SPICE_STRING_FLAGS_*: A1 1, A4 2, A8 4, TOP_DOWN 8."""
    glyphs: tuple[Glyph, ...]
    back_area: Rect
    fore_brush: Brush
    back_brush: Brush
    fore_mode: int
    back_mode: int
    def __init__(
        self,
        flags: int,
        glyphs: tuple[Glyph, ...],
        back_area: Rect,
        fore_brush: Brush,
        back_brush: Brush,
        fore_mode: int,
        back_mode: int,
    ) -> None: ...

class Transparent(Op):
    src: Image
    src_area: Rect
    src_color: int
    true_color: int
    def __init__(self, src: Image, src_area: Rect, src_color: int, true_color: int) -> None: ...

class AlphaBlend(Op):
    alpha_flags: int
    alpha: int
    src: Image
    src_area: Rect
    def __init__(self, alpha_flags: int, alpha: int, src: Image, src_area: Rect) -> None: ...

class Composite(Op):
    flags: int
    src: Image
    mask: Image | None
    src_transform: tuple[int, ...] | None
    """Six 16.16 fixed-point numbers: t00 t01 t02 t10 t11 t12."""
    mask_transform: tuple[int, ...] | None
    src_origin: Point
    mask_origin: Point
    def __init__(
        self,
        flags: int,
        src: Image,
        mask: Image | None,
        src_transform: tuple[int, ...] | None,
        mask_transform: tuple[int, ...] | None,
        src_origin: Point,
        mask_origin: Point,
    ) -> None: ...

class Drawable:
    """One QXL_CMD_DRAW: where it draws, under which clip, and the op itself."""

    surface_id: int
    bbox: Rect
    clip: tuple[Rect, ...] | None
    """None: not clipped."""
    effect: int
    mm_time: int
    self_bitmap_area: Rect | None
    """The area of the destination that the op reads as its own source (self-bitmap), or None."""
    surface_deps: tuple[tuple[int, Rect], ...]
    """(surface id, rectangle) of other surfaces that it reads."""
    op: Op
    def __init__(
        self,
        *,
        surface_id: int,
        bbox: Rect,
        op: Op,
        clip: tuple[Rect, ...] | None = None,
        effect: int = 1,
        mm_time: int = 0,
        self_bitmap_area: Rect | None = None,
        surface_deps: tuple[tuple[int, Rect], ...] = (),
    ) -> None: ...

class UpdateCommand:
    area: Rect
    update_id: int
    surface_id: int
    def __init__(self, area: Rect, update_id: int, surface_id: int) -> None: ...

class MessageCommand:
    text: bytes
    def __init__(self, text: bytes) -> None: ...

class SurfaceCreate:
    surface_id: int
    format: SurfaceFormat
    width: int
    height: int
    stride: int
    """As the guest gave it; negative: the first row lies last in memory."""
    address: int
    """QXL address of its lowest byte; its slot held all ``abs(stride) * height`` bytes when parsed."""
    keep_data: bool
    data: bytes | None
    """With ``keep_data``: the pixels, rows top-down and ``abs(stride)`` apart."""
    def __init__(
        self,
        *,
        surface_id: int,
        format: SurfaceFormat,
        width: int,
        height: int,
        stride: int,
        address: int = 0,
        keep_data: bool = False,
        data: bytes | None = None,
    ) -> None: ...

class SurfaceDestroy:
    surface_id: int
    def __init__(self, surface_id: int) -> None: ...

class CursorShape:
    """``type`` SPICE_CURSOR_TYPE_*: ALPHA 0 MONO 1 COLOR4 2 COLOR8 3 COLOR16 4 COLOR24 5 COLOR32 6."""

    unique: int
    type: int
    width: int
    height: int
    hot_x: int
    hot_y: int
    data: bytes
    def __init__(
        self, *, unique: int, type: int, width: int, height: int, hot_x: int, hot_y: int, data: bytes
    ) -> None: ...

class CursorSet:
    position: Point
    visible: bool
    shape: CursorShape
    def __init__(self, position: Point, visible: bool, shape: CursorShape) -> None: ...

class CursorMove:
    position: Point
    def __init__(self, position: Point) -> None: ...

class CursorHide: ...

class CursorTrail:
    length: int
    frequency: int
    def __init__(self, length: int, frequency: int) -> None: ...

DisplayCommand = Drawable | UpdateCommand | MessageCommand | SurfaceCreate | SurfaceDestroy
CursorCommand = CursorSet | CursorMove | CursorHide | CursorTrail
Command = DisplayCommand | CursorCommand
