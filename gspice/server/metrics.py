"""The metrics of a server: for each one its name, what it means, and where it comes from.

Labels are bounded: clients that are there now, the channels of each, coders, kinds of commands. A client's number says
which one; what clients choose about themselves, their address, stands in ``gspice_client_info`` alone.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gspice.server.statistics import ChannelNumbers, ClientNumbers, DeviceNumbers, ServerNumbers
from gspice.stream.statistics import CodecStatistics, CoderStatistics, DisplayNumbers
from gspice.version import VERSION

MAX_TEXT = 120
"""Characters of a label's value."""
BAD, FAILED, NOT_DRAWN = "bad", "failed", "not drawn"
"""Keys of ``CommandReader.counters`` that are no kinds of commands."""

Values = Iterable[tuple[tuple[str, ...], float]]
"""The values of a metric's labels, in order, and the number."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. A summary's values are those of its quantiles; see ``Summary``."""

    name: str
    kind: Literal["counter", "gauge"]
    labels: tuple[str, ...]
    help: str
    values: Callable[[ServerNumbers], Values]


@dataclass(frozen=True, slots=True)
class Summary:
    """A metric with the labels ``labels`` and ``quantile``, with its count and its sum."""

    name: str
    labels: tuple[str, ...]
    help: str
    quantiles: Callable[[ServerNumbers], Values]
    counts: Callable[[ServerNumbers], Values]
    sums: Callable[[ServerNumbers], Values]


CLIENT = ("client",)
CHANNEL = ("client", "channel", "id")
DISPLAY = ("client", "display")
CODER = ("client", "display", "coder")
CODEC = ("client", "display", "codec")
DEVICE = ("display",)


def text(value: str) -> str:
    """What may stand in a label: nothing that would steer a terminal, and not too long."""
    shown = "".join([c if c.isprintable() else repr(c)[1:-1] for c in value[:MAX_TEXT]])
    return shown[:MAX_TEXT]


# Where numbers come from


def _channels(numbers: ServerNumbers) -> Iterator[tuple[ClientNumbers, ChannelNumbers]]:
    return ((client, channel) for client in numbers.clients for channel in client.channels)


def _each_channel(read: Callable[[ChannelNumbers], float | None]) -> Callable[[ServerNumbers], Values]:
    def values(numbers: ServerNumbers) -> Values:
        for client, channel in _channels(numbers):
            if (value := read(channel)) is not None:
                kind = channel.channel_type.name.lower()
                yield (str(client.number), kind, str(channel.channel_id)), value

    return values


def _each_display(read: Callable[[DisplayNumbers], float | None]) -> Callable[[ServerNumbers], Values]:
    def values(numbers: ServerNumbers) -> Values:
        for client, channel in _channels(numbers):
            if channel.display is not None and (value := read(channel.display)) is not None:
                yield (str(client.number), str(channel.channel_id)), value

    return values


def _each_coder(read: Callable[[CoderStatistics], float]) -> Callable[[ServerNumbers], Values]:
    def values(numbers: ServerNumbers) -> Values:
        for client, channel in _channels(numbers):
            for coder, entry in channel.display.coders.items() if channel.display is not None else ():
                yield (str(client.number), str(channel.channel_id), coder), read(entry)

    return values


def _each_codec(read: Callable[[CodecStatistics], float]) -> Callable[[ServerNumbers], Values]:
    def values(numbers: ServerNumbers) -> Values:
        for client, channel in _channels(numbers):
            for codec, entry in channel.display.codecs.items() if channel.display is not None else ():
                yield (str(client.number), str(channel.channel_id), codec), read(entry)

    return values


def _each_device(read: Callable[[DeviceNumbers], float]) -> Callable[[ServerNumbers], Values]:
    return lambda numbers: [((str(device.qxl_id),), read(device)) for device in numbers.devices]


def _latencies(numbers: ServerNumbers) -> Values:
    for quantile, read in (
        ("0.5", _each_display(lambda display: display.latency_p50)),
        ("0.95", _each_display(lambda display: display.latency_p95)),
    ):
        for labels, value in read(numbers):
            yield (*labels, quantile), value


def _info(numbers: ServerNumbers) -> Values:
    yield (VERSION,), 1


def _clients(numbers: ServerNumbers) -> Values:
    yield (), len(numbers.clients)


