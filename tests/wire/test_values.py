"""Values behave as frozen, slotted, keyword-only dataclasses do, though their constructors are made late."""

import copy
import dataclasses
import pickle

import pytest

from gspice.wire.fields import U8, U16
from gspice.wire.message import Struct
from gspice.wire.values import Value, value, wire


@wire
class Pair(Struct):
    left: U8
    right: U16 = 7


@wire
class Marked(Pair):
    """One with a constant and a field more."""

    mark: U8 = dataclasses.field(default=9, init=False)
    last: U8


@wire
class Other(Struct):
    left: U8
    right: U16 = 7


@wire
class Empty(Struct):
    pass


def test_fields_by_name_and_their_defaults() -> None:
    assert (Pair(left=1).left, Pair(left=1).right, Pair(left=1, right=2).right) == (1, 7, 2)
    marked = Marked(left=1, last=3)
    assert (marked.left, marked.right, marked.mark, marked.last) == (1, 7, 9, 3)
    assert Empty() == Empty()


@pytest.mark.parametrize("wrong", [{}, {"left": 1, "up": 2}, {"left": 1, "last": 2, "mark": 3}])
def test_the_first_call_and_later_ones_refuse_the_same(wrong: dict[str, int]) -> None:
    @wire
    class Fresh(Marked):
        pass

    for _ in range(2):
        with pytest.raises(TypeError, match="__init__"):
            Fresh(**wrong)
    with pytest.raises(TypeError, match="positional"):
        Fresh(1, 2)  # type: ignore[call-arg]


def test_nothing_is_assigned_or_added() -> None:
    pair = Pair(left=1)
    for name in ("left", "colour"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=name):
            setattr(pair, name, 2)
        with pytest.raises(dataclasses.FrozenInstanceError, match=name):
            delattr(pair, name)
    assert pair.left == 1 and not hasattr(pair, "__dict__")


def test_equality_and_hash_are_of_class_and_fields() -> None:
    assert Pair(left=1) == Pair(left=1, right=7) != Pair(left=2)
    assert Pair(left=1) != Other(left=1) and Pair(left=1) != (1, 7)
    assert len({Pair(left=1), Pair(left=1), Pair(left=2)}) == 2
    assert Marked(left=1, last=2) != Marked(left=1, last=3)


def test_repr_names_the_fields() -> None:
    assert repr(Marked(left=1, last=2)) == "Marked(left=1, right=7, mark=9, last=2)"


def test_copies() -> None:
    value = Marked(left=1, right=2, last=3)
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value
    assert dataclasses.replace(value, right=5) == Marked(left=1, right=5, last=3)
    assert [f.name for f in dataclasses.fields(Marked)] == ["left", "right", "mark", "last"]


def test_a_class_that_is_not_decorated_has_no_fields_to_compare() -> None:
    assert Value() == Value() and repr(Value()) == "Value()"


def test_some_take_their_fields_in_order() -> None:
    @value
    class Place(Value):
        x: int
        y: int = 5

    @value
    class Other(Value):
        x: int
        y: int = 5

    assert (Place(1).x, Place(1).y, Place(1, 2).y, Place(1, y=3).y) == (1, 5, 2, 3)
    assert Place(1, 2) == Place(x=1, y=2) != Other(1, 2) and hash(Place(1)) == hash(Place(1, 5))
    with pytest.raises(TypeError):
        Place()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Place(1, 2, 3)  # type: ignore[call-arg]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Place(1).x = 2  # type: ignore[misc]
