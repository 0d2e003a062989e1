"""Tables of what two servers sent and used for the same recordings, with the goals beside what came out."""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench.replay import header, row
from bench.replay_clients import QUIET_S
from bench.traffic_clients import TrafficRun

Figure = Callable[[TrafficRun], float]
LEAST_S = 0.01
"""The system counts CPU time of the client in these, and smaller figures make no ratio."""
FIGURES: dict[str, tuple[Figure, str, float]] = {
    "display MB": (lambda run: run.received_bytes / 1e6, ".2f", 1e-6),
    "server CPU s": (lambda run: run.server_s, ".2f", LEAST_S),
    "client CPU s": (lambda run: run.client_s, ".2f", LEAST_S),
    "wall s": (lambda run: run.wall_s, ".2f", LEAST_S),
}
"""With how they are written, and what counts as the least."""
BYTES, CPU, WALL = "display MB", "server CPU s", "wall s"


@dataclass(frozen=True, slots=True)
class Goal:
    """What one figure's ratios should come to."""

    figure: str
    words: str
    of: Callable[[list[float]], float]
    most: float


GOALS: dict[bool, list[Goal]] = {
    True: [
        Goal(BYTES, "geometric mean", statistics.geometric_mean, 0.35),
        Goal(BYTES, "largest", max, 0.7),
        Goal(CPU, "geometric mean", statistics.geometric_mean, 1.0),
        Goal(CPU, "largest", max, 1.0),
    ],
    False: [
        Goal(BYTES, "geometric mean", statistics.geometric_mean, math.inf),
        Goal(WALL, "geometric mean", statistics.geometric_mean, 1.0),
        Goal(WALL, "largest", max, 1.0),
    ],
}
"""At the recorded times, and at full speed; infinite where there is none."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The runs of one recording, turn by turn; None where one failed."""

    ours: list[TrafficRun | None]
    theirs: list[TrafficRun | None]
    expected: str
    """sha256 of the last picture."""

    def both(self) -> list[tuple[TrafficRun, TrafficRun]]:
        """Ours and theirs of the turns in which neither failed."""
        turns = zip(self.ours, self.theirs, strict=True)
        return [(our, their) for our, their in turns if our is not None and their is not None]

    def ratio(self, name: str) -> float:
        """Ours by theirs, the median of the turns."""
        figure, _, least = FIGURES[name]
        return statistics.median(
            max(figure(our), least) / max(figure(their), least) for our, their in self.both()
        )


def tables(pairs: dict[str, Pair], *, real_time: bool) -> list[str]:
    """Lines: a table of figures, one of checks, and the goals."""
    return [
        *figure_table(pairs),
        "",
        *check_table(pairs, real_time=real_time),
        "",
        *goal_lines(pairs, real_time),
    ]


def figure_table(pairs: dict[str, Pair]) -> list[str]:
    """Medians, theirs first, and the ratio of ours to it."""
    lines = header("recording", *(cell for name in FIGURES for cell in (name, "ours", "ratio")))
    for recording, pair in pairs.items():
        both = pair.both()
        cells: list[str] = []
        for name, (figure, form, _) in FIGURES.items():
            if not both:
                cells += ["", "", "failed"]
                continue
            for side in (1, 0):
                cells.append(format(statistics.median(figure(turn[side]) for turn in both), form))
            cells.append(f"{pair.ratio(name):.2f}")
        lines.append(row(recording, *cells))
    return lines


def check_table(pairs: dict[str, Pair], *, real_time: bool) -> list[str]:
    """What must hold of every run, theirs first."""
    lines = header(
        "recording", "commands", "ours", "guest CPU s", "ours", "peak MiB", "ours",
        "commands late ms", "ours", "last picture ms", "ours", "in time", "picture", "ours",
    )  # fmt: skip
    for recording, pair in pairs.items():
        both = pair.both()
        if not both:
            lines.append(row(recording, *[""] * 11, "failed", "failed"))
            continue
        theirs, ours = [their for _, their in both], [our for our, _ in both]
        cells: list[str] = []
        for runs in (theirs, ours):
            cells.append(" ".join(str(n) for n in sorted({run.commands for run in runs}) if n >= 0))
        for runs in (theirs, ours):
            guest_s = statistics.median(run.guest_s for run in runs)
            cells.append("" if math.isnan(guest_s) else f"{guest_s:.2f}")
        for runs in (theirs, ours):
            cells.append(f"{statistics.median(run.peak_bytes for run in runs) / 2**20:.0f}")
        for runs in (theirs, ours):
            late_s = [run.fed.late_s for run in runs if run.fed is not None]
            cells.append(f"{statistics.median(late_s) * 1e3:.0f}" if late_s else "")
        for runs in (theirs, ours):
            cells.append(f"{max(run.late_s for run in runs) * 1e3:.0f}")
        late = any(run.late_s > QUIET_S for run in ours)
        cells.append("" if not real_time else "LATE" if late else "yes")
        for runs in (theirs, ours):
            cells.append("equal" if {run.picture for run in runs} == {pair.expected} else "DIFFERENT")
        lines.append(row(recording, *cells))
    return lines


def goal_lines(pairs: dict[str, Pair], real_time: bool) -> list[str]:
    """What the ratios of all recordings come to, each beside its goal."""
    compared = [pair for pair in pairs.values() if pair.both()]
    lines = []
    for goal in GOALS[real_time] if compared else []:
        value = goal.of([pair.ratio(goal.figure) for pair in compared])
        verdict = "met" if value <= goal.most else "MISSED"
        aim = "" if math.isinf(goal.most) else f"; the goal is {goal.most:.2f} at most: {verdict}"
        lines.append(f"- {goal.figure}, {goal.words} of the ratios: {value:.2f}{aim}")
    return lines
