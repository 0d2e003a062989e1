/* The types of spice-server's public C interface: what hosts hand to the library and get from it.
 *
 * The layouts are facts of that interface; tests/hosts/libspice compares them with the installed spice-server headers.
 * With GSPICE_ABI_FROM_HEADERS defined, those headers were included before and give the types instead.
 * Members that came with a later minor of an interface lie behind those that every host has: the table of an older host
 * simply ends before them, so the minor is asked before such a member is read.
 */
#ifndef GSPICE_ABI_H
#define GSPICE_ABI_H

#ifndef GSPICE_ABI_FROM_HEADERS

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define SPICE_CAPABILITIES_SIZE 58

typedef uint64_t QXLPHYSICAL;
typedef struct QXLReleaseInfo QXLReleaseInfo;

typedef struct QXLReleaseInfoExt {
    QXLReleaseInfo *info;
    uint32_t group_id;
} QXLReleaseInfoExt;

typedef struct __attribute__((packed)) QXLRect {
    int32_t top;
    int32_t left;
    int32_t bottom;
    int32_t right;
} QXLRect;

typedef struct __attribute__((packed)) QXLCommand {
    QXLPHYSICAL data;
    uint32_t type;
    uint32_t padding;
} QXLCommand;

typedef struct __attribute__((packed)) QXLCommandExt {
    QXLCommand cmd;
    uint32_t group_id;
    uint32_t flags;
} QXLCommandExt;

typedef struct __attribute__((packed)) VDAgentMonConfig {
    uint32_t height;
    uint32_t width;
    uint32_t depth;
    int32_t x;
    int32_t y;
} VDAgentMonConfig;

typedef struct __attribute__((packed)) VDAgentMonitorsConfig {
    uint32_t num_of_monitors;
    uint32_t flags;
    VDAgentMonConfig monitors[];
} VDAgentMonitorsConfig;

/* Every interface and every instance begins like this. */

typedef struct SpiceBaseInterface {
    const char *type;
    const char *description;
    uint32_t major_version;
    uint32_t minor_version;
} SpiceBaseInterface;

typedef struct SpiceBaseInstance {
    const SpiceBaseInterface *sif;
} SpiceBaseInstance;

typedef struct RedsState SpiceServer;

/* core 1.3 */

typedef struct SpiceWatch SpiceWatch;
typedef struct SpiceTimer SpiceTimer;
typedef void (*SpiceWatchFunc)(int fd, int event, void *opaque);
typedef void (*SpiceTimerFunc)(void *opaque);

typedef struct SpiceChannelEventInfo {
    int connection_id;
    int type;
    int id;
    int flags;
    struct sockaddr laddr;
    struct sockaddr paddr;
    socklen_t llen, plen;
    struct sockaddr_storage laddr_ext;
    struct sockaddr_storage paddr_ext;
    socklen_t llen_ext, plen_ext;
} SpiceChannelEventInfo;

typedef struct SpiceCoreInterface {
    SpiceBaseInterface base;
    SpiceTimer *(*timer_add)(SpiceTimerFunc func, void *opaque);
    void (*timer_start)(SpiceTimer *timer, uint32_t ms);
    void (*timer_cancel)(SpiceTimer *timer);
    void (*timer_remove)(SpiceTimer *timer);
    SpiceWatch *(*watch_add)(int fd, int event_mask, SpiceWatchFunc func, void *opaque);
    void (*watch_update_mask)(SpiceWatch *watch, int event_mask);
    void (*watch_remove)(SpiceWatch *watch);
    void (*channel_event)(int event, SpiceChannelEventInfo *info); /* minor 3 */
} SpiceCoreInterface;

/* qxl 3.3 */

typedef struct QXLState QXLState;
typedef struct QXLWorker QXLWorker;

typedef struct QXLInstance {
    SpiceBaseInstance base;
    int id;
    QXLState *st;
} QXLInstance;

typedef struct QXLDevInitInfo {
    uint32_t num_memslots_groups;
    uint32_t num_memslots;
    uint8_t memslot_gen_bits;
    uint8_t memslot_id_bits;
    uint32_t qxl_ram_size;
    uint8_t internal_groupslot_id;
    uint32_t n_surfaces;
} QXLDevInitInfo;

typedef struct QXLDevMemSlot {
    uint32_t slot_group_id;
    uint32_t slot_id;
    uint32_t generation;
    uintptr_t virt_start;
    uintptr_t virt_end;
    uint64_t addr_delta;
    uint32_t qxl_ram_size;
} QXLDevMemSlot;

typedef struct QXLDevSurfaceCreate {
    uint32_t width;
    uint32_t height;
    int32_t stride;
    uint32_t format;
    uint32_t position;
    uint32_t mouse_mode;
    uint32_t flags;
    uint32_t type;
    uint64_t mem;
    uint32_t group_id;
} QXLDevSurfaceCreate;

