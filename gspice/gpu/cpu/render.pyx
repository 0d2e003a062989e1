"""Pixman's compositing over the canvas's memory; see render.pyi for what each name promises."""

from libc.stdint cimport int32_t, uint16_t, uint32_t, uintptr_t
from libc.stdlib cimport free

from gspice.gpu.cpu.kernels cimport (
    KEEP_GIL_BYTES, RAW, Box, Plane, Rop, Source, Surface, blit_box, plane_of, spread, take_box, take_boxes,
)


cdef extern from "pixman.h" nogil:
    ctypedef int pixman_bool_t
    ctypedef int pixman_op_t
    ctypedef int pixman_format_code_t
    ctypedef int pixman_repeat_t
    ctypedef int pixman_filter_t
    ctypedef struct pixman_image_t:
        pass
    ctypedef struct pixman_box32_t:
        int32_t x1, y1, x2, y2
    ctypedef struct pixman_region32_t:
        pass
    ctypedef struct pixman_color_t:
        uint16_t red, green, blue, alpha
    ctypedef struct pixman_transform_t:
        int32_t[3][3] matrix
    pixman_format_code_t PIXMAN_a1, PIXMAN_a8, PIXMAN_x1r5g5b5, PIXMAN_r5g6b5
    pixman_format_code_t PIXMAN_x8r8g8b8, PIXMAN_a8r8g8b8
    pixman_image_t *pixman_image_create_bits(
        pixman_format_code_t format, int width, int height, uint32_t *bits, int stride)
    pixman_image_t *pixman_image_create_solid_fill(const pixman_color_t *color)
    pixman_bool_t pixman_image_unref(pixman_image_t *image)
    pixman_bool_t pixman_image_set_transform(pixman_image_t *image, const pixman_transform_t *transform)
    void pixman_image_set_repeat(pixman_image_t *image, pixman_repeat_t repeat)
    pixman_bool_t pixman_image_set_filter(
        pixman_image_t *image, pixman_filter_t filter, const int32_t *params, int count)
    void pixman_image_set_component_alpha(pixman_image_t *image, pixman_bool_t component_alpha)
    pixman_bool_t pixman_image_set_clip_region32(pixman_image_t *image, const pixman_region32_t *region)
    void pixman_image_composite32(
        pixman_op_t op, pixman_image_t *src, pixman_image_t *mask, pixman_image_t *dest, int32_t src_x,
        int32_t src_y, int32_t mask_x, int32_t mask_y, int32_t dest_x, int32_t dest_y, int32_t width,
        int32_t height)
    pixman_bool_t pixman_region32_init_rects(
        pixman_region32_t *region, const pixman_box32_t *boxes, int count)
    void pixman_region32_fini(pixman_region32_t *region)

cdef enum:
    REPEATS = 4
    FILTERS = 5  # those beyond need parameters that no command carries
    FIXED_ONE = 1 << 16

# By SurfaceFormat.
cdef dict CODES = {
    1: PIXMAN_a1, 8: PIXMAN_a8, 16: PIXMAN_x1r5g5b5, 80: PIXMAN_r5g6b5, 32: PIXMAN_x8r8g8b8, 96: PIXMAN_a8r8g8b8
}
# By Pack.
cdef int[7] PACK_BITS = [32, 16, 8, 16, 16, 8, 1]
cdef dict BITS = {1: 1, 8: 8, 16: 16, 80: 16, 32: 32, 96: 32}


cdef pixman_image_t *image_over(Surface surface, int form) except NULL:
    cdef pixman_image_t *image
    if BITS.get(form) != surface.bits:
        raise ValueError(f"{surface.bits}-bit pixels are not of format {form}")
    image = pixman_image_create_bits(
        CODES[form], surface.width, surface.height, <uint32_t *>surface.rows, <int>surface.stride)
    if image == NULL:
        raise MemoryError("no memory for an image")
    return image


