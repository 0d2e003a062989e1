"""What is kept of each canvas: the first difference, and no more reasons than fit."""

from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_lanes import (
    MAX_DIFFERENCES,
    MAX_REASONS,
    OTHER_REASONS,
    START,
    Difference,
    Kind,
    Lane,
    OpTimes,
    Place,
    nothing_apart,
)


def difference(index: int) -> Difference:
    return Difference(Kind.PIXELS, START, Place(index, index), 0, nothing_apart(), "")


def test_the_first_difference_is_kept() -> None:
    lane = Lane("cpu", CpuCanvas())
    for index in range(MAX_DIFFERENCES):
        assert lane.compared
        lane.differs(difference(index))
    assert lane.first == difference(0) and lane.differences == MAX_DIFFERENCES
    assert not lane.compared
    assert not Lane("cpu", CpuCanvas(), lost="gone").compared


def test_reasons_are_bounded() -> None:
    count = OpTimes()
    for number in range(MAX_REASONS + 50):
        count.refuse(f"reason {number}")
        count.refuse("reason 0")
    assert count.not_drawn == count.reasons.total() == 2 * MAX_REASONS + 100
    assert count.reasons[OTHER_REASONS] == 50 and len(count.reasons) == MAX_REASONS + 1


def test_times_and_places() -> None:
    assert OpTimes(submit_s=1.5, wait_s=0.25).seconds == 1.75
    assert Place(7, 9).before == Place(6, 8)
    lane = Lane("cpu", CpuCanvas())
    assert lane.count("Copy") is lane.count("Copy")
