"""The pictures that a client, QEMU and the guest itself have of one screen, held against each other."""

import hashlib
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.peers.pictures import Picture
from tests.peers.qemu import Qemu

QUIET_TIMEOUT_S = 15.0
POLL_S = 0.02


def same_picture(
    qemu: Qemu,
    grab: Callable[[], Picture],
    wanted: Callable[[Picture], bool] = lambda picture: True,
    **which: object,
) -> Picture:
    """The picture that client and QEMU agree on, at the first moment when they do and it is a ``wanted`` one.

    ``which`` goes to ``Qemu.screendump``.
    """
    end = time.monotonic() + QUIET_TIMEOUT_S
    while True:
        expected = qemu.screendump(**which)
        picture = grab()
        if np.array_equal(picture, expected) and wanted(picture):
            return picture
        if time.monotonic() > end:
            for name, pixels in (("client", picture), ("qemu", expected)):
                Image.fromarray(pixels[..., 2::-1]).save(qemu.directory / f"{name}.png")
            assert picture.shape == expected.shape
            wrong = np.count_nonzero((picture != expected).any(axis=2))
            raise AssertionError(
                f"{wrong} pixels differ, or the screen is not as it should be by now; see client.png and "
                f"qemu.png in {qemu.directory}"
            )
        time.sleep(POLL_S)


def true_picture(qemu: Qemu, grab: Callable[[], Picture]) -> Picture:
    """The picture once client, QEMU and the guest's own framebuffer agree; for a guest that draws no more."""
    expected = qemu.serial.run("md5sum </dev/fb0", timeout=40).split()[0]
    return same_picture(qemu, grab, lambda picture: hashlib.md5(picture.tobytes()).hexdigest() == expected)
