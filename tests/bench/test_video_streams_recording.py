"""Scenes as recordings: what is drawn is what was painted, and what moved is copied."""

import io
from pathlib import Path

import numpy as np
import pytest

from bench.video_streams_recording import LEAD_S, Drawing, ticks_per_s, written
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.replay_canvas import CanvasReplay
from gspice.hosts.replay_picture import bgrx
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedCommand
from tests.stream.video_desktops import STILLS, VIDEOS
from tests.stream.video_scenes import Picture, Scene, texture

SCENES = {scene.name: scene for scene in [*VIDEOS, *STILLS]}
SECONDS = 1.4


def last_picture(scene: Scene, seconds: float) -> Picture:
    """Of a guest that paints everything again each time."""
    picture = scene.backdrop()
    for actor in scene.actors:
        actor.draw(picture, seconds)
    return picture


def recorded(scene: Scene, path: Path) -> tuple[list[RecordedCommand], Picture]:
    """The commands of a short recording, and its last picture."""
    with path.open("wb") as file:
        truth = written(scene, file, SECONDS)
    commands = []
    with RecordingReader(path) as reader:
        canvas = CpuCanvas()
        replay = CanvasReplay(canvas, lambda: 0.0)
        for event in reader:
            replay.event(event)
            if isinstance(event, RecordedCommand):
                commands.append(event)
        replay.finish()
        assert replay.picture is not None
        pixels = bgrx(replay.picture)
        canvas.close()
    assert len(commands) == truth.commands + 1
    return commands, np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.width, 4)


@pytest.mark.parametrize(
    ("name", "copies_bits"),
    [
        ("window, slivers", False),
        ("window, whole screen declared", False),
        ("terminal, smooth scroll", True),
        ("window over a photograph", True),
        ("typing", False),
    ],
)
def test_the_last_picture_is_what_the_scene_paints(tmp_path: Path, name: str, copies_bits: bool) -> None:
    scene = SCENES[name]
    commands, picture = recorded(scene, tmp_path / "scene.rec")
    rate = ticks_per_s(scene)
    number = int(SECONDS * rate) - 1
    expected = last_picture(scene, number / rate + 0.002 * (number * 7 % 5) / 5)
    assert np.array_equal(picture[:, :, :3], expected[:, :, :3])
    drawables = [one.command for one in commands if isinstance(one.command, ops.Drawable)]
    assert any(isinstance(one.op, ops.CopyBits) for one in drawables) == copies_bits


def test_the_truth_is_where_the_video_is_from_when_it_begins() -> None:
    truth = written(SCENES["60 frames/s"], io.BytesIO(), SECONDS)
    first = next(sample for sample in truth.samples if sample.videos)
    assert first.time == pytest.approx(LEAD_S + 1.0, abs=0.02)
    assert truth.films[first.videos[0].number].rate == 60
    assert len(truth.samples) == int(60 * SECONDS)


def test_pauses_are_told() -> None:
    truth = written(SCENES["paused for two seconds, thrice"], io.BytesIO(), 4.5)
    moving = {
        round(sample.time - LEAD_S, 1): sample.videos[0].moving for sample in truth.samples if sample.videos
    }
    assert (moving[3.9], moving[4.2]) == (True, False)


def test_scenes_can_be_written_again() -> None:
    once, again = io.BytesIO(), io.BytesIO()
    for file in (once, again):
        written(SCENES["caret"], file, 1.0)
    assert once.getvalue() == again.getvalue()


def test_what_scrolls_within_a_window_is_copied_and_the_rest_sent() -> None:
    before = texture(3, 32)[:400, :400].copy()
    after, window = before.copy(), Rect(50, 50, 350, 350)
    after[50:340, 50:350] = before[60:350, 50:350]
    after[340:350, 50:350] = 7
    drawing = Drawing(before)
    moved, rest = drawing.commands(after, [window])
    assert isinstance(moved.op, ops.CopyBits)
    assert (moved.bbox, moved.op.src) == (Rect(50, 50, 350, 340), Point(50, 60))
    assert rest.bbox == Rect(50, 340, 350, 350)
    assert np.array_equal(drawing.shown, after)


def test_what_changes_while_it_moves_is_sent_again() -> None:
    before = texture(3, 32)[:400, :400].copy()
    after = before.copy()
    source, target = Rect.sized(10, 10, 100, 100), Rect.sized(60, 30, 100, 100)
    after[30:130, 60:160] = before[10:110, 10:110]
    copied = Drawing(before.copy()).commands(after, [source, target])
    after[60, 60] ^= 1
    sent = Drawing(before.copy()).commands(after, [source, target])
    assert isinstance(copied[0].op, ops.CopyBits)
    assert all(isinstance(one.op, ops.Copy) for one in sent)
