"""A film of a screen: which looks become pictures, at what times, and what happens when something fails."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from gspice.channels.cursor import CursorChannel
from gspice.geometry import Point, Rect
from gspice.pixels import Pixels, SurfaceFormat
from gspice.qxl.ops import CursorMove, CursorSet, CursorShape
from gspice.server.film_files import FilmFile, FilmFiles
from gspice.server.video_recorder import FRAME_S, STILL_S, VideoRecorder
from gspice.stream.encoders import EncodeHere

WHITE = CursorShape(unique=1, type=0, width=8, height=8, hot_x=0, hot_y=0, data=b"\xff" * 256)


class Screen:
    """All of one colour."""

    def __init__(self, width: int = 64, height: int = 48) -> None:
        self.bounds = Rect(0, 0, width, height)
        self.level = 0
        self.format = SurfaceFormat.XRGB32

    def read(self, rect: Rect) -> Pixels:
        data = bytes((self.level, self.level, self.level, 0)) * rect.area
        return Pixels(rect.width, rect.height, 4 * rect.width, self.format, data)


class Loop:
    """A loop with one timer, whose time the test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: float | None = None
        self.callback: Callable[[], None] | None = None

    def timer_add(self, callback: Callable[[], None]) -> object:
        self.callback = callback
        return self

    def timer_start(self, timer: object, milliseconds: int) -> None:
        assert timer is self and milliseconds > 0
        self.due = self.now + milliseconds / 1000


