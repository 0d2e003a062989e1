"""Connections and addresses as C hosts read them."""

import ctypes as c
import socket

import pytest

from gspice.hosts.libspice.channel_infos import ChannelInfo, write_address
from gspice.vdi.core import ChannelEventInfo
from tests.hosts.libspice import c_host

TLS, ADDR_EXT = 1, 2


def written(address: tuple[object, ...] | str, room: int = 128) -> tuple[bytes, int]:
    place = c.create_string_buffer(b"\xee" * 128, 128)
    length = c.c_uint32(room)
    write_address(address, c.addressof(place), c.addressof(length))
    return place.raw, length.value


@pytest.mark.parametrize(
    ("address", "size", "begin"),
    [
        (("127.0.0.1", 5900), 16, b"\x02\x00\x17\x0c\x7f\x00\x00\x01" + bytes(8)),
        (("::1", 5900, 7, 3), 28, b"\x0a\x00\x17\x0c\x00\x00\x00\x07" + bytes(15) + b"\1" + b"\3\0\0\0"),
        (("fe80::1%eth0", 1, 0, 2), 28, b"\x0a\x00\x00\x01" + bytes(4) + b"\xfe\x80"),
        ("/run/x", 9, b"\x01\x00/run/x\0"),
        ("\0abc", 6, b"\x01\x00\0abc"),
        ("", 2, b"\x01\x00"),
    ],
)
def test_each_family_has_its_layout(address: tuple[object, ...] | str, size: int, begin: bytes) -> None:
    data, length = written(address)
    assert length == size
    assert data.startswith(begin)


def test_a_long_path_is_cut_and_ends() -> None:
    data, length = written("/" + "x" * 300)
    assert length == 110 and data[2:110] == b"/" + b"x" * 106 + b"\0"


def test_no_byte_beyond_the_host_s_room() -> None:
    data, length = written(("::1", 5900, 0, 0), room=16)
    assert length == 28, "the host sees that it was cut"
    assert data[16:] == b"\xee" * 112


@pytest.mark.parametrize("address", [("no address", 1), (1, 2, 3), ("::zz", 1, 0, 0)])
def test_other_addresses_are_refused(address: tuple[object, ...]) -> None:
    with pytest.raises(OSError):
        written(address)


def test_no_place_is_refused() -> None:
    with pytest.raises(OSError, match="NULL"):
        write_address("", 0, 0)


def test_an_info_keeps_its_place_and_follows_the_connection() -> None:
    info = ChannelEventInfo(("127.0.0.1", 5900), ("::1", 4000, 0, 0), tls=True)
    c_info = ChannelInfo()
    c_info.update(info)
    place = c_info.address
    value = c_host.ChannelEventInfo.from_address(place)
    assert value.flags == TLS | ADDR_EXT
    assert (value.laddr.family, value.laddr_ext.family, value.llen, value.llen_ext) == (
        socket.AF_INET,
        socket.AF_INET,
        16,
        16,
    )
    assert (value.paddr.family, value.plen, value.plen_ext) == (socket.AF_INET6, 28, 28)
    assert bytes(value.laddr.data[:2]) == b"\x17\x0c"
    info.connection_id, info.channel_type, info.channel_id = 0x89ABCDEF, 2, 1
    c_info.update(info)
    assert c_info.address == place
    assert (value.connection_id & 0xFFFFFFFF, value.type, value.id) == (0x89ABCDEF, 2, 1)
    c_info.free()
    assert c_info.address == 0
    c_info.free()


def test_an_unknown_address_does_not_cost_the_event() -> None:
    c_info = ChannelInfo()
    c_info.update(ChannelEventInfo(("strange", 1), ""))
    value = c_host.ChannelEventInfo.from_address(c_info.address)
    assert value.laddr_ext.family == socket.AF_UNSPEC and value.paddr_ext.family == socket.AF_UNIX
    c_info.free()
