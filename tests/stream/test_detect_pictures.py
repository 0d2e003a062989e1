"""From clusters of tiles to pictures."""

from gspice.geometry import Rect
from gspice.stream.detect.pictures import find_pictures, joined
from gspice.stream.detect.terms import TERMS, VideoMode
from gspice.stream.detect.tile_boxes import Cluster
from gspice.stream.detect.tile_history import Sums
from tests.stream.test_tile_history import Rig

ONE = Sums(1, 1, 1, 1, 1, 1, 1, 1, 1)


def test_parts_of_one_rectangle_are_joined() -> None:
    left, right = Cluster(Rect(0, 0, 8, 9), ONE), Cluster(Rect(9, 0, 17, 9), ONE)
    (both,) = joined([left, right])
    assert both.box == Rect(0, 0, 17, 9) and both.sums.tiles == 2


def test_what_lies_apart_is_not_joined() -> None:
    apart = [
        Cluster(Rect(0, 0, 8, 8), ONE),
        Cluster(Rect(11, 0, 19, 8), ONE),
        Cluster(Rect(0, 12, 8, 30), ONE),
    ]
    assert joined(apart) == apart


def test_two_that_touch_at_a_corner_are_two() -> None:
    rig = Rig()
    for slot in range(6):
        rig.change(Rect(0, 0, 100, 60), slot)
        rig.change(Rect(98, 62, 194, 118), slot)
    terms = TERMS[VideoMode.ALL]
    assert find_pictures(rig.history, 5, terms) == []
    rig = Rig()
    for slot in range(6):
        rig.change(Rect(0, 0, 100, 118), slot)
        rig.change(Rect(100, 20, 198, 118), slot)
    (picture,) = find_pictures(rig.history, 5, terms)
    assert picture.rect == Rect(0, 0, 198, 118) and picture.certain and not picture.lasting


def test_what_stopped_is_no_picture() -> None:
    rig = Rig()
    for slot in range(6):
        rig.change(Rect(0, 0, 128, 112), slot)
    terms = TERMS[VideoMode.AUTO]
    assert [picture.rect for picture in find_pictures(rig.history, 5, terms)] == [Rect(0, 0, 128, 112)]
    assert find_pictures(rig.history, 7, terms) == []
