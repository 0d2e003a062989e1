"""A film that no codec finds easy and none impossible: a smooth picture that drifts, grain, and a disc that moves."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

WIDTH, HEIGHT, FRAMES_PER_SECOND = 480, 270, 24


def make_film(path: Path, seconds: float = 5.0) -> Path:
    """Write it as a file that ``--video`` takes."""
    random = np.random.default_rng(1)
    blots = Image.fromarray((random.random((40, 60, 3)) * 255).astype(np.uint8))
    scenery = np.asarray(blots.resize((900, 600), Image.Resampling.BICUBIC)).astype(np.float32)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=Fraction(FRAMES_PER_SECOND))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "14", "preset": "ultrafast"}
        for number in range(int(seconds * FRAMES_PER_SECOND)):
            left, top = int(200 + 180 * np.sin(number / 30)), int(150 + 140 * np.cos(number / 23))
            picture = scenery[top : top + HEIGHT, left : left + WIDTH] + random.normal(
                0, 4, (HEIGHT, WIDTH, 3)
            )
            disc = (x - 240 - 100 * np.sin(number / 12)) ** 2 + (y - 135) ** 2 < 50**2
            picture[disc] = picture[disc] * 0.3 + (150, 80, 40)
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), "rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path
