"""Films as files: what players find in them, while they grow, when they have ended, and when nobody ended them."""

import io
from pathlib import Path, PurePath
from typing import Any

import av
import numpy as np
import pytest

from gspice.errors import ConfigError, EncoderError
from gspice.stream import film_writer
from gspice.stream.film_writer import CODECS, CONTAINERS, KEY_S, FilmWriter, container_of
from tests.stream.video_pictures import Picture, picture, psnr

WIDTH, HEIGHT = 161, 91
KINDS = pytest.mark.parametrize("suffix", list(CONTAINERS))


def pictures(path: Path) -> list[tuple[float, Picture]]:
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    return [(float(frame.time), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)) for frame in frames]


def begun(path: Path, suffix: str) -> tuple[FilmWriter, Any]:
    file = path.open("wb", buffering=0)
    return FilmWriter(file, CONTAINERS[suffix], WIDTH, HEIGHT), file


def write(film: FilmWriter, number: int, time: float) -> Picture:
    shown = picture(WIDTH, HEIGHT, number)
    film.write(shown.tobytes(), 4 * WIDTH, time)
    return shown[:, :, :3]


@KINDS
def test_pictures_come_back_at_their_times(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    film, file = begun(path, suffix)
    times = [0.0, 0.033, 0.1, 0.104, 2.0, 2.04]
    shown = [write(film, number, time) for number, time in enumerate(times)]
    film.close(4.5)
    film.close(9.0)
    file.close()
    found = pictures(path)
    assert [time for time, _ in found] == pytest.approx([*times, 4.5], abs=0.001)
    for (_, got), wanted in zip(found, [*shown, shown[-1]], strict=True):
        assert got.shape == (92, 162, 3) and psnr(got[:HEIGHT, :WIDTH], wanted) > 35
        assert np.abs(got[:HEIGHT, -1].astype(int) - got[:HEIGHT, -2]).mean() < 4, (
            "filled up by its neighbour"
        )
    with av.open(str(path)) as opened:
        context = opened.streams.video[0].codec_context
        assert (context.color_range, context.colorspace) == (1, 6)


@KINDS
def test_what_nobody_ended_can_be_watched_to_a_second_before(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    film, file = begun(path, suffix)
    for number in range(40):
        write(film, number, number / 10)
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(path.read_bytes())
    found = pictures(cut)
    assert found[0][0] == 0 and found[-1][0] >= 2.9
    film.close()
    file.close()


def test_a_picture_that_stays_makes_the_film_longer(tmp_path: Path) -> None:
    film, file = begun(tmp_path / "a.mp4", ".mp4")
    film.again(1.0)
    shown = write(film, 0, 0.0)
    for time in (1.0, 2.0, 2.0, 1.5):
        film.again(time)
    film.close()
    file.close()
    found = pictures(tmp_path / "a.mp4")
    assert [time for time, _ in found] == pytest.approx([0.0, 1.0, 2.0])
    assert psnr(found[-1][1][:HEIGHT, :WIDTH], shown) > 35


def test_times_that_do_not_go_on_are_put_behind_the_last(tmp_path: Path) -> None:
    film, file = begun(tmp_path / "a.mkv", ".mkv")
    for time in (0.0, 0.5, 0.5, 0.2):
        write(film, 0, time)
    film.close()
    file.close()
    times = [time for time, _ in pictures(tmp_path / "a.mkv")]
    assert len(times) == 4 and times == sorted(times) and times[-1] < 0.51


def test_there_are_places_to_go_to(tmp_path: Path) -> None:
    film, file = begun(tmp_path / "a.mp4", ".mp4")
    for number in range(24):
        write(film, number, number / 2)
    film.close()
    file.close()
    with av.open(str(tmp_path / "a.mp4")) as opened:
        keys = [
            float((packet.pts or 0) * packet.time_base) for packet in opened.demux() if packet.is_keyframe
        ]
    assert keys == [0.0, KEY_S, 2 * KEY_S]


def test_the_next_encoder_is_taken_where_there_is_no_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(len(CODECS)):
        none = CODECS[0]._replace(name="no_such_encoder")
        monkeypatch.setattr(film_writer, "CODECS", [none, CODECS[number]])
        path = tmp_path / f"{number}.mkv"
        film, file = begun(path, ".mkv")
        assert film.codec == CODECS[number].name
        shown = write(film, 0, 0.0)
        film.close(1.0)
        file.close()
        assert psnr(pictures(path)[-1][1][:HEIGHT, :WIDTH], shown) > 30
    monkeypatch.setattr(film_writer, "CODECS", [none])
    with pytest.raises(EncoderError, match="no_such_encoder"):
        begun(tmp_path / "none.mkv", ".mkv")


class Full(io.RawIOBase):
    """A disk with little room."""

    left = 20_000

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise OSError(28, "No space left on device")
        return len(data)


def test_a_full_disk_says_so() -> None:
    film = FilmWriter(Full(), CONTAINERS[".mp4"], WIDTH, HEIGHT)  # type: ignore[arg-type]
    random = np.random.default_rng(1)
    with pytest.raises(OSError, match="No space left"):
        for number in range(200):
            film.write(
                random.integers(0, 255, 4 * WIDTH * HEIGHT, np.uint8).tobytes(), 4 * WIDTH, number / 10
            )
    with pytest.raises((OSError, EncoderError)):
        film.close(30.0)
    film.close(30.0)


def test_pixels_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    film, file = begun(tmp_path / "a.mp4", ".mp4")
    with pytest.raises(EncoderError, match="the film ends"):
        film.write(bytes(100), 4 * WIDTH, 0.0)
    film.close()
    file.close()


def test_names_say_what_a_film_is() -> None:
    assert container_of(PurePath("/a/B.MP4")).format == "mp4"
    assert container_of(PurePath("b.mkv")).format == "matroska"
    for name in ("film.avi", "film", "mp4"):
        with pytest.raises(ConfigError, match=r"must end in \.mp4 or \.mkv"):
            container_of(PurePath(name))
