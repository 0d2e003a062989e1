# cython: auto_pickle=False
"""The values of ops.pyi: plain data, compared by what they hold. Attributes are C fields, see ops.pxd."""

from gspice.geometry import Point, Rect

cdef object ORIGIN = Point(0, 0)
cdef object _tuple_new = tuple.__new__


cdef object make_point(int32_t x, int32_t y):
    # A NamedTuple's own constructor takes three times as long, and every command has several.
    return _tuple_new(Point, (x, y))


cdef object make_rect(int32_t left, int32_t top, int32_t right, int32_t bottom):
    return _tuple_new(Rect, (left, top, right, bottom))


cdef class Value:
    """Base of all values here: ``_fields`` names what makes two of one type equal."""

    _fields = ()

    def __init__(self):
        pass

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return all([getattr(self, name) == getattr(other, name) for name in self._fields])

    def __hash__(self):
        return hash((type(self), *[getattr(self, name) for name in self._fields]))

    def __repr__(self):
        fields = ", ".join([f"{name}={_brief(getattr(self, name))}" for name in self._fields])
        return f"{type(self).__name__}({fields})"


cdef str _brief(object value):
    """What a repr shows of a field: of pixels only how many there are."""
    if isinstance(value, bytes) and len(value) > 32:
        return f"<{len(value)} bytes>"
    return repr(value)


cdef class Image(Value):
    _fields = ("id", "flags", "width", "height")


cdef class Op(Value):
    TYPE = -1


cdef class Palette(Value):
    _fields = ("unique", "ents")

    def __init__(self, uint64_t unique, tuple ents not None):
        self.unique, self.ents = unique, ents


cdef class BitmapImage(Image):
    _fields = (
        "id", "flags", "width", "height", "format", "top_down", "stride", "data", "palette", "unstable"
    )

    def __init__(
        self, *, uint64_t id, uint32_t flags, uint32_t width, uint32_t height, format, bint top_down,
        uint32_t stride, bytes data not None, Palette palette=None, bint unstable=False
    ):
        self.id, self.flags, self.width, self.height = id, flags, width, height
        self.format, self.top_down, self.stride, self.data = format, top_down, stride, data
        self.palette, self.unstable = palette, unstable


cdef class SurfaceImage(Image):
    _fields = ("id", "flags", "width", "height", "surface_id")

    def __init__(self, *, uint64_t id, uint32_t flags, uint32_t width, uint32_t height, uint32_t surface_id):
        self.id, self.flags, self.width, self.height = id, flags, width, height
        self.surface_id = surface_id


cdef class EncodedImage(Image):
    _fields = ("id", "flags", "width", "height", "type", "data")

    def __init__(
        self, *, uint64_t id, uint32_t flags, uint32_t width, uint32_t height, uint32_t type,
        bytes data not None
    ):
        self.id, self.flags, self.width, self.height = id, flags, width, height
        self.type, self.data = type, data


cdef class Brush(Value):
    _fields = ("type", "color", "pattern", "pos")

    def __init__(self, uint32_t type, uint32_t color=0, Image pattern=None, pos=ORIGIN):
        self.type, self.color, self.pattern, self.pos = type, color, pattern, pos


cdef class Mask(Value):
    _fields = ("image", "pos", "inverse")

    def __init__(self, Image image=None, pos=ORIGIN, bint inverse=False):
        self.image, self.pos, self.inverse = image, pos, inverse


cdef class Nop(Op):
    TYPE = 0


cdef class Fill(Op):
    TYPE = 1
    _fields = ("brush", "ropd", "mask")

    def __init__(self, Brush brush not None, uint32_t ropd, Mask mask not None):
        self.brush, self.ropd, self.mask = brush, ropd, mask


cdef class Opaque(Op):
    TYPE = 2
    _fields = ("src", "src_area", "brush", "ropd", "scale_mode", "mask")

    def __init__(
        self, Image src not None, src_area, Brush brush not None, uint32_t ropd, uint32_t scale_mode,
        Mask mask not None
    ):
        self.src, self.src_area, self.brush, self.ropd = src, src_area, brush, ropd
        self.scale_mode, self.mask = scale_mode, mask


cdef class Copy(Op):
    TYPE = 3
    _fields = ("src", "src_area", "ropd", "scale_mode", "mask")

    def __init__(self, Image src not None, src_area, uint32_t ropd, uint32_t scale_mode, Mask mask not None):
        self.src, self.src_area, self.ropd, self.scale_mode = src, src_area, ropd, scale_mode
        self.mask = mask


cdef class Blend(Op):
    TYPE = 5
    _fields = ("src", "src_area", "ropd", "scale_mode", "mask")

    def __init__(self, Image src not None, src_area, uint32_t ropd, uint32_t scale_mode, Mask mask not None):
        self.src, self.src_area, self.ropd, self.scale_mode = src, src_area, ropd, scale_mode
        self.mask = mask


cdef class CopyBits(Op):
    TYPE = 4
    _fields = ("src",)

    def __init__(self, src):
        self.src = src


cdef class Blackness(Op):
    TYPE = 6
    _fields = ("mask",)

    def __init__(self, Mask mask not None):
        self.mask = mask


cdef class Whiteness(Op):
    TYPE = 7
    _fields = ("mask",)

    def __init__(self, Mask mask not None):
        self.mask = mask


cdef class Invers(Op):
    TYPE = 8
    _fields = ("mask",)

    def __init__(self, Mask mask not None):
        self.mask = mask


cdef class Rop3(Op):
    TYPE = 9
    _fields = ("src", "src_area", "brush", "rop3", "scale_mode", "mask")

    def __init__(
        self, Image src not None, src_area, Brush brush not None, uint32_t rop3, uint32_t scale_mode,
        Mask mask not None
    ):
        self.src, self.src_area, self.brush, self.rop3 = src, src_area, brush, rop3
        self.scale_mode, self.mask = scale_mode, mask


