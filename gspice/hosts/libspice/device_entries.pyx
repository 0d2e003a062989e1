"""spice_server_playback_*, _record_* and _char_device_*: the C functions of the host's other devices.

Clients are offered no sound channels: the host finds its sound devices as they are while no client listens or speaks.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uintptr_t

from gspice.hosts.libspice.abi cimport SpiceCharDeviceInstance, SpicePlaybackInstance, SpiceRecordInstance
from gspice.hosts.libspice.vtable cimport gspice_vtable

from gspice.hosts.libspice import library

cdef enum:
    BEST_RATE = 48000  # samples a second

cdef const char *_subtypes[4]
# "port" is not among them: hosts treat it on their own.
_subtypes[0] = b"vdagent"
_subtypes[1] = b"usbredir"
_subtypes[2] = b"smartcard"
_subtypes[3] = NULL


# Sound


cdef void playback_start(SpicePlaybackInstance *sin) noexcept nogil:
    pass


cdef void playback_stop(SpicePlaybackInstance *sin) noexcept nogil:
    pass


cdef void playback_get_buffer(
    SpicePlaybackInstance *sin, uint32_t **samples, uint32_t *num_samples,
) noexcept nogil:
    if samples != NULL:
        samples[0] = NULL
    if num_samples != NULL:
        num_samples[0] = 0


cdef void playback_put_samples(SpicePlaybackInstance *sin, uint32_t *samples) noexcept nogil:
    pass


cdef void playback_set_volume(SpicePlaybackInstance *sin, uint8_t channels, uint16_t *volume) noexcept nogil:
    pass


cdef void playback_set_mute(SpicePlaybackInstance *sin, uint8_t mute) noexcept nogil:
    pass


cdef uint32_t get_best_playback_rate(SpicePlaybackInstance *sin) noexcept nogil:
    return BEST_RATE


cdef void set_playback_rate(SpicePlaybackInstance *sin, uint32_t frequency) noexcept nogil:
    pass


cdef void record_start(SpiceRecordInstance *sin) noexcept nogil:
    pass


cdef void record_stop(SpiceRecordInstance *sin) noexcept nogil:
    pass


cdef uint32_t record_get_samples(SpiceRecordInstance *sin, uint32_t *samples, uint32_t room) noexcept nogil:
    return 0


cdef void record_set_volume(SpiceRecordInstance *sin, uint8_t channels, uint16_t *volume) noexcept nogil:
    pass


cdef void record_set_mute(SpiceRecordInstance *sin, uint8_t mute) noexcept nogil:
    pass


cdef uint32_t get_best_record_rate(SpiceRecordInstance *sin) noexcept nogil:
    return BEST_RATE


cdef void set_record_rate(SpiceRecordInstance *sin, uint32_t frequency) noexcept nogil:
    pass


# Character devices


cdef const char **char_device_recognized_subtypes() noexcept nogil:
    return _subtypes


cdef void char_device_wakeup(SpiceCharDeviceInstance *sin) noexcept with gil:
    if sin != NULL and sin.st != NULL:
        library.char_device_wakeup(<uintptr_t> sin)


cdef void port_event(SpiceCharDeviceInstance *sin, uint8_t event) noexcept with gil:
    if sin != NULL and sin.st != NULL:
        library.port_event(<uintptr_t> sin, event)


def fill(uintptr_t address):
    cdef gspice_vtable *table = <gspice_vtable *> address
    table.spice_server_playback_start = playback_start
    table.spice_server_playback_stop = playback_stop
    table.spice_server_playback_get_buffer = playback_get_buffer
    table.spice_server_playback_put_samples = playback_put_samples
    table.spice_server_playback_set_volume = playback_set_volume
    table.spice_server_playback_set_mute = playback_set_mute
    table.spice_server_get_best_playback_rate = get_best_playback_rate
    table.spice_server_set_playback_rate = set_playback_rate
    table.spice_server_record_start = record_start
    table.spice_server_record_stop = record_stop
    table.spice_server_record_get_samples = record_get_samples
    table.spice_server_record_set_volume = record_set_volume
    table.spice_server_record_set_mute = record_set_mute
    table.spice_server_get_best_record_rate = get_best_record_rate
    table.spice_server_set_record_rate = set_record_rate
    table.spice_server_char_device_recognized_subtypes = char_device_recognized_subtypes
    table.spice_server_char_device_wakeup = char_device_wakeup
    table.spice_server_port_event = port_event
