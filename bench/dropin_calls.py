"""How long a host's calls into its SPICE library took: the counts that ``libspice/interpose.c`` keeps in a file."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from bench.libspice.build import interposer

SYMBOLS = Path(__file__).parents[1] / "gspice" / "hosts" / "libspice" / "symbols.def"
BUCKETS = 320
LOOP = ("watch", "timer")
"""Callbacks of the library that ran in the host's main loop."""
QUICK = ("spice_qxl_wakeup", "spice_qxl_oom")
"""Calls that only say something; all other calls of spice_qxl_* give something to the worker, or wait for it."""

Counts = npt.NDArray[np.uint64]


def row_names() -> list[str]:
    """What each row of the file counts."""
    return [*re.findall(r"(?m)^GSPICE_SYMBOL\([^,]*,[^,]*, (\w+)", SYMBOLS.read_text()), *LOOP]


def _bucket_ends() -> npt.NDArray[np.float64]:
    """Nanoseconds at which each bucket ends."""
    index = np.arange(1, BUCKETS + 1)
    power, eighth = index // 8 + 2, index % 8
    return np.where(index < 8, index, (8 + eighth) * 2.0 ** (power - 3))


ENDS_NS = _bucket_ends()


@dataclass(frozen=True, slots=True)
class Durations:
    """Of some calls, in seconds; each is the end of its bucket, up to an eighth too much."""

    calls: int
    median: float
    p99: float
    longest: float

    @classmethod
    def of(cls, counts: Counts) -> Self:
        total = int(counts.sum())
        if not total:
            return cls(0, 0.0, 0.0, 0.0)
        below = np.cumsum(counts)

        def at(share: float) -> float:
            return float(ENDS_NS[int(np.searchsorted(below, max(1, share * total)))]) * 1e-9

        return cls(total, at(0.5), at(0.99), at(1.0))


class CallCounts:
    """The file for one host: give ``environment`` to it."""

    def __init__(self, path: Path) -> None:
        self._names = row_names()
        self._path = path
        path.write_bytes(bytes(len(self._names) * BUCKETS * 8))
        self.environment = {"LD_PRELOAD": str(interposer()), "SPICE_CALLS": str(path)}

    def read(self) -> dict[str, Counts]:
        """Counts since the host began, by function."""
        rows = np.fromfile(self._path, np.uint64).reshape(-1, BUCKETS)
        return dict(zip(self._names, rows, strict=True))


def grouped(before: dict[str, Counts], after: dict[str, Counts]) -> dict[str, Counts]:
    """What was counted in between: wake-ups, the other calls of a display device, the rest, and the main loop."""
    groups = {name: np.zeros(BUCKETS, np.uint64) for name in ("wakeup", "display call", "other call", "loop")}
    for name, counts in after.items():
        if name in QUICK:
            group = "wakeup"
        elif name in LOOP:
            group = "loop"
        else:
            group = "display call" if name.startswith("spice_qxl_") else "other call"
        groups[group] += counts - before[name]
    return groups
