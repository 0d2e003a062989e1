"""How the rectangle of one video follows it."""

from gspice.geometry import Rect
from gspice.stream.detect.playing import (
    ABANDONED_S,
    GROWN_S,
    HASTY_S,
    HOLD_S,
    LEAST_COPIES,
    MOVED_S,
    SETTLED_S,
    PlayingVideo,
    alike,
    same_shape,
    steady,
)
from gspice.stream.detect.terms import TERMS, VideoMode
from tests.stream.test_tile_history import Rig

BOUNDS, PLACE = Rect(0, 0, 200, 120), Rect(16, 16, 112, 112)
TERMS_AUTO = TERMS[VideoMode.AUTO]


def seen_until(video: PlayingVideo, picture: Rect, rig: Rig, begin: float, seconds: float) -> float | None:
    """It is seen there 30 times a second; after how long that is its rectangle."""
    for number in range(int(seconds * 30) + 2):
        now = begin + number / 30
        video.seen(picture, 1.0, rig.history, int(now * 30), now)
        if video.rect == picture:
            return now - begin
    return None


def test_much_larger_is_larger_at_once_if_all_of_it_plays() -> None:
    larger = Rect(0, 0, 180, 116)
    assert seen_until(PlayingVideo(1, PLACE, 0.0), larger, Rig(), 1.0, 1.0) is None
    rig = Rig()
    for slot in range(20, 29):
        rig.change(larger, slot)
    took = seen_until(PlayingVideo(1, PLACE, 0.0), larger, rig, 1.0, 1.0)
    assert took is not None and took < 0.1


def test_a_little_larger_takes_a_while() -> None:
    took = seen_until(PlayingVideo(1, PLACE, 0.0), PLACE._replace(right=115), Rig(), 1.0, 3.0)
    assert took is not None and GROWN_S <= took < GROWN_S + 0.1


def test_a_window_that_opens_at_its_edges_makes_it_no_larger() -> None:
    tiles, more = Rect(0, 0, 128, 120), Rect(0, 0, 129, 120)
    for larger, at_once in ((tiles, False), (more, True)):
        rig = Rig()
        for slot in range(20, 40):
            rig.change(larger, slot)
        video = PlayingVideo(1, PLACE, 0.0)
        assert larger.area >= 1.1 * PLACE.area
        took = seen_until(video, larger, rig, 1.0, 0.5)
        assert (took is not None) == at_once, larger


def test_a_smaller_one_of_the_same_shape_was_resized() -> None:
    took = seen_until(PlayingVideo(1, PLACE, 0.0), Rect(16, 16, 80, 80), Rig(), 1.0, 3.0)
    assert took is not None and SETTLED_S <= took < SETTLED_S + 0.1


def test_a_part_that_plays_alone_is_the_video_as_before() -> None:
    video, half = PlayingVideo(1, PLACE, 0.0), Rect(16, 16, 112, 64)
    took = seen_until(video, half, Rig(), 1.0, ABANDONED_S + 1)
    assert took is not None and took >= ABANDONED_S


def test_one_that_moved_keeps_its_size() -> None:
    rig = Rig()
    for slot in range(25, 36):
        rig.change(PLACE.translate(40, 0), slot)
    took = seen_until(PlayingVideo(1, PLACE, 0.0), PLACE.translate(40, 0), rig, 1.0, 3.0)
    assert took is not None and MOVED_S <= took < MOVED_S + 0.1


def test_it_goes_where_its_player_copies_to() -> None:
    video, copy = PlayingVideo(1, PLACE, 0.0), Rect(14, 4, 114, 114)
    for number in range(LEAST_COPIES):
        video.declared([BOUNDS, copy], (), BOUNDS, number / 30)
    assert video.copy == copy
    video.declared([copy.translate(30, 3)], {copy.translate(30, 3)}, BOUNDS, 1.0)
    assert video.rect == PLACE
    video.declared([copy, copy.translate(30, 3)], (), BOUNDS, 1.0)
    assert video.rect == PLACE.translate(30, 3)


def test_the_whole_screen_is_nobodys_copy() -> None:
    video = PlayingVideo(1, BOUNDS, 0.0)
    for number in range(9):
        video.declared([BOUNDS], (), BOUNDS, number / 30)
    assert video.copy is None


def test_it_plays_while_enough_of_it_changes() -> None:
    rig, video = Rig(), PlayingVideo(1, PLACE, 0.0)
    for slot in range(30, 60):
        rig.change(PLACE, slot)
        video.looked(rig.history, TERMS_AUTO, slot, slot / 30)
    assert video.ends_at == 59 / 30 + HOLD_S and 29.0 < video.frames_per_second < 31.0
    assert not video.quiet(60 / 30) and video.quiet(64 / 30)


def test_it_ends_soon_where_text_is_in_its_place() -> None:
    rig, video = Rig(), PlayingVideo(1, PLACE, 0.0)
    for slot in range(30, 60):
        rig.change(PLACE, slot, 0, 255)
        video.looked(rig.history, TERMS_AUTO, slot, slot / 30)
    assert video.ends_at < 2.0


def test_measures_of_rectangles() -> None:
    assert steady(PLACE, PLACE.translate(4, 0)) and not steady(PLACE, PLACE.translate(5, 0))
    assert alike(PLACE, PLACE.translate(90, 0)) and not alike(PLACE, Rect(0, 0, 96, 112))
    assert same_shape(Rect(0, 0, 160, 90), Rect(5, 5, 325, 185)) and not same_shape(PLACE, BOUNDS)


def test_what_was_no_window_is_not_believed_again_soon() -> None:
    video, one, other = (
        PlayingVideo(1, Rect(0, 0, 640, 360), 0.0),
        Rect(64, 64, 128, 128),
        Rect(256, 64, 320, 128),
    )
    video.cover([one], 1.0)
    assert list(video.covered) == [one]
    video.cover([], 1.0 + HASTY_S / 2)
    video.cover([other], 2.0 + HASTY_S / 2)
    assert list(video.covered) == []
    late = 1.0 + 2 * HASTY_S
    video.cover([other], late)
    assert list(video.covered) == [other]
    video.cover([other, one], late + 1)
    assert set(video.covered) == {one, other}
    video.cover([other], late + 2)
    video.cover([other, one], late + 2 + 1.5 * HASTY_S)
    assert list(video.covered) == [other], "twice as long"
    video.cover([other, one], late + 2 + 2.5 * HASTY_S)
    assert set(video.covered) == {one, other}


def test_a_window_that_stood_for_long_and_goes_is_no_mistake() -> None:
    video, window = PlayingVideo(1, Rect(0, 0, 640, 360), 0.0), Rect(64, 64, 128, 128)
    video.cover([window], 1.0)
    video.cover([], 2.0 + HASTY_S)
    video.cover([window], 3.0 + HASTY_S)
    assert list(video.covered) == [window]
