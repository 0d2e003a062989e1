"""The video encoders that FFmpeg offers through PyAV: each is opened, and encodes a few pictures."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from gspice.hosts.doctor_findings import Finding, Status, Step
from gspice.hosts.doctor_nodes import nvidia_driver, render_nodes

WIDTH, HEIGHT, FRAMES = 320, 240, 5
"""Small, and above what every hardware takes."""
SYSTEM_FFMPEG = (
    "apt-get install libavdevice-dev libavfilter-dev libavformat-dev pkg-config; "
    f"{sys.executable} -m pip install --force-reinstall --no-binary av av"
)
"""PyAV on the system's FFmpeg, which has what PyAV's own leaves out."""


class Encoder(NamedTuple):
    """One of FFmpeg's; ``hardware`` names whose, and is empty for software."""

    name: str
    codec: str
    pixels: str
    options: Mapping[str, str] = {}
    hardware: tuple[str, ...] = ()
    api: str = ""
    """The device type of FFmpeg that frames are handed over through, where it needs one."""


ENCODERS = (
    Encoder("libx264", "h264", "yuv420p", {"preset": "ultrafast", "tune": "zerolatency"}),
    Encoder("libvpx", "vp8", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    Encoder("libvpx-vp9", "vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    Encoder("libx265", "h265", "yuv420p", {"preset": "ultrafast", "x265-params": "log-level=error"}),
    Encoder("mjpeg", "mjpeg", "yuvj420p"),
    Encoder("h264_nvenc", "h264", "yuv420p", {"preset": "p1", "tune": "ull"}, ("NVIDIA",)),
    Encoder("hevc_nvenc", "h265", "yuv420p", {"preset": "p1", "tune": "ull"}, ("NVIDIA",)),
    Encoder("h264_vaapi", "h264", "nv12", {}, ("Intel", "AMD"), "vaapi"),
    Encoder("hevc_vaapi", "h265", "nv12", {}, ("Intel", "AMD"), "vaapi"),
    Encoder("h264_qsv", "h264", "nv12", {"preset": "veryfast"}, ("Intel",)),
)
MENDS = {
    "NVIDIA": "apt-get install libnvidia-encode1   # in a container: NVIDIA_DRIVER_CAPABILITIES=all",
    "Intel": "apt-get install intel-media-va-driver libvpl2",
    "AMD": "apt-get install mesa-va-drivers",
}
"""What the hardware's encoder needs besides its driver."""


def probe() -> Iterator[Step]:
    """PyAV, then each encoder; without PyAV there are none."""
    try:
        import av  # noqa: PLC0415
    except Exception as error:
        # The libraries that it loads fail as they like; section python says what to do.
        yield Step("PyAV", partial(_no_av, str(error)))
        return
    yield Step("PyAV", partial(_versions, av))
    vendors = gpu_vendors()
    for encoder in ENCODERS:
        yield Step(encoder.name, partial(try_encoder, av, encoder, vendors))


def _no_av(reason: str) -> Iterable[Finding]:
    yield Finding(name="PyAV", status=Status.NOTE, text=f"{reason}: no video encoders")


def _versions(av: Any) -> Iterable[Finding]:
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    facts = {"version": av.__version__, "libavcodec": codec, "ffmpeg": av.ffmpeg_version_info}
    text = f"{av.__version__} with FFmpeg {av.ffmpeg_version_info}"
    yield Finding(name="PyAV", status=Status.OK, text=text, facts=facts)


def gpu_vendors() -> set[str]:
    """Whose GPUs this machine has."""
    found = {node.vendor for node in render_nodes()}
    return found | {"NVIDIA"} if nvidia_driver() else found


def try_encoder(av: Any, encoder: Encoder, vendors: set[str]) -> Iterable[Finding]:
    """Open it and encode; hardware that this machine does not have is no defect."""
    facts: dict[str, object] = {"codec": encoder.codec, "hardware": bool(encoder.hardware), "works": False}
    here = [vendor for vendor in encoder.hardware if vendor in vendors]
    group = "hardware" if encoder.hardware else "software"
    try:
        av.Codec(encoder.name, "w")
    except av.codec.codec.UnknownCodecError:
        text = "this FFmpeg was built without it"
        mend = "" if encoder.hardware and not here else SYSTEM_FFMPEG
        yield Finding(
            name=encoder.name,
            status=Status.NOTE,
            text=text,
            mend=mend,
            group=group,
            facts={**facts, "present": False},
        )
        return
    facts["present"] = True
    av.logging.set_level(av.logging.ERROR)
    with av.logging.Capture(local=False) as logs:
        try:
            took, size = encode(av, encoder)
        except (av.FFmpegError, ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            reasons = [text.strip() for _, _, text in logs if text.strip()]
            reason = reasons[0] if reasons else str(error)
            absent = encoder.hardware and not here
            lacks = f"no GPU of {' or '.join(encoder.hardware)}" if absent else reason
            yield Finding(
                name=encoder.name,
                status=Status.NOTE if absent else Status.WARN,
                text=lacks if absent else f"is there and fails: {reason}",
                mend=MENDS[here[0]] if here else "",
                group=group,
                facts={**facts, "reason": reason},
            )
            return
    facts |= {"works": True, "ms_per_frame": round(1000 * took / FRAMES, 2), "bytes": size}
    yield Finding(name=encoder.name, status=Status.OK, text=f"({encoder.codec})", group=group, facts=facts)


def encode(av: Any, encoder: Encoder) -> tuple[float, int]:
    """Encode some pictures; seconds and bytes. What PyAV raises where it cannot, RuntimeError where nothing came."""
    arguments = {}
    if encoder.api:
        from av.codec.hwaccel import HWAccel  # noqa: PLC0415  old ones have none

        nodes = [
            str(node.path) for node in render_nodes() if node.allowed and node.vendor in encoder.hardware
        ]
        arguments["hwaccel"] = HWAccel(encoder.api, nodes[0] if nodes else None, False)
    context = av.CodecContext.create(encoder.name, "w", **arguments)
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, encoder.pixels
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30)
    context.bit_rate = 1_000_000
    context.options = dict(encoder.options)
    start = time.perf_counter()
    size = 0
    for number in range(FRAMES):
        size += sum(packet.size for packet in context.encode(_picture(av, encoder.pixels, number)))
    size += sum(packet.size for packet in context.encode(None))
    if not size:
        raise RuntimeError("it gave no data")
    return time.perf_counter() - start, size


def _picture(av: Any, pixels: str, number: int) -> Any:
    """A ramp that moves."""
    frame = av.VideoFrame(WIDTH, HEIGHT, pixels)
    for plane in frame.planes:
        row = bytes((x + 8 * number) & 0xFF for x in range(plane.line_size))
        plane.update(row * plane.height)
    frame.pts = number
    return frame
