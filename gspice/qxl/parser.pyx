# cython: auto_pickle=False
"""Commands of a guest as values; see parser.pyi. Drawables are read in drawables.pyx, all others here."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from gspice.qxl.drawable_bytes cimport drawable_bytes
from gspice.qxl.drawables cimport read_compat_drawable, read_drawable
from gspice.qxl.guest_view cimport MAX_DATA, GuestView, checked_rect, make_view
from gspice.qxl.memslots cimport NO_FAULT, MemSlots
from gspice.qxl.ops cimport (
    CursorHide, CursorMove, CursorSet, CursorShape, CursorTrail, Drawable, MessageCommand, SurfaceCreate,
    SurfaceDestroy, UpdateCommand, make_point,
)
from gspice.qxl.packed_structs cimport (
    QXLCompatUpdateCmd, QXLCursorCmdHead, QXLCursorHead, QXLCursorSet, QXLCursorTrail, QXLHead,
    QXLMonitorsConfigHead, QXLPoint16, QXLSurface, QXLSurfaceCmdHead, QXLUpdateCmd,
)

from gspice.errors import GuestError
from gspice.pixels import SurfaceFormat
from gspice.vdi.qxl import Head, MonitorsConfig, ReleaseInfo

cdef enum:
    RELEASE_INFO_BYTES = 8
    COMPAT = 1  # command flag: layouts of drivers that know one surface
    COMPAT_16BPP = 2  # command flag: the guest believes in 16 bits a pixel and gives 5-5-5 bits of colour
    # QXL_CMD_*
    FIRST_COMMAND = 1  # 0, a NOP, has no structure
    DRAW = 1
    COMMANDS = 6
    KEEP_DATA = 1
    RELOAD = 1 << 30  # ours, beside the command flags: surfaces keep what their memory holds
    MAX_MESSAGE_BYTES = 100000
    MAX_CURSOR_BYTES = 1 << 24  # 2048x2048 pixels of 32 bits
    MAX_HEADS = 256  # as many as clients take
    MAX_SIDE = 0x7FFFFFFF  # coordinates are signed
    CURSOR_TYPES = 7

ctypedef object (*CommandReader)(GuestView, uint64_t, uint32_t)

cdef CommandReader[COMMANDS] COMMAND_READERS
COMMAND_READERS[1] = read_draw
COMMAND_READERS[2] = read_update
COMMAND_READERS[3] = read_cursor
COMMAND_READERS[4] = read_message
COMMAND_READERS[5] = read_surface

cdef dict SURFACE_FORMATS = {int(format): format for format in SurfaceFormat}

# By SPICE_CURSOR_TYPE_*: bits of a pixel, bytes of palette, and 1-bit masks that come with it.
cdef int[CURSOR_TYPES] CURSOR_BITS = [32, 0, 4, 8, 16, 24, 32]
cdef int[CURSOR_TYPES] CURSOR_PALETTE = [0, 0, 16 * 4, 256 * 4, 0, 0, 0]
cdef int[CURSOR_TYPES] CURSOR_MASKS = [0, 2, 1, 1, 1, 1, 1]


cdef object _tuple_new = tuple.__new__


cdef class DrawRun:
    """See parser.pyi."""

    cdef readonly list drawables
    cdef readonly list releases
    cdef readonly list bad
    cdef readonly Py_ssize_t end
    cdef readonly Py_ssize_t held_bytes


cdef class CommandParser:
    cdef MemSlots _memslots
    cdef uint32_t _surfaces
    cdef public uint32_t primary_bits

    def __init__(self, MemSlots memslots not None, *, uint32_t surfaces=1024):
        self.primary_bits = 32
        self._memslots = memslots
        self._surfaces = surfaces

    def release_info(self, command):
        cdef uint64_t host
        address, kind, group, _ = command
        if not FIRST_COMMAND <= kind < COMMANDS:
            return None
        try:
            if self._memslots.locate(address, RELEASE_INFO_BYTES, group, &host) != NO_FAULT:
                return None
        except OverflowError:
            return None
        return ReleaseInfo(host, group)

    def parse(self, command, *, bint reload=False):
        cdef uint32_t type, group, flags
        cdef uint64_t address
        cdef GuestView view
        try:
            address, type, group, flags = command
        except OverflowError as error:
            raise GuestError(f"command {tuple(command)}: {error}") from error
        if not FIRST_COMMAND <= type < COMMANDS:
            raise GuestError(f"command type {type} is not known")
        flags = self.drawn_as(flags)
        flags = flags | <uint32_t>RELOAD if reload else flags & ~<uint32_t>RELOAD
        try:
            view = make_view(self._memslots, group, flags, self._surfaces)
            return COMMAND_READERS[type](view, address, flags)
        except MemoryError as error:
            raise GuestError(f"no memory for what the command holds: {error}") from error

    def parse_draws(self, list commands not None, Py_ssize_t start, Py_ssize_t max_bytes):
        cdef DrawRun run = DrawRun.__new__(DrawRun)
        cdef uint32_t type, group, flags, view_group = 0, view_flags = 0
        cdef uint64_t address, host
        cdef GuestView view = None
        cdef Drawable drawable
        run.drawables, run.releases, run.bad, run.held_bytes = [], [], [], 0
        run.end = start
        while run.end < len(commands) and run.held_bytes <= max_bytes:
            command = commands[run.end]
            try:
                address, type, group, flags = command
            except OverflowError:
                break
            if type != DRAW:
                break
            run.end += 1
            # Before it is read: whatever becomes of a command, it is given back.
            if self._memslots.locate(address, RELEASE_INFO_BYTES, group, &host) == NO_FAULT:
                run.releases.append(_tuple_new(ReleaseInfo, (host, group)))
            try:
                if view is None or group != view_group or flags != view_flags:
                    view = make_view(
                        self._memslots, group, self.drawn_as(flags) & ~<uint32_t>RELOAD, self._surfaces
                    )
                    view_group, view_flags = group, flags
                drawable = read_draw(view, address, flags)
            except Exception as error:
                run.bad.append((command, error))
                continue
            run.drawables.append(drawable)
            run.held_bytes += drawable_bytes(drawable)
        return run

    cdef uint32_t drawn_as(self, uint32_t flags) noexcept:
        """The flags that count for colours."""
        if flags & COMPAT and self.primary_bits == 16:
            # They draw on the primary alone, and a surface of 16 bits takes colours of 16 bits as they are.
            flags &= ~<uint32_t>COMPAT_16BPP
        return flags

    def monitors_config(self, address, group):
        try:
            return read_monitors_config(make_view(self._memslots, group, 0, self._surfaces), address)
        except OverflowError as error:
            raise GuestError(f"monitors config at {address} of group {group}: {error}") from error


cdef object read_monitors_config(GuestView view, uint64_t address):
    cdef QXLMonitorsConfigHead config
    cdef QXLHead head
    cdef bytes data
    cdef list heads = []
    cdef int i
    view.fetch(&config, address, sizeof(config), "monitors config")
    if config.count == 0:
        raise GuestError("monitors config: no heads")
    if config.count > MAX_HEADS or 0 < config.max_allowed < config.count:
        most = min(config.max_allowed or MAX_HEADS, <int>MAX_HEADS)
        raise GuestError(f"monitors config: count {config.count}, at most {most} are allowed")
    data = view.take(address + sizeof(config), config.count * sizeof(head), "monitors config heads")
    for i in range(config.count):
        memcpy(&head, PyBytes_AS_STRING(data) + i * sizeof(head), sizeof(head))
        if head.width == 0 or head.height == 0:
            continue
        view.check_surface(head.surface_id, f"monitors config head {i}")
        heads.append(Head(head.id, head.surface_id, head.x, head.y, head.width, head.height, head.flags))
    return MonitorsConfig(config.max_allowed, tuple(heads))


cdef object read_draw(GuestView view, uint64_t address, uint32_t flags):
    return read_compat_drawable(view, address) if flags & COMPAT else read_drawable(view, address)


cdef object read_update(GuestView view, uint64_t address, uint32_t flags):
    cdef QXLUpdateCmd command
    cdef UpdateCommand value = UpdateCommand.__new__(UpdateCommand)
    command.surface_id = 0
    # The old layout is the new one without its last field.
    view.fetch(&command, address, sizeof(QXLCompatUpdateCmd) if flags & COMPAT else sizeof(command), "update")
    view.check_surface(command.surface_id, "update")
    value.area = checked_rect(&command.area, "update area")
    value.update_id = command.update_id
    value.surface_id = command.surface_id
    return value


cdef object read_message(GuestView view, uint64_t address, uint32_t flags):
    cdef MessageCommand value = MessageCommand.__new__(MessageCommand)
    if address == 0:
        raise GuestError("message: no address is given")
    value.text = view.take_text(address + RELEASE_INFO_BYTES, MAX_MESSAGE_BYTES, "message")
    return value


cdef object read_surface(GuestView view, uint64_t address, uint32_t flags):
    cdef QXLSurfaceCmdHead head
    cdef SurfaceDestroy gone
    view.fetch(&head, address, sizeof(head), "surface command")
    view.check_surface(head.surface_id, "surface command")
    if head.type == 0:
        return read_surface_create(view, address + sizeof(head), &head, flags & <uint32_t>RELOAD != 0)
    if head.type == 1:
        gone = SurfaceDestroy.__new__(SurfaceDestroy)
        gone.surface_id = head.surface_id
        return gone
    raise GuestError(f"surface command: type {head.type} is not known")


cdef SurfaceCreate read_surface_create(
    GuestView view, uint64_t address, const QXLSurfaceCmdHead *head, bint reload
):
    cdef QXLSurface body
    cdef SurfaceCreate value = SurfaceCreate.__new__(SurfaceCreate)
    cdef uint64_t row, step, host
    view.fetch(&body, address, sizeof(body), "surface create")
    value.format = SURFACE_FORMATS.get(body.format)
    if value.format is None:
        raise GuestError(f"surface create: format {body.format} is not known")
    if body.width == 0 or body.height == 0 or body.width > MAX_SIDE or body.height > MAX_SIDE:
        raise GuestError(f"surface create: its size is {body.width}x{body.height}")
    row = (<uint64_t>body.width * <uint32_t>value.format.bits_per_pixel + 7) // 8
    step = <uint64_t>(body.stride if body.stride >= 0 else -<int64_t>body.stride)
    if step < row or step > MAX_DATA:
        raise GuestError(f"surface create: stride {body.stride}, {body.width} pixels take {row} bytes")
    if step * body.height > MAX_DATA:
        raise GuestError(f"surface create: stride {body.stride} times height {body.height}: over {MAX_DATA}")
    fault = view.memslots.locate(body.data, step * body.height, view.group, &host)
    if fault != NO_FAULT:
        view.memslots.refuse(fault, body.data, step * body.height, view.group, "surface create data")
    value.surface_id = head.surface_id
    value.width, value.height, value.stride = body.width, body.height, body.stride
    value.address = body.data
    value.keep_data = reload or head.flags & KEEP_DATA != 0
    if value.keep_data:
        value.data = view.take(body.data, step * body.height, "surface create data")
        if body.stride < 0:
            value.data = top_down(value.data, step, body.height)
    return value


cdef bytes top_down(bytes rows, uint64_t step, uint32_t height):
    """The rows in the opposite order."""
    cdef bytes data = PyBytes_FromStringAndSize(NULL, PyBytes_GET_SIZE(rows))
    cdef const char *source = PyBytes_AS_STRING(rows)
    cdef char *target = PyBytes_AS_STRING(data)
    cdef uint32_t y
    with nogil:
        for y in range(height):
            memcpy(target + y * step, source + (height - 1 - y) * step, step)
    return data


cdef object read_cursor(GuestView view, uint64_t address, uint32_t flags):
    cdef QXLCursorCmdHead head
    cdef uint64_t body = address + sizeof(head)
    cdef QXLPoint16 position
    cdef QXLCursorTrail trail
    cdef CursorMove move
    cdef CursorTrail tail
    view.fetch(&head, address, sizeof(head), "cursor command")
    if head.type == 0:
        return read_cursor_set(view, body)
    if head.type == 1:
        view.fetch(&position, body, sizeof(position), "cursor move")
        move = CursorMove.__new__(CursorMove)
        move.position = make_point(position.x, position.y)
        return move
    if head.type == 2:
        return CursorHide.__new__(CursorHide)
    if head.type == 3:
        view.fetch(&trail, body, sizeof(trail), "cursor trail")
        tail = CursorTrail.__new__(CursorTrail)
        tail.length, tail.frequency = trail.length, trail.frequency
        return tail
    raise GuestError(f"cursor command: type {head.type} is not known")


cdef CursorSet read_cursor_set(GuestView view, uint64_t address):
    cdef QXLCursorSet body
    cdef CursorSet value = CursorSet.__new__(CursorSet)
    view.fetch(&body, address, sizeof(body), "cursor set")
    value.shape = read_cursor_shape(view, body.shape)
    value.position = make_point(body.position.x, body.position.y)
    value.visible = body.visible != 0
    return value


cdef CursorShape read_cursor_shape(GuestView view, uint64_t address):
    cdef QXLCursorHead head
    cdef CursorShape shape = CursorShape.__new__(CursorShape)
    cdef uint64_t needed
    view.fetch(&head, address, sizeof(head), "cursor")
    if head.type >= CURSOR_TYPES:
        raise GuestError(f"cursor: type {head.type} is not known")
    needed = cursor_bytes(head.type, head.width, head.height)
    if needed > MAX_CURSOR_BYTES or head.data_size > MAX_CURSOR_BYTES:
        raise GuestError(
            f"cursor: {head.width}x{head.height}, data_size {head.data_size}: over {MAX_CURSOR_BYTES} bytes"
        )
    shape.data = view.take_chunks(address + sizeof(head), MAX_CURSOR_BYTES, "cursor")
    if <uint64_t>PyBytes_GET_SIZE(shape.data) > head.data_size:
        shape.data = shape.data[: head.data_size]
    if <uint64_t>PyBytes_GET_SIZE(shape.data) < needed:
        raise GuestError(
            f"cursor: type {head.type} of {head.width}x{head.height} takes {needed} bytes, "
            f"data_size and chunks hold {len(shape.data)}"
        )
    shape.unique = head.unique
    shape.type = head.type
    shape.width, shape.height = head.width, head.height
    shape.hot_x, shape.hot_y = head.hot_spot_x, head.hot_spot_y
    return shape


cdef uint64_t cursor_bytes(uint32_t type, uint64_t width, uint64_t height) noexcept:
    """Bytes that a shape takes: pixels, palette, masks. One without pixels shows nothing and needs none."""
    if width == 0 or height == 0:
        return 0
    return (
        (width * CURSOR_BITS[type] + 7) // 8 * height
        + CURSOR_PALETTE[type]
        + (width + 7) // 8 * height * CURSOR_MASKS[type]
    )
