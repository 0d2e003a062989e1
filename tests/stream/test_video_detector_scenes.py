"""The goals of the detector, on all labelled scenes; ``bench video-detect`` plays them at their full length."""

import os

import numpy as np
import pytest

from gspice.geometry import Rect
from tests.stream.video_desktops import STILLS, VIDEOS, at
from tests.stream.video_scenes import GRACE_FRAMES, Picture, Player, Scene, drifting, measure, photo, play
from tests.stream.video_stills import clock, mouse

SECONDS = float(os.environ.get("SCENE_SECONDS", "10"))
LONGER = {"half of the picture holds still": 20.0, "slides, fades of 0.5 s": 20.0}
"""What some need to come to the point."""
MOVED = {"dragged while playing, copies": 40}
"""Rectangles that may replace others, where that is not a few: a window is followed with each frame."""


@pytest.mark.parametrize("scene", VIDEOS, ids=lambda scene: scene.name)
def test_videos_are_found(scene: Scene) -> None:
    result = measure(scene, seconds=max(SECONDS, LONGER.get(scene.name, 0.0)))
    players = sum([isinstance(actor, Player) for actor in scene.actors])
    assert result.delay <= GRACE_FRAMES
    assert result.cover >= 0.95 and result.excess <= 0.05
    assert 1 <= result.created <= players
    assert result.changed <= MOVED.get(scene.name, 3)


@pytest.mark.parametrize("scene", STILLS, ids=lambda scene: scene.name)
def test_nothing_else_is_streamed(scene: Scene) -> None:
    result = measure(scene, seconds=max(SECONDS, LONGER.get(scene.name, 0.0)))
    assert result.created == 0 and result.streamed == 0.0


def test_it_never_flaps_in_ten_minutes() -> None:
    """With pauses, stills, a clock beside it and a mouse over it: one region, and its rectangle."""

    def film(number: int, s: float, width: int, height: int) -> Picture:
        # Every 20 seconds a title stands still for two.
        return drifting(0, 0.0, width, height) if s % 20 > 18 else drifting(number, s, width, height)

    place = Rect.sized(133, 51, 162, 122)
    pauses = [(30.0 * number, 30.0 * number + 2.5) for number in range(1, 20)]
    player = Player(film=film, place=at(place), fps=15, pauses=pauses)

    def path(t: float) -> tuple[int, int]:
        return int(180 + 90 * np.sin(t)), int(100 + 80 * np.sin(1.7 * t))

    scene = Scene("", [player, clock(Rect.sized(10, 10, 100, 24)), mouse(path)], backdrop=small)
    seen = {(region.id, region.rect) for _, _, regions in play(scene, seconds=600.0) for region in regions}
    assert seen == {(1, place)}


def small() -> Picture:
    return photo(352, 208)
