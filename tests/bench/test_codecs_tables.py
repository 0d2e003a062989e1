"""Ratios and goals of made-up encoders."""

import pytest

from bench.codecs_tables import Figures, class_table, goal_lines, kernel_table, scaling_table


def figures(size: float, *speeds: float) -> Figures:
    return Figures(
        pixels=2_000_000,
        our_bytes=round(10_000 * size),
        their_bytes=10_000,
        our_seconds=[1 / speed for speed in speeds],
        their_seconds=[1.0] * len(speeds),
    )


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_speed_is_the_median_of_the_turns_and_above_one_where_ours_is_faster() -> None:
    assert figures(1, 0.5, 3, 2).speed == pytest.approx(2)
    assert figures(1, 0.5, 3, 2).rate == pytest.approx(4)


def test_a_turn_is_compared_with_its_own_other_half() -> None:
    uneven = figures(1, 2, 2, 2)
    uneven.our_seconds[0] *= 10
    uneven.their_seconds[0] *= 10
    assert uneven.speed == pytest.approx(2)


def test_a_kernel_has_the_geometric_mean_and_the_range() -> None:
    line = kernel_table({"LZ RGB32": {"text": figures(0.5, 1), "small": figures(2, 4)}})[-1]
    assert cells(line)[:7] == ["LZ RGB32", "1.000", "0.500", "2.000", "2.00", "1.00", "4.00"]
    assert cells(line)[-1] == "size missed somewhere"


def test_classes_are_lines_and_kernels_columns() -> None:
    results = {"LZ": {"text": figures(1, 1), "small": figures(1, 2)}, "QUIC": {"text": figures(1, 3)}}
    results["QUIC"]["small"] = figures(1, 4)
    lines = class_table(results, lambda each: each.speed)
    assert [cells(line) for line in lines[2:]] == [["text", "1.00", "3.00"], ["small", "2.00", "4.00"]]


@pytest.mark.parametrize(
    ("size", "speed", "expected"),
    [
        (1.01, 1.0, ["reached by all 1", "reached by all 1"]),
        (1.011, 1.0, ["missed by 1 of 1: GLZ, text 1.011", "reached by all 1"]),
        (1.0, 0.99, ["reached by all 1", "missed by 1 of 1: GLZ, text 0.99"]),
    ],
)
def test_goals_name_what_misses_them(size: float, speed: float, expected: list[str]) -> None:
    assert [
        line.split(", ", 1)[1] for line in goal_lines({"GLZ": {"text": figures(size, speed)}})
    ] == expected


def test_scaling_is_told_against_one_thread() -> None:
    assert cells(scaling_table({"LZ": {1: 50.0, 2: 90.0}})[-1]) == ["LZ", "50", "90", "1.80"]
