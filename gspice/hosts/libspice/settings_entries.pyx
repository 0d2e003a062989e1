"""spice_server_set_* and _get_*: the C functions by which hosts set a server up."""

from libc.stdint cimport uint8_t, uintptr_t
from libc.stdlib cimport free
from libc.string cimport strdup

from gspice.hosts.libspice.abi cimport (
    SPICE_COMPAT_VERSION_0_6,
    SPICE_IMAGE_COMPRESSION_AUTO_GLZ,
    SPICE_IMAGE_COMPRESSION_INVALID,
    SpiceImageCompression,
    SpiceServer,
    spice_compat_version_t,
    spice_wan_compression_t,
    text_of,
)
from gspice.hosts.libspice.vtable cimport gspice_vtable

from gspice.hosts.libspice import library

cdef enum:
    UUID_BYTES = 16
    STREAM_VIDEO_FILTER = 3

# Where it listens, and who may enter


cdef int set_port(SpiceServer *s, int port) noexcept with gil:
    return library.command(<uintptr_t> s, "set_port", port)


cdef int set_tls(
    SpiceServer *s, int port, const char *ca_cert_file, const char *certs_file, const char *private_key_file,
    const char *key_passwd, const char *dh_key_file, const char *ciphersuite,
) noexcept with gil:
    return library.command(
        <uintptr_t> s, "set_tls", port, text_of(ca_cert_file), text_of(certs_file), text_of(private_key_file),
        text_of(key_passwd), text_of(dh_key_file), text_of(ciphersuite),
    )


cdef void set_addr(SpiceServer *s, const char *addr, int flags) noexcept with gil:
    library.command(<uintptr_t> s, "set_addr", text_of(addr) or "", flags)


cdef int set_listen_socket_fd(SpiceServer *s, int listen_fd) noexcept with gil:
    return library.command(<uintptr_t> s, "set_listen_socket_fd", listen_fd)


cdef int set_exit_on_disconnect(SpiceServer *s, int flag) noexcept with gil:
    return library.command(<uintptr_t> s, "set_exit_on_disconnect", flag != 0)


cdef int set_noauth(SpiceServer *s) noexcept with gil:
    return library.command(<uintptr_t> s, "set_noauth")


cdef int set_sasl(SpiceServer *s, int enabled) noexcept with gil:
    return library.command(<uintptr_t> s, "set_sasl", enabled != 0)


cdef int set_sasl_appname(SpiceServer *s, const char *appname) noexcept with gil:
    return library.command(<uintptr_t> s, "set_sasl_appname", text_of(appname) or "")


cdef int set_ticket(
    SpiceServer *s, const char *passwd, int lifetime, int fail_if_connected, int disconnect_if_connected,
) noexcept with gil:
    return library.command(
        <uintptr_t> s, "set_ticket", text_of(passwd), lifetime, fail_if_connected != 0,
        disconnect_if_connected != 0,
    )


cdef int set_channel_security(SpiceServer *s, const char *channel, int security) noexcept with gil:
    return library.command(<uintptr_t> s, "set_channel_security", text_of(channel), security)


# What it sends


cdef int add_renderer(SpiceServer *s, const char *name) noexcept with gil:
    return library.command(<uintptr_t> s, "add_renderer", text_of(name) or "")


cdef int set_compat_version(SpiceServer *s, spice_compat_version_t version) noexcept with gil:
    return library.command(<uintptr_t> s, "set_compat_version", <int> version)


cdef spice_compat_version_t get_current_compat_version() noexcept nogil:
    return SPICE_COMPAT_VERSION_0_6


cdef int set_image_compression(SpiceServer *s, SpiceImageCompression comp) noexcept with gil:
    # What hosts set where nobody asked for anything is libspice's own choice: ours comes in its place. The number that
    # means ours is no host's to give.
    cdef int wanted = <int> comp
    if comp == SPICE_IMAGE_COMPRESSION_INVALID:
        wanted = -1
    elif comp == SPICE_IMAGE_COMPRESSION_AUTO_GLZ:
        wanted = SPICE_IMAGE_COMPRESSION_INVALID
    return library.command(<uintptr_t> s, "set_image_compression", wanted)


cdef SpiceImageCompression get_image_compression(SpiceServer *s) noexcept with gil:
    cdef int compression = library.ask(<uintptr_t> s, "image_compression", <int> SPICE_IMAGE_COMPRESSION_INVALID)
    return <SpiceImageCompression> compression


