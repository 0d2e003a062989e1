"""Stories of displays without end; the first that ends badly stops it.

    python -m tests.fuzz.fuzz_settling SECONDS [SEED]

The property is that of tests/channels/test_display_settles.py: whatever is drawn, and however slow and late everything
is, at rest every client shows the canvas.
"""

import sys
import time

from gspice.pixels import SurfaceFormat
from tests.channels.settling import play

STEPS = (50, 250, 1000)


def main(seconds: float, seed: int) -> None:
    """Play for so long, from this seed on."""
    end, stories = time.monotonic() + seconds, 0
    formats = list(SurfaceFormat)
    while time.monotonic() < end:
        # Most desktops are of 32 bits.
        surface_format = formats[seed % len(formats)] if seed % 3 == 0 else SurfaceFormat.XRGB32
        steps = STEPS[seed % len(STEPS)]
        try:
            play(seed, steps, surface_format=surface_format)
        except BaseException:
            print(f"seed {seed}, {steps} steps, {surface_format!r}", file=sys.stderr)
            raise
        seed += 1
        stories += 1
    print(f"{stories} stories, up to seed {seed - 1}: every client shows the canvas")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time()))
