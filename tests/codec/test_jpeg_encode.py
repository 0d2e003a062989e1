import random
import subprocess
import sys
import threading

import numpy as np
import pytest

from gspice.codec import jpeg, jpeg_encode, lz
from gspice.codec.lz import LzType
from gspice.errors import ConfigError
from tests.codec.coded import Coded, coded, named
from tests.codec.test_jpeg import original

LIMIT = 1 << 28
QUALITY = 85
"""That of libspice."""
ALL = coded("jpeg-")
PLAIN = [one for one in ALL if "jpeg_size" not in one.entry]
WITH_ALPHA = [one for one in ALL if "jpeg_size" in one.entry]


def off(ours: bytes, theirs: bytes) -> float:
    difference = np.frombuffer(ours, np.uint8).astype(int) - np.frombuffer(theirs, np.uint8)
    return float(abs(difference).mean())


@pytest.mark.parametrize("image", PLAIN, ids=lambda image: image.name)
def test_what_libspice_makes(image: Coded) -> None:
    width, height = image.size
    ours = jpeg_encode.encode(original(image).tobytes(), width, height, width * 4, QUALITY)
    # Byte for byte, where both have a libjpeg of the same make.
    assert abs(len(ours) - len(image.data)) <= len(image.data) * 0.01
    decoded = [jpeg.decode(data, width, height, LIMIT) for data in (ours, image.data)]
    assert off(*decoded) < 0.2


@pytest.mark.parametrize("image", WITH_ALPHA, ids=lambda image: image.name)
def test_what_libspice_makes_with_alpha(image: Coded) -> None:
    width, height = image.size
    pixels = original(image)
    ours, size = jpeg_encode.encode_alpha(pixels.tobytes(), width, height, width * 4, QUALITY)
    assert ours[:size] == jpeg_encode.encode(pixels.tobytes(), width, height, width * 4, QUALITY)
    assert lz.parse_header(ours[size:]) == (LzType.XXXA, width, height, True, width)
    rows = np.frombuffer(jpeg.decode_alpha(ours, size, True, width, height, LIMIT), np.uint8)
    assert (rows[3::4] == pixels[..., 3].ravel()).all()
    assert len(ours) <= len(image.data) * 1.01


def test_only_the_pixels_count() -> None:
    width, height = 31, 17
    pixels = original(named("jpeg-rgb32-photo"))[:height, :width].copy()
    tight = jpeg_encode.encode(pixels.tobytes(), width, height, width * 4, 70)
    rng = np.random.default_rng(1)
    pixels[..., 3] = rng.integers(0, 256, (height, width))
    assert jpeg_encode.encode(pixels.tobytes(), width, height, width * 4, 70) == tight
    assert jpeg_encode.encode(pixels, width, height, width * 4, 70) == tight  # type: ignore[arg-type]
    loose = np.pad(pixels.reshape(height, -1), ((0, 0), (0, 9)), constant_values=200).tobytes()
    for data in (loose, loose[:-9], bytearray(loose) + b"more"):
        assert jpeg_encode.encode(data, width, height, width * 4 + 9, 70) == tight
        both, size = jpeg_encode.encode_alpha(data, width, height, width * 4 + 9, 70)
        assert both[:size] == tight
        assert lz.decode(both[size:], LIMIT) == pixels[..., 3].tobytes()


def test_colours_stay_in_their_channels() -> None:
    for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255)):
        rows = bytes((*colour, 99)) * 64
        decoded = jpeg.decode(jpeg_encode.encode(rows, 8, 8, 32, 90), 8, 8, LIMIT)
        assert off(decoded, bytes((*colour, 0)) * 64) < 2


def test_quality_is_what_it_says() -> None:
    image = named("jpeg-rgb32-photo")
    width, height = image.size
    pixels = original(image).copy()
    pixels[..., 3] = 0
    sizes, distances = [], []
    for quality in (1, 20, 50, 85, 100):
        file = jpeg_encode.encode(pixels.tobytes(), width, height, width * 4, quality)
        sizes.append(len(file))
        distances.append(off(jpeg.decode(file, width, height, LIMIT), pixels.tobytes()))
    assert sizes == sorted(sizes) and distances == sorted(distances, reverse=True)


@pytest.mark.parametrize(
    ("width", "height", "stride", "size", "quality", "reason"),
    [
        (0, 1, 4, 4, 85, "0x1 pixels"),
        (1, -1, 4, 4, 85, "1x-1 pixels"),
        (65501, 1, 262004, 0, 85, "sides go from 1 to 65500"),
        (1, 65501, 4, 0, 85, "sides go from 1 to 65500"),
        (2, 2, 7, 16, 85, "7 bytes from row to row, and 8"),
        (2, 2, 8, 15, 85, "2 rows of 8 bytes: there are 15"),
        (1, 1, 4, 0, 85, "there are 0 bytes"),
        (1, 1, 4, 4, 0, "quality 0"),
        (1, 1, 4, 4, 101, "quality 101"),
        (1, 1, 4, 4, -1, "quality -1"),
    ],
)
def test_arguments_that_do_not_fit(
    width: int, height: int, stride: int, size: int, quality: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        jpeg_encode.encode(bytes(size), width, height, stride, quality)
    with pytest.raises(ValueError, match=reason):
        jpeg_encode.encode_alpha(bytes(size), width, height, stride, quality)


def test_the_longest_side() -> None:
    row = bytes(65500 * 4)
    assert len(jpeg.decode(jpeg_encode.encode(row, 65500, 1, len(row), 85), 65500, 1, LIMIT)) == len(row)


def test_without_pillow_jpeg_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    for act in (jpeg_encode.load, lambda: jpeg_encode.encode(bytes(4), 1, 1, 4, 85)):
        with pytest.raises(ConfigError, match="need Pillow"):
            act()


def test_pillow_comes_with_the_first_image() -> None:
    script = (
        "import sys\nfrom gspice.codec import jpeg_encode\nassert not {'PIL', 'numpy'} & set(sys.modules)\n"
        "jpeg_encode.load()\nloaded = set(sys.modules)\njpeg_encode.encode(bytes(256), 8, 8, 32, 85)\n"
        "print(sorted(set(sys.modules) - loaded))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_large_images_are_encoded_without_the_gil() -> None:
    """While libjpeg works, and not only while Pillow turns the pixels into its own."""
    rows = random.Random(3).randbytes(1 << 20)
    jpeg_encode.load()
    ran: list[str] = []
    gate = threading.Lock()
    gate.acquire()

    def wait_and_run() -> None:
        with gate:
            ran.append("")

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=wait_and_run)
    thread.start()
    image = jpeg_encode._image(memoryview(rows), 512, 512, 2048)
    sys.setswitchinterval(
        1000
    )  # from here on the other thread runs where the GIL is given up, and only there
    try:
        gate.release()
        for _ in range(100):
            jpeg_encode._file(image, QUALITY, jpeg_encode.HALF_CHROMA)
            if ran:
                return
        raise AssertionError("no other thread ran")
    finally:
        sys.setswitchinterval(interval)
        thread.join()
