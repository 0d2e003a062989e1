# cython: auto_pickle=False
"""Drawables: where something is drawn and under which clip, and the body of each drawing operation."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from gspice.qxl.guest_view cimport checked_rect, placed_rect
from gspice.qxl.images cimport read_brush, read_color, read_image, read_mask, read_source_area
from gspice.qxl.ops cimport (
    AlphaBlend, Blackness, Blend, Composite, Copy, CopyBits, Fill, Image, Invers, Nop, Op, Opaque, Rop3, Stroke,
    SurfaceImage, Text, Transparent, Whiteness, make_point, make_rect,
)
from gspice.qxl.packed_structs cimport (
    QXLAlphaBlend, QXLClip, QXLCompatAlphaBlend, QXLCompatDrawableHead, QXLComposite, QXLCopy, QXLDrawableHead,
    QXLFill, QXLOpaque, QXLPoint, QXLQMask, QXLRect, QXLRop3, QXLStroke, QXLText, QXLTransparent,
)
from gspice.qxl.stroke_text cimport read_dashes, read_path, read_string

from gspice.errors import GuestError

cdef enum:
    # QXL_DRAW_*
    COPY = 3
    BLEND = 5
    ALPHA_BLEND = 13
    OPS = 15
    COMPAT_OPS = 14  # the old layout knows no COMPOSITE
    # SPICE_CLIP_TYPE_*
    CLIP_NONE = 0
    CLIP_RECTS = 1
    EFFECTS = 8
    SCALE_MODES = 2
    SURFACE_DEPS = 3
    # COMPOSITE flags that say which optional parts there are; they are made from the parts themselves
    HAS_MASK = 1 << 19
    HAS_SRC_TRANSFORM = 1 << 20
    HAS_MASK_TRANSFORM = 1 << 21
    # As Python values rectangles take some 10 times their bytes, so the limit is far below that of pixels.
    MAX_CLIP_RECTS = 1 << 16

ctypedef Op (*BodyReader)(GuestView, uint64_t, Drawable)

cdef BodyReader[OPS] BODIES = [
    read_nop, read_fill, read_opaque, read_copy, read_copy_bits, read_blend, read_blackness, read_whiteness,
    read_invers, read_rop3, read_stroke, read_text, read_transparent, read_alpha_blend, read_composite,
]


cdef Drawable read_drawable(GuestView view, uint64_t address):
    """The QXLDrawable at an address."""
    cdef QXLDrawableHead head
    cdef Drawable drawable = Drawable.__new__(Drawable)
    cdef list deps = None
    cdef int i
    view.fetch(&head, address, sizeof(head), "drawable")
    if head.type >= OPS:
        raise GuestError(f"drawable: type {head.type} is not known")
    view.check_surface(head.surface_id, "drawable")
    drawable.surface_id = head.surface_id
    drawable.mm_time = head.mm_time
    read_place(view, drawable, &head.bbox, &head.clip, head.effect)
    read_self_bitmap(drawable, head.type, head.self_bitmap, &head.self_bitmap_area)
    for i in range(SURFACE_DEPS):
        if head.surfaces_dest[i] == -1:
            continue
        view.check_surface(<uint32_t>head.surfaces_dest[i], "surfaces_dest")
        if <uint32_t>head.surfaces_dest[i] != head.surface_id:
            deps = deps or []
            deps.append((head.surfaces_dest[i], checked_rect(&head.surfaces_rects[i], "surfaces_rects")))
    drawable.surface_deps = () if deps is None else tuple(deps)
    drawable.op = BODIES[head.type](view, address + sizeof(head), drawable)
    return drawable


cdef Drawable read_compat_drawable(GuestView view, uint64_t address):
    """The QXLCompatDrawable at an address: the layout of drivers that know one surface."""
    cdef QXLCompatDrawableHead head
    cdef Drawable drawable = Drawable.__new__(Drawable)
    cdef uint64_t body = address + sizeof(head)
    view.fetch(&head, address, sizeof(head), "drawable")
    if head.type >= COMPAT_OPS:
        raise GuestError(f"compat drawable: type {head.type} is not known")
    drawable.mm_time = head.mm_time
    drawable.surface_deps = ()
    read_place(view, drawable, &head.bbox, &head.clip, head.effect)
    read_self_bitmap(drawable, head.type, head.bitmap_offset, &head.bitmap_area)
    if head.type == ALPHA_BLEND:
        drawable.op = read_compat_alpha_blend(view, body, drawable)
    else:
        drawable.op = BODIES[head.type](view, body, drawable)
    return drawable


cdef int read_place(
    GuestView view, Drawable drawable, const QXLRect *bbox, const QXLClip *clip, uint32_t effect
) except -1:
    if effect >= EFFECTS:
        raise GuestError(f"drawable: effect {effect} is not known")
    drawable.effect = effect
    drawable.bbox = placed_rect(bbox, "bbox")
    if clip.type == CLIP_RECTS:
        drawable.clip = read_clip(view, clip.data)
    elif clip.type != CLIP_NONE:
        raise GuestError(f"clip: type {clip.type} is not known")
    return 0


cdef int read_self_bitmap(Drawable drawable, uint32_t type, uint32_t wanted, const QXLRect *area) except -1:
    # Some drivers set the flag on copies, which name their source themselves: it means nothing there.
    if wanted == 0 or type == COPY or type == BLEND:
        return 0
    drawable.self_bitmap_area = placed_rect(area, "self_bitmap_area")
    if area.right == area.left or area.bottom == area.top:
        raise GuestError("self_bitmap_area: it is empty")
    return 0


cdef tuple read_clip(GuestView view, uint64_t address):
    cdef uint32_t number
    cdef QXLRect rect
    cdef bytes data
    cdef list rects = []
    cdef uint32_t i
    view.fetch(&number, address, sizeof(number), "clip")
    if number > MAX_CLIP_RECTS:
        raise GuestError(f"clip: num_rects {number} is more than {MAX_CLIP_RECTS}")
    data = view.take_chunks(address + sizeof(number), number * sizeof(rect), "clip")
    if <uint64_t>PyBytes_GET_SIZE(data) != number * sizeof(rect):
        raise GuestError(f"clip: data chunks hold {len(data)} bytes, num_rects is {number}")
    for i in range(number):
        memcpy(&rect, PyBytes_AS_STRING(data) + i * sizeof(rect), sizeof(rect))
        rects.append(checked_rect(&rect, "clip"))
    return tuple(rects)


cdef Image read_source(GuestView view, uint64_t address, const QXLRect *rect, Drawable drawable, object *area):
    """The image an operation reads, and the part of it as ``area``.

    Without an address it is the self-bitmap, whose pixels are those of the surface: then ``area`` is moved there.
    """
    cdef SurfaceImage own
    if address != 0 or drawable.self_bitmap_area is None:
        return read_image(view, address, False, "src_bitmap")
    own = SurfaceImage.__new__(SurfaceImage)
    own.surface_id = drawable.surface_id
    return own
