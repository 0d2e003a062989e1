"""Ratios, goals and checks, of made-up runs."""

import math
from dataclasses import replace
from typing import Any

import pytest

from bench.traffic_clients import TrafficRun
from bench.traffic_feeder import Fed
from bench.traffic_tables import BYTES, CPU, Pair, check_table, figure_table, goal_lines, tables

RUN = TrafficRun(
    received_bytes=1_000_000,
    server_s=1.0,
    guest_s=0.5,
    client_s=1.0,
    wall_s=10.0,
    late_s=0.01,
    commands=7,
    picture="right",
    peak_bytes=1 << 20,
)


def pair(*ratios: float, **changes: Any) -> Pair:
    """Runs of ours with so many bytes for each one of theirs, otherwise the same."""
    ours = [replace(RUN, received_bytes=int(ratio * RUN.received_bytes)) for ratio in ratios]
    return Pair(ours=[replace(run, **changes) for run in ours], theirs=[RUN] * len(ratios), expected="right")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_ratio_is_the_median_of_the_turns_and_leaves_out_those_that_failed() -> None:
    assert pair(0.1, 0.5, 0.2).ratio(BYTES) == pytest.approx(0.2)
    some = pair(0.1, 0.5, 0.2)
    some = replace(some, theirs=[RUN, None, RUN])
    assert some.ratio(BYTES) == pytest.approx(0.15)


def test_theirs_may_differ_from_turn_to_turn() -> None:
    theirs = [replace(RUN, received_bytes=1_000_000), replace(RUN, received_bytes=4_000_000)]
    ours = [replace(run, received_bytes=run.received_bytes // 2) for run in theirs]
    assert Pair(ours=list(ours), theirs=list(theirs), expected="").ratio(BYTES) == pytest.approx(0.5)


def test_what_the_system_cannot_count_makes_no_ratio() -> None:
    assert replace(pair(1.0, server_s=0.0), theirs=[replace(RUN, server_s=0.0)]).ratio(CPU) == 1.0


def test_figures_are_theirs_ours_and_the_ratio() -> None:
    line = cells(figure_table({"one": pair(0.25, wall_s=5.0)})[2])
    same = ["1.00", "1.00", "1.00"]
    assert line == ["one", "1.00", "0.25", "0.25", *same, *same, "10.00", "5.00", "0.50"]


def test_goals_at_recorded_times() -> None:
    lines = goal_lines({"a": pair(0.1), "b": pair(0.9, server_s=1.2)}, real_time=True)
    assert lines[0].startswith("- display MB, geometric mean of the ratios: 0.30;") and "0.35" in lines[0]
    assert [line.rpartition(" ")[2] for line in lines] == ["met", "MISSED", "MISSED", "MISSED"]


def test_goals_at_full_speed_are_about_time() -> None:
    lines = goal_lines({"a": pair(3.0, wall_s=9.0)}, real_time=False)
    assert "goal" not in lines[0] and "3.00" in lines[0]
    assert [line.rpartition(" ")[2] for line in lines[1:]] == ["met", "met"]


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, ["yes", "equal", "equal"]),
        ({"late_s": 1.5}, ["LATE", "equal", "equal"]),
        ({"picture": "wrong"}, ["yes", "equal", "DIFFERENT"]),
    ],
)
def test_checks(changes: dict[str, Any], seen: list[str]) -> None:
    line = cells(check_table({"one": pair(1.0, 1.0, **changes)}, real_time=True)[2])
    assert line[:3] == ["one", "7", "7"]
    assert line[-3:] == seen


def test_how_late_the_commands_came_and_what_the_guest_cost_where_it_is_known() -> None:
    fed = [Fed(late_s=late_s) for late_s in (0.1, 0.3, 0.2)]
    ours: list[TrafficRun | None] = [replace(RUN, fed=one, guest_s=math.nan) for one in fed]
    lines = check_table({"one": Pair(ours=ours, theirs=[RUN] * 3, expected="right")}, real_time=True)
    line = cells(lines[2])
    assert cells(lines[0])[3:9] == ["guest CPU s", "ours", "peak MiB", "ours", "commands late ms", "ours"]
    assert [line[place] for place in (3, 4, 7, 8)] == ["0.50", "", "", "200"]


def test_one_wrong_picture_or_count_among_many_is_seen() -> None:
    some = pair(1.0, 1.0, 1.0)
    some.ours[1] = replace(RUN, picture="wrong", commands=6)
    line = cells(check_table({"one": some}, real_time=True)[2])
    assert (line[2], line[-1]) == ("6 7", "DIFFERENT")


def test_a_recording_that_always_failed_is_told_and_not_counted() -> None:
    failed = Pair(ours=[None], theirs=[RUN], expected="right")
    lines = tables({"bad": failed, "good": pair(0.5)}, real_time=True)
    assert sum("failed" in line for line in lines if line.startswith("| bad")) == 2
    assert any(line.startswith("- display MB, largest of the ratios: 0.50") for line in lines)
    assert goal_lines({"bad": failed}, real_time=True) == []
