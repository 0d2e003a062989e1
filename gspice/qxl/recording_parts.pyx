# cython: auto_pickle=False
"""What the payloads of a recording are made of: points, rectangles, images, brushes and masks.

What is not as the format has it raises RecordingError. What a guest got wrong goes to the command's
``Faults``, for the same reasons for which the parser of guest memory refuses it.
"""

from cpython.bytes cimport PyBytes_GET_SIZE
from libc.stdint cimport uint32_t, uint64_t

from gspice.qxl.ops cimport (
    BitmapImage, EncodedImage, Palette, SurfaceImage, make_point, make_rect,
)

from gspice.pixels import BitmapFormat
from gspice.qxl import recording_events

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
    MAX_ENTS = 256
    MAX_SIDE = 0x7FFFFFFF  # coordinates are signed

cdef int[BITMAP_FORMATS] FORMAT_BITS = [0, 1, 1, 4, 4, 8, 16, 24, 32, 32, 8]
cdef tuple FORMATS = (None, *BitmapFormat)
cdef uint64_t MAX_DATA = recording_events.MAX_DATA
cdef uint32_t MAX_SURFACES = recording_events.MAX_SURFACES

cdef Mask NO_MASK = Mask()
cdef Brush NO_BRUSH = Brush(BRUSH_NONE)
cdef object ORIGIN = make_point(0, 0)


cdef class Faults:
    cdef object note(self, str reason):
        if self.first is None:
            self.first = reason

    cdef object surface(self, unsigned int surface_id, str what):
        if surface_id >= MAX_SURFACES:
            self.note(f"{what}: surface {surface_id}, ids are below {MAX_SURFACES}")


cdef object read_point(Scanner scanner):
    scanner.word(b"point")
    x = scanner.i32(b"point")
    return make_point(x, scanner.i32(b"point"))


cdef object read_point16(Scanner scanner):
    scanner.word(b"point16")
    x = scanner.i32(b"point16")
    return make_point(x, scanner.i32(b"point16"))


cdef object read_rect(Scanner scanner, const char *name):
    scanner.word(b"rect")
    scanner.word(name)
    top, left = scanner.i32(name), scanner.i32(name)
    bottom = scanner.i32(name)
    return make_rect(left, top, scanner.i32(name), bottom)


cdef object check_rect(Faults faults, object rect, str what):
    """The rectangle, noted where its corners are not in order."""
    left, top, right, bottom = rect
    if right < left or bottom < top:
        faults.note(f"{what}: from ({left}, {top}) to ({right}, {bottom}) is inside out")
    return rect


cdef object place_rect(Faults faults, object rect, str what):
    """The rectangle, noted where it has a negative coordinate, too."""
    left, top, _, _ = rect
    if left < 0 or top < 0:
        faults.note(f"{what}: its corner ({left}, {top}) is negative")
    return check_rect(faults, rect, what)


cdef Image need_image(Scanner scanner, Faults faults, str what):
    """An image that must be there."""
    cdef Image image = read_image(scanner, faults, False, what)
    if image is None:
        faults.note(f"{what}: no image")
    return image


cdef Image read_image(Scanner scanner, Faults faults, bint is_mask, str what):
    """An image, or None; ``is_mask``: a palette is not needed."""
    cdef uint64_t id
    cdef uint32_t type, flags, width, height
    if scanner_flag(scanner, b"image") == 0:
        return None
    scanner.word(b"descriptor.id")
    id = scanner.u64(b"descriptor.id")
    type = field(scanner, b"descriptor.type")
    flags = field(scanner, b"descriptor.flags") & IMAGE_FLAGS
    width = field(scanner, b"descriptor.width")
    height = field(scanner, b"descriptor.height")
    if type == TYPE_BITMAP:
        return read_bitmap(scanner, faults, id, flags, is_mask, what)
    if type == TYPE_SURFACE:
        # Its size is that of the surface: X.org's driver leaves 0x0 here.
        return read_surface_image(scanner, faults, id, flags, width, height, what)
    if type == TYPE_QUIC:
        if width == 0 or height == 0 or width > MAX_SIDE or height > MAX_SIDE:
            faults.note(f"{what}: its size is {width}x{height}")
        return read_quic(scanner, id, flags, width, height)
    raise scanner.damaged(f"{what}: image type {type} is not one that recordings have")


cdef uint32_t scanner_flag(Scanner scanner, const char *name) except? 0xFFFFFFFF:
    scanner.word(name)
    return scanner.small(name, 1)


cdef uint32_t field(Scanner scanner, const char *name) except? 0xFFFFFFFF:
    scanner.word(name)
    return scanner.u32(name)


