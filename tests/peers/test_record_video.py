"""``--record-video``: the film is what clients saw, from a desktop of ours, from Xorg, and after a kill."""

import signal
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from tests.peers.film import make_film
from tests.peers.peers import Serve
from tests.peers.xorg import Xspice, desktop, gtk, wait_until

pytestmark = pytest.mark.peer
pytest_plugins = ["tests.peers.xorg_fixtures"]

LEAST_DB = 27.0
"""Of a desktop with text, by an encoder that keeps to a quality."""

Picture = npt.NDArray[np.uint8]


def pictures(path: Path) -> list[tuple[float, Picture]]:
    """What can be watched of it now."""
    try:
        with av.open(str(path)) as film:
            frames = list(film.decode(video=0))
    except (FileNotFoundError, av.error.EOFError):
        return []
    return [(float(frame.time), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)) for frame in frames]


def decibels(one: Picture, other: Picture) -> float:
    error = float(np.mean((one.astype(float) - other) ** 2))
    return 10 * np.log10(255**2 / error) if error else np.inf


@pytest.fixture(params=["gspice"])
def spice_library(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_desktop_without_clients_is_filmed_and_its_end_is_what_was_seen(
    start_serve: Callable[..., Serve], tmp_path: Path, suffix: str
) -> None:
    film, path = make_film(tmp_path / "source.mp4"), tmp_path / f"film{suffix}"
    serve = start_serve(f"--video={film}", "--size=800x600", f"--record-video={path}")
    serve.wait_log(" is recorded by ")
    wait_until(lambda: len(pictures(path)) > 40, "the film does not grow")
    canvas = serve.freeze()[:, :, :3]
    before = pictures(path)[-1][0]
    wait_until(lambda: pictures(path)[-1][0] > before + 1.5, "the film of a still screen does not grow")
    serve.stop()
    shown = pictures(path)
    times = [time for time, _ in shown]
    gaps = np.diff(times)
    assert gaps.min() > 0 and gaps.max() < 1.6, "at least a picture a second, but for a busy machine"
    assert len([time for time in times if time < before]) > 10 * before, (
        "a film in a window, 24 times a second"
    )
    # The pointer is drawn into the film, and clients draw it themselves.
    assert decibels(shown[-1][1], canvas) > LEAST_DB
    assert decibels(shown[0][1], canvas) < decibels(shown[-1][1], canvas)


def test_a_film_survives_a_kill(start_serve: Callable[..., Serve], tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    serve = start_serve(
        f"--video={make_film(tmp_path / 'source.mp4')}", "--size=800x600", f"--record-video={path}"
    )
    wait_until(lambda: len(pictures(path)) > 20, "the film does not grow")
    so_far = len(pictures(path))
    serve.process.send_signal(signal.SIGKILL)
    serve.process.wait()
    assert len(pictures(path)) >= so_far
    assert [file.name for file in tmp_path.glob(".film*")] == []


def test_xorg_is_filmed(
    start_xspice: Callable[..., Xspice], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.mp4"
    monkeypatch.setenv("GSPICE_RECORD_VIDEO", str(path))
    xspice = start_xspice()
    desktop(xspice)
    gtk(xspice)
    wait_until(lambda: [time for time, _ in pictures(path) if time > 1.0], "the film does not grow")
    wanted = xspice.settled()[:, :, :3]
    wait_until(lambda: decibels(pictures(path)[-1][1], wanted) > LEAST_DB, "the film shows something else")
    xspice.close()
    assert decibels(pictures(path)[-1][1], wanted) > LEAST_DB
