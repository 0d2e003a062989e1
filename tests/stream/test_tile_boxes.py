"""The boxes around tiles that stir."""

from gspice.geometry import Rect
from gspice.stream.detect.tile_boxes import clusters, cut, picture, tight, trimmed
from gspice.stream.detect.tile_history import LEAST_CHANGES
from tests.stream.test_tile_history import Rig


def test_a_cluster_is_found_to_the_pixel() -> None:
    rig, rect = Rig(), Rect(10, 20, 150, 110)
    for slot in range(3, 3 + LEAST_CHANGES):
        rig.change(rect, slot)
    slot = 2 + LEAST_CHANGES
    (cluster,) = clusters(rig.history, slot, 1)
    assert cluster.box == Rect(0, 1, 10, 7) and cluster.sums.tiles == 60
    assert picture(rig.history, cluster.box, slot) == rect
    assert clusters(rig.history, slot, 61) == []
    assert clusters(rig.history, slot + 12, 1) == []


def test_clusters_are_two_tiles_apart() -> None:
    rig = Rig()
    for slot in range(6):
        rig.change(Rect(0, 0, 32, 32), slot)
        rig.change(Rect(48, 0, 64, 32), slot)
        rig.change(Rect(96, 48, 160, 112), slot)
    boxes = [cluster.box for cluster in clusters(rig.history, 5, 1)]
    assert boxes == [Rect(0, 0, 4, 2), Rect(6, 3, 10, 7)]


def test_few_lively_tiles_at_a_side_are_trimmed() -> None:
    rig = Rig()
    for slot in range(6):
        rig.change(Rect(0, 32, 128, 112), slot)
        rig.change(Rect(64, 0, 70, 32), slot)
    (cluster,) = clusters(rig.history, 5, 1)
    assert cluster.box == Rect(0, 0, 8, 7)
    assert trimmed(rig.history, cluster.box, 5) == Rect(0, 2, 8, 7)


def test_two_corner_to_corner_are_cut_apart() -> None:
    rig = Rig()
    for slot in range(6):
        rig.change(Rect(0, 0, 96, 48), slot)
        rig.change(Rect(96, 48, 192, 112), slot)
    (cluster,) = clusters(rig.history, 5, 1)
    parts = cut(rig.history, cluster.box, 5)
    assert parts is not None
    assert [tight(rig.history, part, 5) for part in parts] == [Rect(0, 0, 6, 3), Rect(6, 3, 12, 7)]
    assert cut(rig.history, Rect(0, 0, 6, 3), 5) is None
    assert tight(rig.history, Rect(6, 0, 12, 3), 5).empty


def test_something_small_over_an_edge_does_not_move_it() -> None:
    rig = Rig()
    for slot in range(8):
        rig.change(Rect(10, 20, 150, 105), slot)
        rig.change(Rect(50, 105, 60, 111), slot)
    assert picture(rig.history, Rect(0, 1, 10, 7), 7) == Rect(10, 20, 150, 105)
