"""The types of abi.h, with the members that are used."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
from libc.stdio cimport FILE


cdef extern from "<sys/socket.h>" nogil:
    ctypedef unsigned int socklen_t
    cdef struct sockaddr:
        unsigned short sa_family
    cdef struct sockaddr_storage:
        unsigned short ss_family


cdef extern from "abi.h" nogil:
    enum:
        SPICE_CAPABILITIES_SIZE

    ctypedef uint64_t QXLPHYSICAL
    ctypedef struct QXLReleaseInfo:
        pass
    ctypedef struct QXLReleaseInfoExt:
        QXLReleaseInfo *info
        uint32_t group_id
    ctypedef struct QXLRect:
        int32_t top
        int32_t left
        int32_t bottom
        int32_t right
    ctypedef struct QXLCommand:
        QXLPHYSICAL data
        uint32_t type
    ctypedef struct QXLCommandExt:
        QXLCommand cmd
        uint32_t group_id
        uint32_t flags
    ctypedef struct VDAgentMonConfig:
        uint32_t height
        uint32_t width
        uint32_t depth
        int32_t x
        int32_t y
    ctypedef struct VDAgentMonitorsConfig:
        uint32_t num_of_monitors
        uint32_t flags
        VDAgentMonConfig monitors[]

    ctypedef struct SpiceBaseInterface:
        const char *type
        const char *description
        uint32_t major_version
        uint32_t minor_version
    ctypedef struct SpiceBaseInstance:
        const SpiceBaseInterface *sif
    ctypedef struct SpiceServer:
        pass

    # core

    ctypedef struct SpiceWatch:
        pass
    ctypedef struct SpiceTimer:
        pass
    ctypedef void (*SpiceWatchFunc)(int fd, int event, void *opaque) noexcept nogil
    ctypedef void (*SpiceTimerFunc)(void *opaque) noexcept nogil
    ctypedef struct SpiceChannelEventInfo:
        int connection_id
        int type
        int id
        int flags
        sockaddr laddr
        sockaddr paddr
        socklen_t llen
        socklen_t plen
        sockaddr_storage laddr_ext
        sockaddr_storage paddr_ext
        socklen_t llen_ext
        socklen_t plen_ext
    ctypedef struct SpiceCoreInterface:
        SpiceBaseInterface base
        SpiceTimer *(*timer_add)(SpiceTimerFunc func, void *opaque) noexcept nogil
        void (*timer_start)(SpiceTimer *timer, uint32_t ms) noexcept nogil
        void (*timer_cancel)(SpiceTimer *timer) noexcept nogil
        void (*timer_remove)(SpiceTimer *timer) noexcept nogil
        SpiceWatch *(*watch_add)(int fd, int event_mask, SpiceWatchFunc func, void *opaque) noexcept nogil
        void (*watch_update_mask)(SpiceWatch *watch, int event_mask) noexcept nogil
        void (*watch_remove)(SpiceWatch *watch) noexcept nogil
        void (*channel_event)(int event, SpiceChannelEventInfo *info) noexcept nogil

    # qxl

    ctypedef struct QXLState:
        pass
    ctypedef struct QXLWorker:
        pass
    ctypedef struct QXLInstance:
        SpiceBaseInstance base
        int id
        QXLState *st
    ctypedef struct QXLDevInitInfo:
        uint32_t num_memslots_groups
        uint32_t num_memslots
        uint8_t memslot_gen_bits
        uint8_t memslot_id_bits
        uint32_t qxl_ram_size
        uint8_t internal_groupslot_id
        uint32_t n_surfaces
    ctypedef struct QXLDevMemSlot:
        uint32_t slot_group_id
        uint32_t slot_id
        uint32_t generation
        uintptr_t virt_start
        uintptr_t virt_end
        uint64_t addr_delta
        uint32_t qxl_ram_size
    ctypedef struct QXLDevSurfaceCreate:
        uint32_t width
        uint32_t height
        int32_t stride
        uint32_t format
        uint32_t position
        uint32_t mouse_mode
        uint32_t flags
        uint32_t type
        uint64_t mem
        uint32_t group_id
    ctypedef struct QXLInterface:
        SpiceBaseInterface base
        void (*attache_worker)(QXLInstance *qin, QXLWorker *qxl_worker) noexcept nogil
        void (*set_compression_level)(QXLInstance *qin, int level) noexcept nogil
        void (*get_init_info)(QXLInstance *qin, QXLDevInitInfo *info) noexcept nogil
        int (*get_command)(QXLInstance *qin, QXLCommandExt *cmd) noexcept nogil
        int (*req_cmd_notification)(QXLInstance *qin) noexcept nogil
        void (*release_resource)(QXLInstance *qin, QXLReleaseInfoExt release_info) noexcept nogil
        int (*get_cursor_command)(QXLInstance *qin, QXLCommandExt *cmd) noexcept nogil
        int (*req_cursor_notification)(QXLInstance *qin) noexcept nogil
        void (*notify_update)(QXLInstance *qin, uint32_t update_id) noexcept nogil
        int (*flush_resources)(QXLInstance *qin) noexcept nogil
        void (*async_complete)(QXLInstance *qin, uint64_t cookie) noexcept nogil
        void (*update_area_complete)(QXLInstance *qin, uint32_t surface_id, QXLRect *updated_rects,
                                     uint32_t num_updated_rects) noexcept nogil
        void (*set_client_capabilities)(QXLInstance *qin, uint8_t client_present,
                                        uint8_t *caps) noexcept nogil
        int (*client_monitors_config)(QXLInstance *qin,
                                      VDAgentMonitorsConfig *monitors_config) noexcept nogil

    # inputs

    ctypedef struct SpiceKbdState:
        pass
    ctypedef struct SpiceKbdInstance:
        SpiceBaseInstance base
        SpiceKbdState *st
    ctypedef struct SpiceKbdInterface:
        SpiceBaseInterface base
        void (*push_scan_freg)(SpiceKbdInstance *sin, uint8_t frag) noexcept nogil
        uint8_t (*get_leds)(SpiceKbdInstance *sin) noexcept nogil

    ctypedef struct SpiceMouseState:
        pass
    ctypedef struct SpiceMouseInstance:
        SpiceBaseInstance base
        SpiceMouseState *st
    ctypedef struct SpiceMouseInterface:
        SpiceBaseInterface base
        void (*motion)(SpiceMouseInstance *sin, int dx, int dy, int dz, uint32_t buttons_state) noexcept nogil
        void (*buttons)(SpiceMouseInstance *sin, uint32_t buttons_state) noexcept nogil

    ctypedef struct SpiceTabletState:
        pass
    ctypedef struct SpiceTabletInstance:
        SpiceBaseInstance base
        SpiceTabletState *st
    ctypedef struct SpiceTabletInterface:
        SpiceBaseInterface base
        void (*set_logical_size)(SpiceTabletInstance *tablet, int width, int height) noexcept nogil
        void (*position)(SpiceTabletInstance *tablet, int x, int y, uint32_t buttons_state) noexcept nogil
        void (*wheel)(SpiceTabletInstance *tablet, int wheel_motion, uint32_t buttons_state) noexcept nogil
        void (*buttons)(SpiceTabletInstance *tablet, uint32_t buttons_state) noexcept nogil

    # audio

    ctypedef struct SpicePlaybackState:
        pass
    ctypedef struct SpicePlaybackInstance:
        SpiceBaseInstance base
        SpicePlaybackState *st
    ctypedef struct SpiceRecordState:
        pass
    ctypedef struct SpiceRecordInstance:
        SpiceBaseInstance base
        SpiceRecordState *st

    # character devices

    ctypedef struct SpiceCharDeviceState:
        pass
    ctypedef struct SpiceCharDeviceInstance:
        SpiceBaseInstance base
        const char *subtype
        SpiceCharDeviceState *st
        const char *portname
    ctypedef enum spice_char_device_flags:
        SPICE_CHAR_DEVICE_NOTIFY_WRITABLE
    ctypedef struct SpiceCharDeviceInterface:
        SpiceBaseInterface base
        void (*state)(SpiceCharDeviceInstance *sin, int connected) noexcept nogil
        int (*write)(SpiceCharDeviceInstance *sin, const uint8_t *buf, int len) noexcept nogil
        int (*read)(SpiceCharDeviceInstance *sin, uint8_t *buf, int len) noexcept nogil
        void (*event)(SpiceCharDeviceInstance *sin, uint8_t event) noexcept nogil
        spice_char_device_flags flags

    # migration

    ctypedef struct SpiceMigrateState:
        pass
    ctypedef struct SpiceMigrateInstance:
        SpiceBaseInstance base
        SpiceMigrateState *st
    ctypedef struct SpiceMigrateInterface:
        SpiceBaseInterface base
        void (*migrate_connect_complete)(SpiceMigrateInstance *sin) noexcept nogil
        void (*migrate_end_complete)(SpiceMigrateInstance *sin) noexcept nogil

    ctypedef struct SpiceReplay:
        pass
    ctypedef enum spice_compat_version_t:
        SPICE_COMPAT_VERSION_0_4
        SPICE_COMPAT_VERSION_0_6
    ctypedef enum SpiceImageCompression:
        SPICE_IMAGE_COMPRESSION_INVALID
        SPICE_IMAGE_COMPRESSION_AUTO_GLZ
    ctypedef enum spice_wan_compression_t:
        SPICE_WAN_COMPRESSION_INVALID


cdef inline object text_of(const char *text):
    """A C string of the host's; None for NULL. Bytes that are no UTF-8 come through as they are, for file names."""
    if text == NULL:
        return None
    return (<bytes> text).decode("utf-8", "surrogateescape")
