# cython: auto_pickle=False
"""Images in guest memory, and what holds one: brushes and masks."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from gspice.qxl.guest_view cimport MAX_DATA, placed_rect
from gspice.qxl.ops cimport BitmapImage, EncodedImage, Palette, SurfaceImage, make_point
from gspice.qxl.packed_structs cimport QXLBitmap, QXLImageDescriptor, QXLPaletteHead

from gspice.errors import GuestError
from gspice.pixels import BitmapFormat

cdef enum:
    # SPICE_IMAGE_TYPE_* that a guest may use
    TYPE_BITMAP = 0
    TYPE_QUIC = 1
    TYPE_SURFACE = 104
    # QXL_BITMAP_*
    DIRECT = 1
    UNSTABLE = 2
    TOP_DOWN = 4
    # QXL_IMAGE_*
    IMAGE_FLAGS = 3
    # SPICE_BRUSH_TYPE_*
    BRUSH_NONE = 0
    BRUSH_SOLID = 1
    BRUSH_PATTERN = 2
    MASK_INVERS = 1
    BITMAP_FORMATS = 11
    FIRST_RGB = 6  # formats below are indices into a palette
    MAX_SIDE = 0x7FFFFFFF  # coordinates are signed

# By SPICE_BITMAP_FMT_*; 0 is no format.
cdef int[BITMAP_FORMATS] FORMAT_BITS = [0, 1, 1, 4, 4, 8, 16, 24, 32, 32, 8]
cdef tuple FORMATS = (None, *BitmapFormat)

cdef Mask NO_MASK = Mask()
cdef Brush NO_BRUSH = Brush(BRUSH_NONE)
cdef object ORIGIN = make_point(0, 0)


cdef Image read_image(GuestView view, uint64_t address, bint is_mask, str what):
    """The image at an address; ``is_mask``: a palette is not needed. GuestError where there is none."""
    cdef QXLImageDescriptor head
    cdef uint64_t body = address + sizeof(head)
    view.fetch(&head, address, sizeof(head), what)
    if head.type == TYPE_BITMAP:
        return read_bitmap(view, &head, body, is_mask, what)
    if head.type == TYPE_SURFACE:
        # It is as large as the surface: X.org's driver leaves the size in the descriptor at 0.
        return read_surface_image(view, &head, body, what)
    if head.width == 0 or head.height == 0 or head.width > MAX_SIDE or head.height > MAX_SIDE:
        raise GuestError(f"{what}: its size is {head.width}x{head.height}")
    if head.type == TYPE_QUIC:
        return read_quic(view, &head, body, what)
    raise GuestError(f"{what}: image type {head.type} is not one that a guest may use")


cdef BitmapImage read_bitmap(
    GuestView view, const QXLImageDescriptor *head, uint64_t address, bint is_mask, str what
):
    cdef QXLBitmap bitmap
    cdef uint64_t size, row
    cdef BitmapImage image
    view.fetch(&bitmap, address, sizeof(bitmap), what)
    if not 0 < bitmap.format < BITMAP_FORMATS:
        raise GuestError(f"{what}: bitmap format {bitmap.format} is not known")
    # Size: the bitmap's own; the descriptor only repeats it.
    if bitmap.x == 0 or bitmap.y == 0 or bitmap.x > MAX_SIDE or bitmap.y > MAX_SIDE:
        raise GuestError(f"{what}: its size is {bitmap.x}x{bitmap.y}")
    row = (<uint64_t>bitmap.x * FORMAT_BITS[bitmap.format] + 7) // 8
    if bitmap.stride < row:
        raise GuestError(f"{what}: stride {bitmap.stride} is less than the {row} bytes of a row")
    size = <uint64_t>bitmap.stride * bitmap.y
    if size > MAX_DATA:
        raise GuestError(f"{what}: stride {bitmap.stride} times height {bitmap.y} is over {MAX_DATA} bytes")
    image = BitmapImage.__new__(BitmapImage)
    image.id = head.id
    image.flags = head.flags & IMAGE_FLAGS
    image.width = bitmap.x
    image.height = bitmap.y
    image.format = FORMATS[bitmap.format]
    image.top_down = bitmap.flags & TOP_DOWN != 0
    image.unstable = bitmap.flags & UNSTABLE != 0
    image.stride = bitmap.stride
    if bitmap.format < FIRST_RGB:
        if bitmap.palette:
            image.palette = read_palette(view, bitmap.palette, 1 << FORMAT_BITS[bitmap.format], what)
        elif not is_mask:
            raise GuestError(f"{what}: {image.format.name} bitmap without a palette")
    if bitmap.flags & DIRECT:
        image.data = view.take(bitmap.data, size, what)
        return image
    image.data = view.take_chunks(bitmap.data, size, what)
    if <uint64_t>PyBytes_GET_SIZE(image.data) != size:
        raise GuestError(
            f"{what}: data chunks hold {len(image.data)} bytes, stride times height is {size}"
        )
    return image


cdef Palette read_palette(GuestView view, uint64_t address, uint32_t most, str what):
    cdef QXLPaletteHead head
    cdef Palette palette
    cdef bytes data
    cdef list ents
    cdef uint32_t entry
    cdef uint32_t i
    view.fetch(&head, address, sizeof(head), f"palette of {what}")
    if head.num_ents > most:
        raise GuestError(f"palette of {what}: {head.num_ents} entries, its pixels tell {most} apart")
    ents = []
    if head.num_ents:
        data = view.take(address + sizeof(head), head.num_ents * sizeof(entry), f"palette of {what}")
        for i in range(head.num_ents):
            memcpy(&entry, PyBytes_AS_STRING(data) + i * sizeof(entry), sizeof(entry))
            ents.append(read_color(view, entry))
    palette = Palette.__new__(Palette)
    palette.unique = head.unique
    palette.ents = tuple(ents)
    return palette


cdef SurfaceImage read_surface_image(
    GuestView view, const QXLImageDescriptor *head, uint64_t address, str what
):
    cdef SurfaceImage image = SurfaceImage.__new__(SurfaceImage)
    view.fetch(&image.surface_id, address, sizeof(image.surface_id), what)
    view.check_surface(image.surface_id, what)
    image.id = head.id
    image.flags = head.flags & IMAGE_FLAGS
    image.width = head.width
    image.height = head.height
    return image


cdef EncodedImage read_quic(GuestView view, const QXLImageDescriptor *head, uint64_t address, str what):
    cdef EncodedImage image = EncodedImage.__new__(EncodedImage)
    cdef uint32_t size
    view.fetch(&size, address, sizeof(size), what)
    if size > MAX_DATA:
        raise GuestError(f"{what}: QUIC data_size {size} is more than {MAX_DATA}")
    image.data = view.take_chunks(address + sizeof(size), size, what)
    if <uint64_t>PyBytes_GET_SIZE(image.data) != size:
        raise GuestError(f"{what}: data chunks hold {len(image.data)} bytes, QUIC data_size is {size}")
    image.id = head.id
    image.flags = head.flags & IMAGE_FLAGS
    image.width = head.width
    image.height = head.height
    image.type = TYPE_QUIC
    return image


cdef object read_source_area(const QXLRect *rect, Image image):
    """The part of an image that an operation reads. Only the canvas knows whether it is inside a surface."""
    cdef object area = placed_rect(rect, "src_area")
    if isinstance(image, BitmapImage) and (
        <uint32_t>rect.right > image.width or <uint32_t>rect.bottom > image.height
    ):
        raise GuestError(f"src_area {tuple(area)} is not inside its bitmap of {image.width}x{image.height}")
    return area


cdef Brush read_brush(GuestView view, const QXLBrush *brush, str what):
    cdef Brush value
    if brush.type == BRUSH_NONE:
        return NO_BRUSH
    value = Brush.__new__(Brush)
    value.type = brush.type
    value.pos = ORIGIN
    if brush.type == BRUSH_SOLID:
        value.color = read_color(view, <uint32_t>brush.pattern.pat)
    elif brush.type == BRUSH_PATTERN:
        value.pattern = read_image(view, brush.pattern.pat, False, f"pattern of {what}")
        value.pos = make_point(brush.pattern.pos.x, brush.pattern.pos.y)
    else:
        raise GuestError(f"{what}: brush type {brush.type} is not known")
    return value


cdef Mask read_mask(GuestView view, const QXLQMask *mask):
    cdef Mask value
    if mask.bitmap == 0:
        return NO_MASK
    value = Mask.__new__(Mask)
    value.image = read_image(view, mask.bitmap, True, "mask")
    value.pos = make_point(mask.pos.x, mask.pos.y)
    value.inverse = mask.flags & MASK_INVERS != 0
    return value


cdef uint32_t read_color(GuestView view, uint32_t color) noexcept:
    """0x00RRGGBB of what the command gives as a colour; 5 bits become 8 by repeating the high ones."""
    cdef uint32_t red, green, blue
    if not view.expand_16bpp:
        return color
    red, green, blue = color >> 10 & 0x1F, color >> 5 & 0x1F, color & 0x1F
    return (red << 3 | red >> 2) << 16 | (green << 3 | green >> 2) << 8 | (blue << 3 | blue >> 2)
