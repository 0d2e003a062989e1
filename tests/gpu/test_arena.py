from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import GpuMemoryError
from gspice.gpu.compute.arena import Arena

STEPS = st.lists(st.tuples(st.sampled_from(("take", "give", "grow")), st.integers(0, 40)), max_size=60)


@given(st.integers(0, 200), st.sampled_from((1, 4, 16)), STEPS)
def test_parts_never_overlap_and_nothing_gets_lost(
    size: int, step: int, steps: list[tuple[str, int]]
) -> None:
    size = size // step * step
    arena = Arena(size, step=step)
    taken: dict[int, int] = {}
    for what, number in steps:
        if what == "take":
            rounded = max(step, -(-number // step) * step)
            try:
                offset = arena.take(number)
            except GpuMemoryError:
                # Only where no gap is as large.
                edges = sorted([(0, 0), *taken.items(), (arena.size, 0)])
                gaps = [after[0] - sum(before) for before, after in pairwise(edges)]
                assert max(gaps) < rounded
                continue
            assert offset % step == 0
            assert offset + rounded <= arena.size
            assert all(offset + rounded <= at or at + room <= offset for at, room in taken.items())
            taken[offset] = rounded
        elif what == "give" and taken:
            offset = sorted(taken)[number % len(taken)]
            arena.give_back(offset)
            del taken[offset]
        elif what == "grow":
            arena.grow(arena.size + number // step * step)
        assert arena.used == sum(taken.values())
    for offset in taken:
        arena.give_back(offset)
    if arena.size:
        assert arena.take(arena.size) == 0


def test_the_smallest_gap_that_does_is_taken() -> None:
    arena = Arena(100)
    parts = [arena.take(size) for size in (30, 5, 10, 5, 50)]
    arena.give_back(parts[0])
    arena.give_back(parts[2])
    assert arena.take(10) == parts[2]
    assert arena.take(10) == 0


def test_what_was_not_given_out_is_not_taken_back() -> None:
    with pytest.raises(KeyError):
        Arena(8).give_back(0)
