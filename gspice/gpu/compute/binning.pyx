# cython: auto_pickle=False, cdivision=True
"""Which primitives each tile draws; binning.pyi says what each name promises.

Two walks. Backwards, what is needed: a tile is *closed* once an opaque primitive covers it whole, until something
reads it; beside that, whole rectangles are left out that one of a few large opaque ones covers. Forwards, what is left
is given a *level*, tile by tile: a tile is read one level after it was written, and written one level after it was
read. Each level is one dispatch for each variant of the shader that its tiles need.

Words of a tile: its surface's number, x and y << 16 in pixels, where its list begins, and how long that is.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memset

from gspice.gpu.compute.primitives cimport Box, Command, Part, PrimitiveList, Read, Slot, box_of, meet
from gspice.gpu.compute.vector cimport Vector, extend

cdef enum:
    TILE = 16
    TILE_WORDS = 4
    COVERS = 16
    VARIANTS = 3

TILE_SIZE = <int>TILE

# The tiles of a surface that the list draws on, and where their cells begin.
cdef struct Grid:
    int32_t left, top, right, bottom
    int32_t width, height
    Py_ssize_t base
    bint ended

# Levels are -1 where there was nothing.
cdef struct Cell:
    int32_t written, read, group
    bint closed

# A primitive in a tile.
cdef struct Entry:
    int32_t part, cell, group

# The primitives of a tile in one level.
cdef struct Group:
    int32_t slot, level, variant, first, count
    uint32_t corner

cdef struct Cover:
    int32_t slot
    Box box


cdef class Binning:
    cdef Vector grids, cells, entries, groups, tiles, bins, levels
    cdef Cover[COVERS] covers
    cdef int cover_count
    cdef const Part *list_parts
    cdef Command *list_commands
    cdef const Read *list_reads
    cdef const Slot *list_slots
    cdef Py_ssize_t command_count, slot_count, level_count

    def __dealloc__(self):
        free(self.grids.data)
        free(self.cells.data)
        free(self.entries.data)
        free(self.groups.data)
        free(self.tiles.data)
        free(self.bins.data)
        free(self.levels.data)

    def bin(self, PrimitiveList primitives not None):
        cdef Py_ssize_t i, first = 0
        cdef Grid *grids
        cdef int32_t *ends
        cdef list runs = []
        self.list_parts = <const Part *>primitives.boxes.data
        self.list_commands = <Command *>primitives.commands.data
        self.list_reads = <const Read *>primitives.reads.data
        self.list_slots = <const Slot *>primitives.slots.data
        self.command_count, self.slot_count = primitives.commands_held, len(primitives.surfaces)
        self.grids.count = self.cells.count = self.entries.count = self.groups.count = 0
        self.tiles.count = self.bins.count = self.levels.count = 0
        self.cover_count = 0
        self.level_count = 0
        grids = <Grid *>extend(&self.grids, self.slot_count * sizeof(Grid))
        for i in range(self.slot_count):
            grids[i].ended = primitives.ended[i]
        with nogil:
            self.lay_out()
            self.find_needed()
            self.find_levels()
            self.write()
        ends = <int32_t *>self.levels.data
        for i in range(self.level_count * VARIANTS):
            if ends[i] > first:
                runs.append((i % VARIANTS, first, ends[i] - first))
            first = ends[i]
        return runs

    def parts(self):
        return as_bytes(&self.tiles), as_bytes(&self.bins)

    cdef int lay_out(self) except -1 nogil:
        """Give a cell to each tile that may be drawn on."""
        cdef Grid *grids = <Grid *>self.grids.data
        cdef Grid *grid
        cdef Cell *cells
        cdef Box box
        cdef Py_ssize_t i, k, size
        for i in range(self.slot_count):
            grid = &grids[i]
            grid.left, grid.top, grid.right, grid.bottom = 0x7fffffff, 0x7fffffff, 0, 0
            grid.width, grid.height = <int32_t>self.list_slots[i].width, <int32_t>self.list_slots[i].height
        for i in range(self.command_count):
            grid = &grids[self.list_commands[i].slot]
            for k in range(self.list_commands[i].first, self.list_commands[i].first + self.list_commands[i].count):
                box = box_of(&self.list_parts[k])
                box = tiles_of(&box)
                grid.left, grid.top = min(grid.left, box.x1), min(grid.top, box.y1)
                grid.right, grid.bottom = max(grid.right, box.x2), max(grid.bottom, box.y2)
        for i in range(self.slot_count):
            grid = &grids[i]
            if not grid.right:
                grid.left = grid.top = 0
            size = <Py_ssize_t>(grid.right - grid.left) * (grid.bottom - grid.top)
            grid.base = self.cells.count // <Py_ssize_t>sizeof(Cell)
            cells = <Cell *>extend(&self.cells, size * sizeof(Cell))
            for k in range(size):
                cells[k] = Cell(-1, -1, -1, grid.ended)
        return 0

    # Backwards: what is needed

    cdef int find_needed(self) except -1 nogil:
        cdef Command *command
        cdef Py_ssize_t i, k
        cdef int r
        cdef Box box
        cdef bint needed
        for i in range(self.command_count - 1, -1, -1):
            command = &self.list_commands[i]
            command.used = False
            for k in range(command.first + command.count - 1, command.first - 1, -1):
                box = box_of(&self.list_parts[k])
                if self.covered(command.slot, &box):
                    continue
                needed = self.add_entries(command, <int32_t>k, &box)
                if command.opaque:
                    self.remember_cover(command.slot, &box)
                if needed:
                    command.used = True
                    for r in range(command.first_read, command.first_read + command.reads):
                        if not self.list_reads[r].anywhere:
                            self.forget_covers(&self.list_reads[r], &box)
            if command.used:
                for r in range(command.first_read, command.first_read + command.reads):
                    if self.list_reads[r].anywhere:
                        self.forget_covers(&self.list_reads[r], NULL)
                        self.open_tiles(&self.list_reads[r], &self.list_reads[r].box)
        return 0

    cdef bint add_entries(self, const Command *command, int32_t part, const Box *box) except -1 nogil:
        """Note the primitive for each tile that is open; whether there is one."""
        cdef Grid *grid = &(<Grid *>self.grids.data)[command.slot]
        cdef Cell *cells = <Cell *>self.cells.data
        cdef Box tiles = tiles_of(box), tile, read
        cdef Py_ssize_t at
        cdef int32_t x, y
        cdef int r
        cdef bint found = False
        for y in range(tiles.y1, tiles.y2):
            at = grid.base + <Py_ssize_t>(y - grid.top) * (grid.right - grid.left) + tiles.x1 - grid.left - 1
            for x in range(tiles.x1, tiles.x2):
                at += 1
                if cells[at].closed:
                    continue
                (<Entry *>extend(&self.entries, sizeof(Entry)))[0] = Entry(part, <int32_t>at, -1)
                found = True
                if command.opaque:
                    cells[at].closed = (box.x1 <= x * TILE and box.y1 <= y * TILE
                                        and box.x2 >= min((x + 1) * TILE, grid.width)
                                        and box.y2 >= min((y + 1) * TILE, grid.height))
                for r in range(command.first_read, command.first_read + command.reads):
                    if not self.list_reads[r].anywhere:
                        tile = part_of(box, x, y)
                        read = read_at(&self.list_reads[r], &tile)
                        self.open_tiles(&self.list_reads[r], &read)
        return found

    cdef int open_tiles(self, const Read *read, const Box *box) except -1 nogil:
        cdef Grid *grid = &(<Grid *>self.grids.data)[read.slot]
        cdef Cell *cells = <Cell *>self.cells.data
        cdef Box tiles = clipped(grid, box)
        cdef Py_ssize_t at
        cdef int32_t x, y
        for y in range(tiles.y1, tiles.y2):
            at = grid.base + <Py_ssize_t>(y - grid.top) * (grid.right - grid.left) - grid.left
            for x in range(tiles.x1, tiles.x2):
                cells[at + x].closed = False
        return 0

    cdef bint covered(self, int32_t slot, const Box *box) noexcept nogil:
        cdef int i
        for i in range(self.cover_count):
            if self.covers[i].slot == slot and inside(box, &self.covers[i].box):
                return True
        return False

    cdef void remember_cover(self, int32_t slot, const Box *box) noexcept nogil:
        """In place of the smallest one, where there is no more room."""
        cdef int i, least = 0
        if self.cover_count < COVERS:
            least = self.cover_count
            self.cover_count += 1
        else:
            for i in range(1, COVERS):
                if area_of(&self.covers[i].box) < area_of(&self.covers[least].box):
                    least = i
            if area_of(&self.covers[least].box) >= area_of(box):
                return
        self.covers[least].slot, self.covers[least].box = slot, box[0]

    cdef void forget_covers(self, const Read *read, const Box *drawn) noexcept nogil:
        """What is read is needed as it was; ``drawn``: by what, NULL: all that the command reads."""
        cdef Box box = read.box
        cdef int i = 0
        if drawn != NULL:
            box = read_at(read, drawn)
        while i < self.cover_count:
            if self.covers[i].slot == read.slot and meet(&self.covers[i].box, &box):
                self.cover_count -= 1
                self.covers[i] = self.covers[self.cover_count]
            else:
                i += 1

    # Forwards: levels

    cdef int find_levels(self) except -1 nogil:
        cdef Command *command
        cdef const Read *read
        cdef Py_ssize_t e = self.entries.count // <Py_ssize_t>sizeof(Entry) - 1, i
        cdef Entry *entries = <Entry *>self.entries.data
        cdef int32_t base, last, level, top
        cdef int r
        for i in range(self.command_count):
            command = &self.list_commands[i]
            if not command.used:
                continue
            base = top = 0
            for r in range(command.first_read, command.first_read + command.reads):
                read = &self.list_reads[r]
                if read.anywhere:
                    base = max(base, self.last_write(read, &read.box) + 1)
            last = command.first + command.count
            while e >= 0 and entries[e].part < last:
                level = self.place_entry(command, &entries[e], base)
                top = max(top, level)
                e -= 1
            for r in range(command.first_read, command.first_read + command.reads):
                read = &self.list_reads[r]
                if read.anywhere:
                    self.note_read(read, &read.box, top)
            self.level_count = max(self.level_count, top + 1)
        return 0

    cdef int32_t place_entry(self, const Command *command, Entry *entry, int32_t base) except -1 nogil:
        """Add a primitive to its tile's list; the level."""
        cdef Grid *grid = &(<Grid *>self.grids.data)[command.slot]
        cdef Cell *cell = &(<Cell *>self.cells.data)[entry.cell]
        cdef Py_ssize_t at = entry.cell - grid.base
        cdef int32_t columns = grid.right - grid.left
        cdef int32_t x = grid.left + <int32_t>(at % columns), y = grid.top + <int32_t>(at // columns)
        cdef int32_t level = max(base, max(cell.written, cell.read + 1))
        cdef Box tile, read
        cdef int r
        cdef Group *group
        if command.reads:
            tile = box_of(&self.list_parts[entry.part])
            tile = part_of(&tile, x, y)
            for r in range(command.first_read, command.first_read + command.reads):
                if not self.list_reads[r].anywhere:
                    read = read_at(&self.list_reads[r], &tile)
                    level = max(level, self.last_write(&self.list_reads[r], &read) + 1)
            for r in range(command.first_read, command.first_read + command.reads):
                if not self.list_reads[r].anywhere:
                    read = read_at(&self.list_reads[r], &tile)
                    self.note_read(&self.list_reads[r], &read, level)
        if cell.group < 0 or level != cell.written:
            cell.group = <int32_t>(self.groups.count // <Py_ssize_t>sizeof(Group))
            cell.written = level
            group = <Group *>extend(&self.groups, sizeof(Group))
            group[0] = Group(command.slot, level, 0, 0, 0, <uint32_t>(x * TILE) | <uint32_t>(y * TILE) << 16)
        group = &(<Group *>self.groups.data)[cell.group]
        group.count += 1
        group.variant = max(group.variant, command.variant)
        entry.group = cell.group
        return level

    cdef int32_t last_write(self, const Read *read, const Box *box) noexcept nogil:
        """The last level in which any tile of a box was written; -1: none was."""
        cdef Grid *grid = &(<Grid *>self.grids.data)[read.slot]
        cdef Cell *cells = <Cell *>self.cells.data
        cdef Box tiles = clipped(grid, box)
        cdef int32_t x, y, found = -1
        cdef Py_ssize_t at
        for y in range(tiles.y1, tiles.y2):
            at = grid.base + <Py_ssize_t>(y - grid.top) * (grid.right - grid.left) - grid.left
            for x in range(tiles.x1, tiles.x2):
                found = max(found, cells[at + x].written)
        return found

    cdef void note_read(self, const Read *read, const Box *box, int32_t level) noexcept nogil:
        cdef Grid *grid = &(<Grid *>self.grids.data)[read.slot]
        cdef Cell *cells = <Cell *>self.cells.data
        cdef Box tiles = clipped(grid, box)
        cdef int32_t x, y
        cdef Py_ssize_t at
        for y in range(tiles.y1, tiles.y2):
            at = grid.base + <Py_ssize_t>(y - grid.top) * (grid.right - grid.left) - grid.left
            for x in range(tiles.x1, tiles.x2):
                cells[at + x].read = max(cells[at + x].read, level)

    # What goes to the device

    cdef int write(self) except -1 nogil:
        cdef Py_ssize_t count = self.groups.count // <Py_ssize_t>sizeof(Group), i, e
        cdef Group *groups = <Group *>self.groups.data
        cdef Entry *entries = <Entry *>self.entries.data
        cdef Py_ssize_t dispatches = self.level_count * VARIANTS
        cdef int32_t *ends = <int32_t *>extend(&self.levels, (dispatches + 1) * sizeof(int32_t))
        cdef uint32_t *tiles = <uint32_t *>extend(&self.tiles, count * TILE_WORDS * sizeof(uint32_t))
        cdef uint32_t *bins
        cdef uint32_t *tile
        cdef int32_t first = 0
        memset(ends, 0, (dispatches + 1) * sizeof(int32_t))
        for i in range(count):
            ends[run_of(&groups[i]) + 1] += 1
            groups[i].first = first
            first += groups[i].count
        for i in range(dispatches):
            ends[i + 1] += ends[i]
        # Where a dispatch begins becomes where it ends.
        for i in range(count):
            tile = tiles + ends[run_of(&groups[i])] * TILE_WORDS
            ends[run_of(&groups[i])] += 1
            tile[0], tile[1] = <uint32_t>groups[i].slot, groups[i].corner
            tile[2], tile[3] = <uint32_t>groups[i].first, <uint32_t>groups[i].count
            groups[i].count = 0
        bins = <uint32_t *>extend(&self.bins, first * <Py_ssize_t>sizeof(uint32_t))
        for e in range(self.entries.count // <Py_ssize_t>sizeof(Entry) - 1, -1, -1):
            i = entries[e].group
            bins[groups[i].first + groups[i].count] = <uint32_t>entries[e].part
            groups[i].count += 1
        return 0


cdef inline Py_ssize_t run_of(const Group *group) noexcept nogil:
    return <Py_ssize_t>group.level * VARIANTS + group.variant


cdef bytes as_bytes(const Vector *vector):
    return PyBytes_FromStringAndSize(vector.data, vector.count)


cdef inline Box tiles_of(const Box *box) noexcept nogil:
    return Box(box.x1 // TILE, box.y1 // TILE, (box.x2 + TILE - 1) // TILE, (box.y2 + TILE - 1) // TILE)


cdef inline Box part_of(const Box *box, int32_t x, int32_t y) noexcept nogil:
    """What of a box lies in a tile."""
    return Box(max(box.x1, x * TILE), max(box.y1, y * TILE), min(box.x2, (x + 1) * TILE), min(box.y2, (y + 1) * TILE))


cdef inline Box read_at(const Read *read, const Box *drawn) noexcept nogil:
    """What is read for a box; it may be empty."""
    return Box(max(drawn.x1 - read.dx, read.box.x1), max(drawn.y1 - read.dy, read.box.y1),
               min(drawn.x2 - read.dx, read.box.x2), min(drawn.y2 - read.dy, read.box.y2))


cdef inline Box clipped(const Grid *grid, const Box *box) noexcept nogil:
    """The tiles of a box that have cells."""
    cdef Box tiles
    if box.x1 >= box.x2 or box.y1 >= box.y2:
        return Box(0, 0, 0, 0)
    tiles = tiles_of(box)
    return Box(max(tiles.x1, grid.left), max(tiles.y1, grid.top), min(tiles.x2, grid.right),
               min(tiles.y2, grid.bottom))


cdef inline bint inside(const Box *inner, const Box *outer) noexcept nogil:
    return inner.x1 >= outer.x1 and inner.y1 >= outer.y1 and inner.x2 <= outer.x2 and inner.y2 <= outer.y2


cdef inline Py_ssize_t area_of(const Box *box) noexcept nogil:
    return <Py_ssize_t>(box.x2 - box.x1) * (box.y2 - box.y1)
