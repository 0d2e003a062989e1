# cython: auto_pickle=False
"""Payloads of recorded commands; see recording_commands.pyi. For drawables see recording_drawables.pyx."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from gspice.qxl.ops cimport (
    CursorHide, CursorMove, CursorSet, CursorShape, CursorTrail, MessageCommand, SurfaceCreate,
    SurfaceDestroy, UpdateCommand,
)
from gspice.qxl.recording_drawables cimport read_drawable
from gspice.qxl.recording_parts cimport Faults, check_rect, field, read_point16, read_rect
from gspice.qxl.recording_scanner cimport Scanner

from gspice.pixels import SurfaceFormat
from gspice.qxl import recording_events

cdef enum:
    # QXL_CMD_*
    COMMANDS = 6
    KEEP_DATA = 1
    CURSOR_TYPES = 7
    MAX_SIDE = 0x7FFFFFFF  # coordinates are signed

cdef uint64_t MAX_DATA = recording_events.MAX_DATA
cdef uint64_t MAX_CURSOR_BYTES = recording_events.MAX_CURSOR_BYTES
cdef uint64_t MAX_MESSAGE_BYTES = recording_events.MAX_MESSAGE_BYTES
cdef dict SURFACE_FORMATS = {int(format): format for format in SurfaceFormat}

# By SPICE_CURSOR_TYPE_*: bits of a pixel, bytes of palette, and 1-bit masks that come with it.
cdef int[CURSOR_TYPES] CURSOR_BITS = [32, 0, 4, 8, 16, 24, 32]
cdef int[CURSOR_TYPES] CURSOR_PALETTE = [0, 0, 16 * 4, 256 * 4, 0, 0, 0]
cdef int[CURSOR_TYPES] CURSOR_MASKS = [0, 2, 1, 1, 1, 1, 1]

ctypedef object (*PayloadReader)(Scanner, Faults)

cdef PayloadReader[COMMANDS] PAYLOADS
PAYLOADS[1] = read_drawable
PAYLOADS[2] = read_update
PAYLOADS[3] = read_cursor
PAYLOADS[4] = read_message
PAYLOADS[5] = read_surface


def read_command(Scanner scanner not None, uint32_t type):
    cdef Faults faults = Faults.__new__(Faults)
    if not 0 < type < COMMANDS:
        raise scanner.damaged(f"command type {type} is not known")
    value = PAYLOADS[type](scanner, faults)
    return value if faults.first is None else faults.first


cdef object read_update(Scanner scanner, Faults faults):
    cdef UpdateCommand value = UpdateCommand.__new__(UpdateCommand)
    scanner.word(b"update")
    value.area = check_rect(faults, read_rect(scanner, b"area"), "update area")
    value.update_id = field(scanner, b"update_id")
    value.surface_id = field(scanner, b"surface_id")
    faults.surface(value.surface_id, "update")
    return value


cdef object read_message(Scanner scanner, Faults faults):
    cdef MessageCommand value = MessageCommand.__new__(MessageCommand)
    value.text = scanner.binary(b"message")
    if <uint64_t>len(value.text) > MAX_MESSAGE_BYTES:
        faults.note(f"message: {len(value.text)} bytes are more than {MAX_MESSAGE_BYTES}")
    return value


cdef object read_surface(Scanner scanner, Faults faults):
    cdef SurfaceDestroy gone
    cdef uint32_t surface_id, type, flags
    scanner.word(b"surface_cmd")
    surface_id = field(scanner, b"surface_id")
    type = field(scanner, b"type")
    flags = field(scanner, b"flags")
    faults.surface(surface_id, "surface command")
    if type == 0:
        return read_surface_create(scanner, faults, surface_id, flags)
    if type != 1:
        faults.note(f"surface command: type {type} is not known")
    gone = SurfaceDestroy.__new__(SurfaceDestroy)
    gone.surface_id = surface_id
    return gone


cdef SurfaceCreate read_surface_create(Scanner scanner, Faults faults, uint32_t surface_id, uint32_t flags):
    cdef SurfaceCreate value = SurfaceCreate.__new__(SurfaceCreate)
    cdef uint64_t row = 0, step
    cdef uint32_t format = field(scanner, b"u.surface_create.format")
    value.surface_id = surface_id
    value.width = field(scanner, b"u.surface_create.width")
    value.height = field(scanner, b"u.surface_create.height")
    value.stride = <int32_t>field(scanner, b"u.surface_create.stride")
    value.keep_data = flags & KEEP_DATA != 0
    value.format = SURFACE_FORMATS.get(format)
    if value.format is None:
        faults.note(f"surface create: format {format} is not known")
    else:
        row = (<uint64_t>value.width * <uint32_t>value.format.bits_per_pixel + 7) // 8
    if value.width == 0 or value.height == 0 or value.width > MAX_SIDE or value.height > MAX_SIDE:
        faults.note(f"surface create: its size is {value.width}x{value.height}")
    step = <uint64_t>(value.stride if value.stride >= 0 else -<int64_t>value.stride)
    if step < row:
        faults.note(f"surface create: stride {value.stride}, {value.width} pixels take {row} bytes")
    if step * value.height > MAX_DATA:
        faults.note(f"surface create: stride {value.stride} times height {value.height}: over {MAX_DATA}")
    if value.keep_data:
        value.data = scanner.binary(b"data")
        if <uint64_t>len(value.data) != step * value.height:
            faults.note(
                f"surface create: {len(value.data)} bytes, stride times height is {step * value.height}"
            )
        elif value.stride < 0:
            value.data = recording_events.flipped(value.data, step)
    return value


cdef object read_cursor(Scanner scanner, Faults faults):
    cdef uint32_t type
    cdef CursorMove move
    cdef CursorTrail tail
    scanner.word(b"cursor_cmd")
    type = field(scanner, b"type")
    if type == 0:
        return read_cursor_set(scanner, faults)
    if type == 1:
        move = CursorMove.__new__(CursorMove)
        move.position = read_point16(scanner)
        return move
    if type == 3:
        tail = CursorTrail.__new__(CursorTrail)
        tail.length = field(scanner, b"u.trail.length")
        tail.frequency = field(scanner, b"u.trail.frequency")
        return tail
    if type != 2:
        faults.note(f"cursor command: type {type} is not known")
    return CursorHide.__new__(CursorHide)


cdef CursorSet read_cursor_set(Scanner scanner, Faults faults):
    cdef CursorSet value = CursorSet.__new__(CursorSet)
    cdef CursorShape shape = CursorShape.__new__(CursorShape)
    cdef uint32_t size
    cdef uint64_t needed
    value.position = read_point16(scanner)
    value.visible = field(scanner, b"u.set.visible") != 0
    value.shape = shape
    scanner.word(b"header.unique")
    shape.unique = scanner.u64(b"header.unique")
    shape.type = field(scanner, b"header.type")
    shape.width = field(scanner, b"header.width") & 0xFFFF
    shape.height = field(scanner, b"header.height") & 0xFFFF
    shape.hot_x = field(scanner, b"header.hot_spot_x") & 0xFFFF
    shape.hot_y = field(scanner, b"header.hot_spot_y") & 0xFFFF
    size = field(scanner, b"data_size")
    shape.data = scanner.chunks(b"cursor", MAX_CURSOR_BYTES)
    if <uint64_t>len(shape.data) > size:
        shape.data = shape.data[:size]
    if shape.type >= CURSOR_TYPES:
        faults.note(f"cursor: type {shape.type} is not known")
        return value
    needed = cursor_bytes(shape.type, shape.width, shape.height)
    if <uint64_t>len(shape.data) < needed:
        faults.note(
            f"cursor: type {shape.type} of {shape.width}x{shape.height} takes {needed} bytes, "
            f"data_size and chunks hold {len(shape.data)}"
        )
    return value


cdef uint64_t cursor_bytes(uint32_t type, uint64_t width, uint64_t height) noexcept:
    """Bytes that a shape takes: pixels, palette, masks. One without pixels shows nothing and needs none."""
    if width == 0 or height == 0:
        return 0
    return (
        (width * CURSOR_BITS[type] + 7) // 8 * height
        + CURSOR_PALETTE[type]
        + (width + 7) // 8 * height * CURSOR_MASKS[type]
    )