cdef class PathSegment(Value):
    _fields = ("flags", "points")

    def __init__(self, uint32_t flags, tuple points not None):
        self.flags, self.points = flags, points


cdef class Stroke(Op):
    TYPE = 10
    _fields = ("path", "attr_flags", "style", "brush", "fore_mode", "back_mode")

    def __init__(
        self, tuple path not None, uint32_t attr_flags, tuple style not None, Brush brush not None,
        uint32_t fore_mode, uint32_t back_mode
    ):
        self.path, self.attr_flags, self.style, self.brush = path, attr_flags, style, brush
        self.fore_mode, self.back_mode = fore_mode, back_mode


cdef class Glyph(Value):
    _fields = ("render_pos", "origin", "width", "height", "data")

    def __init__(self, render_pos, origin, uint32_t width, uint32_t height, bytes data not None):
        self.render_pos, self.origin, self.width, self.height = render_pos, origin, width, height
        self.data = data


cdef class Text(Op):
    TYPE = 11
    _fields = ("flags", "glyphs", "back_area", "fore_brush", "back_brush", "fore_mode", "back_mode")

    def __init__(
        self, uint32_t flags, tuple glyphs not None, back_area, Brush fore_brush not None, Brush
        back_brush not None, uint32_t fore_mode, uint32_t back_mode
    ):
        self.flags, self.glyphs, self.back_area, self.fore_brush = flags, glyphs, back_area, fore_brush
        self.back_brush, self.fore_mode, self.back_mode = back_brush, fore_mode, back_mode


cdef class Transparent(Op):
    TYPE = 12
    _fields = ("src", "src_area", "src_color", "true_color")

    def __init__(self, Image src not None, src_area, uint32_t src_color, uint32_t true_color):
        self.src, self.src_area, self.src_color, self.true_color = src, src_area, src_color, true_color


cdef class AlphaBlend(Op):
    TYPE = 13
    _fields = ("alpha_flags", "alpha", "src", "src_area")

    def __init__(self, uint32_t alpha_flags, uint32_t alpha, Image src not None, src_area):
        self.alpha_flags, self.alpha, self.src, self.src_area = alpha_flags, alpha, src, src_area


cdef class Composite(Op):
    TYPE = 14
    _fields = ("flags", "src", "mask", "src_transform", "mask_transform", "src_origin", "mask_origin")

    def __init__(
        self, uint32_t flags, Image src not None, Image mask, tuple src_transform,
        tuple mask_transform, src_origin, mask_origin
    ):
        self.flags, self.src, self.mask, self.src_transform = flags, src, mask, src_transform
        self.mask_transform, self.src_origin, self.mask_origin = mask_transform, src_origin, mask_origin


cdef class Drawable(Value):
    _fields = ("surface_id", "bbox", "op", "clip", "effect", "mm_time", "self_bitmap_area", "surface_deps")

    def __init__(
        self, *, uint32_t surface_id, bbox, Op op not None, tuple clip=None, uint32_t effect=1,
        uint32_t mm_time=0, self_bitmap_area=None, tuple surface_deps not None=()
    ):
        self.surface_id, self.bbox, self.op, self.clip = surface_id, bbox, op, clip
        self.effect, self.mm_time = effect, mm_time
        self.self_bitmap_area, self.surface_deps = self_bitmap_area, surface_deps


cdef class UpdateCommand(Value):
    _fields = ("area", "update_id", "surface_id")

    def __init__(self, area, uint32_t update_id, uint32_t surface_id):
        self.area, self.update_id, self.surface_id = area, update_id, surface_id


cdef class MessageCommand(Value):
    _fields = ("text",)

    def __init__(self, bytes text not None):
        self.text = text


cdef class SurfaceCreate(Value):
    _fields = ("surface_id", "format", "width", "height", "stride", "address", "keep_data", "data")

    def __init__(
        self, *, uint32_t surface_id, format, uint32_t width, uint32_t height, int32_t stride,
        uint64_t address=0, bint keep_data=False, bytes data=None
    ):
        self.surface_id, self.format, self.width, self.height = surface_id, format, width, height
        self.stride, self.address, self.keep_data, self.data = stride, address, keep_data, data


cdef class SurfaceDestroy(Value):
    _fields = ("surface_id",)

    def __init__(self, uint32_t surface_id):
        self.surface_id = surface_id


cdef class CursorShape(Value):
    _fields = ("unique", "type", "width", "height", "hot_x", "hot_y", "data")

    def __init__(
        self, *, uint64_t unique, uint32_t type, uint32_t width, uint32_t height, uint32_t hot_x,
        uint32_t hot_y, bytes data not None
    ):
        self.unique, self.type, self.width, self.height = unique, type, width, height
        self.hot_x, self.hot_y, self.data = hot_x, hot_y, data


cdef class CursorSet(Value):
    _fields = ("position", "visible", "shape")

    def __init__(self, position, bint visible, CursorShape shape not None):
        self.position, self.visible, self.shape = position, visible, shape


cdef class CursorMove(Value):
    _fields = ("position",)

    def __init__(self, position):
        self.position = position


cdef class CursorHide(Value):
    pass


cdef class CursorTrail(Value):
    _fields = ("length", "frequency")

    def __init__(self, uint32_t length, uint32_t frequency):
        self.length, self.frequency = length, frequency


DisplayCommand = Drawable | UpdateCommand | MessageCommand | SurfaceCreate | SurfaceDestroy
CursorCommand = CursorSet | CursorMove | CursorHide | CursorTrail
Command = DisplayCommand | CursorCommand
