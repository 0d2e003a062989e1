# cython: auto_pickle=False
"""What a batch draws, written down for the shader; primitives.pyi says what each name promises.

Words of a command: 0 kind, rop << 8, code << 16; 3 colour; 4 source, 5 and 6 where it lies; 7 mask, 8 and 9;
10 pattern, 11 and 12; 13 format, 15 alpha. Sources are numbered from 1, 0 is none.
Words of a source: 0 surface, fetch << 4, pack << 8, opaque << 12, aligned << 13; 1 first byte, or word of a surface;
2 step to the next row; 3 width; 4 height; 5 table; 6 how it is sampled; 8 to 13 its transform.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from gspice.gpu.compute.vector cimport Vector, extend

cdef enum:
    TILE = 16
    WORD = 4
    BLIT = 1
    COMPOSITE = 7
    PLAIN = 0
    BITWISE = 1
    FULL = 2

# By Fetch and by Pack, as plans.formats has them: bits of one pixel.
cdef int[13] FETCH_BITS = [0, 1, 1, 4, 4, 8, 16, 16, 24, 32, 32, 8, 1]
cdef int[7] PACK_BITS = [32, 16, 8, 16, 16, 8, 1]
cdef uint32_t batches = 0


cdef class GpuSurface:
    def __init__(self, int width, int height, int bits, Py_ssize_t offset):
        self.width, self.height, self.bits, self.offset = width, height, bits, offset


cdef class GpuSource:
    def __init__(self, pixels not None, int width, int height, Py_ssize_t stride, *, int fetch, int pack,
                 bint top_down=True, lut=(), bint opaque=False, key=None):
        cdef Py_ssize_t row, size, entries
        cdef bint aligned = False
        if not (0 <= fetch < 13 and 0 <= pack < 7):
            raise ValueError(f"no fetch {fetch} or no pack {pack}")
        self.bits = FETCH_BITS[fetch] if fetch else PACK_BITS[pack]
        self.width, self.height, self.key = width, height, key
        self.arguments = {
            "stride": stride, "fetch": fetch, "pack": pack, "top_down": top_down, "lut": lut, "opaque": opaque,
        }
        self.lut = ()
        if 1 <= fetch <= 5:
            # Indices go as far as their bits, and entries beyond the table are 0.
            entries = <Py_ssize_t>1 << self.bits
            self.lut = tuple(lut)[:entries]
            self.lut += (0,) * (entries - len(self.lut))
        if isinstance(pixels, GpuSurface):
            self.surface = <GpuSurface>pixels
            if width != self.surface.width or height != self.surface.height:
                raise ValueError("a surface is a source as a whole")
            self.step = width
        else:
            self.data = <bytes?>pixels
            row = (<Py_ssize_t>width * self.bits + 7) // 8
            self.size = size = PyBytes_GET_SIZE(<bytes>pixels)
            if fetch == 0 and self.bits < 8:
                raise ValueError("pixels of less than a byte cannot be taken raw")
            if width <= 0 or height <= 0 or stride < row or size < row or (size - row) // stride < height - 1:
                raise ValueError(f"{size} bytes with stride {stride} for {height} rows of {row} bytes")
            if stride * (height - 1) + row > 0x7fffffff:
                raise ValueError(f"{size} bytes are too many for one image")
            self.first = 0 if top_down else stride * (height - 1)
            self.step = stride if top_down else -stride
            aligned = stride % WORD == 0
        self.words[0] = (self.surface is not None) | fetch << 4 | pack << 8 | opaque << 12 | aligned << 13
        self.words[2] = <uint32_t><int32_t>self.step
        self.words[3], self.words[4] = width, height

    def sampled(self, int form, int repeat, bint bilinear, bint component_alpha, transform=None):
        cdef GpuSource made = GpuSource.__new__(GpuSource)
        cdef int i
        made.width, made.height, made.data, made.size = self.width, self.height, self.data, self.size
        made.surface, made.arguments, made.lut, made.key = self.surface, self.arguments, self.lut, self.key
        made.bits, made.first, made.step, made.words = self.bits, self.first, self.step, self.words
        made.words[6] = (form | repeat << 8 | bilinear << 12 | component_alpha << 13 | (transform is not None) << 14)
        if transform is not None:
            for i in range(6):
                made.words[8 + i] = <uint32_t><int32_t>transform[i]
        return made


cdef class PrimitiveList:
    def __cinit__(self):
        self.clear()

    def __dealloc__(self):
        free(self.words.data)
        free(self.boxes.data)
        free(self.slots.data)
        free(self.sources.data)
        free(self.commands.data)
        free(self.reads.data)

    def clear(self):
        global batches
        batches += 1
        self.batch = batches
        self.words.count = self.boxes.count = self.slots.count = self.sources.count = 0
        self.commands.count = self.reads.count = 0
        self.commands_held = self.weight = self.data_bytes = 0
        self.surfaces, self.source_list, self.ended = [], [], []

    def __len__(self):
        return self.boxes.count // <Py_ssize_t>sizeof(Part)

    def add(self, int kind, GpuSurface target not None, boxes, *, int rop=0, int code=0, color=0,
            GpuSource source=None, int dx=0, int dy=0, bint whole=False, GpuSource mask=None, int mask_dx=0,
            int mask_dy=0, bint mask_whole=False, GpuSource pattern=None, int tile_x=0, int tile_y=0, int form=0,
            int alpha=255, bint sampled=False, bint opaque=False):
        cdef Py_ssize_t count, i, reads_before = self.reads.count, first = len(self), weight = 0
        cdef uint32_t paint = color & 0xffffffff
        cdef uint32_t *head
        cdef Box *room = NULL
        cdef const Box *taken
        cdef Box around
        cdef Command command
        cdef Part *part
        if isinstance(boxes, bytes):
            count = PyBytes_GET_SIZE(boxes) // <Py_ssize_t>sizeof(Box)
            taken = <const Box *>PyBytes_AS_STRING(boxes)
        else:
            count = len(boxes)
            room = <Box *>malloc((count + 1) * sizeof(Box))
            if room == NULL:
                raise MemoryError("no memory for rectangles")
            taken = room
        try:
            if room != NULL:
                for i in range(count):
                    room[i].x1, room[i].y1, room[i].x2, room[i].y2 = boxes[i]
            if count == 0:
                return
            around = taken[0]
            for i in range(count):
                if not (0 <= taken[i].x1 < taken[i].x2 <= target.width
                        and 0 <= taken[i].y1 < taken[i].y2 <= target.height):
                    raise ValueError(f"a rectangle is not inside {target.width}x{target.height}")
                around.x1, around.y1 = min(around.x1, taken[i].x1), min(around.y1, taken[i].y1)
                around.x2, around.y2 = max(around.x2, taken[i].x2), max(around.y2, taken[i].y2)
                weight += tiles_of(&taken[i])
            command = Command(self.slot_of(target), <int32_t>first, <int32_t>count,
                              <int32_t>(reads_before // <Py_ssize_t>sizeof(Read)), 0,
                              variant_of(kind, source, mask), opaque, False)
            if source is not None:
                weight += self.note_read(command.slot, &around, source, dx, dy, whole, not sampled)
            if mask is not None:
                weight += self.note_read(command.slot, &around, mask, mask_dx, mask_dy, mask_whole, not sampled)
            if pattern is not None:
                weight += self.note_read(command.slot, &around, pattern, 0, 0, True, False)
            command.reads = <int32_t>(self.reads.count // <Py_ssize_t>sizeof(Read)) - command.first_read
            head = <uint32_t *>extend(&self.words, COMMAND_WORDS * sizeof(uint32_t))
            memset(head, 0, COMMAND_WORDS * sizeof(uint32_t))
            head[0] = kind | rop << 8 | code << 16
            head[3] = paint
            head[5], head[6] = <uint32_t>dx, <uint32_t>dy
            head[8], head[9] = <uint32_t>mask_dx, <uint32_t>mask_dy
            head[11], head[12] = <uint32_t>tile_x, <uint32_t>tile_y
            head[13], head[15] = form, alpha
            if source is not None:
                head[4] = self.index_of(source) + 1
            if mask is not None:
                head[7] = self.index_of(mask) + 1
            if pattern is not None:
                head[10] = self.index_of(pattern) + 1
            part = <Part *>extend(&self.boxes, count * sizeof(Part))
            for i in range(count):
                part[i].command = <uint32_t>self.commands_held
                part[i].upper = <uint32_t>taken[i].x1 | <uint32_t>taken[i].y1 << 16
                part[i].lower = <uint32_t>taken[i].x2 | <uint32_t>taken[i].y2 << 16
            (<Command *>extend(&self.commands, sizeof(Command)))[0] = command
            self.commands_held += 1
            self.weight += weight
        except BaseException:
            # Sources and surfaces that were noted for it do no harm.
            self.reads.count = reads_before
            self.words.count = self.commands_held * COMMAND_WORDS * <Py_ssize_t>sizeof(uint32_t)
            self.boxes.count = first * <Py_ssize_t>sizeof(Part)
            raise
        finally:
            free(room)

    cdef int note_read(self, int32_t slot, const Box *around, GpuSource source, int dx, int dy,
                       bint anywhere, bint inside) except -1:
        """Returns how many tiles are looked at for the command as a whole."""
        cdef GpuSurface surface = source.surface
        cdef Read read
        cdef long long x1, y1, x2, y2
        if surface is None:
            return 0
        read.slot, read.dx, read.dy, read.anywhere = self.slot_of(surface), dx, dy, anywhere
        read.box = Box(0, 0, surface.width, surface.height)
        if not anywhere:
            x1, y1 = <long long>around.x1 - dx, <long long>around.y1 - dy
            x2, y2 = <long long>around.x2 - dx, <long long>around.y2 - dy
            if x1 < 0 or y1 < 0 or x2 > surface.width or y2 > surface.height:
                if inside:
                    raise ValueError("a source does not cover what is drawn")
                x1, y1, x2, y2 = max(x1, 0), max(y1, 0), min(x2, surface.width), min(y2, surface.height)
                if x1 >= x2 or y1 >= y2:
                    return 0
            read.box = Box(<int32_t>x1, <int32_t>y1, <int32_t>x2, <int32_t>y2)
        if read.slot == slot and meet(&read.box, around):
            raise ValueError("a surface is read where it is drawn on at once")
        (<Read *>extend(&self.reads, sizeof(Read)))[0] = read
        return <int>tiles_of(&read.box) if anywhere else 0

    cdef int32_t slot_of(self, GpuSurface surface) except -1:
        if surface.batch != self.batch:
            if surface.offset < 0:
                raise ValueError("the surface is not on the device")
            (<Slot *>extend(&self.slots, sizeof(Slot)))[0] = Slot(
                <uint32_t>surface.offset, surface.width, surface.height,
                <uint32_t>((<unsigned long long>1 << surface.bits) - 1))
            surface.slot = <int32_t>len(self.surfaces)
            self.surfaces.append(surface)
            self.ended.append(False)
            surface.batch = self.batch
        return surface.slot

    cdef int32_t index_of(self, GpuSource source) except -1:
        cdef uint32_t *words
        if source.batch == self.batch:
            return source.index
        words = <uint32_t *>extend(&self.sources, SOURCE_WORDS * sizeof(uint32_t))
        memcpy(words, source.words, SOURCE_WORDS * sizeof(uint32_t))
        if source.surface is not None:
            words[1] = <uint32_t>source.surface.offset
        source.index = <int32_t>len(self.source_list)
        self.source_list.append(source)
        source.batch = self.batch
        self.data_bytes += source.size + WORD * len(source.lut)
        return source.index

    def holds(self, GpuSurface surface not None):
        return surface.batch == self.batch

    def end(self, GpuSurface surface not None):
        if surface.batch == self.batch:
            self.ended[surface.slot] = True

    # What goes to the device

    def used_sources(self):
        cdef Command *commands = <Command *>self.commands.data
        cdef uint32_t *words
        cdef uint32_t index
        cdef Py_ssize_t i
        cdef int k
        cdef dict found = {}
        for i in range(self.commands_held):
            if commands[i].used:
                words = <uint32_t *>self.words.data + i * COMMAND_WORDS
                for k in range(4, 11, 3):
                    index = words[k]
                    if index:
                        found[index - 1] = self.source_list[index - 1]
        return found

    def place(self, Py_ssize_t index, Py_ssize_t data_offset, Py_ssize_t lut_offset):
        cdef GpuSource source = self.source_list[index]
        cdef uint32_t *words = <uint32_t *>self.sources.data + index * SOURCE_WORDS
        if source.surface is None:
            words[1] = <uint32_t>(data_offset + source.first)
        words[5] = <uint32_t>lut_offset

    def parts(self):
        return as_bytes(&self.words), as_bytes(&self.sources), as_bytes(&self.slots), as_bytes(&self.boxes)


cdef bytes as_bytes(const Vector *vector):
    return PyBytes_FromStringAndSize(vector.data, vector.count)


cdef int variant_of(int kind, GpuSource source, GpuSource mask) except -1:
    """Which variant of the shader has code for a command: see gspice/gpu/shaders/canvas.glsl."""
    cdef uint32_t head
    if kind == COMPOSITE:
        return FULL
    if kind > BLIT or mask is not None:
        return BITWISE
    if source is None:
        return PLAIN
    head = source.words[0]
    # Raw words: of a surface, or of 32 bits in aligned rows.
    if head >> 4 & 15 == 0 and (head & 1 or (head >> 8 & 15 == 0 and head >> 13 & 1)):
        return PLAIN
    return BITWISE


cdef inline Py_ssize_t tiles_of(const Box *box) noexcept nogil:
    return ((<Py_ssize_t>(box.x2 - 1) // TILE - box.x1 // TILE + 1)
            * ((box.y2 - 1) // TILE - box.y1 // TILE + 1))