class Later:
    """A pool whose jobs wait until they are let."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], Any], done: Callable[[Any, float], None], now: float) -> None:
        self.jobs.append(lambda: done(job(), now))


class Rig:
    def __init__(self, directory: Path, encoders: Any = None) -> None:
        self.path = directory / "film.mkv"
        self.loop, self.cursor, self.screen = Loop(), CursorChannel(), Screen()
        self.recorder = VideoRecorder(FilmFiles(self.path, 0))
        clock = lambda: self.loop.now  # noqa: E731
        self.recorder.start(self.loop, encoders or EncodeHere(), self.cursor, clock)  # type: ignore[arg-type]
        self.cursor.add_client(self.recorder)

    def look(self, level: int) -> None:
        self.screen.level = level
        self.recorder.looked(self.screen, True, self.loop.now)

    def later(self, seconds: float) -> None:
        """Time goes by, and timers with it."""
        end = self.loop.now + seconds
        while self.loop.due is not None and self.loop.due <= end:
            self.loop.now, self.loop.due = self.loop.due, None
            assert self.loop.callback is not None
            self.loop.callback()
        self.loop.now = end

    def film(self, path: Path | None = None) -> list[tuple[float, int]]:
        """Time and level of each picture."""
        with av.open(str(path or self.path)) as file:
            frames = [(float(f.time), f.to_ndarray(format="gray")) for f in file.decode(video=0)]
        return [(round(time, 2), int(frame[40, 8])) for time, frame in frames]


def near(found: list[tuple[float, int]], wanted: list[tuple[float, int]]) -> None:
    assert [time for time, _ in found] == pytest.approx([time for time, _ in wanted], abs=0.02)
    assert [level for _, level in found] == pytest.approx([level for _, level in wanted], abs=3)


def test_each_look_is_a_picture_and_the_end_is_when_it_ends(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for level in (0, 100, 200):
        rig.look(level)
        rig.later(0.5)
    rig.recorder.close()
    near(rig.film(), [(0.0, 0), (0.5, 100), (1.0, 200), (1.5, 200)])
    assert (rig.recorder.frames, rig.recorder.skipped) == (3, 0)


def test_more_looks_than_pictures_end_with_the_newest(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for level in range(0, 101, 10):
        rig.look(level)
        rig.later(FRAME_S / 10)
    rig.later(0.1)
    assert rig.recorder.frames == 3 and rig.recorder.skipped == 8
    rig.recorder.close()
    assert rig.film()[-1][1] == pytest.approx(100, abs=3)


def test_a_still_screen_makes_the_film_longer(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.later(5.0)
    rig.look(50)
    rig.later(3.5 * STILL_S)
    rig.recorder.close()
    near(rig.film(), [(0, 50), (1, 50), (2, 50), (3, 50), (3.5, 50)])


def test_while_one_is_on_its_way_the_newest_waits(tmp_path: Path) -> None:
    pool = Later()
    rig = Rig(tmp_path, pool)
    for level in (0, 40, 80, 120):
        rig.look(level)
        rig.later(0.2)
    assert len(pool.jobs) == 1 and rig.recorder.skipped == 2
    pool.jobs.pop()()
    rig.later(0.1)
    (job,) = pool.jobs
    job()
    pool.jobs.clear()
    rig.recorder.close()
    assert [level for _, level in rig.film()] == pytest.approx([0, 120, 120], abs=3)


def test_looks_that_find_nothing_are_no_pictures_but_a_screens_first(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for _ in range(3):
        rig.recorder.looked(rig.screen, False, rig.loop.now)
        rig.later(0.1)
    rig.recorder.close()
    near(rig.film(), [(0.0, 0), (0.3, 0)])


def test_the_cursor_is_in_it_and_moves(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.cursor.process(CursorSet(Point(30, 30), True, WHITE))
    rig.look(0)
    rig.later(0.5)
    rig.cursor.process(CursorMove(Point(4, 36)))
    rig.later(0.5)
    rig.recorder.close()
    near(rig.film(), [(0.0, 0), (0.5, 255), (1.0, 255)])


def test_another_size_begins_another_file(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.look(10)
    rig.later(1.0)
    rig.recorder.hidden()
    rig.screen = Screen(80, 60)
    rig.later(0.2)
    rig.look(90)
    rig.later(0.5)
    rig.recorder.close()
    near(rig.film(), [(0.0, 10), (1.0, 10), (1.2, 10)])
    near(rig.film(tmp_path / "film.part2.mkv"), [(0.0, 90), (0.5, 90)])


def test_without_a_screen_there_is_no_film(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.cursor.process(CursorSet(Point(30, 30), True, WHITE))
    rig.later(3.0)
    rig.recorder.close()
    assert list(tmp_path.iterdir()) == []
    VideoRecorder(FilmFiles(rig.path, 0)).close()
    assert list(tmp_path.iterdir()) == []


def test_what_fails_ends_the_film_and_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(tmp_path)
    assert rig.recorder.wants_looks

    def place(self: FilmFile) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FilmFile, "place", place)
    for level in (1, 2, 3):
        rig.look(level)
        rig.later(2.0)
    rig.recorder.close()
    (line,) = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert line == f"{rig.path}: No space left on device: the recording of video ends here; all else goes on"
    assert not rig.recorder.wants_looks and list(tmp_path.iterdir()) == []


class Screen16(Screen):
    """Of 16 bits."""

    def read(self, rect: Rect) -> Pixels:
        white = b"\xff\x7f" * rect.area
        return Pixels(rect.width, rect.height, 2 * rect.width, SurfaceFormat.RGB555, white)


def test_a_screen_of_16_bits_is_filmed_too(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.screen = Screen16()
    rig.look(0)
    rig.later(0.5)
    rig.recorder.close()
    near(rig.film(), [(0.0, 255), (0.5, 255)])


def test_a_screen_without_colours_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path)
    rig.screen.format = SurfaceFormat.A8
    rig.look(1)
    assert "give the guest colours" in caplog.text and not rig.recorder.wants_looks
    rig.recorder.close()


def test_a_picture_that_comes_after_the_end_is_none(tmp_path: Path) -> None:
    pool = Later()
    rig = Rig(tmp_path, pool)
    rig.look(0)
    rig.recorder.close()
    pool.jobs.pop()()
    assert list(tmp_path.iterdir()) == []
