"""A person works on the desktop: types, drags, resizes, and is told who took over."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.peers.peers import Serve, SpiceGtk

pytestmark = pytest.mark.peer

LETTERS = dict(zip("qwertyuiop", range(0x10, 0x1A), strict=True)) | dict(
    zip("asdfghjkl", range(0x1E, 0x27), strict=True)
) | dict(zip("zxcvbnm", range(0x2C, 0x33), strict=True)) | {" ": 0x39, "\n": 0x1C}


def typed(text: str) -> list[int]:
    return [LETTERS[letter] for letter in text]


def changed_box(before: np.ndarray, after: np.ndarray) -> tuple[int, int, int, int]:
    """left, top, right, bottom of what differs."""
    ys, xs = np.nonzero((before != after).any(axis=2))
    assert len(xs), "nothing changed"
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def test_typed_text_appears_in_the_terminal(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    spice_gtk.do("keys", scancodes=typed("echo hello\n"))
    serve.wait_log("terminal: echo hello")
    spice_gtk.do("wait", seconds=0.3)
    canvas = serve.freeze()
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)
