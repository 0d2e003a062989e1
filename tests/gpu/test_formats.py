"""The numbers that planners and kernels share."""

from gspice.gpu.cpu import kernels
from gspice.gpu.plans.formats import Fetch, Pack


def test_kernels_have_the_same_numbers() -> None:
    for ours, theirs in ((Fetch, kernels.Fetch), (Pack, kernels.Pack)):
        assert {number.name: number.value for number in ours} == {
            number.name: number.value for number in theirs
        }
