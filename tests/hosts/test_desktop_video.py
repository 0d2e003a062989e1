"""What the video window plays: the computed landscape, and files through PyAV."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gspice.errors import ConfigError
from gspice.hosts.desktop import film as film_module
from gspice.hosts.desktop.film import Film
from gspice.hosts.desktop.footage import Landscape, scaled
from gspice.hosts.desktop.video import Video

LEVELS = (16, 60, 100, 140, 180, 220)
RATE = 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six grey pictures, each of another shade, in 0.6 seconds."""
    path = tmp_path_factory.mktemp("film") / "grey.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(RATE))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.bit_rate = 2_000_000
        for level in LEVELS:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def shade(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None) -> int:
    """Which of LEVELS a picture shows."""
    assert picture is not None
    mean = float(picture[:, :, :3].mean())
    return min(range(len(LEVELS)), key=lambda index: abs(LEVELS[index] - mean))


def test_film_plays_at_its_own_pace(clip: Path) -> None:
    film = Film(clip)
    assert film.size == (64, 48)
    first = film.frame(20.0, 32, 24)
    assert first is not None
    assert first.shape == (24, 32, 4)
    assert not first[:, :, 3].any()
    assert shade(first) == 0
    assert film.frame(20.05, 32, 24) is None
    assert film.deadline() == pytest.approx(20.1, abs=0.002)
    assert shade(film.frame(20.101, 32, 24)) == 1


def test_film_leaves_out_what_is_late(clip: Path) -> None:
    film = Film(clip)
    film.frame(0.0, 16, 16)
    assert shade(film.frame(0.401, 16, 16)) == 4


def test_film_begins_again(clip: Path) -> None:
    film = Film(clip)
    now = 5.0
    seen: list[int] = []
    while len(seen) < 14:
        picture = film.frame(now, 16, 16)
        if picture is not None:
            seen.append(shade(picture))
        now = film.deadline() + 1e-4
    assert seen == [*range(6), *range(6), 0, 1]
    assert now - 5.0 == pytest.approx(1.4, abs=0.02)


def test_hopeless_film_slows_down(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every reading of the clock says that the budget is spent: one picture a tick.
    monkeypatch.setattr(film_module, "_BUDGET", -1.0)
    film = Film(clip)
    assert shade(film.frame(0.0, 16, 16)) == 0
    assert shade(film.frame(100.0, 16, 16)) == 1
    film.frame(100.001, 16, 16)
    assert film.deadline() == pytest.approx(100.1, abs=0.01)


@pytest.mark.parametrize("what", ["missing", "text", "empty"])
def test_file_that_cannot_play(tmp_path: Path, what: str) -> None:
    path = tmp_path / "film.mkv"
    if what == "text":
        path.write_text("this is not a film " * 50)
    elif what == "empty":
        path.write_bytes(b"")
    with pytest.raises(ConfigError, match=r"film\.mkv"):
        Film(path)


@pytest.mark.parametrize("seed", range(8))
def test_broken_film_does_not_stop_the_desktop(clip: Path, tmp_path: Path, seed: int) -> None:
    data = np.frombuffer(clip.read_bytes(), np.uint8).copy()
    rng = np.random.default_rng(seed)
    spots = rng.integers(data.size // 4, data.size, 40)
    data[spots] = rng.integers(0, 256, spots.size)
    path = tmp_path / "broken.mkv"
    path.write_bytes(data.tobytes())
    try:
        film = Film(path)
    except ConfigError:
        return
    for step in range(30):
        film.frame(step * 0.1, 16, 16)
        assert film.deadline() >= step * 0.1


def test_landscape_moves_smoothly_and_keeps_its_rate() -> None:
    scene = Landscape()
    first = scene.frame(3.0, 320, 180)
    assert first is not None
    assert scene.frame(3.01, 320, 180) is None
    assert scene.deadline() == pytest.approx(3.04)
    second = scene.frame(3.04, 320, 180)
    assert second is not None
    change = np.abs(first.astype(int) - second.astype(int))
    assert change.any()
    assert change.mean() < 6
    assert len(np.unique(first.reshape(-1, 4), axis=0)) > 500


def test_landscape_is_fine_at_any_hour() -> None:
    scene = Landscape()
    pictures = [scene.picture(at) for at in np.linspace(0, 700, 23)]
    assert all(picture.shape == (180, 320, 4) and picture[:, :, :3].std() > 15 for picture in pictures)


def test_window_keeps_the_shape_of_the_picture(clip: Path) -> None:
    video = Video(402, 333, "film", Film(clip))
    video.tick(1.0)
    # 400 x 300 of content for 4:3, so it is filled: no black column is left.
    picture = video.store[33:332, 1:401]
    assert (picture[:, [0, -1], 0] > 5).all()
    video.set_size(802, 333)
    assert not video.store[100, 10].any()
    assert video.store[100, 401].any()


def test_scaling_does_not_mix_channels() -> None:
    picture = np.zeros((4, 4, 4), np.uint8)
    picture[:] = (10, 20, 30, 0)
    assert (scaled(picture, 9, 7) == (10, 20, 30, 0)).all()
    assert scaled(picture, 4, 4) is picture
