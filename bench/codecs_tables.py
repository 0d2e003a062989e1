"""Tables of `bench codecs`: sizes and throughput as ratios of libspice's, with the goals beside what came out."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.replay import header, row

MOST_SIZE, LEAST_SPEED = 1.01, 1.0
"""The goals, of ours by theirs."""


@dataclass(slots=True)
class Figures:
    """One kernel on the images of one class."""

    pixels: int
    our_bytes: int
    their_bytes: int
    our_seconds: list[float] = field(default_factory=list)
    """Of each turn."""
    their_seconds: list[float] = field(default_factory=list)

    @property
    def size(self) -> float:
        """Ours by theirs."""
        return self.our_bytes / self.their_bytes

    @property
    def speed(self) -> float:
        """Ours by theirs, the median of the turns: above 1, ours is faster."""
        turns = zip(self.our_seconds, self.their_seconds, strict=True)
        return statistics.median(theirs / ours for ours, theirs in turns)

    @property
    def rate(self) -> float:
        """Megapixels a second on one core."""
        return self.pixels / statistics.median(self.our_seconds) / 1e6


Results = dict[str, dict[str, Figures]]
"""By kernel and class."""


def tables(results: Results) -> list[str]:
    """Lines: kernels, then each class, then the goals."""
    return [
        *kernel_table(results),
        "",
        "Size, by class of images",
        "",
        *class_table(results, lambda figures: figures.size),
        "",
        "Throughput, by class of images",
        "",
        *class_table(results, lambda figures: figures.speed),
        "",
        *goal_lines(results),
    ]


def kernel_table(results: Results) -> list[str]:
    lines = header(
        "kernel", "size", "from", "to", "throughput", "from", "to", "our Mpixel/s", "their Mpixel/s", "goals"
    )
    for kernel, classes in results.items():
        sizes = [figures.size for figures in classes.values()]
        speeds = [figures.speed for figures in classes.values()]
        rates = [figures.rate for figures in classes.values()]
        theirs = [figures.rate / figures.speed for figures in classes.values()]
        lines.append(
            row(
                kernel,
                *_mean_and_range(sizes, ".3f"),
                *_mean_and_range(speeds, ".2f"),
                f"{statistics.geometric_mean(rates):.0f}",
                f"{statistics.geometric_mean(theirs):.0f}",
                _verdict(sizes, speeds),
            )
        )
    return lines


def class_table(results: Results, ratio: Callable[[Figures], float]) -> list[str]:
    """A line for each class, and a column for each kernel."""
    classes = list(next(iter(results.values())))
    lines = header("images", *results)
    lines += [
        row(name, *(f"{ratio(by_class[name]):.2f}" for by_class in results.values())) for name in classes
    ]
    return lines


def scaling_table(rates: dict[str, dict[int, float]]) -> list[str]:
    """Images a second by threads, and what each number of them is to one."""
    counts = list(next(iter(rates.values())))
    lines = header("kernel", *(f"{count} threads" for count in counts), *(f"{c} by 1" for c in counts[1:]))
    for kernel, by_count in rates.items():
        lines.append(
            row(
                kernel,
                *(f"{rate:.0f}" for rate in by_count.values()),
                *(f"{by_count[count] / by_count[counts[0]]:.2f}" for count in counts[1:]),
            )
        )
    return lines


def goal_lines(results: Results) -> list[str]:
    """Each goal, and every class of images that misses it."""
    pairs = [(k, name, figures) for k, classes in results.items() for name, figures in classes.items()]
    large = [f"{k}, {name} {figures.size:.3f}" for k, name, figures in pairs if figures.size > MOST_SIZE]
    slow = [f"{k}, {name} {figures.speed:.2f}" for k, name, figures in pairs if figures.speed < LEAST_SPEED]
    sizes = statistics.geometric_mean(figures.size for _, _, figures in pairs)
    speeds = statistics.geometric_mean(figures.speed for _, _, figures in pairs)
    return [
        f"goal: size at most {MOST_SIZE}: geometric mean {sizes:.3f}, {_missed(large, len(pairs))}",
        f"goal: throughput at least {LEAST_SPEED}: geometric mean {speeds:.2f}, {_missed(slow, len(pairs))}",
    ]


def _missed(which: Sequence[str], of: int) -> str:
    return f"missed by {len(which)} of {of}: {'; '.join(which)}" if which else f"reached by all {of}"


def _mean_and_range(ratios: Sequence[float], form: str) -> list[str]:
    return [format(value, form) for value in (statistics.geometric_mean(ratios), min(ratios), max(ratios))]


def _verdict(sizes: Sequence[float], speeds: Sequence[float]) -> str:
    missed = [
        *(["size"] if max(sizes) > MOST_SIZE else []),
        *(["throughput"] if min(speeds) < LEAST_SPEED else []),
    ]
    return f"{' and '.join(missed)} missed somewhere" if missed else "reached everywhere"
