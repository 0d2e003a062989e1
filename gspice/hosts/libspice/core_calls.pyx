# cython: auto_pickle=False
"""SpiceCoreInterface: the host's timers and watches, called with the GIL released.

What a host gets as ``opaque`` is a number, never an address: a host may still run a callback that it had pending when
its timer or watch was removed, and a number that means nothing any more is simply not found.
"""

import itertools
import logging

from libc.stdint cimport uint32_t, uintptr_t

from gspice.hosts.libspice.abi cimport (
    SpiceChannelEventInfo,
    SpiceCoreInterface,
    SpiceTimer,
    SpiceTimerFunc,
    SpiceWatch,
    SpiceWatchFunc,
    text_of,
)

from gspice.errors import InterfaceError
from gspice.vdi.core import WatchEvent

log = logging.getLogger(__name__)

MAX_MILLISECONDS = 0x7FFFFFFF

cdef enum:
    MAX_EVENTS = 3  # READ | WRITE

cdef dict _pending = {}  # number -> HostTimer or HostWatch
_numbers = itertools.count(1)
# Made once: an IntFlag takes a microsecond to make.
cdef tuple _events = tuple(WatchEvent(mask) for mask in range(MAX_EVENTS + 1))


cdef class HostTimer:
    """A timer of the host's; of no use once removed."""
    cdef SpiceTimer *_timer
    cdef uintptr_t _number
    cdef object _callback


cdef class HostWatch:
    """A watch of the host's; of no use once removed."""
    cdef SpiceWatch *_watch
    cdef uintptr_t _number
    cdef object _callback


cdef void _on_timer(void *opaque) noexcept with gil:
    timer = _pending.get(<uintptr_t> opaque)
    if timer is not None:
        try:
            (<HostTimer> timer)._callback()
        except Exception:
            # Python ends here: the host knows no exceptions.
            log.exception("timer callback %r failed", (<HostTimer> timer)._callback)


cdef void _on_watch(int fd, int event, void *opaque) noexcept with gil:
    watch = _pending.get(<uintptr_t> opaque)
    if watch is not None:
        try:
            (<HostWatch> watch)._callback(_events[event & MAX_EVENTS])
        except Exception:
            log.exception("watch callback %r failed", (<HostWatch> watch)._callback)


cdef class CoreCalls:
    cdef SpiceCoreInterface *_core
    cdef readonly object description
    cdef readonly unsigned major
    cdef readonly unsigned minor

    def __init__(self, uintptr_t address):
        cdef SpiceCoreInterface *core = <SpiceCoreInterface *> address
        if core == NULL:
            raise InterfaceError("there is no core interface: the host passed NULL")
        self._core = core
        self.description = text_of(core.base.description) or ""
        self.major = core.base.major_version
        self.minor = core.base.minor_version
        if self.major == 1 and (
            core.timer_add == NULL or core.timer_start == NULL or core.timer_cancel == NULL
            or core.timer_remove == NULL or core.watch_add == NULL or core.watch_update_mask == NULL
            or core.watch_remove == NULL
        ):
            raise InterfaceError("the host's core interface lacks timers or watches: functions are NULL")

    @property
    def has_channel_event(self):
        return self.minor >= 3 and self._core.channel_event != NULL

    # Timers

    def timer_add(self, callback):
        cdef HostTimer timer = HostTimer()
        cdef SpiceTimer *made
        cdef void *opaque
        timer._callback = callback
        timer._number = next(_numbers)
        opaque = <void *> timer._number
        with nogil:
            made = self._core.timer_add(<SpiceTimerFunc> _on_timer, opaque)
        if made == NULL:
            raise InterfaceError("the host made no timer: its timer_add returned NULL")
        timer._timer = made
        _pending[timer._number] = timer
        return timer

    def timer_start(self, HostTimer timer not None, milliseconds):
        cdef uint32_t ms = min(max(0, milliseconds), MAX_MILLISECONDS)
        cdef SpiceTimer *handle = timer._timer
        if handle != NULL:
            with nogil:
                self._core.timer_start(handle, ms)

    def timer_cancel(self, HostTimer timer not None):
        cdef SpiceTimer *handle = timer._timer
        if handle != NULL:
            with nogil:
                self._core.timer_cancel(handle)

    def timer_remove(self, HostTimer timer not None):
        cdef SpiceTimer *handle = timer._timer
        if handle != NULL:
            timer._timer = NULL
            timer._callback = None
            _pending.pop(timer._number, None)
            with nogil:
                self._core.timer_remove(handle)

    # Watches

    def watch_add(self, int fd, int events, callback):
        cdef HostWatch watch = HostWatch()
        cdef SpiceWatch *made
        cdef void *opaque
        watch._callback = callback
        watch._number = next(_numbers)
        opaque = <void *> watch._number
        # First: some hosts poll at once.
        _pending[watch._number] = watch
        with nogil:
            made = self._core.watch_add(fd, events, <SpiceWatchFunc> _on_watch, opaque)
        if made == NULL:
            del _pending[watch._number]
            raise InterfaceError(f"the host does not watch descriptor {fd}: its watch_add returned NULL")
        watch._watch = made
        return watch

    def watch_update_mask(self, HostWatch watch not None, int events):
        cdef SpiceWatch *handle = watch._watch
        if handle != NULL:
            with nogil:
                self._core.watch_update_mask(handle, events)

    def watch_remove(self, HostWatch watch not None):
        cdef SpiceWatch *handle = watch._watch
        if handle != NULL:
            watch._watch = NULL
            watch._callback = None
            _pending.pop(watch._number, None)
            with nogil:
                self._core.watch_remove(handle)

    # Connections

    def channel_event(self, int event, uintptr_t info):
        if self.has_channel_event:
            with nogil:
                self._core.channel_event(event, <SpiceChannelEventInfo *> info)
