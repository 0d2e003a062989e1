# cython: auto_pickle=False
"""How much memory a parsed command holds; see drawable_bytes.pyi."""

from gspice.qxl.ops cimport Brush, CopyBits, Drawable, Fill, Glyph, Mask, Op, PathSegment, Stroke, Text

cdef enum:
    RECT_BYTES = 150  # a tuple of four numbers, or a point with its two
    POINT_BYTES = 120
    GLYPH_BYTES = 400
    SOLID = 1


cpdef Py_ssize_t drawable_bytes(Drawable drawable) except -1:
    cdef Py_ssize_t total = 0
    cdef Op op = drawable.op
    if drawable.clip is not None:
        total += len(drawable.clip) * RECT_BYTES
    if type(op) is CopyBits:
        return total
    if type(op) is Fill:
        return total + brush_bytes((<Fill>op).brush) + mask_bytes((<Fill>op).mask)
    if type(op) is Stroke:
        return total + stroke_bytes(<Stroke>op)
    if type(op) is Text:
        return total + text_bytes(<Text>op)
    # The other kinds name what they own alike: an image, a brush and a mask, which is an image itself in COMPOSITE.
    total += image_bytes(getattr(op, "src", None))
    brush, mask = getattr(op, "brush", None), getattr(op, "mask", None)
    if brush is not None:
        total += brush_bytes(brush)
    if isinstance(mask, Mask):
        total += mask_bytes(mask)
    else:
        total += image_bytes(mask)
    return total


cdef Py_ssize_t image_bytes(object image) except -1:
    data = getattr(image, "data", None)
    return len(data) if data is not None else 0


cdef Py_ssize_t brush_bytes(Brush brush) except -1:
    return 0 if brush is None or brush.type == SOLID else image_bytes(brush.pattern)


cdef Py_ssize_t mask_bytes(Mask mask) except -1:
    return 0 if mask is None else image_bytes(mask.image)


cdef Py_ssize_t stroke_bytes(Stroke op) except -1:
    cdef Py_ssize_t total = brush_bytes(op.brush) + len(op.style) * POINT_BYTES
    cdef PathSegment segment
    for segment in op.path:
        total += len(segment.points) * POINT_BYTES + GLYPH_BYTES
    return total


cdef Py_ssize_t text_bytes(Text op) except -1:
    cdef Py_ssize_t total = brush_bytes(op.fore_brush) + brush_bytes(op.back_brush)
    cdef Glyph glyph
    for glyph in op.glyphs:
        total += GLYPH_BYTES + len(glyph.data)
    return total
