"""What stock clients show is what our canvas holds."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.peers.peers import Serve, SpiceGtk, Xvfb, as_bgrx, need_program

pytestmark = pytest.mark.peer


MAX_TITLE_BAR = 100


def test_spice_gtk_holds_the_canvas_byte_for_byte(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    spice_gtk.do("wait", seconds=1.5)  # a clock ticks, a video plays
    canvas = serve.freeze()
    assert canvas.shape == (600, 800, 4)
    assert len(np.unique(canvas.reshape(-1, 4), axis=0)) > 1000, "this is no picture of a desktop"
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)


def test_it_goes_on_after_a_freeze(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    first = serve.freeze()
    serve.thaw()
    spice_gtk.do("wait", seconds=1.5)
    second = serve.freeze()
    assert not np.array_equal(first, second), "nothing moved"
    assert np.array_equal(spice_gtk.grab_settled(second), second)


def test_raw_and_lz4_images(start_serve: Callable[..., Serve], spice_gtk: SpiceGtk) -> None:
    serve = start_serve("--streaming-video=off")
    spice_gtk.connect(serve)
    bytes_per_pixel = {}
    for name, compression in (("raw", 1), ("lz4", 7)):
        spice_gtk.do("compression", value=compression)
        spice_gtk.do("wait", seconds=0.5)
        before = spice_gtk.do("status")
        spice_gtk.do("wait", seconds=1.0)
        after = spice_gtk.do("status")
        canvas = serve.freeze()
        assert np.array_equal(spice_gtk.grab_settled(canvas), canvas), name
        serve.thaw()
        pixels = after["invalidated"] - before["invalidated"]
        bytes_per_pixel[name] = (after["bytes"]["display"] - before["bytes"]["display"]) / pixels
    # Fills have no pixels on the wire in either case, and small images come with headers as large as they are.
    assert 2 < bytes_per_pixel["raw"] < 5
    assert bytes_per_pixel["lz4"] < 0.8 * bytes_per_pixel["raw"]


def test_every_channel_opens_and_the_machine_is_named(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk
) -> None:
    serve = start_serve("--name=a certain name")
    spice_gtk.connect(serve)
    status = spice_gtk.do("status")
    opened = {channel for channel, event in status["events"] if event == "opened"}
    assert opened == {"main", "display", "inputs", "cursor"}
    assert status["name"] == "a certain name"
    assert status["agent_connected"], "spice-gtk resizes only through an agent"
    assert status["mouse_mode"] == 2, "the tablet gives client mouse mode"
    for _ in range(100):
        if spice_gtk.do("status")["cursors"]:
            return
        spice_gtk.do("wait", seconds=0.05)
    raise AssertionError("no cursor shape came")


def test_spicy_screenshot(serve: Serve, xvfb: Xvfb, tmp_path: Path) -> None:
    program = need_program("spicy-screenshot", "spice-client-gtk")
    canvas = serve.freeze()
    file = tmp_path / "shot.png"
    done = subprocess.run(
        [program, f"--uri=spice://127.0.0.1:{serve.port}", f"--out-file={file}"],
        env=xvfb.env,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert file.exists(), f"{done.stderr.decode()}\n{serve.log()[-3000:]}"
    # It writes a PPM, whatever the name says.
    with Image.open(file) as image:
        assert np.array_equal(as_bgrx(image), canvas)


def test_remote_viewer_shows_the_desktop_and_resizes_it(serve: Serve, xvfb: Xvfb, tmp_path: Path) -> None:
    program = need_program("remote-viewer", "virt-viewer")
    grabber = need_program("import", "imagemagick")
    viewer = subprocess.Popen(
        [program, "--full-screen", f"spice://127.0.0.1:{serve.port}"],
        env=xvfb.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        serve.wait_log(f"primary surface {xvfb.WIDTH}x{xvfb.HEIGHT}", timeout=30)
        canvas = serve.freeze()
        assert canvas.shape == (xvfb.HEIGHT, xvfb.WIDTH, 4)
        shot = tmp_path / "screen.png"
        for _ in range(40):
            subprocess.run([grabber, "-window", "root", str(shot)], env=xvfb.env, check=True, timeout=30)
            with Image.open(shot) as image:
                screen = as_bgrx(image)
            # Without a window manager the viewer keeps its title bar, and the desktop begins below it.
            for bar in range(MAX_TITLE_BAR):
                equal = (screen[bar:] == canvas[: xvfb.HEIGHT - bar]).all(axis=2)
                if equal.mean() > 0.99:  # the pointer lies over the rest
                    return
            assert viewer.poll() is None, serve.log()[-3000:]
        raise AssertionError(f"{shot} does not show the desktop\n{serve.log()[-3000:]}")
    finally:
        viewer.terminate()
        viewer.wait(10)
