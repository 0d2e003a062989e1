"""What a history remembers of tiles, frame by frame."""

import numpy as np
import pytest

from gspice.geometry import Rect
from gspice.stream.detect.tile_history import LEAST_CHANGES, TileHistory
from gspice.stream.reference_frame import ReferenceFrame

WIDTH, HEIGHT = 200, 120


class Rig:
    def __init__(self) -> None:
        self.frame = ReferenceFrame(WIDTH, HEIGHT, 4, ignore_high=True)
        self.history = TileHistory(self.frame)
        self.random = np.random.default_rng(1)

    def change(self, rect: Rect, slot: int, low: int = 100, high: int = 120) -> int:
        pixels = self.random.integers(low, high, (rect.height, rect.width, 1), np.uint8).repeat(4, axis=2)
        changed = self.frame.compare(pixels.tobytes(), 4 * rect.width, rect)
        return self.history.note(changed, slot)


def test_tiles_are_lively_that_changed_in_enough_slots() -> None:
    rig, rect = Rig(), Rect(10, 20, 150, 110)
    counts = [rig.change(rect, slot) for slot in range(3, 3 + LEAST_CHANGES)]
    assert counts == [0] * (LEAST_CHANGES - 1) + [10 * 6]
    sums = rig.history.sums(Rect(0, 0, 13, 8), 2 + LEAST_CHANGES)
    assert sums.tiles == sums.lively == sums.fresh == 60 and sums.certain == 0


def test_what_rested_counts_anew() -> None:
    rig, rect = Rig(), Rect(0, 0, 64, 64)
    for slot in (1, 2, 3, 8, 9):
        assert rig.change(rect, slot) == 0
    assert rig.history.sums(Rect(0, 0, 4, 4), 9).tiles == 16
    assert rig.history.sums(Rect(0, 0, 4, 4), 13).tiles == 0


def test_many_looks_in_one_slot_are_one_change() -> None:
    rig = Rig()
    assert [rig.change(Rect(0, 0, 64, 64), 5) for _ in range(9)] == [0] * 9


def test_changes_far_between_are_none() -> None:
    rig = Rig()
    assert [rig.change(Rect(0, 0, 64, 64), slot) for slot in range(0, 100, 5)] == [0] * 20


@pytest.mark.parametrize(("low", "high", "gradual"), [(100, 120, True), (0, 255, False)])
def test_small_differences_are_told_from_large_ones(low: int, high: int, gradual: bool) -> None:
    rig = Rig()
    for slot in range(8):
        rig.change(Rect(0, 0, 96, 96), slot, low, high)
    sums = rig.history.sums(Rect(0, 0, 6, 6), 7)
    assert (sums.slight > 4 * sums.contrast) is gradual
    assert sums.wavering == 36


def test_a_fade_does_not_waver() -> None:
    rig, rect = Rig(), Rect(0, 0, 96, 96)
    one = rig.random.integers(0, 255, (96, 96, 4)).astype(np.int32)
    two = rig.random.integers(0, 255, (96, 96, 4)).astype(np.int32)
    for slot in range(16):
        blend = (one + (two - one) * slot // 15).astype(np.uint8)
        # The first of it is there for a while.
        rig.history.note(rig.frame.compare(blend.tobytes(), 4 * 96, rect), slot + 20 if slot else 0)
    assert rig.history.sums(Rect(0, 0, 6, 6), 35).wavering == 0


def test_what_is_not_counted_makes_nothing_lively() -> None:
    rig = Rig()
    for slot in range(8):
        rig.frame.fill_from(bytes([slot] * 64 * 64 * 4), 64 * 4, Rect(0, 0, 64, 64))
        assert rig.history.note([Rect(0, 0, 64, 64)], slot, counts=False) == 0
    assert rig.history.presence(Rect(0, 0, 64, 64), 7).changed == 0


def test_what_is_left_behind_is_like_a_desktop_or_not() -> None:
    rig, whole, kept = Rig(), Rect(0, 0, 192, 112), Rect(0, 0, 96, 112)
    for slot in range(6):
        rig.change(whole, slot)
    rig.frame.fill_from(bytes([200] * 96 * 112 * 4), 96 * 4, Rect(96, 0, 192, 112))
    rig.history.note([Rect(96, 0, 192, 112)], 6)
    for slot in range(7, 20):
        rig.change(kept, slot)
    assert rig.history.left_behind(whole, kept, 19) == (42, 42)
    rig.change(Rect(96, 0, 192, 112), 20)
    assert rig.history.left_behind(whole, kept, 20) == (42, 0)


def test_what_is_outside_the_frame_is_refused() -> None:
    rig = Rig()
    with pytest.raises(ValueError):
        rig.history.note([Rect(0, 0, WIDTH + 1, 1)], 0)
    with pytest.raises(ValueError):
        rig.history.sums(Rect(0, 0, 14, 1), 0)
    with pytest.raises(ValueError):
        rig.history.presence(Rect(-1, 0, 1, 1), 0)


@pytest.mark.parametrize("pixel_bytes", [1, 2, 4])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (16, 17), (33, 2), (100, 61)])
def test_frames_of_any_size_and_depth(width: int, height: int, pixel_bytes: int) -> None:
    frame, whole = ReferenceFrame(width, height, pixel_bytes), Rect(0, 0, width, height)
    history = TileHistory(frame)
    for slot in range(1, 7):
        rows = bytes([slot * 40]) * (width * height * pixel_bytes)
        history.note(frame.compare(rows, width * pixel_bytes, whole), slot)
    tiles = -(-width // 16) * -(-height // 16)
    assert history.sums(Rect(0, 0, -(-width // 16), -(-height // 16)), 6).certain == tiles
