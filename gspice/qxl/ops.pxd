"""Layouts of the values of ops.pyi, for the modules that make or read them in C."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef class Value:
    pass


cdef class Palette(Value):
    cdef readonly uint64_t unique
    cdef readonly tuple ents


cdef class Image(Value):
    cdef readonly uint64_t id
    cdef readonly uint32_t flags
    cdef readonly uint32_t width
    cdef readonly uint32_t height


cdef class BitmapImage(Image):
    cdef readonly object format
    cdef readonly bint top_down
    cdef readonly bint unstable
    cdef readonly uint32_t stride
    cdef readonly Palette palette
    cdef readonly bytes data


cdef class SurfaceImage(Image):
    cdef readonly uint32_t surface_id


cdef class EncodedImage(Image):
    cdef readonly uint32_t type
    cdef readonly bytes data


cdef class Brush(Value):
    cdef readonly uint32_t type
    cdef readonly uint32_t color
    cdef readonly Image pattern
    cdef readonly object pos


cdef class Mask(Value):
    cdef readonly Image image
    cdef readonly object pos
    cdef readonly bint inverse


cdef class Op(Value):
    pass


cdef class Nop(Op):
    pass


cdef class Fill(Op):
    cdef readonly Brush brush
    cdef readonly uint32_t ropd
    cdef readonly Mask mask


cdef class Opaque(Op):
    cdef readonly Image src
    cdef readonly object src_area
    cdef readonly Brush brush
    cdef readonly uint32_t ropd
    cdef readonly uint32_t scale_mode
    cdef readonly Mask mask


cdef class Copy(Op):
    cdef readonly Image src
    cdef readonly object src_area
    cdef readonly uint32_t ropd
    cdef readonly uint32_t scale_mode
    cdef readonly Mask mask


cdef class Blend(Op):
    cdef readonly Image src
    cdef readonly object src_area
    cdef readonly uint32_t ropd
    cdef readonly uint32_t scale_mode
    cdef readonly Mask mask


cdef class CopyBits(Op):
    cdef readonly object src


cdef class Blackness(Op):
    cdef readonly Mask mask


cdef class Whiteness(Op):
    cdef readonly Mask mask


cdef class Invers(Op):
    cdef readonly Mask mask


cdef class Rop3(Op):
    cdef readonly Image src
    cdef readonly object src_area
    cdef readonly Brush brush
    cdef readonly uint32_t rop3
    cdef readonly uint32_t scale_mode
    cdef readonly Mask mask


cdef class PathSegment(Value):
    cdef readonly uint32_t flags
    cdef readonly tuple points


cdef class Stroke(Op):
    cdef readonly tuple path
    cdef readonly uint32_t attr_flags
    cdef readonly tuple style
    cdef readonly Brush brush
    cdef readonly uint32_t fore_mode
    cdef readonly uint32_t back_mode


cdef class Glyph(Value):
    cdef readonly object render_pos
    cdef readonly object origin
    cdef readonly uint32_t width
    cdef readonly uint32_t height
    cdef readonly bytes data


cdef class Text(Op):
    cdef readonly uint32_t flags
    cdef readonly tuple glyphs
    cdef readonly object back_area
    cdef readonly Brush fore_brush
    cdef readonly Brush back_brush
    cdef readonly uint32_t fore_mode
    cdef readonly uint32_t back_mode


cdef class Transparent(Op):
    cdef readonly Image src
    cdef readonly object src_area
    cdef readonly uint32_t src_color
    cdef readonly uint32_t true_color


cdef class AlphaBlend(Op):
    cdef readonly uint32_t alpha_flags
    cdef readonly uint32_t alpha
    cdef readonly Image src
    cdef readonly object src_area


cdef class Composite(Op):
    cdef readonly uint32_t flags
    cdef readonly Image src
    cdef readonly Image mask
    cdef readonly tuple src_transform
    cdef readonly tuple mask_transform
    cdef readonly object src_origin
    cdef readonly object mask_origin


cdef class Drawable(Value):
    cdef readonly uint32_t surface_id
    cdef readonly object bbox
    cdef readonly tuple clip
    cdef readonly uint32_t effect
    cdef readonly uint32_t mm_time
    cdef readonly object self_bitmap_area
    cdef readonly tuple surface_deps
    cdef readonly Op op


cdef class UpdateCommand(Value):
    cdef readonly object area
    cdef readonly uint32_t update_id
    cdef readonly uint32_t surface_id


cdef class MessageCommand(Value):
    cdef readonly bytes text


cdef class SurfaceCreate(Value):
    cdef readonly uint32_t surface_id
    cdef readonly object format
    cdef readonly uint32_t width
    cdef readonly uint32_t height
    cdef readonly int32_t stride
    cdef readonly uint64_t address
    cdef readonly bint keep_data
    cdef readonly bytes data


cdef class SurfaceDestroy(Value):
    cdef readonly uint32_t surface_id


cdef class CursorShape(Value):
    cdef readonly uint64_t unique
    cdef readonly uint32_t type
    cdef readonly uint32_t width
    cdef readonly uint32_t height
    cdef readonly uint32_t hot_x
    cdef readonly uint32_t hot_y
    cdef readonly bytes data


cdef class CursorSet(Value):
    cdef readonly object position
    cdef readonly bint visible
    cdef readonly CursorShape shape


cdef class CursorMove(Value):
    cdef readonly object position


cdef class CursorHide(Value):
    pass


cdef class CursorTrail(Value):
    cdef readonly uint32_t length
    cdef readonly uint32_t frequency


cdef object make_point(int32_t x, int32_t y)
cdef object make_rect(int32_t left, int32_t top, int32_t right, int32_t bottom)
