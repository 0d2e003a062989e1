# cython: auto_pickle=False
"""SpiceChannelEventInfo and socket addresses, as C hosts have them."""

import logging
import os
import socket

from libc.stdint cimport uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from gspice.hosts.libspice.abi cimport SpiceChannelEventInfo, sockaddr, sockaddr_storage, socklen_t


log = logging.getLogger(__name__)


cdef extern from "<netinet/in.h>" nogil:
    cdef struct in_addr:
        unsigned int s_addr
    cdef struct sockaddr_in:
        unsigned short sin_family
        unsigned short sin_port
        in_addr sin_addr
    cdef struct in6_addr:
        pass
    cdef struct sockaddr_in6:
        unsigned short sin6_family
        unsigned short sin6_port
        unsigned int sin6_flowinfo
        in6_addr sin6_addr
        unsigned int sin6_scope_id
    unsigned short htons(unsigned short port)
    unsigned int htonl(unsigned int number)


cdef extern from "<sys/un.h>" nogil:
    cdef struct sockaddr_un:
        unsigned short sun_family
        char sun_path[108]


cdef extern from *:
    """
    #include <stddef.h>
    #include <sys/un.h>
    #define GSPICE_UN_PATH offsetof(struct sockaddr_un, sun_path)
    """
    size_t GSPICE_UN_PATH

cdef enum:
    FLAG_TLS = 1
    FLAG_ADDR_EXT = 2


cdef socklen_t _fill(sockaddr_storage *place, object address) except? 0:
    """Write an address as Python's sockets give it; how many bytes of ``place`` it takes."""
    cdef sockaddr_in *ip4 = <sockaddr_in *> place
    cdef sockaddr_in6 *ip6 = <sockaddr_in6 *> place
    cdef sockaddr_un *local = <sockaddr_un *> place
    cdef bytes packed
    cdef size_t size
    memset(place, 0, sizeof(sockaddr_storage))
    if isinstance(address, tuple) and len(address) == 2:
        packed = socket.inet_pton(socket.AF_INET, address[0])
        ip4.sin_family = socket.AF_INET
        ip4.sin_port = htons(address[1])
        memcpy(&ip4.sin_addr, <const char *> packed, 4)
        return sizeof(sockaddr_in)
    if isinstance(address, tuple) and len(address) == 4:
        packed = socket.inet_pton(socket.AF_INET6, address[0].partition("%")[0])
        ip6.sin6_family = socket.AF_INET6
        ip6.sin6_port = htons(address[1])
        ip6.sin6_flowinfo = htonl(address[2])
        memcpy(&ip6.sin6_addr, <const char *> packed, 16)
        ip6.sin6_scope_id = address[3]
        return sizeof(sockaddr_in6)
    if isinstance(address, (str, bytes)):
        packed = os.fsencode(address)
        local.sun_family = socket.AF_UNIX
        size = min(<size_t> len(packed), sizeof(local.sun_path) - 1)
        memcpy(local.sun_path, <const char *> packed, size)
        # A name ends with a NUL, but for those that begin with one; who has no name has only a family.
        return GSPICE_UN_PATH + size + (1 if size and packed[0] else 0)
    raise OSError(f"{address!r} is not an address that C hosts know")


cdef socklen_t _fill_or_clear(sockaddr_storage *place, object address):
    """The same for an event, which the host must get whatever is known of the address: AF_UNSPEC at worst."""
    try:
        return _fill(place, address)
    except (OSError, ValueError) as error:
        log.debug("no address for the host: %s", error)
        memset(place, 0, sizeof(sockaddr_storage))
        return sizeof(place.ss_family)


def write_address(address, uintptr_t place, uintptr_t length):
    cdef sockaddr_storage full
    cdef socklen_t *room = <socklen_t *> length
    cdef socklen_t size = _fill(&full, address)
    if place == 0 or room == NULL:
        raise OSError("there is no room for the address: the host passed NULL")
    memcpy(<void *> place, &full, min(size, room[0]))
    room[0] = size


cdef class ChannelInfo:
    cdef SpiceChannelEventInfo *_info

    def __cinit__(self):
        self._info = <SpiceChannelEventInfo *> calloc(1, sizeof(SpiceChannelEventInfo))
        if self._info == NULL:
            raise MemoryError

    @property
    def address(self):
        return <uintptr_t> self._info

    def update(self, info):
        cdef SpiceChannelEventInfo *c_info = self._info
        c_info.connection_id = <int> <unsigned> (info.connection_id & 0xFFFFFFFF)
        c_info.type = info.channel_type
        c_info.id = info.channel_id
        c_info.flags = FLAG_ADDR_EXT | (FLAG_TLS if info.tls else 0)
        c_info.llen_ext = _fill_or_clear(&c_info.laddr_ext, info.local_address)
        c_info.plen_ext = _fill_or_clear(&c_info.paddr_ext, info.peer_address)
        # The short ones are from before IPv6: the whole length, but no more bytes than fit.
        c_info.llen = c_info.llen_ext
        c_info.plen = c_info.plen_ext
        memcpy(&c_info.laddr, &c_info.laddr_ext, sizeof(sockaddr))
        memcpy(&c_info.paddr, &c_info.paddr_ext, sizeof(sockaddr))

    def free(self):
        free(self._info)
        self._info = NULL
