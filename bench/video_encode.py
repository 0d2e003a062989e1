"""Our video encoders next to the same ones of FFmpeg by PyAV alone, in one process and in turn."""

import os
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from bench.machine import describe
from gspice.geometry import Rect
from gspice.stream.encoder_choice import EncoderChoice
from gspice.stream.encoder_specs import NO_KEY_FRAMES, SPECS, EncoderSpec
from gspice.stream.rgb_to_yuv import Layout, Plane, convert
from gspice.stream.video_encoder import EncoderSettings, VideoCodec
from gspice.stream.yuv_weights import Matrix, weights

WIDTH, HEIGHT = 1920, 1080
RATE = 30.0
BIT_RATE = 8_000_000
PICTURES = 12
FRAMES = int(os.environ.get("BENCH_FRAMES", "60"))
ROUNDS = 3
BT709, LIMITED, FULL = 1, 1, 2


class Cost(NamedTuple):
    """Of one frame, in milliseconds, and its bytes."""

    cpu: float
    wall: float
    size: float


def main() -> None:
    """Print a table of conversions and one of encoders."""
    print(describe(), f"{WIDTH}x{HEIGHT}, PyAV {av.__version__}", sep=", ")
    pictures = [bytes(picture(number)) for number in range(PICTURES)]
    pictures += pictures[-2:0:-1]  # there and back, so that nothing jumps
    conversions(pictures[0])
    print(
        "\n| codec | encoder | CPU ms | raw FFmpeg CPU ms | ratio | planes ready CPU ms | ratio | frames/s | bytes |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for codec in VideoCodec:
        compare(codec, pictures)


def picture(number: int) -> Any:
    """A picture that moves, with grain."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    grain = np.random.default_rng(0).integers(-12, 13, (HEIGHT, WIDTH + 8 * PICTURES))
    shifted = grain[:, 8 * number : 8 * number + WIDTH]
    made = np.empty((HEIGHT, WIDTH, 4), np.uint8)
    made[..., 0] = np.clip(128 + 90 * np.sin((x + 8 * number) / 47) * np.cos(y / 31) + shifted, 0, 255)
    made[..., 1] = np.clip(128 + 90 * np.sin((y - 4 * number) / 53) + shifted, 0, 255)
    made[..., 2] = np.clip(128 + 90 * np.cos((x + y + 8 * number) / 91) + shifted, 0, 255)
    made[..., 3] = 0
    return made


def conversions(data: bytes) -> None:
    """BGRX into planes, next to swscale and to copying the pixels."""
    print("\n| planes | ms | halved ms | swscale ms | copying the pixels ms |")
    print("|---|---|---|---|---|")
    table = weights(Matrix.BT709, full_range=False)
    source = av.VideoFrame(WIDTH, HEIGHT, "bgr0")
    source.planes[0].update(data)
    scaler, copy = VideoReformatter(), bytearray(data)

    def copied() -> None:
        copy[:] = data

    for name, layout in (("yuv420p", Layout.YUV420), ("nv12", Layout.NV12), ("yuv444p", Layout.YUV444)):
        whole, half = av.VideoFrame(WIDTH, HEIGHT, name), av.VideoFrame(WIDTH // 2, HEIGHT // 2, name)

        def ours(frame: Any, layout: Layout, *, halve: bool) -> None:
            planes = [Plane(memoryview(plane), plane.line_size) for plane in frame.planes]
            rect = Rect(0, 0, WIDTH, HEIGHT)
            convert(data, 4 * WIDTH, rect, planes, frame.width, frame.height, layout, table, halve=halve)

        times = [
            least(lambda: ours(whole, layout, halve=False)),  # noqa: B023  called at once
            least(lambda: ours(half, layout, halve=True)),  # noqa: B023
            least(lambda: swscaled(scaler, source, name)),  # noqa: B023
            least(copied),
        ]
        print(f"| {name} | " + " | ".join(f"{each:.2f}" for each in times) + " |")


def swscaled(scaler: VideoReformatter, source: Any, pixels: str) -> Any:
    return scaler.reformat(
        source,
        source.width,
        source.height,
        pixels,
        dst_colorspace=BT709,
        src_color_range=FULL,
        dst_color_range=LIMITED,
        interpolation="FAST_BILINEAR",
    )


def least(call: Callable[[], object]) -> float:
    """CPU milliseconds of the fastest of some calls."""
    times = []
    for _ in range(20):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def compare(codec: VideoCodec, pictures: list[bytes]) -> None:
    """One row: the best of some rounds of each, in turn."""
    spec = next((spec for spec in SPECS if spec.codec is codec and spec.software), None)
    settings = EncoderSettings(
        codec=codec, width=WIDTH, height=HEIGHT, frames_per_second=RATE, bit_rate=BIT_RATE
    )
    count = FRAMES if codec in (VideoCodec.MJPEG, VideoCodec.H264, VideoCodec.VP8) else FRAMES // 3
    frames = [pictures[number % len(pictures)] for number in range(count)]
    costs: list[list[Cost]] = [[], [], []]
    name = ""
    for _ in range(ROUNDS):
        encoder = EncoderChoice(hardware=False).open([codec], settings)
        name = encoder.name
        costs[0].append(
            cost(frames, lambda data: len(encoder.encode(data, 4 * WIDTH, time_ms=1).data))  # noqa: B023
        )
        encoder.close()
        costs[1].append(cost(frames, raw(spec, settings)))
        costs[2].append(cost([planes(data, codec) for data in frames[: 2 * PICTURES]], raw(spec, settings)))
    ours, theirs, alone = (min(each) for each in costs)
    print(
        f"| {codec.name} | {name} | {ours.cpu:.2f} | {theirs.cpu:.2f} | {ours.cpu / theirs.cpu:.2f} "
        f"| {alone.cpu:.2f} | {ours.cpu / alone.cpu:.2f} | {1000 / ours.wall:.0f} | {ours.size:.0f} |",
        flush=True,
    )


def planes(data: bytes, codec: VideoCodec) -> Any:
    """What FFmpeg encodes, made beforehand."""
    source = av.VideoFrame(WIDTH, HEIGHT, "bgr0")
    source.planes[0].update(data)
    return swscaled(VideoReformatter(), source, "yuvj420p" if codec is VideoCodec.MJPEG else "yuv420p")


def cost(frames: list[Any], encode: Callable[[Any], int]) -> Cost:
    """Of one frame, after the first two."""
    for frame in frames[:2]:
        encode(frame)
    wall, cpu = time.perf_counter(), time.process_time()
    size = sum(encode(frame) for frame in frames[2:])
    count = len(frames) - 2
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(1000 * spent[0] / count, 1000 * spent[1] / count, size / count)


def raw(spec: EncoderSpec | None, settings: EncoderSettings) -> Callable[[Any], int]:
    """The same encoder with the same options, as PyAV's users take it; pixels, or planes that are ready."""
    context: Any = av.CodecContext.create(spec.name if spec else "mjpeg", "w")
    pixels = "yuv420p" if spec else "yuvj420p"
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, pixels
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30)
    context.bit_rate, context.thread_count = BIT_RATE, 1
    if spec is not None:
        context.gop_size, context.max_b_frames = NO_KEY_FRAMES, 0
        context.options = {**spec.options(settings), "maxrate": str(BIT_RATE)}
    scaler, source = VideoReformatter(), av.VideoFrame(WIDTH, HEIGHT, "bgr0")
    number = 0

    def encode(data: Any) -> int:
        nonlocal number
        if isinstance(data, bytes):
            source.planes[0].update(data)
            frame = swscaled(scaler, source, pixels)
        else:
            frame = data
        frame.pts = number
        number += 1
        frame.time_base = Fraction(1, 30)
        return sum(packet.size for packet in context.encode(frame))

    return encode