def _client_infos(numbers: ServerNumbers) -> Values:
    for client in numbers.clients:
        yield (str(client.number), text(client.peer), "yes" if client.secure else "no"), 1


def _device_infos(numbers: ServerNumbers) -> Values:
    for device in numbers.devices:
        yield (str(device.qxl_id), device.canvas, text(device.canvas_device)), 1


def _commands(numbers: ServerNumbers) -> Values:
    for device in numbers.devices:
        for kind, count in device.commands.items():
            if kind not in (BAD, FAILED) and not kind.startswith(NOT_DRAWN):
                yield (str(device.qxl_id), kind), count


def _not_drawn(numbers: ServerNumbers) -> Values:
    prefix = f"{NOT_DRAWN} "
    for device in numbers.devices:
        for kind, count in device.commands.items():
            if kind.startswith(prefix):
                yield (str(device.qxl_id), kind.removeprefix(prefix)), count


# The tables

METRICS: tuple[Metric, ...] = (
    Metric("gspice_info", "gauge", ("version",), "The server; always 1.", _info),
    Metric("gspice_clients", "gauge", (), "Clients that are connected.", _clients),
    Metric(
        "gspice_client_info",
        "gauge",
        ("client", "peer", "tls"),
        "A client: its number, its address, and whether its main channel is encrypted; always 1.",
        _client_infos,
    ),
    Metric(
        "gspice_channel_received_bytes_total",
        "counter",
        CHANNEL,
        "Bytes that came from the client, after the link stage and before TLS.",
        _each_channel(lambda channel: channel.received_bytes),
    ),
    Metric(
        "gspice_channel_sent_bytes_total",
        "counter",
        CHANNEL,
        "Bytes that the channel's socket has taken, after the link stage and before TLS.",
        _each_channel(lambda channel: channel.sent_bytes),
    ),
    Metric(
        "gspice_channel_queue_bytes",
        "gauge",
        CHANNEL,
        "Bytes that wait for the socket, or for the client's acknowledgements.",
        _each_channel(lambda channel: channel.queue_bytes),
    ),
    Metric(
        "gspice_channel_round_trip_seconds",
        "gauge",
        CHANNEL,
        "To the client and back: smoothed, and for displays the shortest of the last seconds.",
        _each_channel(lambda channel: channel.round_trip),
    ),
    Metric(
        "gspice_display_frames_total",
        "counter",
        DISPLAY,
        "Frames sent: images and moves that the client is asked about together.",
        _each_display(lambda display: display.frames),
    ),
    Metric(
        "gspice_display_moves_total",
        "counter",
        DISPLAY,
        "Rectangles that the client copied from where it had them.",
        _each_display(lambda display: display.moves),
    ),
    Metric(
        "gspice_display_backdrop_copies_total",
        "counter",
        DISPLAY,
        "Rectangles that the client put aside before they were covered, or took back.",
        _each_display(lambda display: display.backdrop_copies),
    ),
    Metric(
        "gspice_display_images_total",
        "counter",
        CODER,
        "Images sent; coder solid is areas of one colour.",
        _each_coder(lambda coder: coder.images),
    ),
    Metric(
        "gspice_display_image_pixels_total",
        "counter",
        CODER,
        "Pixels of these images.",
        _each_coder(lambda coder: coder.pixels),
    ),
    Metric(
        "gspice_display_image_raw_bytes_total",
        "counter",
        CODER,
        "What these pixels take unpacked.",
        _each_coder(lambda coder: coder.raw_bytes),
    ),
    Metric(
        "gspice_display_image_sent_bytes_total",
        "counter",
        CODER,
        "What these images take packed, without the messages around them.",
        _each_coder(lambda coder: coder.sent_bytes),
    ),
    Metric(
        "gspice_display_streams_total",
        "counter",
        DISPLAY,
        "Video streams that were begun.",
        _each_display(lambda display: display.streams),
    ),
    Metric(
        "gspice_display_video_frames_total",
        "counter",
        CODEC,
        "Frames of video streams.",
        _each_codec(lambda codec: codec.frames),
    ),
    Metric(
        "gspice_display_video_sent_bytes_total",
        "counter",
        CODEC,
        "What these frames take, without the messages around them.",
        _each_codec(lambda codec: codec.sent_bytes),
    ),
    Metric(
        "gspice_display_stale_pixels",
        "gauge",
        DISPLAY,
        "Pixels that the client has and that are not the newest.",
        _each_display(lambda display: display.stale_pixels),
    ),
    Metric(
        "gspice_display_lossy_pixels",
        "gauge",
        DISPLAY,
        "Pixels that the client has only about right, until they have come to rest.",
        _each_display(lambda display: display.lossy_pixels),
    ),
    Metric(
        "gspice_display_rate_bytes_per_second",
        "gauge",
        DISPLAY,
        "What the client is thought to take, by link or by drawing.",
        _each_display(lambda display: display.rate),
    ),
    Metric(
        "gspice_display_window_bytes",
        "gauge",
        DISPLAY,
        "Bytes that may be under way to the client.",
        _each_display(lambda display: display.window),
    ),
    Metric(
        "gspice_display_under_way_bytes",
        "gauge",
        DISPLAY,
        "Bytes sent that the client has not answered for.",
        _each_display(lambda display: display.under_way),
    ),
    Metric(
        "gspice_device_info",
        "gauge",
        ("display", "canvas", "device"),
        "A QXL device, the canvas that draws for it, and on what; always 1.",
        _device_infos,
    ),
    Metric(
        "gspice_commands_total",
        "counter",
        ("display", "kind"),
        "Commands of the guest that were carried out.",
        _commands,
    ),
    Metric(
        "gspice_commands_not_drawn_total",
        "counter",
        ("display", "kind"),
        "Commands that the canvas cannot draw.",
        _not_drawn,
    ),
    Metric(
        "gspice_commands_bad_total",
        "counter",
        DEVICE,
        "Commands that could not be trusted and were dropped.",
        _each_device(lambda device: device.commands.get(BAD, 0)),
    ),
    Metric(
        "gspice_commands_failed_total",
        "counter",
        DEVICE,
        "Steps that failed by a fault of the server's own; the log has them.",
        _each_device(lambda device: device.commands.get(FAILED, 0)),
    ),
    Metric(
        "gspice_looks_total",
        "counter",
        DEVICE,
        "Comparisons of the screen with the frame before.",
        _each_device(lambda device: device.damage.looks),
    ),
    Metric(
        "gspice_damage_declared_pixels_total",
        "counter",
        DEVICE,
        "Pixels that guest or host declared as changed; twice between two looks counts once.",
        _each_device(lambda device: device.damage.declared),
    ),
    Metric(
        "gspice_damage_changed_pixels_total",
        "counter",
        DEVICE,
        "Pixels that were truly others.",
        _each_device(lambda device: device.damage.changed),
    ),
    Metric(
        "gspice_damage_moved_pixels_total",
        "counter",
        DEVICE,
        "Pixels that were found to be copies of what was elsewhere on the screen.",
        _each_device(lambda device: device.damage.moved),
    ),
    Metric(
        "gspice_encoder_threads",
        "gauge",
        (),
        "Threads that pack images.",
        lambda numbers: [((), numbers.encoders.threads)],
    ),
    Metric(
        "gspice_encoder_queue_jobs",
        "gauge",
        (),
        "Frames that wait for such a thread.",
        lambda numbers: [((), numbers.encoders.queued)],
    ),
    Metric(
        "gspice_encoder_jobs_total",
        "counter",
        (),
        "Frames packed by these threads.",
        lambda numbers: [((), numbers.encoders.jobs)],
    ),
    Metric(
        "gspice_encoder_wait_seconds_total",
        "counter",
        (),
        "How long these have waited for a thread, together.",
        lambda numbers: [((), numbers.encoders.wait)],
    ),
    Metric(
        "gspice_encoder_busy_seconds_total",
        "counter",
        (),
        "How long the threads were at it, together.",
        lambda numbers: [((), numbers.encoders.busy)],
    ),
)

SUMMARIES: tuple[Summary, ...] = (
    Summary(
        "gspice_display_frame_latency_seconds",
        DISPLAY,
        "From damage to the client's answer that it has drawn it; quantiles of the last 256 frames.",
        _latencies,
        _each_display(lambda display: display.latency_count),
        _each_display(lambda display: display.latency_sum),
    ),
)

NAMES: tuple[str, ...] = (*(metric.name for metric in METRICS), *(summary.name for summary in SUMMARIES))
