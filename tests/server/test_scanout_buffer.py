"""Hosts' buffers: which are mapped, how their bytes become pixels, and why some cannot be read."""

import dataclasses
import errno
import fcntl
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.gpu.dmabuf_egl import EglImporter
from gspice.server.qxl_worker import MODIFIER_UNKNOWN
from gspice.server.scanout_buffer import (
    DMA_BUF_IOCTL_SYNC,
    FORMATS,
    MAX_BYTES,
    SYNC_END,
    SYNC_READ,
    MappedBuffer,
    fourcc,
    open_buffer,
)
from tests.server.scanouts import HostBuffer
from tests.server.worker_rig import open_descriptors

WIDTH, HEIGHT = 7, 5
ALL = Rect(0, 0, WIDTH, HEIGHT)


def no_egl(name: str) -> Any:
    raise OSError(f"{name}: cannot open shared object file")


@pytest.fixture
def importer() -> EglImporter:
    return EglImporter(load=no_egl)


@pytest.fixture
def host() -> Iterator[HostBuffer]:
    buffer = HostBuffer(WIDTH, HEIGHT, stride=40, offset=24)
    buffer.write(pattern())
    yield buffer
    buffer.close()


def pattern(pixel: int = 4) -> NDArray[np.uint8]:
    return np.arange(HEIGHT * WIDTH * pixel, dtype=np.uint8).reshape(HEIGHT, WIDTH, pixel)


def read(message: Any, importer: EglImporter, area: Rect = ALL) -> NDArray[np.uint8]:
    buffer = open_buffer(message, importer)
    out = np.zeros((area.height, area.width, 4), np.uint8)
    buffer.read(area, out.data)
    buffer.close()
    return out


@pytest.mark.parametrize("modifier", [0, MODIFIER_UNKNOWN])
def test_rows_are_read_where_they_lie(host: HostBuffer, importer: EglImporter, modifier: int) -> None:
    before = open_descriptors()
    assert np.array_equal(read(host.message(modifier=modifier), importer), pattern())
    area = Rect(2, 1, 6, 4)
    assert np.array_equal(read(host.message(), importer, area), pattern()[1:4, 2:6])
    assert open_descriptors() == before


def test_the_first_row_may_be_the_lowest(host: HostBuffer, importer: EglImporter) -> None:
    area = Rect(2, 1, 6, 4)
    assert np.array_equal(read(host.message(top=False), importer, area), pattern()[::-1][1:4, 2:6])


@pytest.mark.parametrize(
    "name", ["XR24", "AR24", "XB24", "AB24", "RX24", "RA24", "BX24", "BA24", "RG24", "BG24"]
)
def test_every_format(importer: EglImporter, name: str) -> None:
    """A fourcc names its channels from the highest bits of a little-endian number down."""
    order = {"XR": "BGRX", "AR": "BGRX", "XB": "RGBX", "AB": "RGBX", "RX": "XBGR", "RA": "XBGR"}
    order |= {"BX": "XRGB", "BA": "XRGB"}
    letters = {"RG": "BGR", "BG": "RGB"}.get(name[:2]) or order[name[:2]]
    host = HostBuffer(WIDTH, HEIGHT, pixel=len(letters))
    rows = pattern(len(letters))
    host.write(rows)
    out = read(host.message(code=fourcc(name)), importer)
    for channel, letter in enumerate("BGR"):
        assert np.array_equal(out[:, :, channel], rows[:, :, letters.index(letter)]), letter
    host.close()


def test_all_formats_are_tested() -> None:
    assert len(FORMATS) == 10 and all(size in (3, 4) for size, _ in FORMATS.values())


def test_what_the_host_writes_later_is_seen(host: HostBuffer, importer: EglImporter) -> None:
    buffer = open_buffer(host.message(), importer)
    out = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    host.fill(9, 8, 7, 6)
    buffer.read(ALL, out.data)
    assert set(out.reshape(-1, 4).view("<u4").ravel().tolist()) == {0x06070809}
    buffer.close()


