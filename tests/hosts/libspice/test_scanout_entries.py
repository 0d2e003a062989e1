"""What the host draws with OpenGL, handed over as C does it."""

import ctypes as c
import os
from collections.abc import Iterator

import pytest

from tests.hosts.libspice.c_machine import Rig, machine


@pytest.fixture
def rig() -> Iterator[Rig]:
    with machine() as rig:
        yield rig


def test_scanouts_own_their_descriptors(rig: Rig) -> None:
    fds = [os.memfd_create("plane") for _ in range(3)]
    rig.call("gl_scanout", fds[0], *(c.c_uint32(n) for n in (16, 16, 64, 0x34325258)), c.c_int(0))
    planes = (c.c_int * 1)(fds[1])
    numbers = (c.c_uint32 * 1)(0), (c.c_uint32 * 1)(64)
    rig.call(
        "gl_scanout2",
        planes,
        c.c_uint32(16),
        c.c_uint32(16),
        *numbers,
        c.c_uint32(1),
        c.c_uint32(0x34325258),
        0,
        c.c_int(1),
    )
    rig.call("gl_draw_async", *(c.c_uint32(n) for n in (0, 0, 16, 16)), 77)
    rig.core.run(lambda: 77 in rig.display.completed)
    rig.call("gl_scanout2", c.c_void_p(), c.c_uint32(0), c.c_uint32(0), c.c_void_p(), c.c_void_p(),
             c.c_uint32(0), c.c_uint32(0), 0, c.c_int(0))  # fmt: skip
    rig.call("gl_scanout", c.c_int(-1), *(c.c_uint32(0) for _ in range(4)), c.c_int(0))
    rig.functions("spice_server_remove_interface", rig.display.address)
    rig.call("gl_scanout", fds[2], *(c.c_uint32(n) for n in (16, 16, 64, 0x34325258)), c.c_int(0))
    for fd in fds:
        with pytest.raises(OSError):
            os.fstat(fd)
