"""What the detector says of single scenes; the goals for all of them are in test_video_detector_scenes.py."""

import numpy as np

from gspice.stream.detect.video_detector import HOLD_S, VideoDetector, VideoMode
from gspice.stream.screen import Screen
from tests.stream import video_desktops as desktops
from tests.stream.video_scenes import Painted, Picture, Player, Scene, photo, play


def scene(**more: float) -> Scene:
    return Scene("", [Player(place=desktops.at(desktops.PLACE), **more)])  # type: ignore[arg-type]


def test_a_region_is_held_for_a_while_and_ends() -> None:
    ended = [t for t, _, regions in play(scene(stop=3.0), seconds=8.0) if regions][-1]
    # What is painted over it when the player ends is its last change.
    assert HOLD_S - 0.1 <= ended - 3.0 <= HOLD_S + 0.1


def test_its_rate_is_measured() -> None:
    for rate in (15.0, 24.0, 30.0):
        *_, (_, _, (region,)) = play(scene(fps=rate), seconds=5.0)
        assert abs(region.frames_per_second - rate) < 1.0


def test_it_changed_when_its_last_frame_came() -> None:
    paused = Scene("", [Player(place=desktops.at(desktops.PLACE), pauses=[(4.0, 9.0)])])
    *_, (_, _, (region,)) = play(paused, seconds=6.0)
    assert 3.9 < region.changed_at < 4.1


def test_nothing_is_streamed_if_it_is_off() -> None:
    assert not any(regions for _, _, regions in play(scene(), VideoMode.OFF, seconds=4.0))


def test_text_that_changes_is_a_video_only_for_all() -> None:
    still = desktops.STILLS[[each.name for each in desktops.STILLS].index("terminal, other lines each time")]
    found = {mode: any(regions for _, _, regions in play(still, mode, seconds=3.0)) for mode in VideoMode}
    assert [mode for mode in VideoMode if found[mode]] == [VideoMode.ALL]


def test_a_film_is_a_video_for_all_modes_but_off() -> None:
    for mode in (VideoMode.AUTO, VideoMode.FILTER, VideoMode.ALL):
        *_, (_, _, regions) = play(scene(), mode, seconds=3.0)
        assert [region.rect for region in regions] == [desktops.PLACE]


def test_without_videos_there_is_no_deadline() -> None:
    painted = Painted(photo(320, 240))
    screen = Screen(painted.spec, painted)
    detector = VideoDetector(screen)
    assert list(detector.looked(screen.look(0.0), 0.0)) == []
    assert detector.deadline() is None and list(detector.expire(5.0)) == []


def watched(pictures: list[Picture]) -> list[tuple[bool, bool]]:
    """Whether the detector hurries and suspects something, after each of these, a thirtieth of a second apart."""
    painted = Painted(pictures[0])
    screen = Screen(painted.spec, painted)
    detector = VideoDetector(screen)
    detector.looked(screen.look(0.0), 0.0)
    told = []
    # A screen that is new has changed, and then it stands still for once.
    for number, picture in enumerate(pictures, 1):
        painted.picture = picture
        screen.declare([screen.bounds])
        assert not detector.looked(screen.look(number / 30), number / 30)
        told.append((detector.hurries, detector.suspects))
    return told[1:]


def test_large_gradual_changes_make_it_hurry_and_then_suspect() -> None:
    film = [photo(320, 240, seed) for seed in range(4)]
    assert watched(film) == [(True, False), (True, True), (True, True)]
    small = [film[0].copy() for _ in range(3)]
    for seed, picture in enumerate(small):
        picture[:64, :64] = film[seed][:64, :64]
    assert watched(small) == [(False, False)] * 2


def test_large_text_is_looked_at_soon_and_not_suspected() -> None:
    pages = [np.full((240, 320, 4), 255, np.uint8) for _ in range(4)]
    for seed, page in enumerate(pages):
        letters = np.random.default_rng(seed).integers(0, 2, (120, 160), dtype=np.uint8)
        page[:] = 255 * letters.repeat(2, 0).repeat(2, 1)[:, :, None]
    assert watched(pages) == [(True, False)] * 3


def test_what_moves_waits_until_clients_can_take_it() -> None:
    first = photo(320, 240)
    assert watched([first, np.roll(first, 16, 0)]) == [(False, False)]