typedef struct QXLInterface {
    SpiceBaseInterface base;
    union {
        void (*attached_worker)(QXLInstance *qin);
        void (*attache_worker)(QXLInstance *qin, QXLWorker *qxl_worker);
    };
    void (*set_compression_level)(QXLInstance *qin, int level);
    void (*set_mm_time)(QXLInstance *qin, uint32_t mm_time);
    void (*get_init_info)(QXLInstance *qin, QXLDevInitInfo *info);
    int (*get_command)(QXLInstance *qin, QXLCommandExt *cmd);
    int (*req_cmd_notification)(QXLInstance *qin);
    void (*release_resource)(QXLInstance *qin, QXLReleaseInfoExt release_info);
    int (*get_cursor_command)(QXLInstance *qin, QXLCommandExt *cmd);
    int (*req_cursor_notification)(QXLInstance *qin);
    void (*notify_update)(QXLInstance *qin, uint32_t update_id);
    int (*flush_resources)(QXLInstance *qin);
    void (*async_complete)(QXLInstance *qin, uint64_t cookie);
    void (*update_area_complete)(QXLInstance *qin, uint32_t surface_id, QXLRect *updated_rects,
                                 uint32_t num_updated_rects);
    void (*set_client_capabilities)(QXLInstance *qin, uint8_t client_present,
                                    uint8_t caps[SPICE_CAPABILITIES_SIZE]); /* minor 2 */
    int (*client_monitors_config)(QXLInstance *qin, VDAgentMonitorsConfig *monitors_config); /* minor 3 */
} QXLInterface;

/* keyboard, mouse, tablet 1.1 */

typedef struct SpiceKbdState SpiceKbdState;
typedef struct SpiceKbdInstance {
    SpiceBaseInstance base;
    SpiceKbdState *st;
} SpiceKbdInstance;

typedef struct SpiceKbdInterface {
    SpiceBaseInterface base;
    void (*push_scan_freg)(SpiceKbdInstance *sin, uint8_t frag);
    uint8_t (*get_leds)(SpiceKbdInstance *sin);
} SpiceKbdInterface;

typedef struct SpiceMouseState SpiceMouseState;
typedef struct SpiceMouseInstance {
    SpiceBaseInstance base;
    SpiceMouseState *st;
} SpiceMouseInstance;

typedef struct SpiceMouseInterface {
    SpiceBaseInterface base;
    void (*motion)(SpiceMouseInstance *sin, int dx, int dy, int dz, uint32_t buttons_state);
    void (*buttons)(SpiceMouseInstance *sin, uint32_t buttons_state);
} SpiceMouseInterface;

typedef struct SpiceTabletState SpiceTabletState;
typedef struct SpiceTabletInstance {
    SpiceBaseInstance base;
    SpiceTabletState *st;
} SpiceTabletInstance;

typedef struct SpiceTabletInterface {
    SpiceBaseInterface base;
    void (*set_logical_size)(SpiceTabletInstance *tablet, int width, int height);
    void (*position)(SpiceTabletInstance *tablet, int x, int y, uint32_t buttons_state);
    void (*wheel)(SpiceTabletInstance *tablet, int wheel_motion, uint32_t buttons_state);
    void (*buttons)(SpiceTabletInstance *tablet, uint32_t buttons_state);
} SpiceTabletInterface;

/* playback 1.3, record 2.3: the host calls, the server never does */

typedef struct SpicePlaybackState SpicePlaybackState;
typedef struct SpicePlaybackInstance {
    SpiceBaseInstance base;
    SpicePlaybackState *st;
} SpicePlaybackInstance;

typedef struct SpiceRecordState SpiceRecordState;
typedef struct SpiceRecordInstance {
    SpiceBaseInstance base;
    SpiceRecordState *st;
} SpiceRecordInstance;

/* char_device 1.3 */

typedef struct SpiceCharDeviceState SpiceCharDeviceState;
typedef struct SpiceCharDeviceInstance {
    SpiceBaseInstance base;
    const char *subtype;
    SpiceCharDeviceState *st;
    const char *portname;
} SpiceCharDeviceInstance;

typedef enum { SPICE_CHAR_DEVICE_NOTIFY_WRITABLE = 1 } spice_char_device_flags;

typedef struct SpiceCharDeviceInterface {
    SpiceBaseInterface base;
    void (*state)(SpiceCharDeviceInstance *sin, int connected);
    int (*write)(SpiceCharDeviceInstance *sin, const uint8_t *buf, int len);
    int (*read)(SpiceCharDeviceInstance *sin, uint8_t *buf, int len);
    void (*event)(SpiceCharDeviceInstance *sin, uint8_t event); /* minor 2 */
    spice_char_device_flags flags;                              /* minor 3 */
} SpiceCharDeviceInterface;

/* migration 1.1 */

typedef struct SpiceMigrateState SpiceMigrateState;
typedef struct SpiceMigrateInstance {
    SpiceBaseInstance base;
    SpiceMigrateState *st;
} SpiceMigrateInstance;

typedef struct SpiceMigrateInterface {
    SpiceBaseInterface base;
    void (*migrate_connect_complete)(SpiceMigrateInstance *sin);
    void (*migrate_end_complete)(SpiceMigrateInstance *sin);
} SpiceMigrateInterface;

typedef struct SpiceReplay SpiceReplay;

typedef enum { SPICE_COMPAT_VERSION_0_4 = 0, SPICE_COMPAT_VERSION_0_6 = 1 } spice_compat_version_t;
typedef enum { SPICE_IMAGE_COMPRESSION_INVALID = 0, SPICE_IMAGE_COMPRESSION_AUTO_GLZ = 2 } SpiceImageCompression;
typedef enum { SPICE_WAN_COMPRESSION_INVALID = 0 } spice_wan_compression_t;

#endif /* GSPICE_ABI_FROM_HEADERS */

#endif
