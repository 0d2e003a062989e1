# cython: auto_pickle=False
"""Payloads of recorded drawing commands: where something is drawn, and the body of each operation."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from gspice.qxl.ops cimport (
    AlphaBlend, BitmapImage, Blackness, Blend, Composite, Copy, CopyBits, Drawable, Fill, Image, Invers,
    Nop, Op, Opaque, Rop3, Stroke, SurfaceImage, Text, Transparent, Whiteness, make_point,
)
from gspice.qxl.recording_parts cimport (
    Faults, check_rect, field, need_image, place_rect, read_brush, read_image, read_mask, read_point,
    read_rect,
)
from gspice.qxl.recording_scanner cimport Scanner

from gspice.errors import GuestError
from gspice.qxl import recording_events, recording_shapes

cdef enum:
    # QXL_DRAW_*
    COPY = 3
    BLEND = 5
    OPS = 15
    # SPICE_CLIP_TYPE_*
    CLIP_NONE = 0
    CLIP_RECTS = 1
    EFFECTS = 8
    SCALE_MODES = 2
    SURFACE_DEPS = 3
    LINE_STYLED = 8
    MAX_DASHES = 255
    # COMPOSITE flags that say which optional parts there are; they are made from the parts themselves
    HAS_MASK = 1 << 19
    HAS_SRC_TRANSFORM = 1 << 20
    HAS_MASK_TRANSFORM = 1 << 21
    TRANSFORM_BYTES = 24
    MAX_SIDE = 0x7FFFFFFF  # coordinates are signed

cdef uint64_t MAX_PATH_BYTES = recording_events.MAX_PATH_BYTES
cdef uint64_t MAX_STRING_BYTES = recording_events.MAX_STRING_BYTES
cdef uint64_t MAX_CLIP_BYTES = 16 * <uint64_t>recording_events.MAX_CLIP_RECTS

ctypedef Op (*BodyReader)(Scanner, Faults, Drawable)

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


cdef object read_drawable(Scanner scanner, Faults faults):
    """The payload of a QXL_CMD_DRAW."""
    cdef Drawable drawable = Drawable.__new__(Drawable)
    cdef list deps = None
    cdef uint32_t type, wanted
    cdef int32_t surface
    cdef bint compat
    scanner.word(b"drawable")
    drawable.bbox = place_rect(faults, read_rect(scanner, b"bbox"), "bbox")
    drawable.clip = read_clip(scanner, faults)
    drawable.effect = field(scanner, b"effect")
    if drawable.effect >= EFFECTS:
        faults.note(f"effect {drawable.effect} is not known")
    drawable.mm_time = field(scanner, b"mm_time")
    # Drawables of the old layout know one surface. That they are such is written nowhere but here.
    compat = scanner.take_word(b"bitmap_offset")
    if compat:
        wanted = scanner.u32(b"bitmap_offset")
        area = read_rect(scanner, b"bitmap_area")
    else:
        wanted = field(scanner, b"self_bitmap")
        area = read_rect(scanner, b"self_bitmap_area")
        drawable.surface_id = field(scanner, b"surface_id")
        faults.surface(drawable.surface_id, "drawable")
        for _ in range(SURFACE_DEPS):
            surface = <int32_t>field(scanner, b"surfaces_dest")
            rect = read_rect(scanner, b"surfaces_rects")
            if surface == -1:
                continue
            faults.surface(<uint32_t>surface, "surfaces_dest")
            if <uint32_t>surface != drawable.surface_id:
                deps = deps or []
                deps.append((surface, check_rect(faults, rect, "surfaces_rects")))
    drawable.surface_deps = () if deps is None else tuple(deps)
    type = field(scanner, b"type")
    if type >= OPS:
        raise scanner.damaged(f"drawable type {type} is not known")
    # Some drivers set the flag on copies, which name their source themselves: it means nothing there.
    if wanted and type != COPY and type != BLEND:
        drawable.self_bitmap_area = place_rect(faults, area, "self_bitmap_area")
        if area.empty:
            faults.note("self_bitmap_area: it is empty")
    drawable.op = BODIES[type](scanner, faults, drawable)
    return drawable


cdef tuple read_clip(Scanner scanner, Faults faults):
    cdef uint32_t type = field(scanner, b"type")
    cdef uint32_t number
    if type == CLIP_RECTS:
        number = field(scanner, b"num_rects")
        data = scanner.chunks(b"clip_rects", MAX_CLIP_BYTES)
        try:
            return recording_shapes.read_clip(data, number)
        except GuestError as error:
            faults.note(str(error))
    elif type != CLIP_NONE:
        faults.note(f"clip: type {type} is not known")
    return None


cdef object read_source(Scanner scanner, Faults faults, Drawable drawable):
    """The image and area an operation reads; no image is the self-bitmap, as pixels of the surface."""
    cdef Image image = read_image(scanner, faults, False, "src_bitmap")
    cdef SurfaceImage own
    cdef object area = place_rect(faults, read_rect(scanner, b"src_area"), "src_area")
    if image is not None:
        # Only the canvas knows whether it is inside a surface.
        if isinstance(image, BitmapImage) and (
            area.right > <int64_t>image.width or area.bottom > <int64_t>image.height
        ):
            faults.note(f"src_area {tuple(area)} is not inside its bitmap of {image.width}x{image.height}")
        return image, area
    if drawable.self_bitmap_area is None:
        faults.note("src_bitmap: no image")
        return None, area
    own = SurfaceImage.__new__(SurfaceImage)
    own.surface_id = drawable.surface_id
    own.width = drawable.self_bitmap_area.right & MAX_SIDE
    own.height = drawable.self_bitmap_area.bottom & MAX_SIDE
    area = area.translate(drawable.self_bitmap_area.left, drawable.self_bitmap_area.top)
    if not drawable.self_bitmap_area.contains(area):
        faults.note(f"src_area: it is not inside a self-bitmap of {own.width}x{own.height}")
    return own, area


cdef uint32_t read_scale_mode(Scanner scanner, Faults faults) except? 0xFFFFFFFF:
    cdef uint32_t scale_mode = field(scanner, b"scale_mode")
    if scale_mode >= SCALE_MODES:
        faults.note(f"scale_mode: {scale_mode} is not known")
    return scale_mode


cdef Op read_nop(Scanner scanner, Faults faults, Drawable drawable):
    return Nop.__new__(Nop)


cdef Op read_fill(Scanner scanner, Faults faults, Drawable drawable):
    cdef Fill op = Fill.__new__(Fill)
    op.brush = read_brush(scanner, faults, "brush")
    op.ropd = field(scanner, b"rop_descriptor")
    op.mask = read_mask(scanner, faults)
    return op


cdef Op read_opaque(Scanner scanner, Faults faults, Drawable drawable):
    cdef Opaque op = Opaque.__new__(Opaque)
    op.src, op.src_area = read_source(scanner, faults, drawable)
    op.brush = read_brush(scanner, faults, "brush")
    op.ropd = field(scanner, b"rop_descriptor")
    op.scale_mode = read_scale_mode(scanner, faults)
    op.mask = read_mask(scanner, faults)
    return op


cdef Op read_copy(Scanner scanner, Faults faults, Drawable drawable):
    cdef Copy op = Copy.__new__(Copy)
    op.src, op.src_area = read_source(scanner, faults, drawable)
    op.ropd = field(scanner, b"rop_descriptor")
    op.scale_mode = read_scale_mode(scanner, faults)
    op.mask = read_mask(scanner, faults)
    return op


cdef Op read_blend(Scanner scanner, Faults faults, Drawable drawable):
    cdef Copy copy = read_copy(scanner, faults, drawable)
    cdef Blend op = Blend.__new__(Blend)
    op.src, op.src_area, op.mask = copy.src, copy.src_area, copy.mask
    op.ropd, op.scale_mode = copy.ropd, copy.scale_mode
    return op


cdef Op read_copy_bits(Scanner scanner, Faults faults, Drawable drawable):
    cdef CopyBits op = CopyBits.__new__(CopyBits)
    op.src = read_point(scanner)
    return op


cdef Op read_blackness(Scanner scanner, Faults faults, Drawable drawable):
    cdef Blackness op = Blackness.__new__(Blackness)
    op.mask = read_mask(scanner, faults)
    return op


cdef Op read_whiteness(Scanner scanner, Faults faults, Drawable drawable):
    cdef Whiteness op = Whiteness.__new__(Whiteness)
    op.mask = read_mask(scanner, faults)
    return op


cdef Op read_invers(Scanner scanner, Faults faults, Drawable drawable):
    cdef Invers op = Invers.__new__(Invers)
    op.mask = read_mask(scanner, faults)
    return op


cdef Op read_rop3(Scanner scanner, Faults faults, Drawable drawable):
    cdef Rop3 op = Rop3.__new__(Rop3)
    op.src, op.src_area = read_source(scanner, faults, drawable)
    op.brush = read_brush(scanner, faults, "brush")
    op.rop3 = field(scanner, b"rop3")
    op.scale_mode = read_scale_mode(scanner, faults)
    op.mask = read_mask(scanner, faults)
    return op


cdef Op read_stroke(Scanner scanner, Faults faults, Drawable drawable):
    cdef Stroke op = Stroke.__new__(Stroke)
    cdef uint32_t dashes
    path = scanner.chunks(b"path", MAX_PATH_BYTES)
    style = None
    op.attr_flags = field(scanner, b"attr.flags")
    if op.attr_flags & LINE_STYLED:
        scanner.word(b"attr.style_nseg")
        dashes = scanner.small(b"attr.style_nseg", MAX_DASHES)
        style = scanner.binary(b"style")
        if <uint64_t>len(style) != 4 * dashes:
            raise scanner.damaged(f"style: {len(style)} bytes for {dashes} dashes")
    op.style = ()
    try:
        op.path = recording_shapes.read_path(path)
        if style is not None:
            op.style = recording_shapes.read_dashes(style)
    except GuestError as error:
        faults.note(str(error))
    op.brush = read_brush(scanner, faults, "brush")
    op.fore_mode = field(scanner, b"fore_mode")
    op.back_mode = field(scanner, b"back_mode")
    return op


cdef Op read_text(Scanner scanner, Faults faults, Drawable drawable):
    cdef Text op = Text.__new__(Text)
    cdef uint32_t size = field(scanner, b"data_size")
    cdef uint32_t length = field(scanner, b"length")
    op.flags = field(scanner, b"flags")
    data = scanner.chunks(b"string", MAX_STRING_BYTES)
    try:
        if <uint64_t>len(data) != size:
            raise GuestError(f"string: {len(data)} bytes, data_size is {size}")
        op.glyphs = recording_shapes.read_string(data, length, op.flags)
    except GuestError as error:
        faults.note(str(error))
    # Text without a background has any empty rectangle here, one that is inside out included.
    op.back_area = read_rect(scanner, b"back_area")
    op.fore_brush = read_brush(scanner, faults, "fore_brush")
    op.back_brush = read_brush(scanner, faults, "back_brush")
    op.fore_mode = field(scanner, b"fore_mode")
    op.back_mode = field(scanner, b"back_mode")
    return op


cdef Op read_transparent(Scanner scanner, Faults faults, Drawable drawable):
    cdef Transparent op = Transparent.__new__(Transparent)
    op.src, op.src_area = read_source(scanner, faults, drawable)
    op.src_color = field(scanner, b"src_color")
    op.true_color = field(scanner, b"true_color")
    return op


cdef Op read_alpha_blend(Scanner scanner, Faults faults, Drawable drawable):
    cdef AlphaBlend op = AlphaBlend.__new__(AlphaBlend)
    # The old layout has no flags.
    if scanner.take_word(b"alpha_flags"):
        op.alpha_flags = scanner.u32(b"alpha_flags")
    op.alpha = field(scanner, b"alpha")
    op.src, op.src_area = read_source(scanner, faults, drawable)
    return op


cdef Op read_composite(Scanner scanner, Faults faults, Drawable drawable):
    cdef Composite op = Composite.__new__(Composite)
    op.flags = field(scanner, b"flags") & ~<uint32_t>(HAS_MASK | HAS_SRC_TRANSFORM | HAS_MASK_TRANSFORM)
    op.src = need_image(scanner, faults, "src")
    op.src_transform = read_transform(scanner, b"src_transform")
    scanner.word(b"mask")
    if scanner.small(b"mask", 1):
        op.mask = need_image(scanner, faults, "mask")
    op.mask_transform = read_transform(scanner, b"mask_transform")
    if op.src_transform is not None:
        op.flags |= HAS_SRC_TRANSFORM
    if op.mask is None:
        op.mask_transform = None
    else:
        op.flags |= HAS_MASK
        if op.mask_transform is not None:
            op.flags |= HAS_MASK_TRANSFORM
    op.src_origin = read_origin(scanner, b"src_origin")
    op.mask_origin = read_origin(scanner, b"mask_origin")
    return op


cdef tuple read_transform(Scanner scanner, const char *name):
    scanner.word(name)
    if not scanner.small(name, 1):
        return None
    data = scanner.binary(b"transform")
    if len(data) != TRANSFORM_BYTES:
        raise scanner.damaged(f"transform: {len(data)} bytes, not {TRANSFORM_BYTES}")
    return recording_shapes.TRANSFORM.unpack(data)


cdef object read_origin(Scanner scanner, const char *name):
    scanner.word(name)
    x = scanner.i32(name)
    return make_point(x, scanner.i32(name))
