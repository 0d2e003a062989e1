# cython: auto_pickle=False
"""The host's inputs, character devices, audio devices and migration: their functions, called with the GIL released."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t, uintptr_t

from gspice.hosts.libspice.abi cimport (
    SpiceBaseInstance,
    SpiceBaseInterface,
    SpiceCharDeviceInstance,
    SpiceCharDeviceInterface,
    SpiceCharDeviceState,
    SpiceKbdInstance,
    SpiceKbdInterface,
    SpiceMigrateInstance,
    SpiceMigrateInterface,
    SpiceMouseInstance,
    SpiceMouseInterface,
    SpiceTabletInstance,
    SpiceTabletInterface,
    text_of,
)

MAX_CHAR_DEVICE_READ = 1 << 20

cdef enum:
    INT_MAX_C = 0x7FFFFFFF

ctypedef struct PlainInstance:
    # Keyboard, mouse, tablet, playback, record and migration instances all look like this.
    SpiceBaseInstance base
    void *st


def interface_type(uintptr_t address):
    cdef const SpiceBaseInstance *instance = <const SpiceBaseInstance *> address
    if instance == NULL or instance.sif == NULL:
        return None
    return text_of(instance.sif.type)


cdef class DeviceCalls:
    cdef void *_sin
    cdef const void *_table
    cdef readonly object description
    cdef readonly unsigned major
    cdef readonly unsigned minor

    def __init__(self, uintptr_t address):
        cdef const SpiceBaseInterface *base = (<const SpiceBaseInstance *> address).sif
        self._sin = <void *> address
        self._table = base
        self.description = text_of(base.description) or ""
        self.major = base.major_version
        self.minor = base.minor_version

    def attach(self):
        # Not NULL says "attached"; what it points at is nobody's business but ours.
        (<PlainInstance *> self._sin).st = self._sin

    def detach(self):
        if self._sin != NULL:
            (<PlainInstance *> self._sin).st = NULL
            self._sin = NULL


cdef class KeyboardCalls(DeviceCalls):
    def push_scan_freg(self, uint8_t fragment):
        cdef SpiceKbdInstance *sin = <SpiceKbdInstance *> self._sin
        cdef const SpiceKbdInterface *table = <const SpiceKbdInterface *> self._table
        if sin != NULL and table.push_scan_freg != NULL:
            with nogil:
                table.push_scan_freg(sin, fragment)

    def get_leds(self):
        cdef SpiceKbdInstance *sin = <SpiceKbdInstance *> self._sin
        cdef const SpiceKbdInterface *table = <const SpiceKbdInterface *> self._table
        cdef uint8_t leds = 0
        if sin != NULL and table.get_leds != NULL:
            with nogil:
                leds = table.get_leds(sin)
        return leds


cdef class MouseCalls(DeviceCalls):
    def motion(self, int dx, int dy, int dz, uint32_t buttons):
        cdef SpiceMouseInstance *sin = <SpiceMouseInstance *> self._sin
        cdef const SpiceMouseInterface *table = <const SpiceMouseInterface *> self._table
        if sin != NULL and table.motion != NULL:
            with nogil:
                table.motion(sin, dx, dy, dz, buttons)

    def buttons(self, uint32_t buttons):
        cdef SpiceMouseInstance *sin = <SpiceMouseInstance *> self._sin
        cdef const SpiceMouseInterface *table = <const SpiceMouseInterface *> self._table
        if sin != NULL and table.buttons != NULL:
            with nogil:
                table.buttons(sin, buttons)


cdef class TabletCalls(DeviceCalls):
    def set_logical_size(self, int width, int height):
        cdef SpiceTabletInstance *sin = <SpiceTabletInstance *> self._sin
        cdef const SpiceTabletInterface *table = <const SpiceTabletInterface *> self._table
        if sin != NULL and table.set_logical_size != NULL:
            with nogil:
                table.set_logical_size(sin, width, height)

    def position(self, int x, int y, uint32_t buttons):
        cdef SpiceTabletInstance *sin = <SpiceTabletInstance *> self._sin
        cdef const SpiceTabletInterface *table = <const SpiceTabletInterface *> self._table
        if sin != NULL and table.position != NULL:
            with nogil:
                table.position(sin, x, y, buttons)

    def wheel(self, int dz, uint32_t buttons):
        cdef SpiceTabletInstance *sin = <SpiceTabletInstance *> self._sin
        cdef const SpiceTabletInterface *table = <const SpiceTabletInterface *> self._table
        if sin != NULL and table.wheel != NULL:
            with nogil:
                table.wheel(sin, dz, buttons)

    def buttons(self, uint32_t buttons):
        cdef SpiceTabletInstance *sin = <SpiceTabletInstance *> self._sin
        cdef const SpiceTabletInterface *table = <const SpiceTabletInterface *> self._table
        if sin != NULL and table.buttons != NULL:
            with nogil:
                table.buttons(sin, buttons)


cdef class CharDeviceCalls(DeviceCalls):
    cdef readonly object subtype
    cdef readonly object portname

    def __init__(self, uintptr_t address):
        cdef const SpiceCharDeviceInstance *sin = <const SpiceCharDeviceInstance *> address
        DeviceCalls.__init__(self, address)
        self.subtype = text_of(sin.subtype)
        self.portname = text_of(sin.portname)

    def attach(self):
        (<SpiceCharDeviceInstance *> self._sin).st = <SpiceCharDeviceState *> self._sin

    def detach(self):
        if self._sin != NULL:
            (<SpiceCharDeviceInstance *> self._sin).st = NULL
            self._sin = NULL

    @property
    def flags(self):
        return <int> (<const SpiceCharDeviceInterface *> self._table).flags if self.minor >= 3 else 0

    def state(self, bint connected):
        cdef SpiceCharDeviceInstance *sin = <SpiceCharDeviceInstance *> self._sin
        cdef const SpiceCharDeviceInterface *table = <const SpiceCharDeviceInterface *> self._table
        if sin != NULL and table.state != NULL:
            with nogil:
                table.state(sin, connected)

    def write(self, const uint8_t[::1] data):
        cdef SpiceCharDeviceInstance *sin = <SpiceCharDeviceInstance *> self._sin
        cdef const SpiceCharDeviceInterface *table = <const SpiceCharDeviceInterface *> self._table
        cdef int size = min(data.shape[0], INT_MAX_C)
        cdef int taken = 0
        if sin != NULL and table.write != NULL and size:
            with nogil:
                taken = table.write(sin, &data[0], size)
        return taken

    def read(self, size):
        cdef SpiceCharDeviceInstance *sin = <SpiceCharDeviceInstance *> self._sin
        cdef const SpiceCharDeviceInterface *table = <const SpiceCharDeviceInterface *> self._table
        cdef int room = min(max(0, size), MAX_CHAR_DEVICE_READ)
        cdef int got = 0
        cdef bytes data
        cdef uint8_t *place
        if sin == NULL or table.read == NULL or room == 0:
            return b""
        data = PyBytes_FromStringAndSize(NULL, room)
        place = <uint8_t *> PyBytes_AS_STRING(data)
        with nogil:
            got = table.read(sin, place, room)
        return data[:max(0, min(got, room))]

    def event(self, uint8_t event):
        cdef SpiceCharDeviceInstance *sin = <SpiceCharDeviceInstance *> self._sin
        cdef const SpiceCharDeviceInterface *table = <const SpiceCharDeviceInterface *> self._table
        if sin != NULL and self.minor >= 2 and table.event != NULL:
            with nogil:
                table.event(sin, event)


cdef class MigrateCalls(DeviceCalls):
    def migrate_connect_complete(self):
        cdef SpiceMigrateInstance *sin = <SpiceMigrateInstance *> self._sin
        cdef const SpiceMigrateInterface *table = <const SpiceMigrateInterface *> self._table
        if sin != NULL and table.migrate_connect_complete != NULL:
            with nogil:
                table.migrate_connect_complete(sin)

    def migrate_end_complete(self):
        cdef SpiceMigrateInstance *sin = <SpiceMigrateInstance *> self._sin
        cdef const SpiceMigrateInterface *table = <const SpiceMigrateInterface *> self._table
        if sin != NULL and table.migrate_end_complete != NULL:
            with nogil:
                table.migrate_end_complete(sin)