cdef class Picture:
    cdef pixman_image_t *_image
    cdef object _owner  # keeps the pixels alive
    cdef readonly int left, top

    def __cinit__(self, pixels not None, int form, part=None):
        cdef Source source
        cdef Surface copy
        cdef Box box
        if isinstance(pixels, Surface):
            self._owner = pixels
            self._image = image_over(pixels, form)
            return
        source = pixels
        if PACK_BITS[<int>source.view.pack] != BITS.get(form):
            raise ValueError(f"{PACK_BITS[<int>source.view.pack]}-bit pixels are not of format {form}")
        if (source.view.fetch == RAW and source.view.step % 4 == 0 and <uintptr_t>source.view.top % 4 == 0
                and -0x7fffffff < source.view.step < 0x7fffffff):
            self._owner = source.owner
            self._image = pixman_image_create_bits(
                CODES[form], source.width, source.height, <uint32_t *>source.view.top, <int>source.view.step)
            if self._image == NULL:
                raise MemoryError("no memory for an image")
            return
        box = Box(0, 0, source.width, source.height)
        if part is not None:
            take_box(part, source.width, source.height, &box)
        copy = Surface(box.x2 - box.x1, box.y2 - box.y1, BITS[form])
        self.left, self.top = box.x1, box.y1
        copy_part(copy, source, box)
        self._owner = copy
        self._image = image_over(copy, form)

    def __dealloc__(self):
        if self._image != NULL:
            pixman_image_unref(self._image)

    def transform(self, int t00, int t01, int t02, int t10, int t11, int t12):
        cdef pixman_transform_t matrix
        matrix.matrix[0][0], matrix.matrix[0][1], matrix.matrix[0][2] = t00, t01, t02
        matrix.matrix[1][0], matrix.matrix[1][1], matrix.matrix[1][2] = t10, t11, t12
        matrix.matrix[2][0] = matrix.matrix[2][1] = 0
        matrix.matrix[2][2] = FIXED_ONE
        if not pixman_image_set_transform(self._image, &matrix):
            raise MemoryError("no memory for a transform")

    def sample(self, int repeat, int filtering):
        if not 0 <= repeat < REPEATS or not 0 <= filtering < FILTERS:
            raise ValueError(f"no repeat {repeat} or no filter {filtering}")
        pixman_image_set_repeat(self._image, repeat)
        if not pixman_image_set_filter(self._image, filtering, NULL, 0):
            raise MemoryError("no memory for a filter")

    def component_alpha(self, bint wanted):
        pixman_image_set_component_alpha(self._image, wanted)


cdef int copy_part(Surface copy, Source source, Box part) except -1:
    cdef Box whole = Box(0, 0, copy.width, copy.height)
    cdef Plane plane = plane_of(copy)
    cdef Rop from_source = spread(2)
    with nogil:
        blit_box(&plane, whole, &source.view, -part.x1, -part.y1, &from_source, NULL, 0, 0)
    return 0


def composite(int op, Picture src not None, Surface target not None, int form, rects, dest, *, int src_x=0,
              int src_y=0, Picture mask=None, int mask_x=0, int mask_y=0, int alpha=255):
    cdef int left, top, right, bottom
    cdef Py_ssize_t count, pixels = 0
    cdef Box *boxes
    cdef pixman_image_t *image = NULL
    cdef pixman_image_t *cover = NULL
    cdef pixman_region32_t region
    cdef pixman_color_t color
    if not is_operator(op):
        raise ValueError(f"no operator {op}")
    if src._owner is target or (mask is not None and mask._owner is target):
        raise ValueError("a surface cannot be its own source")
    left, top, right, bottom = dest
    boxes = take_boxes(rects, target, None, 0, 0, None, 0, 0, &count, &pixels)
    if count == 0:
        free(boxes)
        return
    if not pixman_region32_init_rects(&region, <pixman_box32_t *>boxes, <int>count):
        free(boxes)
        raise MemoryError("no memory for a region")
    free(boxes)
    try:
        image = image_over(target, form)
        if mask is not None:
            cover = mask._image
        elif alpha != 255:
            color.red = color.green = color.blue = 0
            color.alpha = <uint16_t>(alpha * 0x101)
            cover = pixman_image_create_solid_fill(&color)
        if not pixman_image_set_clip_region32(image, &region) or (alpha != 255 and cover == NULL):
            raise MemoryError("no memory for an image")
        if pixels * target.bits < KEEP_GIL_BYTES:
            pixman_image_composite32(op, src._image, cover, image, src_x, src_y, mask_x, mask_y, left, top,
                                     right - left, bottom - top)
        else:
            with nogil:
                pixman_image_composite32(op, src._image, cover, image, src_x, src_y, mask_x, mask_y, left,
                                         top, right - left, bottom - top)
    finally:
        pixman_region32_fini(&region)
        if image != NULL:
            pixman_image_unref(image)
        if cover != NULL and mask is None:
            pixman_image_unref(cover)


def is_operator(int op):
    # PIXMAN_OP_*: Porter-Duff and saturate, the disjoint ones, the conjoint ones, the blend modes.
    return 0 <= op <= 0x0d or 0x10 <= op <= 0x1b or 0x20 <= op <= 0x2b or 0x30 <= op <= 0x3e
