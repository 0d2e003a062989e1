# cython: auto_pickle=False
"""Drawables: where something is drawn and under which clip, and the body of each drawing operation."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

from gspice.qxl.guest_view cimport checked_rect, placed_rect
from gspice.qxl.images cimport read_brush, read_image, read_mask, read_source_area
from gspice.qxl.ops cimport (
    AlphaBlend, Blackness, Blend, Composite, Copy, CopyBits, Fill, Image, Invers, Mask, Nop, Op, Opaque, Rop3,
    Stroke, SurfaceImage, Text, Transparent, Whiteness, make_point, make_rect,
)
from gspice.qxl.packed_structs cimport (
    QXLAlphaBlend, QXLClip, QXLCompatAlphaBlend, QXLCompatDrawableHead, QXLComposite, QXLCopy,
    QXLDrawableHead, QXLFill, QXLOpaque, QXLPoint, QXLQMask, QXLRect, QXLRop3, QXLStroke, QXLText,
    QXLTransparent,
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

cdef BodyReader[OPS] BODIES
BODIES[0] = read_nop
BODIES[1] = read_fill
BODIES[2] = read_opaque
BODIES[3] = read_copy
BODIES[4] = read_copy_bits
BODIES[5] = read_blend
BODIES[6] = read_blackness
BODIES[7] = read_whiteness
BODIES[8] = read_invers
BODIES[9] = read_rop3
BODIES[10] = read_stroke
BODIES[11] = read_text
BODIES[12] = read_transparent
BODIES[13] = read_alpha_blend
BODIES[14] = read_composite


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


cdef Image read_source(GuestView view, uint64_t address, Drawable drawable):
    """The image an operation reads; without an address that is the self-bitmap, as pixels of the surface."""
    cdef SurfaceImage own
    if address != 0 or drawable.self_bitmap_area is None:
        return read_image(view, address, False, "src_bitmap")
    own = SurfaceImage.__new__(SurfaceImage)
    own.surface_id = drawable.surface_id
    own.width, own.height = drawable.self_bitmap_area.right, drawable.self_bitmap_area.bottom
    return own


cdef object read_area(const QXLRect *rect, uint64_t address, Image image, Drawable drawable):
    """The part of ``image`` that is read; that of a self-bitmap counts from its corner and is moved there."""
    cdef object own
    if address != 0:
        return read_source_area(rect, image)
    own = drawable.self_bitmap_area
    area = placed_rect(rect, "src_area").translate(own.left, own.top)
    if not own.contains(area):
        raise GuestError(f"src_area: it is not inside a self-bitmap of {own.width}x{own.height}")
    return area


cdef uint32_t read_scale_mode(uint32_t scale_mode) except? 0xFFFFFFFF:
    if scale_mode >= SCALE_MODES:
        raise GuestError(f"scale_mode: {scale_mode} is not known")
    return scale_mode


cdef Op read_nop(GuestView view, uint64_t address, Drawable drawable):
    return Nop.__new__(Nop)


cdef Op read_fill(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLFill body
    cdef Fill op = Fill.__new__(Fill)
    view.fetch(&body, address, sizeof(body), "fill")
    op.brush = read_brush(view, &body.brush, "brush")
    op.ropd = body.rop_descriptor
    op.mask = read_mask(view, &body.mask)
    return op


cdef Op read_opaque(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLOpaque body
    cdef Opaque op = Opaque.__new__(Opaque)
    view.fetch(&body, address, sizeof(body), "opaque")
    op.scale_mode = read_scale_mode(body.scale_mode)
    op.src = read_source(view, body.src_bitmap, drawable)
    op.src_area = read_area(&body.src_area, body.src_bitmap, op.src, drawable)
    op.brush = read_brush(view, &body.brush, "brush")
    op.ropd = body.rop_descriptor
    op.mask = read_mask(view, &body.mask)
    return op


cdef Op read_copy(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLCopy body
    cdef Copy op = Copy.__new__(Copy)
    view.fetch(&body, address, sizeof(body), "copy")
    op.scale_mode = read_scale_mode(body.scale_mode)
    op.src = read_image(view, body.src_bitmap, False, "src_bitmap")
    op.src_area = read_source_area(&body.src_area, op.src)
    op.ropd = body.rop_descriptor
    op.mask = read_mask(view, &body.mask)
    return op


cdef Op read_blend(GuestView view, uint64_t address, Drawable drawable):
    cdef Copy copy = read_copy(view, address, drawable)
    cdef Blend op = Blend.__new__(Blend)
    op.src, op.src_area, op.mask = copy.src, copy.src_area, copy.mask
    op.ropd, op.scale_mode = copy.ropd, copy.scale_mode
    return op


cdef Op read_copy_bits(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLPoint body
    cdef CopyBits op = CopyBits.__new__(CopyBits)
    view.fetch(&body, address, sizeof(body), "copy_bits")
    op.src = make_point(body.x, body.y)
    return op


cdef Op read_blackness(GuestView view, uint64_t address, Drawable drawable):
    cdef Blackness op = Blackness.__new__(Blackness)
    op.mask = read_only_mask(view, address, "blackness")
    return op


cdef Op read_whiteness(GuestView view, uint64_t address, Drawable drawable):
    cdef Whiteness op = Whiteness.__new__(Whiteness)
    op.mask = read_only_mask(view, address, "whiteness")
    return op


cdef Op read_invers(GuestView view, uint64_t address, Drawable drawable):
    cdef Invers op = Invers.__new__(Invers)
    op.mask = read_only_mask(view, address, "invers")
    return op


cdef Mask read_only_mask(GuestView view, uint64_t address, str what):
    cdef QXLQMask body
    view.fetch(&body, address, sizeof(body), what)
    return read_mask(view, &body)


cdef Op read_rop3(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLRop3 body
    cdef Rop3 op = Rop3.__new__(Rop3)
    view.fetch(&body, address, sizeof(body), "rop3")
    op.scale_mode = read_scale_mode(body.scale_mode)
    op.src = read_source(view, body.src_bitmap, drawable)
    op.src_area = read_area(&body.src_area, body.src_bitmap, op.src, drawable)
    op.brush = read_brush(view, &body.brush, "brush")
    op.rop3 = body.rop3
    op.mask = read_mask(view, &body.mask)
    return op


cdef Op read_stroke(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLStroke body
    cdef Stroke op = Stroke.__new__(Stroke)
    view.fetch(&body, address, sizeof(body), "stroke")
    op.path = read_path(view, body.path)
    op.attr_flags = body.attr.flags
    op.style = read_dashes(view, &body.attr)
    op.brush = read_brush(view, &body.brush, "brush")
    op.fore_mode, op.back_mode = body.fore_mode, body.back_mode
    return op


cdef Op read_text(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLText body
    cdef Text op = Text.__new__(Text)
    view.fetch(&body, address, sizeof(body), "text")
    read_string(view, body.str, op)
    # Text without a background has any empty rectangle here, one that is inside out included.
    op.back_area = make_rect(
        body.back_area.left, body.back_area.top, body.back_area.right, body.back_area.bottom
    )
    op.fore_brush = read_brush(view, &body.fore_brush, "fore_brush")
    op.back_brush = read_brush(view, &body.back_brush, "back_brush")
    op.fore_mode, op.back_mode = body.fore_mode, body.back_mode
    return op


cdef Op read_transparent(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLTransparent body
    cdef Transparent op = Transparent.__new__(Transparent)
    view.fetch(&body, address, sizeof(body), "transparent")
    op.src = read_source(view, body.src_bitmap, drawable)
    op.src_area = read_area(&body.src_area, body.src_bitmap, op.src, drawable)
    op.src_color, op.true_color = body.src_color, body.true_color
    return op


cdef Op read_alpha_blend(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLAlphaBlend body
    cdef AlphaBlend op = AlphaBlend.__new__(AlphaBlend)
    view.fetch(&body, address, sizeof(body), "alpha_blend")
    op.alpha_flags, op.alpha = body.alpha_flags, body.alpha
    op.src = read_source(view, body.src_bitmap, drawable)
    op.src_area = read_area(&body.src_area, body.src_bitmap, op.src, drawable)
    return op


cdef Op read_compat_alpha_blend(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLCompatAlphaBlend body
    cdef AlphaBlend op = AlphaBlend.__new__(AlphaBlend)
    view.fetch(&body, address, sizeof(body), "alpha_blend")
    op.alpha = body.alpha
    op.src = read_source(view, body.src_bitmap, drawable)
    op.src_area = read_area(&body.src_area, body.src_bitmap, op.src, drawable)
    return op


cdef Op read_composite(GuestView view, uint64_t address, Drawable drawable):
    cdef QXLComposite body
    cdef Composite op = Composite.__new__(Composite)
    view.fetch(&body, address, sizeof(body), "composite")
    op.flags = body.flags & ~<uint32_t>(HAS_MASK | HAS_SRC_TRANSFORM | HAS_MASK_TRANSFORM)
    op.src = read_image(view, body.src, False, "src")
    if body.src_transform:
        op.src_transform = read_transform(view, body.src_transform, "src_transform")
        op.flags |= HAS_SRC_TRANSFORM
    if body.mask:
        op.mask = read_image(view, body.mask, False, "mask")
        op.flags |= HAS_MASK
        if body.mask_transform:
            op.mask_transform = read_transform(view, body.mask_transform, "mask_transform")
            op.flags |= HAS_MASK_TRANSFORM
    op.src_origin = make_point(body.src_origin.x, body.src_origin.y)
    op.mask_origin = make_point(body.mask_origin.x, body.mask_origin.y)
    return op


cdef tuple read_transform(GuestView view, uint64_t address, str what):
    cdef int32_t[6] numbers
    view.fetch(numbers, address, sizeof(numbers), what)
    return tuple([numbers[i] for i in range(6)])
