"""The table of vtable.h; the C compiler compares each entry with symbols.def where it is filled."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdio cimport FILE

from gspice.hosts.libspice.abi cimport (
    QXLCommandExt,
    QXLDevMemSlot,
    QXLDevSurfaceCreate,
    QXLInstance,
    QXLPHYSICAL,
    QXLRect,
    sockaddr,
    socklen_t,
    spice_compat_version_t,
    spice_wan_compression_t,
    SpiceBaseInstance,
    SpiceCharDeviceInstance,
    SpiceCoreInterface,
    SpiceImageCompression,
    SpiceKbdInstance,
    SpicePlaybackInstance,
    SpiceRecordInstance,
    SpiceReplay,
    SpiceServer,
)


cdef extern from "vtable.h" nogil:
    cdef struct gspice_vtable:
        int (*spice_server_add_interface)(SpiceServer *s, SpiceBaseInstance *sin) noexcept nogil
        int (*spice_server_add_renderer)(SpiceServer *s, const char *name) noexcept nogil
        const char **(*spice_server_char_device_recognized_subtypes)() noexcept nogil
        void (*spice_server_char_device_wakeup)(SpiceCharDeviceInstance *sin) noexcept nogil
        void (*spice_server_destroy)(SpiceServer *s) noexcept nogil
        SpiceImageCompression (*spice_server_get_image_compression)(SpiceServer *s) noexcept nogil
        int (*spice_server_get_peer_info)(SpiceServer *s, sockaddr *sa, socklen_t *salen) noexcept nogil
        int (*spice_server_get_sock_info)(SpiceServer *s, sockaddr *sa, socklen_t *salen) noexcept nogil
        int (*spice_server_init)(SpiceServer *s, SpiceCoreInterface *core) noexcept nogil
        int (*spice_server_kbd_leds)(SpiceKbdInstance *sin, int leds) noexcept nogil
        int (*spice_server_migrate_end)(SpiceServer *s, int completed) noexcept nogil
        int (*spice_server_migrate_info)(
            SpiceServer *s, const char *dest, int port, int secure_port, const char *cert_subject,
        ) noexcept nogil
        int (*spice_server_migrate_start)(SpiceServer *s) noexcept nogil
        SpiceServer *(*spice_server_new)() noexcept nogil
        void (*spice_server_playback_get_buffer)(
            SpicePlaybackInstance *sin, uint32_t **samples, uint32_t *num_samples,
        ) noexcept nogil
        void (*spice_server_playback_put_samples)(
            SpicePlaybackInstance *sin, uint32_t *samples,
        ) noexcept nogil
        void (*spice_server_playback_start)(SpicePlaybackInstance *sin) noexcept nogil
        void (*spice_server_playback_stop)(SpicePlaybackInstance *sin) noexcept nogil
        uint32_t (*spice_server_record_get_samples)(
            SpiceRecordInstance *sin, uint32_t *samples, uint32_t bufsize,
        ) noexcept nogil
        void (*spice_server_record_start)(SpiceRecordInstance *sin) noexcept nogil
        void (*spice_server_record_stop)(SpiceRecordInstance *sin) noexcept nogil
        int (*spice_server_remove_interface)(SpiceBaseInstance *sin) noexcept nogil
        void (*spice_server_set_addr)(SpiceServer *s, const char *addr, int flags) noexcept nogil
        int (*spice_server_set_agent_mouse)(SpiceServer *s, int enable) noexcept nogil
        int (*spice_server_set_channel_security)(
            SpiceServer *s, const char *channel, int security,
        ) noexcept nogil
        int (*spice_server_set_image_compression)(SpiceServer *s, SpiceImageCompression comp) noexcept nogil
        int (*spice_server_set_jpeg_compression)(SpiceServer *s, spice_wan_compression_t comp) noexcept nogil
        int (*spice_server_set_noauth)(SpiceServer *s) noexcept nogil
        int (*spice_server_set_playback_compression)(SpiceServer *s, int enable) noexcept nogil
        int (*spice_server_set_port)(SpiceServer *s, int port) noexcept nogil
        int (*spice_server_set_streaming_video)(SpiceServer *s, int value) noexcept nogil
        int (*spice_server_set_ticket)(
            SpiceServer *s, const char *passwd, int lifetime, int fail_if_connected,
            int disconnect_if_connected,
        ) noexcept nogil
        int (*spice_server_set_tls)(
            SpiceServer *s, int port, const char *ca_cert_file, const char *certs_file,
            const char *private_key_file, const char *key_passwd, const char *dh_key_file,
            const char *ciphersuite,
        ) noexcept nogil
        int (*spice_server_set_zlib_glz_compression)(
            SpiceServer *s, spice_wan_compression_t comp,
        ) noexcept nogil
        spice_compat_version_t (*spice_get_current_compat_version)() noexcept nogil
        int (*spice_server_set_compat_version)(SpiceServer *s, spice_compat_version_t version) noexcept nogil
        int (*spice_server_migrate_switch)(SpiceServer *s) noexcept nogil
        int (*spice_server_set_agent_copypaste)(SpiceServer *s, int enable) noexcept nogil
        void (*spice_qxl_add_memslot)(QXLInstance *qin, QXLDevMemSlot *slot) noexcept nogil
        void (*spice_qxl_add_memslot_async)(
            QXLInstance *qin, QXLDevMemSlot *slot, uint64_t cookie,
        ) noexcept nogil
        void (*spice_qxl_create_primary_surface)(
            QXLInstance *qin, uint32_t surface_id, QXLDevSurfaceCreate *surface,
        ) noexcept nogil
        void (*spice_qxl_create_primary_surface_async)(
            QXLInstance *qin, uint32_t surface_id, QXLDevSurfaceCreate *surface, uint64_t cookie,
        ) noexcept nogil
        void (*spice_qxl_del_memslot)(
            QXLInstance *qin, uint32_t slot_group_id, uint32_t slot_id,
        ) noexcept nogil
        void (*spice_qxl_destroy_primary_surface)(QXLInstance *qin, uint32_t surface_id) noexcept nogil
        void (*spice_qxl_destroy_primary_surface_async)(
            QXLInstance *qin, uint32_t surface_id, uint64_t cookie,
        ) noexcept nogil
        void (*spice_qxl_destroy_surface_async)(
            QXLInstance *qin, uint32_t surface_id, uint64_t cookie,
        ) noexcept nogil
        void (*spice_qxl_destroy_surface_wait)(QXLInstance *qin, uint32_t surface_id) noexcept nogil
        void (*spice_qxl_destroy_surfaces)(QXLInstance *qin) noexcept nogil
        void (*spice_qxl_destroy_surfaces_async)(QXLInstance *qin, uint64_t cookie) noexcept nogil
        void (*spice_qxl_flush_surfaces_async)(QXLInstance *qin, uint64_t cookie) noexcept nogil
        void (*spice_qxl_loadvm_commands)(QXLInstance *qin, QXLCommandExt *ext, uint32_t count) noexcept nogil
        void (*spice_qxl_oom)(QXLInstance *qin) noexcept nogil
        void (*spice_qxl_reset_cursor)(QXLInstance *qin) noexcept nogil
        void (*spice_qxl_reset_image_cache)(QXLInstance *qin) noexcept nogil
        void (*spice_qxl_reset_memslots)(QXLInstance *qin) noexcept nogil
        void (*spice_qxl_start)(QXLInstance *qin) noexcept nogil
        void (*spice_qxl_stop)(QXLInstance *qin) noexcept nogil
        void (*spice_qxl_update_area)(
            QXLInstance *qin, uint32_t surface_id, QXLRect *area, QXLRect *dirty_rects,
            uint32_t num_dirty_rects, uint32_t clear_dirty_region,
        ) noexcept nogil
        void (*spice_qxl_update_area_async)(
            QXLInstance *qin, uint32_t surface_id, QXLRect *qxl_area, uint32_t clear_dirty_region,
            uint64_t cookie,
        ) noexcept nogil
        void (*spice_qxl_wakeup)(QXLInstance *qin) noexcept nogil
        int (*spice_server_set_sasl)(SpiceServer *s, int enabled) noexcept nogil
        int (*spice_server_set_sasl_appname)(SpiceServer *s, const char *appname) noexcept nogil
        int (*spice_server_migrate_connect)(
            SpiceServer *s, const char *dest, int port, int secure_port, const char *cert_subject,
        ) noexcept nogil
        int (*spice_server_get_num_clients)(SpiceServer *s) noexcept nogil
        void (*spice_server_playback_set_mute)(SpicePlaybackInstance *sin, uint8_t mute) noexcept nogil
        void (*spice_server_playback_set_volume)(
            SpicePlaybackInstance *sin, uint8_t nchannels, uint16_t *volume,
        ) noexcept nogil
        void (*spice_server_record_set_mute)(SpiceRecordInstance *sin, uint8_t mute) noexcept nogil
        void (*spice_server_record_set_volume)(
            SpiceRecordInstance *sin, uint8_t nchannels, uint16_t *volume,
        ) noexcept nogil
        int (*spice_server_add_client)(SpiceServer *s, int socket, int skip_auth) noexcept nogil
        int (*spice_server_add_ssl_client)(SpiceServer *s, int socket, int skip_auth) noexcept nogil
        int (*spice_server_set_listen_socket_fd)(SpiceServer *s, int listen_fd) noexcept nogil
        void (*spice_server_set_name)(SpiceServer *s, const char *name) noexcept nogil
        void (*spice_server_set_uuid)(SpiceServer *s, const uint8_t *uuid) noexcept nogil
        int (*spice_server_is_server_mouse)(SpiceServer *s) noexcept nogil
        void (*spice_qxl_monitors_config_async)(
            QXLInstance *qin, QXLPHYSICAL monitors_config, int group_id, uint64_t cookie,
        ) noexcept nogil
        void (*spice_server_set_seamless_migration)(SpiceServer *s, int enable) noexcept nogil
        void (*spice_server_vm_start)(SpiceServer *s) noexcept nogil
        void (*spice_server_vm_stop)(SpiceServer *s) noexcept nogil
        int (*spice_server_set_exit_on_disconnect)(SpiceServer *s, int flag) noexcept nogil
        void (*spice_server_port_event)(SpiceCharDeviceInstance *sin, uint8_t event) noexcept nogil
        void (*spice_qxl_driver_unload)(QXLInstance *qin) noexcept nogil
        int (*spice_server_set_agent_file_xfer)(SpiceServer *s, int enable) noexcept nogil
        uint32_t (*spice_server_get_best_playback_rate)(SpicePlaybackInstance *sin) noexcept nogil
        uint32_t (*spice_server_get_best_record_rate)(SpiceRecordInstance *sin) noexcept nogil
        void (*spice_server_set_playback_rate)(SpicePlaybackInstance *sin, uint32_t frequency) noexcept nogil
        void (*spice_server_set_record_rate)(SpiceRecordInstance *sin, uint32_t frequency) noexcept nogil
        void (*spice_qxl_set_max_monitors)(QXLInstance *qin, unsigned max_monitors) noexcept nogil
        void (*spice_replay_free)(SpiceReplay *replay) noexcept nogil
        void (*spice_replay_free_cmd)(SpiceReplay *replay, QXLCommandExt *cmd) noexcept nogil
        SpiceReplay *(*spice_replay_new)(FILE *file, int nsurfaces) noexcept nogil
        QXLCommandExt *(*spice_replay_next_cmd)(SpiceReplay *replay, QXLInstance *qin) noexcept nogil
        void (*spice_qxl_gl_draw_async)(
            QXLInstance *qin, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint64_t cookie,
        ) noexcept nogil
        void (*spice_qxl_gl_scanout)(
            QXLInstance *qin, int fd, uint32_t width, uint32_t height, uint32_t stride, uint32_t format,
            int y_0_top,
        ) noexcept nogil
        int (*spice_server_set_video_codecs)(SpiceServer *s, const char *video_codecs) noexcept nogil
        void (*spice_qxl_set_device_info)(
            QXLInstance *qin, const char *device_address, uint32_t device_display_id_start,
            uint32_t device_display_id_count,
        ) noexcept nogil
        void (*spice_server_free_video_codecs)(SpiceServer *s, const char *video_codecs) noexcept nogil
        const char *(*spice_server_get_video_codecs)(SpiceServer *s) noexcept nogil
        void (*spice_qxl_gl_scanout2)(
            QXLInstance *qin, const int *fd, uint32_t width, uint32_t height, const uint32_t *offset,
            const uint32_t *stride, uint32_t num_planes, uint32_t format, uint64_t modifier, int y_0_top,
        ) noexcept nogil
        void (*at_exit)() noexcept nogil