# Refusals


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"width": 0}, "sides must be"),
        ({"height": 32768}, "sides must be"),
        ({"height": -1}, "sides must be"),
        ({"strides": (27,)}, "do not hold 7 pixels"),
        ({"strides": (-40,)}, "do not hold 7 pixels"),
        ({"offsets": (-1,)}, "do not hold 7 pixels"),
        ({"offsets": (1 << 40,)}, f"at most {MAX_BYTES}"),
        ({"strides": (1 << 40,)}, f"at most {MAX_BYTES}"),
        ({"height": 6}, "has 224 bytes, and its picture would need 252"),
        ({"strides": ()}, "not as many offsets and strides"),
        ({"offsets": ()}, "not as many offsets and strides"),
        ({"fourcc": fourcc("NV12")}, "no table to read 1 planes of NV12"),
        ({"fourcc": 0}, "0x0"),
        ({"modifier": 0x0100000000000001}, "EGL is not installed"),
    ],
)
def test_buffers_that_cannot_be(
    host: HostBuffer, importer: EglImporter, changes: dict[str, Any], reason: str
) -> None:
    message = dataclasses.replace(host.message(), **changes)
    with pytest.raises(InterfaceError, match=reason):
        open_buffer(message, importer)
    message.fds.close()


def test_several_planes_are_for_egl_alone(host: HostBuffer, importer: EglImporter) -> None:
    with pytest.raises(InterfaceError, match=r"no table to read 2 planes of XR24.*EGL is not installed"):
        open_buffer(host.message(planes=2), importer)


def test_what_is_no_buffer_at_all(importer: EglImporter) -> None:
    ends = os.pipe()
    host = HostBuffer(1, 1)
    message = host.message()
    os.dup2(ends[0], message.fds.numbers[0])
    with pytest.raises(InterfaceError, match="how large it is"):
        open_buffer(message, importer)
    message.fds.close()
    host.close()
    for end in ends:
        os.close(end)


def test_a_buffer_that_shrinks_is_not_touched(host: HostBuffer, importer: EglImporter) -> None:
    buffer = open_buffer(host.message(), importer)
    os.ftruncate(host.fd, 0)
    with pytest.raises(InterfaceError, match="has 0 bytes"):
        buffer.read(ALL, np.zeros((HEIGHT, WIDTH, 4), np.uint8).data)
    buffer.close()


# The GPU's driver


def test_reads_are_announced_to_the_driver(host: HostBuffer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, bytes]] = []
    answers: list[int] = [errno.EAGAIN, errno.EINTR, 0, errno.ENOTTY]

    def ioctl(fd: int, request: int, argument: bytes) -> int:
        asked.append((request, argument))
        answer = answers.pop(0)
        if answer:
            raise OSError(answer, os.strerror(answer))
        return 0

    buffer = MappedBuffer(host.message())
    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    buffer.read(ALL, np.zeros((HEIGHT, WIDTH, 4), np.uint8).data)
    flags = [int.from_bytes(argument, "little") for _, argument in asked]
    assert flags == [SYNC_READ, SYNC_READ, SYNC_READ, SYNC_READ | SYNC_END]
    assert {request for request, _ in asked} == {DMA_BUF_IOCTL_SYNC} and len(asked[0][1]) == 8
    answers[:] = [errno.EIO, errno.EIO]
    with pytest.raises(InterfaceError, match="cannot be awaited"):
        buffer.read(ALL, np.zeros((HEIGHT, WIDTH, 4), np.uint8).data)
    buffer.close()


def test_imported_pixels_are_turned_and_swapped(host: HostBuffer) -> None:
    """Through an importer that gives what a driver would: RGBA rows as they lie in the buffer."""

    class Image:
        closed = False

        def read(self, rect: Rect) -> bytearray:
            return bytearray(pattern()[rect.top : rect.bottom, rect.left : rect.right].tobytes())

        def close(self) -> None:
            self.closed = True

    class Importer(EglImporter):
        device = "a card"

        def __init__(self) -> None:
            self.image = Image()
            self.given: dict[str, Any] = {}

        def import_buffer(self, **given: Any) -> Any:
            self.given = given
            return self.image

    area = Rect(2, 1, 6, 5)
    bgr = pattern()[:, :, 2::-1]
    for top, rows in ((True, bgr), (False, bgr[::-1])):
        importer = Importer()
        message = host.message(modifier=MODIFIER_UNKNOWN, top=top, planes=2)
        buffer = open_buffer(message, importer)
        assert importer.given["modifier"] is None and importer.given["fds"] == message.fds.numbers
        assert "a card" in buffer.how
        out = np.zeros((area.height, area.width, 4), np.uint8)
        buffer.read(area, out.data)
        assert np.array_equal(out[:, :, :3], rows[area.top : area.bottom, area.left : area.right])
        buffer.close()
        assert importer.image.closed and not message.fds
    importer = Importer()
    open_buffer(host.message(modifier=5), importer).close()
    assert importer.given["modifier"] == 5
