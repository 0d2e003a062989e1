"""The GLZ encoder: what it makes comes back, whatever has left the window, from however many threads."""

import gc
import random
import struct
import sys
import threading
from collections.abc import Callable
from typing import NamedTuple

import psutil
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gspice.codec import glz
from gspice.codec.glz import GlzWindow
from gspice.codec.glz_encode import GlzDictionary
from gspice.codec.lz import LzType
from tests.codec.coded import Fenced
from tests.codec.test_glz import stock

LIMIT = 1 << 28
HEADER = 33
KINDS = [LzType.RGB16, LzType.RGB24, LzType.RGB32, LzType.RGBA]
STEP = {LzType.RGB16: 2, LzType.RGB24: 3, LzType.RGB32: 4, LzType.RGBA: 4}
STREAM_BYTES = {LzType.RGB16: (2,), LzType.RGB24: (3,), LzType.RGB32: (3,), LzType.RGBA: (3, 1)}
"""Of a pixel that is a literal."""


class Picture(NamedTuple):
    kind: LzType
    width: int
    height: int
    rows: bytes

    def crop(self, left: int, top: int, right: int, bottom: int) -> "Picture":
        step = STEP[self.kind]
        line = self.width * step
        rows = [self.rows[y * line + left * step : y * line + right * step] for y in range(top, bottom)]
        return Picture(self.kind, right - left, bottom - top, b"".join(rows))


