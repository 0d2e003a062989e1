"""Recordings as the benchmarks read them: which there are, and their plain text through a pipe."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

DATA = Path(__file__).parents[1] / "tests" / "data"
_UNPACKERS = {".zst": ["zstd", "-dcq", "--long=31"], ".gz": ["gzip", "-dc"]}


def short_name(path: Path) -> str:
    return path.name.partition(".")[0]


def recordings(arguments: list[str]) -> list[Path]:
    """The files that are named, or those that the tests have."""
    paths = [Path(argument) for argument in arguments] or sorted(DATA.glob("*.rec.zst"))
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise RuntimeError(f"no such file: {', '.join(missing)}")
    return paths


@contextmanager
def unpacking(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose standard output is the text. It is ended where the text was not read to its end."""
    command = _UNPACKERS.get(path.suffix, ["cat"])
    process = subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.stdout is not None:
            process.stdout.close()
        process.terminate()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, also one that has ended and was not waited for."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def thread_seconds(pid: int) -> dict[str, float]:
    """CPU seconds of each thread that a process has now, but of the first."""
    tasks = [task for task in Path(f"/proc/{pid}/task").iterdir() if task.name != str(pid)]
    return {task.name: int((task / "schedstat").read_text().split()[0]) * 1e-9 for task in tasks}


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that a process has had resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no VmHWM")