cdef BitmapImage read_bitmap(
    Scanner scanner, Faults faults, uint64_t id, uint32_t image_flags, bint is_mask, str what
):
    cdef BitmapImage image = BitmapImage.__new__(BitmapImage)
    cdef uint32_t format = field(scanner, b"bitmap.format")
    cdef uint32_t flags = field(scanner, b"bitmap.flags")
    cdef uint64_t size, row = 0
    image.id, image.flags = id, image_flags
    image.width = field(scanner, b"bitmap.x")
    image.height = field(scanner, b"bitmap.y")
    image.stride = field(scanner, b"bitmap.stride")
    image.top_down = flags & TOP_DOWN != 0
    image.unstable = flags & UNSTABLE != 0
    if scanner_flag(scanner, b"has_palette"):
        image.palette = read_palette(scanner)
    if 0 < format < BITMAP_FORMATS:
        row = (<uint64_t>image.width * FORMAT_BITS[format] + 7) // 8
        image.format = FORMATS[format]
        check_palette(faults, image, format, is_mask, what)
    else:
        faults.note(f"{what}: bitmap format {format} is not known")
    if image.width == 0 or image.height == 0 or image.width > MAX_SIDE or image.height > MAX_SIDE:
        faults.note(f"{what}: its size is {image.width}x{image.height}")
    if image.stride < row:
        faults.note(f"{what}: stride {image.stride} is less than the {row} bytes of a row")
    size = <uint64_t>image.stride * image.height
    if size > MAX_DATA:
        faults.note(f"{what}: stride {image.stride} times height {image.height} is over {MAX_DATA} bytes")
    if flags & DIRECT:
        image.data = scanner.binary(b"image_data_flat")
    else:
        image.data = scanner.chunks(b"bitmap.data", MAX_DATA)
    if <uint64_t>PyBytes_GET_SIZE(image.data) != size:
        faults.note(f"{what}: {len(image.data)} bytes, stride times height is {size}")
    return image


cdef object check_palette(Faults faults, BitmapImage image, uint32_t format, bint is_mask, str what):
    cdef int most
    if format >= FIRST_RGB:
        image.palette = None
    elif image.palette is not None:
        most = 1 << FORMAT_BITS[format]
        if len(image.palette.ents) > most:
            faults.note(
                f"palette of {what}: {len(image.palette.ents)} entries, its pixels tell {most} apart"
            )
    elif not is_mask:
        faults.note(f"{what}: {image.format.name} bitmap without a palette")


cdef Palette read_palette(Scanner scanner):
    cdef Palette palette = Palette.__new__(Palette)
    cdef list ents = []
    cdef uint32_t number
    scanner.word(b"qp.num_ents")
    # More than the pixels can name is the guest's fault, more than any could is damage.
    number = scanner.small(b"qp.num_ents", 0xFFFF)
    scanner.word(b"unique")
    palette.unique = scanner.u64(b"unique")
    for _ in range(number):
        ents.append(field(scanner, b"ents"))
    palette.ents = tuple(ents)
    return palette


cdef SurfaceImage read_surface_image(
    Scanner scanner, Faults faults, uint64_t id, uint32_t flags, uint32_t width, uint32_t height, str what
):
    cdef SurfaceImage image = SurfaceImage.__new__(SurfaceImage)
    image.id, image.flags, image.width, image.height = id, flags, width, height
    image.surface_id = field(scanner, b"surface_image.surface_id")
    faults.surface(image.surface_id, what)
    return image


cdef EncodedImage read_quic(Scanner scanner, uint64_t id, uint32_t flags, uint32_t width, uint32_t height):
    cdef EncodedImage image = EncodedImage.__new__(EncodedImage)
    cdef uint32_t size = field(scanner, b"quic.data_size")
    image.id, image.flags, image.width, image.height = id, flags, width, height
    image.type = TYPE_QUIC
    image.data = scanner.chunks(b"quic.data", MAX_DATA)
    if <uint64_t>PyBytes_GET_SIZE(image.data) != size:
        raise scanner.damaged(f"quic.data: {len(image.data)} bytes, quic.data_size is {size}")
    return image


cdef Brush read_brush(Scanner scanner, Faults faults, str what):
    cdef Brush value
    cdef uint32_t type = field(scanner, b"type")
    if type == BRUSH_NONE:
        return NO_BRUSH
    value = Brush.__new__(Brush)
    value.type = type
    value.pos = ORIGIN
    if type == BRUSH_SOLID:
        value.color = field(scanner, b"u.color")
    elif type == BRUSH_PATTERN:
        value.pattern = need_image(scanner, faults, f"pattern of {what}")
        value.pos = read_point(scanner)
    else:
        faults.note(f"{what}: brush type {type} is not known")
    return value


cdef Mask read_mask(Scanner scanner, Faults faults):
    cdef Mask value
    cdef uint32_t flags = field(scanner, b"flags")
    cdef object pos = read_point(scanner)
    cdef Image image = read_image(scanner, faults, True, "mask")
    if image is None:
        return NO_MASK
    value = Mask.__new__(Mask)
    value.image, value.pos = image, pos
    value.inverse = flags & MASK_INVERS != 0
    return value
