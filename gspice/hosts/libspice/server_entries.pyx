"""spice_server_*: the C functions that are about a server as a whole."""

from libc.stdint cimport uintptr_t

from gspice.hosts.libspice.abi cimport (
    SpiceBaseInstance,
    SpiceCoreInterface,
    SpiceKbdInstance,
    SpiceServer,
    sockaddr,
    socklen_t,
    text_of,
)
from gspice.hosts.libspice.vtable cimport gspice_vtable

from gspice.hosts.libspice import library


cdef extern from "Python.h" nogil:
    ctypedef int PyGILState_STATE
    PyGILState_STATE PyGILState_Ensure()


# Life


cdef SpiceServer *server_new() noexcept with gil:
    return <SpiceServer *> <uintptr_t> library.new()


cdef int server_init(SpiceServer *s, SpiceCoreInterface *core) noexcept with gil:
    return library.init(<uintptr_t> s, <uintptr_t> core)


cdef void server_destroy(SpiceServer *s) noexcept with gil:
    library.destroy(<uintptr_t> s)


cdef void vm_start(SpiceServer *s) noexcept with gil:
    library.command(<uintptr_t> s, "vm_start")


cdef void vm_stop(SpiceServer *s) noexcept with gil:
    library.command(<uintptr_t> s, "vm_stop")


# Mouse, keyboard


cdef int is_server_mouse(SpiceServer *s) noexcept with gil:
    return bool(library.ask(<uintptr_t> s, "is_server_mouse", True))


cdef int kbd_leds(SpiceKbdInstance *sin, int leds) noexcept with gil:
    return library.kbd_leds(<uintptr_t> sin, leds)


# Clients


cdef int get_num_clients(SpiceServer *s) noexcept with gil:
    return library.ask(<uintptr_t> s, "num_clients", 0)


cdef int get_sock_info(SpiceServer *s, sockaddr *sa, socklen_t *salen) noexcept with gil:
    return library.write_info(<uintptr_t> s, "sock_info", <uintptr_t> sa, <uintptr_t> salen)


cdef int get_peer_info(SpiceServer *s, sockaddr *sa, socklen_t *salen) noexcept with gil:
    return library.write_info(<uintptr_t> s, "peer_info", <uintptr_t> sa, <uintptr_t> salen)


cdef int add_client(SpiceServer *s, int socket, int skip_auth) noexcept with gil:
    return library.add_client(<uintptr_t> s, socket, skip_auth != 0, False)


cdef int add_ssl_client(SpiceServer *s, int socket, int skip_auth) noexcept with gil:
    return library.add_client(<uintptr_t> s, socket, skip_auth != 0, True)


# Devices


cdef int add_interface(SpiceServer *s, SpiceBaseInstance *sin) noexcept with gil:
    return library.add_interface(<uintptr_t> s, <uintptr_t> sin)


cdef int remove_interface(SpiceBaseInstance *sin) noexcept with gil:
    return library.remove_interface(<uintptr_t> sin)


# Migration


cdef int migrate_connect(
    SpiceServer *s, const char *dest, int port, int secure_port, const char *cert_subject,
) noexcept with gil:
    return library.command(
        <uintptr_t> s, "migrate_connect", text_of(dest), port, secure_port, text_of(cert_subject))


cdef int migrate_info(
    SpiceServer *s, const char *dest, int port, int secure_port, const char *cert_subject,
) noexcept with gil:
    return library.command(
        <uintptr_t> s, "migrate_info", text_of(dest), port, secure_port, text_of(cert_subject))


cdef int migrate_start(SpiceServer *s) noexcept with gil:
    return library.command(<uintptr_t> s, "migrate_start")


cdef int migrate_end(SpiceServer *s, int completed) noexcept with gil:
    return library.command(<uintptr_t> s, "migrate_end", completed != 0)


cdef int migrate_switch(SpiceServer *s) noexcept with gil:
    return library.command(<uintptr_t> s, "migrate_switch")


# The end


cdef void _park() noexcept with gil:
    library.park()


cdef void at_exit() noexcept nogil:
    """Put the workers to sleep, and then all Python: the GIL is taken and never given back.

    Threads that go on while the C library and Mesa clean up after themselves run into freed memory.
    """
    PyGILState_Ensure()
    _park()


def fill(uintptr_t address):
    cdef gspice_vtable *table = <gspice_vtable *> address
    table.at_exit = at_exit
    table.spice_server_new = server_new
    table.spice_server_init = server_init
    table.spice_server_destroy = server_destroy
    table.spice_server_vm_start = vm_start
    table.spice_server_vm_stop = vm_stop
    table.spice_server_is_server_mouse = is_server_mouse
    table.spice_server_kbd_leds = kbd_leds
    table.spice_server_get_num_clients = get_num_clients
    table.spice_server_get_sock_info = get_sock_info
    table.spice_server_get_peer_info = get_peer_info
    table.spice_server_add_client = add_client
    table.spice_server_add_ssl_client = add_ssl_client
    table.spice_server_add_interface = add_interface
    table.spice_server_remove_interface = remove_interface
    table.spice_server_migrate_connect = migrate_connect
    table.spice_server_migrate_info = migrate_info
    table.spice_server_migrate_start = migrate_start
    table.spice_server_migrate_end = migrate_end
    table.spice_server_migrate_switch = migrate_switch
