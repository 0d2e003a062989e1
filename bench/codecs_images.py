"""What `bench codecs` encodes: generated screens, the same each time, and pictures in every layout that codecs take."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.libspice.codecs import Picture

Bytes = NDArray[np.uint8]
Frame = Bytes
"""Rows of pixels of B, G, R and a byte that means nothing."""

WIDTH, HEIGHT = 1024, 640
FRAMES = 4
"""Of a class: each is what the one before became, as a client sees it."""
SMALL = 400
"""Cut-outs, which are most of what a server encodes."""
SOFT_EDGE = 24
"""Pixels over which alpha fades out towards the sides of a picture."""
WORDS = (
    "surface drawable memory slot client server display channel picture release ring command cursor window "
    "a the of to and is in it that for was on are as with they be at one have this from or had by not"
)


def generated() -> dict[str, list[Frame]]:
    """Frames by class."""
    classes = {"text": text(), "flat UI": flat(), "gradient": gradient(), "photograph": photograph()}
    return {**classes, "small": small([frames[0] for frames in classes.values()])}


def text() -> list[Frame]:
    """A page that scrolls, antialiased."""
    chance = np.random.default_rng(1)
    height = HEIGHT + 48 * FRAMES
    page = Image.new("RGB", (WIDTH, height), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(14)
    words = WORDS.split()
    for top in range(0, height, 16):
        line = " ".join(chance.choice(words, 24))
        ink = (20, 20, 20) if chance.random() < 0.9 else (30, 60, 180)
        draw.text((8, top), line, ink, font)
    rows = from_rgb(np.asarray(page))
    return [rows[48 * number : 48 * number + HEIGHT] for number in range(FRAMES)]


def flat() -> list[Frame]:
    """Windows of plain colours with buttons, of which one moves."""
    words = WORDS.split()
    frames = []
    for number in range(FRAMES):
        chance = np.random.default_rng(2)
        screen = Image.new("RGB", (WIDTH, HEIGHT), (58, 110, 165))
        draw = ImageDraw.Draw(screen)
        font = ImageFont.load_default(12)
        for index in range(8):
            x, y = int(chance.integers(0, WIDTH - 360)), int(chance.integers(0, HEIGHT - 240))
            x += 40 * number if index == 7 else 0
            draw.rectangle((x, y, x + 359, y + 239), (236, 233, 216), (80, 80, 80))
            draw.rectangle((x + 1, y + 1, x + 358, y + 22), (10, 36, 106))
            draw.text((x + 8, y + 4), f"Window {index}", "white", font)
            for row in range(5):
                for column in range(4):
                    left, top = x + 12 + 86 * column, y + 36 + 40 * row
                    draw.rectangle((left, top, left + 74, top + 24), (212, 208, 200), (128, 128, 128))
                    draw.line((left + 1, top + 1, left + 73, top + 1), "white")
                    draw.text((left + 10, top + 5), str(chance.choice(words)), "black", font)
        frames.append(from_rgb(np.asarray(screen)))
    return frames


def gradient() -> list[Frame]:
    """Colours that change over the whole screen, and shaded bars."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    frames = []
    for number in range(FRAMES):
        turn = 0.2 * number
        red = 255 * (down / HEIGHT)
        green = 255 * (across / WIDTH)
        blue = 127 * (1 + np.sin((across + down) / 200 + turn))
        rows = np.stack((blue, green, red, np.zeros_like(red)), axis=2).astype(np.uint8)
        for top in range(40, HEIGHT - 60, 120):
            shade = np.linspace(250, 190, 40).astype(np.uint8)
            rows[top : top + 40, 100 + 8 * number : 700 + 8 * number, :3] = shade[:, None, None]
        frames.append(rows)
    return frames


def photograph() -> list[Frame]:
    """Noise of all sizes under fine grain, over which a view moves."""
    chance = np.random.default_rng(3)
    width, height = WIDTH + 16 * FRAMES, HEIGHT + 16 * FRAMES
    total = np.zeros((height, width, 3))
    for octave in range(7):
        size = (max(2, width >> (8 - octave)), max(2, height >> (8 - octave)))
        coarse = chance.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(smooth, np.float64) - 128) * 0.6**octave
    total += chance.normal(0, 2, (height, width, 1))
    rows = from_rgb(np.clip(total + 128, 0, 255).astype(np.uint8))
    return [
        rows[16 * number : 16 * number + HEIGHT, 16 * number : 16 * number + WIDTH]
        for number in range(FRAMES)
    ]


def small(frames: list[Frame]) -> list[Frame]:
    """Pieces of 8 to 128 pixels, taken from each in turn."""
    chance = np.random.default_rng(4)
    pieces = []
    for number in range(SMALL):
        width, height = (int(chance.integers(8, 129)) for _ in range(2))
        x, y = int(chance.integers(0, WIDTH - width)), int(chance.integers(0, HEIGHT - height))
        pieces.append(frames[number % len(frames)][y : y + height, x : x + width])
    return pieces


def from_rgb(pixels: Bytes) -> Frame:
    """A frame of an array of R, G, B."""
    frame = np.zeros((*pixels.shape[:2], 4), np.uint8)
    frame[:, :, :3] = pixels[:, :, ::-1]
    return frame


def _rgb16(frame: Frame) -> Bytes:
    blue, green, red = ((frame[:, :, channel] >> 3).astype("<u2") for channel in range(3))
    words: NDArray[np.uint16] = red << 10 | green << 5 | blue
    return words.view(np.uint8)


def _alpha(frame: Frame) -> Bytes:
    sides = [np.minimum(np.arange(length), np.arange(length)[::-1]) for length in frame.shape[:2]]
    near = np.minimum(sides[0][:, None], sides[1][None, :])
    return (np.minimum(near, SOFT_EDGE) * 255 // SOFT_EDGE).astype(np.uint8)


def _grey(frame: Frame) -> Bytes:
    blue, green, red = (frame[:, :, channel].astype(np.uint16) for channel in range(3))
    return ((blue + 2 * green + red) >> 2).astype(np.uint8)


def _index8(frame: Frame) -> Bytes:
    blue, green, red = (frame[:, :, channel] for channel in range(3))
    return (red >> 5 << 5 | green >> 5 << 2 | blue >> 6).astype(np.uint8)


def _index4(frame: Frame) -> Bytes:
    grey = _grey(frame) >> 4
    grey = np.pad(grey, ((0, 0), (0, grey.shape[1] % 2)))
    return (grey[:, ::2] << 4 | grey[:, 1::2]).astype(np.uint8)


LAYOUTS: dict[str, Callable[[Frame], Bytes]] = {
    "RGB32": lambda frame: frame,
    "RGBA": lambda frame: np.dstack((frame[:, :, :3], _alpha(frame))),
    "RGB24": lambda frame: frame[:, :, :3],
    "RGB16": _rgb16,
    "grey": _grey,
    "A8": _alpha,
    "palette 8": _index8,
    "palette 4": _index4,
    "palette 1": lambda frame: np.packbits(_grey(frame) > 127, axis=1),
}
"""What the pixels of a frame become."""


def picture(frame: Frame, layout: str, kind: int) -> Picture:
    """A frame as a codec takes it."""
    rows = np.ascontiguousarray(LAYOUTS[layout](frame))
    height, width = frame.shape[:2]
    return Picture(kind, width, height, rows.nbytes // height, rows.tobytes())
