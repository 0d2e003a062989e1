"""Descriptors that were given away are closed once."""

import os

import pytest

from gspice.server.owned_descriptors import OwnedDescriptors


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_close_is_once_even_where_a_number_came_twice() -> None:
    fd = os.memfd_create("owned")
    owned = OwnedDescriptors((fd, fd))
    assert len(owned) == 2 and owned
    owned.close()
    assert not is_open(fd) and not owned
    again = os.memfd_create("another")
    assert again == fd
    owned.close()
    assert is_open(again), "not ours any more"
    os.close(again)


def test_nobody_left_to_hold_them() -> None:
    fd = os.memfd_create("owned")
    owned = OwnedDescriptors([fd])
    del owned
    assert not is_open(fd)


@pytest.mark.parametrize("number", [-1, 1 << 20])
def test_numbers_that_are_none(number: int) -> None:
    OwnedDescriptors((number,)).close()
