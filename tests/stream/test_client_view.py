"""What is stale for one client: what it is sent in which order, and what moves leave it with."""

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.client_view import MAX_PIECE, ClientView
from gspice.stream.reference_frame import Move

BOUNDS = Rect(0, 0, 1000, 800)


def up_to_date() -> ClientView:
    view = ClientView(BOUNDS)
    view.stale.clear()
    return view


def test_a_new_view_lacks_everything_and_takes_it_in_pieces() -> None:
    view = ClientView(BOUNDS)
    taken: list[Rect] = []
    while view.stale:
        turn = view.take(300_000)
        assert turn and sum(rect.area for rect in turn) <= 300_000
        assert all(rect.area <= MAX_PIECE for rect in turn)
        taken += turn
    assert Region(taken) == Region([BOUNDS]) and sum(rect.area for rect in taken) == BOUNDS.area


def test_small_changes_come_before_large_ones() -> None:
    view = up_to_date()
    large, small = Rect(0, 0, 1000, 500), Rect(100, 700, 120, 716)
    view.changed([large, small])
    first = view.take(100_000)
    assert first[0] == small and len(first) > 1, "and the rest of the room is for the large one"


def test_large_areas_have_their_turns() -> None:
    view = up_to_date()
    large = Rect(0, 0, 1000, 800)
    for _ in range(20):
        view.changed([large])  # a film that never stops
        view.take(100_000)
        if not view.stale.overlaps(Rect(0, 770, 1000, 800)):
            return
    raise AssertionError("the lower end of a film starves")


def test_one_row_comes_even_where_there_is_no_room() -> None:
    view = up_to_date()
    view.changed([BOUNDS])
    assert [rect.area for rect in view.take(1)] == [1000]


def test_a_move_takes_its_stale_pixels_along() -> None:
    view = up_to_date()
    view.changed([Rect(0, 0, 10, 10), Rect(300, 300, 310, 310)])
    assert view.move(Move(Rect(100, 100, 400, 400), 100, 100))
    # What lay at (0,0) has landed at (100,100); what was stale under the destination is right now.
    assert view.stale == Region([Rect(0, 0, 10, 10), Rect(100, 100, 110, 110)])


def test_what_is_mostly_stale_is_not_worth_a_move() -> None:
    view = up_to_date()
    view.changed([Rect(0, 0, 100, 100)])
    move = Move(Rect(200, 200, 300, 300), 200, 200)
    assert not view.move(move)
    assert view.stale.covers(move.rect)


def test_lossy_pixels_move_rest_and_are_taken() -> None:
    view = up_to_date()
    view.lossy.add(Rect(0, 0, 50, 50))
    assert view.move(Move(Rect(500, 0, 550, 50), 500, 0))
    assert view.lossy == Region([Rect(0, 0, 50, 50), Rect(500, 0, 550, 50)])
    view.rest(1_000_000)
    assert view.stale == view.lossy
    taken = view.take(1_000_000)
    assert Region(taken) == Region([Rect(0, 0, 50, 50), Rect(500, 0, 550, 50)])
    assert not view.lossy and not view.stale