def kept(picture: Picture) -> bytes:
    """What decode() gives."""
    kind, rows = picture.kind, picture.rows
    if kind is LzType.RGB24:
        return b"".join([rows[at : at + 3] + b"\0" for at in range(0, len(rows), 3)])
    out = bytearray(rows)
    if kind is LzType.RGB16:
        out[1::2] = bytes([byte & 0x7F for byte in out[1::2]])
    if kind is LzType.RGB32:
        out[3::4] = bytes(len(out) // 4)
    return bytes(out)


def encode(dictionary: GlzDictionary, picture: Picture, most_bytes: int | None = None) -> bytes | None:
    kind, width, height, rows = picture
    return dictionary.encode(rows, kind, width, height, width * STEP[kind], most_bytes=most_bytes)


def noise(seed: int, width: int, height: int, kind: LzType = LzType.RGB32) -> Picture:
    return Picture(kind, width, height, random.Random(seed).randbytes(width * height * STEP[kind]))


class Link:
    """A dictionary and the window at its other end, which lacks nothing that is referred to."""

    def __init__(self, pixels: int) -> None:
        self.dictionary, self.window = GlzDictionary(pixels), GlzWindow(pixels)

    def send(self, picture: Picture) -> int:
        """The size of the image; all of it comes out again."""
        data = encode(self.dictionary, picture)
        assert data is not None
        header, rows = self.window.decode(data, LIMIT)
        assert (header.type, header.width, header.height) == picture[:3] and header.top_down
        assert header.id == self.dictionary.images - 1
        assert rows == kept(picture)
        assert self.dictionary.pixels == self.window.pixels
        return len(data)


# -- what it makes


def test_bytes() -> None:
    dictionary = GlzDictionary(1000)
    a, b, c, x = b"\x01\x02\x03", b"\x04\x05\x06", b"\x07\x08\x09", b"\xff"
    first = dictionary.encode((a + x) + (a + b"\0") * 4 + (b + x) + (c + x) * 8, LzType.RGB32, 14, 1, 56)
    head = struct.pack(">4sIBIIIQI", b"  ZL", 0x10001, 8 | 16, 14, 1, 56, 0, 0)
    assert first == head + b"\x00" + a + b"\x80\0\0" + b"\x01" + b + c + b"\xe0\0\0\0"
    # 3 pixels from the second one of the image before on, 9 from the sixth one on.
    second = dictionary.encode((a + x) * 3 + (b + x) + (c + x) * 8, LzType.RGB32, 6, 2, 24)
    head = struct.pack(">4sIBIIIQI", b"  ZL", 0x10001, 8 | 16, 6, 2, 24, 1, 1)
    assert second == head + b"\x61\x00\x01" + b"\xe5\x02\x00\x01"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", [0, 1, 4095, 4096, 131_071, 131_072])
@pytest.mark.parametrize("back", [1, 63, 64, 255, 256, 16_383, 16_384])
def test_every_form_of_a_reference(kind: LzType, start: int, back: int) -> None:
    link = Link(1 << 19)
    wanted = noise(1, 20, 1, kind)
    flat = bytes(STEP[kind])
    link.send(Picture(kind, start + 20, 1, flat * start + wanted.rows))
    dot = Picture(kind, 1, 1, flat)
    for _ in range(back - 1):
        data = encode(link.dictionary, dot)
        assert data is not None
        link.window.decode(data, LIMIT)
    assert link.send(wanted) <= HEADER + 9 * len(STREAM_BYTES[kind])


def test_the_same_again_costs_nothing() -> None:
    for kind in KINDS:
        link = Link(1 << 20)
        picture = noise(2, 100, 50, kind)
        assert link.send(picture) > 5000 * sum(STREAM_BYTES[kind])
        assert link.send(picture) <= HEADER + 60


def test_a_part_of_an_image_before_is_found_in_every_row() -> None:
    link = Link(1 << 20)
    screen = noise(3, 200, 100)
    link.send(screen)
    assert link.send(screen.crop(50, 20, 130, 90)) <= HEADER + 70 * 7
    assert link.send(screen.crop(0, 1, 200, 100)) <= HEADER + 90


def test_what_has_been_referred_to_again_and_again_does_not_get_lost() -> None:
    link = Link(50_000)
    picture = noise(4, 40, 20)
    link.send(picture)
    for seed in range(40):  # after which the first copy has left the window
        assert link.send(picture) < 60
        link.send(noise(100 + seed, 50, 30))
    assert link.send(picture.crop(0, 10, 40, 20)) < 60


def test_rectangles_go_on_as_rectangles() -> None:
    # Letters of which every one begins like all others: a hash of its first pixels says nothing.
    rng = random.Random(5)
    grey, white = struct.pack("<I", 0x808080), b"\xff" * 4
    letters = [grey * 3 + b"".join(rng.choice([grey, white]) for _ in range(5)) for _ in range(20)]
    text = [b"".join(rng.choice(letters) for _ in range(30)) for _ in range(40)]
    screen = Picture(LzType.RGB32, 240, 41, noise(5, 240, 1).rows + b"".join(text))
    link = Link(1 << 20)
    link.send(screen)
    assert link.send(screen.crop(7, 0, 207, 41)) < HEADER + 41 * 6


def test_no_larger_than_what_libspice_makes() -> None:
    window, dictionary = GlzWindow(400_000), GlzDictionary(400_000)
    sizes = {kind: [0, 0] for kind in KINDS}
    for data in stock():
        header, rows = window.decode(data, LIMIT)
        if header.type is LzType.RGB24:
            rows = b"".join([rows[at : at + 3] for at in range(0, len(rows), 4)])
        ours = encode(dictionary, Picture(header.type, header.width, header.height, rows))
        assert ours is not None
        sizes[header.type][0] += len(ours)
        sizes[header.type][1] += len(data)
    assert all(ours <= theirs * 1.01 for ours, theirs in sizes.values())


def test_kinds_are_not_mixed() -> None:
    link = Link(1 << 20)
    for kind in (LzType.RGB32, LzType.RGB24, LzType.RGBA, LzType.RGB16):
        colours = [struct.pack("<I", 0x010203 * number) for number in range(60)]
        rows = b"".join(colour[: STEP[kind]] for colour in colours)
        first = link.send(Picture(kind, 60, 1, rows))
        assert first > HEADER + 60 * (2 if kind is LzType.RGB16 else 3)
        assert link.send(Picture(kind, 60, 1, rows)) < HEADER + 20


def test_only_the_pixels_count() -> None:
    for kind in KINDS:
        picture = noise(6, 37, 11, kind)
        line = 37 * STEP[kind]
        tight = encode(GlzDictionary(1000), picture)
        rows = [picture.rows[at : at + line] for at in range(0, len(picture.rows), line)]
        for padding in (b"\xee" * 7, b"\x11"):
            loose = padding.join(rows)  # the last row needs none
            assert GlzDictionary(1000).encode(loose, kind, 37, 11, line + len(padding)) == tight
        if kind in (LzType.RGB32, LzType.RGB16):
            other = bytearray(picture.rows)
            step = STEP[kind]
            other[step - 1 :: step] = bytes(
                b ^ (0x80 if step == 2 else 0xFF) for b in other[step - 1 :: step]
            )
            assert GlzDictionary(1000).encode(other, kind, 37, 11, line) == tight


# -- the window


def test_images_as_large_as_the_window_are_left_to_lz() -> None:
    dictionary = GlzDictionary(100)
    assert encode(dictionary, noise(1, 10, 10)) is None
    assert encode(dictionary, noise(1, 101, 1)) is None
    assert (dictionary.images, dictionary.pixels, dictionary.window_pixels) == (0, 0, 100)
    assert encode(dictionary, noise(1, 99, 1)) is not None
    assert (dictionary.images, dictionary.pixels) == (1, 99)


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_bytes_than_asked_for(kind: LzType) -> None:
    link = Link(3000)
    pictures = [noise(seed, 20 + seed % 7, 20, kind) for seed in range(6)]
    for number in range(60):
        refused = noise(1000 + number, 30, 30, kind)
        for most in (-1, 0, 40, 900):
            assert encode(link.dictionary, refused, most) is None
        assert link.dictionary.images == number
        link.send(pictures[number * number % 6])
    exact = encode(GlzDictionary(3000), pictures[0])
    assert exact is not None
    assert encode(GlzDictionary(3000), pictures[0], len(exact)) == exact
    assert encode(GlzDictionary(3000), pictures[0], len(exact) - 1) is None


def test_what_is_forgotten_is_not_referred_to() -> None:
    link = Link(10_000)
    picture = noise(7, 30, 30, LzType.RGBA)
    link.send(picture)
    link.dictionary.forget()
    assert (link.dictionary.images, link.dictionary.pixels) == (1, 0)
    data = encode(link.dictionary, picture)
    assert data is not None and len(data) > 900 * 4
    header, rows = GlzWindow(10_000).decode(data, LIMIT)  # one that has seen nothing before
    assert (header.id, header.win_head_dist) == (1, 0) and rows == picture.rows
    link.window.decode(data, LIMIT)
    assert link.send(picture) < 60


def test_what_is_forgotten_takes_no_memory() -> None:
    process, kept = psutil.Process(), []
    picture = noise(9, 1000, 1000, LzType.RGB32)
    before = process.memory_info().rss
    for _ in range(10):
        kept.append(GlzDictionary(4 << 20))
        encode(kept[-1], picture)
        kept[-1].forget()
    assert process.memory_info().rss - before < 24 << 20, "ten pictures of 4 MB"


def test_more_images_than_the_dictionary_counts() -> None:
    link = Link(1 << 20)
    row = noise(8, 64, 1)
    link.send(row)
    for number in range(66_000):
        data = link.dictionary.encode(row.rows[number % 60 * 4 :], LzType.RGB32, 2, 1, 8)
        assert data is not None
        header, rows = link.window.decode(data, LIMIT)
        assert rows == kept(row)[number % 60 * 4 :][:8]
    assert header.win_head_dist == len(link.window) - 1 < 1 << 16
    link.send(row)


@st.composite
def sequences(draw: st.DrawFn) -> list[Picture]:
    """Images with much of those before in them."""
    out: list[Picture] = []
    for _ in range(draw(st.integers(1, 14))):
        kind, width, height = draw(st.sampled_from(KINDS)), draw(st.integers(1, 24)), draw(st.integers(1, 12))
        choice = draw(st.integers(0, 3)) if out else 0
        if choice < 2:
            palette = draw(st.binary(min_size=STEP[kind], max_size=12 * STEP[kind]))
            numbers = draw(st.binary(min_size=1, max_size=60))
            colours = [
                palette[at : at + STEP[kind]] for at in range(0, len(palette) - STEP[kind] + 1, STEP[kind])
            ]
            some = [colours[number % len(colours)] for number in numbers]
            count = width * height
            out.append(Picture(kind, width, height, b"".join((some * (count // len(some) + 1))[:count])))
        else:
            source = out[draw(st.integers(0, len(out) - 1))]
            left, top = draw(st.integers(0, source.width - 1)), draw(st.integers(0, source.height - 1))
            picture = source.crop(
                left,
                top,
                draw(st.integers(left + 1, source.width)),
                draw(st.integers(top + 1, source.height)),
            )
            rows = bytearray(picture.rows)
            if choice == 3:
                rows[draw(st.integers(0, len(rows) - 1))] ^= draw(st.integers(0, 255))
            out.append(picture._replace(rows=bytes(rows)))
    return out


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([2, 60, 300, 1000, 5000]), sequences(), st.integers(0, 14))
@example(2, [Picture(LzType.RGB24, 1, 1, b"abc")], 0)
def test_what_is_encoded_comes_back(pixels: int, pictures: list[Picture], forget: int) -> None:
    link = Link(pixels)
    for number, picture in enumerate(pictures):
        if number == forget:
            link.dictionary.forget()
        if picture.width * picture.height >= pixels:
            assert encode(link.dictionary, picture) is None
            continue
        # Rows that end where no one may read, so that reading more would end the test.
        source = Fenced(len(picture.rows))
        line = picture.width * STEP[picture.kind]
        try:
            rows = source.holding(picture.rows)
            data = link.dictionary.encode(rows, picture.kind, picture.width, picture.height, line)
        finally:
            source.close()
        assert data is not None
        assert link.window.decode(data, LIMIT).data == kept(picture)
        assert link.dictionary.pixels == link.window.pixels < pixels + 1


def most_bytes(picture: Picture) -> int:
    """What an image may come to at most: all of it literals, 32 of them after each control byte."""
    count = picture.width * picture.height
    return HEADER + sum(count * size + -(-count // 32) for size in STREAM_BYTES[picture.kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_worst_images_fit(kind: LzType) -> None:
    rng, step = random.Random(kind), STEP[kind]
    link = Link(1 << 20)
    for match in range(1, 6):
        for fresh in range(1, 4):
            link.send(noise(match, 5000, 1, kind))
            out = bytearray(rng.randbytes(64 * step))
            while len(out) < 12_000 * step:
                start = rng.randrange(len(out) // step - match) * step
                out += out[start : start + match * step] + rng.randbytes(fresh * step)
            picture = Picture(kind, 6000, 2, bytes(out[: 12_000 * step]))
            assert link.send(picture) <= most_bytes(picture)


# -- arguments


@pytest.mark.parametrize("pixels", [0, -1, (1 << 25) + 1, 1 << 70])
def test_windows_that_there_are_not(pixels: int) -> None:
    with pytest.raises(ValueError, match="pixels"):
        GlzDictionary(pixels)


@pytest.mark.parametrize(
    ("kind", "width", "height", "stride", "size", "reason"),
    [
        (5, 1, 1, 4, 4, "type 5"),
        (10, 1, 1, 4, 4, "type 10"),
        (8, 0, 1, 4, 4, "0x1 pixels"),
        (8, 1, 0, 4, 4, "1x0 pixels"),
        (8, -1, 1, 4, 4, "-1x1 pixels"),
        (8, 2, 2, 7, 16, "7 bytes from row to row, and 8"),
        (8, 2, 2, -8, 16, "-8 bytes from row to row"),
        (8, 2, 2, 8, 15, "2 rows of 8 bytes: there are 15"),
        (7, 3, 2, 10, 18, "there are 18"),
        (6, 3, 1, 6, 5, "there are 5"),
        (8, 1 << 40, 1 << 40, 1 << 42, 0, "there are 0"),
    ],
)
def test_arguments_that_do_not_fit(
    kind: int, width: int, height: int, stride: int, size: int, reason: str
) -> None:
    dictionary = GlzDictionary(100)
    with pytest.raises(ValueError, match=reason):
        dictionary.encode(bytes(size), kind, width, height, stride)  # type: ignore[arg-type]
    assert dictionary.images == 0


# -- threads


def in_threads(act: Callable[[int], None], count: int) -> None:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            act(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_many_channels_share_a_dictionary() -> None:
    dictionary = GlzDictionary(60_000)
    screens = [noise(seed, 120, 90) for seed in range(3)]
    sent: list[tuple[Picture, bytes]] = []

    def channel(number: int) -> None:
        rng = random.Random(number)
        for _ in range(120):
            screen = rng.choice(screens)
            left, top = rng.randrange(100), rng.randrange(70)
            picture = screen.crop(left, top, rng.randrange(left + 1, 121), rng.randrange(top + 1, 91))
            data = encode(dictionary, picture)
            assert data is not None
            sent.append((picture, data))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        in_threads(channel, 4)
    finally:
        sys.setswitchinterval(interval)
    window = GlzWindow(60_000)
    by_id = sorted(sent, key=lambda one: glz.parse_header(one[1]).id)
    assert [glz.parse_header(data).id for _, data in by_id] == list(range(480))
    for picture, data in by_id:
        assert window.decode(data, LIMIT).data == kept(picture)


def test_large_images_are_encoded_without_the_gil() -> None:
    dictionary = GlzDictionary(1 << 20)
    picture = noise(3, 512, 512)
    gate, ran = threading.Lock(), threading.Event()
    gate.acquire()

    def wait_and_run() -> None:
        with gate:
            ran.set()

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=wait_and_run)
    thread.start()
    sys.setswitchinterval(
        1000
    )  # from here on the other thread runs where the GIL is given up, and only there
    try:
        gate.release()
        for _ in range(200):
            encode(dictionary, picture)
            if ran.is_set():
                return
        raise AssertionError("no other thread ran")
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_dictionaries_give_their_memory_back() -> None:
    def resident() -> int:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1])

    picture = noise(9, 700, 700)
    for round_ in range(12):
        dictionary = GlzDictionary(1 << 20)
        for _ in range(3):
            encode(dictionary, picture)
        del dictionary
        gc.collect()
        if round_ == 2:
            before = resident()
    assert resident() - before < 1024
