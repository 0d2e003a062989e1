"""Image encoders beside libspice's own C, on the same images: how small, how fast on one core, and on several.

Generated images, and what changed on the screens of the recordings that are named. Environment variables:
``BENCH_RUNS``, the interleaved turns (5); ``BENCH_KERNELS``, beginnings of names, with commas between (``lz,glz
rgb32``); ``BENCH_CODEC_FLAGS``, with which libspice's are compiled; ``BENCH_SPICE_SOURCE``, where its source lies.
"""

import os
import sys
from pathlib import Path

from bench.codecs_frames import recorded
from bench.codecs_images import Frame, generated, picture
from bench.codecs_kernels import WINDOW, Kernel, before, check, chosen, encode
from bench.codecs_scaling import images_per_second
from bench.codecs_tables import Figures, Results, scaling_table, tables
from bench.libspice.codecs import FLAGS, LibspiceCodecs, Picture, libspice_codecs
from bench.libspice.spice_source import VERSION
from bench.machine import describe
from bench.replay_recordings import recordings, short_name

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
SCALED = ("quic rgb32", "lz rgb32", "glz rgb32")
SCALED_ON = "text", "photograph"


def main(arguments: list[str]) -> None:
    """Print the tables. ``arguments``: recordings, by default those of the tests; where there are none, images are
    generated alone.

    RuntimeError: libspice's source or a compiler is missing, or encoders made what they should not.
    """
    kernels = chosen(os.environ.get("BENCH_KERNELS", ""))
    paths = recordings(arguments)
    theirs = libspice_codecs()
    print(
        f"{describe()}; libspice's {VERSION} with {FLAGS}; {RUNS} interleaved turns, medians, CPU time",
        flush=True,
    )
    made = generated()
    results: Results = {str(kernel): {} for kernel in kernels}
    for name, frames in made.items():
        _measure(name, frames, kernels, theirs, results)
    for path in paths:
        _measure(short_name(path), _frames(path), kernels, theirs, results)
    print("\n".join(["", *tables(results)]), flush=True)
    scaled = [kernel for kernel in kernels if str(kernel).lower() in SCALED]
    if scaled:
        pictures = {
            k: [picture(f, k.layout, k.kind) for name in SCALED_ON for f in made[name]] for k in scaled
        }
        rates = images_per_second(scaled, pictures, RUNS)
        print("\nImages a second by threads of the encoder pool, wall time\n")
        print("\n".join(scaling_table({str(kernel): by_count for kernel, by_count in rates.items()})))


def _frames(path: Path) -> list[Frame]:
    frames = recorded(path)
    if not frames:
        raise RuntimeError(f"{path}: there is no primary surface of 32 bits")
    return frames


def _measure(
    name: str, frames: list[Frame], kernels: list[Kernel], theirs: LibspiceCodecs, results: Results
) -> None:
    for kernel in kernels:
        pictures = [picture(frame, kernel.layout, kernel.kind) for frame in frames]
        results[str(kernel)][name] = compare(kernel, pictures, theirs)
    print(f"  {name}: {len(frames)} images", file=sys.stderr, flush=True)


def compare(kernel: Kernel, pictures: list[Picture], theirs: LibspiceCodecs) -> Figures:
    """Check both libraries' streams, which also warms up, then time them in turns; who comes first alternates."""
    first = before(kernel)
    our = encode(kernel, pictures, first, keep=True)
    their = theirs.encode(kernel.codec, pictures, first, WINDOW, keep=True)
    check(kernel, [*first, *pictures], our.streams, their.streams)
    figures = Figures(
        pixels=sum(picture.width * picture.height for picture in pictures),
        our_bytes=sum(our.sizes),
        their_bytes=sum(their.sizes),
    )
    del our, their
    for number in range(RUNS):
        for is_ours in (True, False) if number % 2 else (False, True):
            if is_ours:
                figures.our_seconds.append(encode(kernel, pictures, first).seconds)
            else:
                figures.their_seconds.append(theirs.encode(kernel.codec, pictures, first, WINDOW).seconds)
    return figures
