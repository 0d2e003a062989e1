"""The memory of a command that is being written: all of it is free again where the command is not handed out."""

import pytest

from gspice.geometry import Rect
from gspice.hosts.libspice import replay_memory
from gspice.hosts.libspice.replay_blocks import Blocks
from gspice.hosts.libspice.replay_writer import DrawableWriter
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.qxl.driver_memory import DoesNotFit
from tests.qxl.recording_samples import drawn

SIDE = 1 << 10


def copy(mask: ops.Mask) -> ops.Drawable:
    """A command of 4 MiB in 4 blocks."""
    image = ops.BitmapImage(
        id=1,
        flags=0,
        width=SIDE,
        height=SIDE,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=4 * SIDE,
        data=PIXELS,
    )
    return drawn(ops.Copy(image, Rect(0, 0, 1, 1), 8, 0, mask))


PIXELS = bytes(4 * SIDE * SIDE)


def mapped_mib() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmSize"))


def test_what_cannot_be_written_leaves_nothing() -> None:
    """An image fits and its mask does not, again and again."""
    writer = DrawableWriter(len(PIXELS))
    too_large = ops.EncodedImage(id=2, flags=0, width=1, height=1, type=1, data=PIXELS)
    before = mapped_mib()
    for _ in range(100):
        with pytest.raises(DoesNotFit):
            writer.write(copy(ops.Mask(too_large)), None)
    assert mapped_mib() < before + 100


def test_what_is_handed_out_is_freed_with_its_command() -> None:
    writer = DrawableWriter(len(PIXELS))
    before = mapped_mib()
    for _ in range(100):
        assert replay_memory.take_back(writer.write(copy(ops.Mask()), None)) == -1
    assert mapped_mib() < before + 100


def test_a_bound_that_is_none() -> None:
    with pytest.raises(OverflowError):
        Blocks(-1)