cdef int set_jpeg_compression(SpiceServer *s, spice_wan_compression_t comp) noexcept with gil:
    return library.command(<uintptr_t> s, "set_jpeg_compression", <int> comp)


cdef int set_zlib_glz_compression(SpiceServer *s, spice_wan_compression_t comp) noexcept with gil:
    return library.command(<uintptr_t> s, "set_zlib_glz_compression", <int> comp)


cdef int set_playback_compression(SpiceServer *s, int enable) noexcept with gil:
    return library.command(<uintptr_t> s, "set_playback_compression", enable != 0)


cdef int set_streaming_video(SpiceServer *s, int value) noexcept with gil:
    # As above: which pixels are a film is found in other ways than libspice's, and those are what a filter is here.
    cdef int wanted = value
    if value == 0:
        wanted = -1
    elif value == STREAM_VIDEO_FILTER:
        wanted = 0
    return library.command(<uintptr_t> s, "set_streaming_video", wanted)


cdef int set_video_codecs(SpiceServer *s, const char *video_codecs) noexcept with gil:
    return library.command(<uintptr_t> s, "set_video_codecs", text_of(video_codecs) or "")


cdef const char *get_video_codecs(SpiceServer *s) noexcept with gil:
    codecs = library.ask(<uintptr_t> s, "video_codecs", None)
    if codecs is None:
        return NULL
    encoded = codecs.encode()
    return strdup(<const char *> encoded)


cdef void free_video_codecs(SpiceServer *s, const char *video_codecs) noexcept nogil:
    free(<void *> video_codecs)


cdef void set_name(SpiceServer *s, const char *name) noexcept with gil:
    library.command(<uintptr_t> s, "set_name", text_of(name) or "")


cdef void set_uuid(SpiceServer *s, const uint8_t *uuid) noexcept with gil:
    if uuid != NULL:
        library.command(<uintptr_t> s, "set_uuid", <bytes> (<const char *> uuid)[:UUID_BYTES])


# Agent and migration


cdef int set_agent_mouse(SpiceServer *s, int enable) noexcept with gil:
    return library.command(<uintptr_t> s, "set_agent_mouse", enable != 0)


cdef int set_agent_copypaste(SpiceServer *s, int enable) noexcept with gil:
    return library.command(<uintptr_t> s, "set_agent_copypaste", enable != 0)


cdef int set_agent_file_xfer(SpiceServer *s, int enable) noexcept with gil:
    return library.command(<uintptr_t> s, "set_agent_file_xfer", enable != 0)


cdef void set_seamless_migration(SpiceServer *s, int enable) noexcept with gil:
    library.command(<uintptr_t> s, "set_seamless_migration", enable != 0)


def fill(uintptr_t address):
    cdef gspice_vtable *table = <gspice_vtable *> address
    table.spice_server_set_port = set_port
    table.spice_server_set_tls = set_tls
    table.spice_server_set_addr = set_addr
    table.spice_server_set_listen_socket_fd = set_listen_socket_fd
    table.spice_server_set_exit_on_disconnect = set_exit_on_disconnect
    table.spice_server_set_noauth = set_noauth
    table.spice_server_set_sasl = set_sasl
    table.spice_server_set_sasl_appname = set_sasl_appname
    table.spice_server_set_ticket = set_ticket
    table.spice_server_set_channel_security = set_channel_security
    table.spice_server_add_renderer = add_renderer
    table.spice_server_set_compat_version = set_compat_version
    table.spice_get_current_compat_version = get_current_compat_version
    table.spice_server_set_image_compression = set_image_compression
    table.spice_server_get_image_compression = get_image_compression
    table.spice_server_set_jpeg_compression = set_jpeg_compression
    table.spice_server_set_zlib_glz_compression = set_zlib_glz_compression
    table.spice_server_set_playback_compression = set_playback_compression
    table.spice_server_set_streaming_video = set_streaming_video
    table.spice_server_set_video_codecs = set_video_codecs
    table.spice_server_get_video_codecs = get_video_codecs
    table.spice_server_free_video_codecs = free_video_codecs
    table.spice_server_set_name = set_name
    table.spice_server_set_uuid = set_uuid
    table.spice_server_set_agent_mouse = set_agent_mouse
    table.spice_server_set_agent_copypaste = set_agent_copypaste
    table.spice_server_set_agent_file_xfer = set_agent_file_xfer
    table.spice_server_set_seamless_migration = set_seamless_migration
