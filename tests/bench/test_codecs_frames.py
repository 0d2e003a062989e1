"""What is taken of a screen that changes."""

from pathlib import Path

import numpy as np

from bench.codecs_frames import BAND, LOOKS, Looks, changes, recorded
from bench.codecs_images import Frame

DATA = Path(__file__).parents[1] / "data"


def blank(height: int = 4 * BAND, width: int = 50) -> Frame:
    return np.zeros((height, width, 4), np.uint8)


def test_bands_that_follow_each_other_are_one_box_as_wide_as_what_differs() -> None:
    after = blank()
    after[BAND + 5, 10] = 1
    after[3 * BAND - 1, 19] = 1
    first, box = changes([blank(), after])
    assert first.shape == blank().shape
    assert np.array_equal(box, after[BAND : 3 * BAND, 10:20])


def test_a_band_in_between_parts_them() -> None:
    after = blank()
    after[0, 0] = after[-1, -1] = 1
    assert [area.shape for area in changes([blank(), after])[1:]] == [(BAND, 1, 4), (BAND, 1, 4)]


def test_the_byte_that_means_nothing_is_not_looked_at() -> None:
    after = blank()
    after[:, :, 3] = 255
    assert len(changes([blank(), after])) == 1


def test_another_size_is_another_screen() -> None:
    assert changes([blank(), blank(64, 64)])[1].shape == (64, 64, 4)


def test_looks_stay_evenly_spaced_however_long_it_takes() -> None:
    looks = Looks(step=1)
    kept = [number for number in range(10 * LOOKS) if looks.due(number)]
    assert kept == list(range(10 * LOOKS)), "none was kept, so each was due"
    for number in range(10 * LOOKS):
        if looks.due(number):
            looks.keep(number, np.full((1, 1, 4), number % 251, np.uint8))
    steps = {int(b[0, 0, 0]) - int(a[0, 0, 0]) for a, b in zip(looks.frames, looks.frames[1:], strict=False)}
    assert LOOKS // 2 <= len(looks.frames) < LOOKS
    assert {step % 251 for step in steps} == {looks.step}


def test_a_recording_gives_areas_of_its_screen() -> None:
    areas = recorded(DATA / "firmware.rec.zst")
    assert len(areas) > 1
    assert all(area.shape[2] == 4 and area.size for area in areas)
    assert len({area.tobytes() for area in areas}) > 1
