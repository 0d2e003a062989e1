"""Fuzzes what a guest, or a damaged recording, can reach, guided by the branches that each input takes.

    python tests/fuzz/build_instrumented.py
    python tests/fuzz/fuzz_guided.py --target parser --seconds 3600 [--corpus DIR]

Needs atheris (of the ``dev`` extra, or ``pip install atheris``) and clang. The modules that
``build_instrumented.py`` made are used; memory errors in them end the run with a report. An input that failed is
left in the corpus folder as ``crash-...``: put it into ``tests/data/fuzz/<target>-<what>.bin``, where a test
replays it. ``--pack`` keeps the inputs that took branches of their own, for tests and for the next run.
"""

import argparse
import importlib.util
import io
import os
import random
import re
import shlex
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from tests.fuzz.build_instrumented import PACKAGE_ROOT  # noqa: E402 - the root comes first

DATA = ROOT / "tests" / "data" / "fuzz"
TARGET_NAMES = ("parser", "canvas", "recording")
INSIDE = "GSPICE_FUZZ_INSIDE"
"""Set in the process that fuzzes; the one that was called only prepares it."""
EDGES = (0, 1, 2, 3, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
MAX_INPUT = 5000
TIMEOUT_S = 20
PACKED_S = 0.01
"""Inputs that take longer are not kept: the tests replay them all."""
SLOT_BITS = struct.pack("<H", 2 << 8 | 5)
"""The last bytes of every address that is one: slot and generation of ``GuestMemory``."""
ASAN = "detect_leaks=0:allocator_may_return_null=1:handle_segv=1"


def changed_pointers(data: bytes, rng: random.Random) -> bytes:
    """A guest's memory with one address, or one number, replaced by another that means something."""
    buffer = bytearray(data)
    found = [match.start() - 6 for match in re.finditer(re.escape(SLOT_BITS), data) if match.start() >= 6]
    if found and rng.random() < 0.5:
        at = rng.choice(found)
        offset = rng.choice((0, 4096, 4095, rng.randrange(4097), *(4096 - len(data) + f for f in found)))
        buffer[at : at + 8] = struct.pack("<q", (2 << 56 | 5 << 48) + max(offset, 0))
    elif len(buffer) > 4:
        size = rng.choice((1, 2, 4))
        at = rng.randrange(len(buffer) - size + 1)
        value = rng.choice(EDGES) + rng.choice((0, 0, 1, -1))
        buffer[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
    return bytes(buffer)


def changed_numbers(data: bytes, rng: random.Random) -> bytes:
    """A recording's text with one number replaced."""
    found = list(re.finditer(rb"-?\d+", data))
    if not found:
        return data
    match = rng.choice(found)
    value = rng.choice((*EDGES, 1 << 64, -1, -(1 << 31), int(match[0][:20]) + rng.choice((1, -1))))
    return data[: match.start()] + str(value).encode() + data[match.end() :]


CHANGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "parser": changed_pointers,
    "canvas": changed_pointers,
    "recording": changed_numbers,
}


def fuzz(target: str, arguments: list[str]) -> None:
    """In the prepared process: never returns."""
    import atheris

    with atheris.instrument_imports(include=["gspice.gpu", "gspice.qxl", "gspice.codec"]):
        from tests.fuzz import targets
    import gspice

    assert str(PACKAGE_ROOT) in gspice.__path__[0], f"not the instrumented package: {gspice.__path__}"
    change = CHANGES[target]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.5:
            return bytes(atheris.Mutate(data, max_size))
        return change(data, rng)[:max_size]

    # A merge runs itself again, by this through a shell.
    again = shlex.join([sys.executable, __file__])
    atheris.Setup([again, *arguments], targets.TARGETS[target], custom_mutator=mutate)
    atheris.Fuzz()


def run_inside(target: str, *arguments: str | Path) -> int:
    """Run libFuzzer in a process of its own, its library loaded first; its exit code."""
    import atheris

    env = {
        **os.environ,
        INSIDE: target,
        "LD_PRELOAD": str(Path(atheris.path()) / "asan_with_fuzzer.so"),
        "ASAN_OPTIONS": ASAN,
        "PYTHONPATH": os.pathsep.join([str(PACKAGE_ROOT), str(ROOT)]),
        # Python's own arenas hide errors from the checks: objects come from malloc here.
        "PYTHONMALLOC": "malloc",
    }
    limits = [f"-max_len={MAX_INPUT}", f"-timeout={TIMEOUT_S}", "-rss_limit_mb=3000"]
    return subprocess.run([sys.executable, __file__, *limits, *arguments], env=env, check=False).returncode


def fill(target: str, corpus: Path) -> None:
    """Put into a corpus folder what there is to begin with."""
    from tests.fuzz.targets import seeds

    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in seeds(target).items():
        (corpus / f"seed-{name.replace(' ', '-')}").write_bytes(data)
    for path in DATA.glob(f"{target}-*.bin"):
        (corpus / f"found-{path.stem}").write_bytes(path.read_bytes())
    for number, data in enumerate(packed_corpus(target)):
        (corpus / f"packed-{number}").write_bytes(data)


def packed_corpus(target: str) -> list[bytes]:
    """The inputs that ``--pack`` kept."""
    path = DATA / f"{target}.tar.xz"
    if not path.exists():
        return []
    with tarfile.open(path) as archive:
        return [file.read() for member in archive if (file := archive.extractfile(member)) is not None]


def pack(target: str, corpus: Path) -> None:
    """Keep as few inputs as take all branches that the folder's take, without those that take long."""
    from tests.fuzz.targets import TARGETS

    with tempfile.TemporaryDirectory() as merged:
        run_inside(target, "-merge=1", merged, corpus)
        inputs = sorted(
            (path.read_bytes() for path in Path(merged).iterdir()), key=lambda data: (len(data), data)
        )
    with tarfile.open(DATA / f"{target}.tar.xz", "w:xz") as archive:
        for number, data in enumerate(inputs):
            start = time.perf_counter()
            TARGETS[target](data)
            if time.perf_counter() - start < PACKED_S:
                member = tarfile.TarInfo(str(number))
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))


def main() -> int:
    """Prepare what the fuzzer needs, and wait for it; its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0], epilog=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--target", choices=TARGET_NAMES, default="parser")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument(
        "--corpus", type=Path, help="kept and gone on from; a temporary folder where not given"
    )
    parser.add_argument("--pack", action="store_true", help="keep the corpus in tests/data/fuzz when it ends")
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        parser.error("atheris is missing: pip install atheris")
    if not (PACKAGE_ROOT / "gspice").is_dir():
        parser.error("run tests/fuzz/build_instrumented.py first")
    corpus: Path = options.corpus or Path(tempfile.mkdtemp(prefix=f"fuzz-{options.target}-"))
    fill(options.target, corpus)
    limit = f"-max_total_time={options.seconds}"
    code = run_inside(options.target, limit, f"-artifact_prefix={corpus}/", "-print_final_stats=1", corpus)
    if options.pack and not code:
        pack(options.target, corpus)
    return code


if __name__ == "__main__":
    if INSIDE in os.environ:
        fuzz(os.environ[INSIDE], sys.argv[1:])
    else:
        sys.exit(main())
