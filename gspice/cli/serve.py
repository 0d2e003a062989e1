"""``gspice serve``: the embedded desktop, which needs no virtual machine."""

import ipaddress
import logging
import signal
import time
from pathlib import Path

import click

from gspice.cli.film_option import film_option
from gspice.cli.metrics_option import metrics_option
from gspice.cli.password_file import read_password_file
from gspice.cli.renderer_options import renderer_options
from gspice.cli.shown import FileName
from gspice.errors import ConfigError, GSpiceError
from gspice.hosts.embedded import MAX_SIDE, MIN_SIDE, EmbeddedHost
from gspice.hosts.viewer_file import Address, command_line, viewer_file
from gspice.hosts.whole_file import check_apart, check_target
from gspice.server import video_recorder, worker_recorder
from gspice.server.metrics_address import MetricsAddress
from gspice.server.options import ServerOptions
from gspice.server.security import ChannelSecurity
from gspice.server.settings import MOST_CLIENTS
from gspice.server.spice_server import SpiceServer
from gspice.server.tls import directory
from gspice.stream.compression import COMPRESSIONS, VIDEO_CHROMAS, VIDEO_MODES

LOG_LEVELS = ["debug", "info", "warning", "error"]


def _size(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    width, cross, height = value.partition("x")
    if not (cross and width.isdigit() and height.isdigit()):
        raise click.BadParameter(f"{value!r} is not WIDTHxHEIGHT, for example 1280x800")
    size = int(width), int(height)
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in size):
        raise click.BadParameter(f"{value}: each side must be {MIN_SIDE} to {MAX_SIDE} pixels")
    return size


@click.command()
@click.option(
    "--addr", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 or :: for all."
)
@click.option(
    "--port", type=int, default=5930, show_default=True, help="TCP port; 0: any free one; -1: none."
)
@click.option("--tls-port", type=int, help="TCP port for TLS; needs --tls-dir.")
@click.option(
    "--tls-dir",
    type=FileName(),
    help="Directory with ca-cert.pem, server-cert.pem and server-key.pem.",
)
@click.option("--unix", "unix_path", help="UNIX socket to listen on as well.")
@click.option(
    "--password-file",
    type=FileName(),
    help="File whose first line is the password. Without it anybody who can connect gets in.",
)
@click.option(
    "--password-lifetime",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="How long the password is good.",
)
@click.option("--no-auth", is_flag=True, help="Let anybody in, also on an address that others can reach.")
@click.option("--size", callback=_size, default="1280x800", show_default=True, help="Size of the desktop.")
@click.option("--video", type=FileName(), help="Video to play in a window.")
@renderer_options()
@click.option(
    "--image-compression",
    type=click.Choice(list(COMPRESSIONS)),
    default="auto",
    show_default=True,
    help="How pictures are packed, for clients that do not ask for another way.",
)
@click.option(
    "--streaming-video",
    type=click.Choice(list(VIDEO_MODES)),
    default="auto",
    show_default=True,
    help="What is sent as a video stream, where it plays.",
)
@click.option(
    "--video-codecs",
    default="auto",
    show_default=True,
    metavar="LIST",
    help="Codecs in order of preference, such as gstreamer:vp8;spice:mjpeg.",
)
@click.option(
    "--video-chroma",
    type=click.Choice(list(VIDEO_CHROMAS)),
    default="4:2:0",
    show_default=True,
    help="Colours of video: of every pixel, or of two by two, which takes less of all and is shown by all clients.",
)
@click.option(
    "--max-clients",
    type=click.IntRange(1, MOST_CLIENTS),
    default=16,
    show_default=True,
    help="Clients at the same time; the oldest makes room for one more.",
)
@click.option("--secure-channel", multiple=True, metavar="NAME", help="Channel that is let in over TLS only.")
@click.option("--name", default="GSpice desktop", show_default=True, help="Name that clients show.")
@click.option("--vv", type=FileName(), help="Write a file that remote-viewer opens.")
@click.option(
    "--dump",
    type=FileName(),
    help="PNG to write at SIGUSR1, which also freezes the desktop until SIGUSR2.",
)
@click.option(
    "--record",
    type=FileName(),
    help="Record what is drawn to this file, for gspice replay; compressed where it ends in .zst.",
)
@film_option()
@metrics_option()
@click.option("--log-level", type=click.Choice(LOG_LEVELS), default="info", show_default=True)
def serve(
    addr: str,
    port: int,
    tls_port: int | None,
    tls_dir: Path | None,
    unix_path: str | None,
    password_file: Path | None,
    password_lifetime: int | None,
    no_auth: bool,
    size: tuple[int, int],
    video: Path | None,
    renderer: str,
    renderer_device: str | None,
    image_compression: str,
    streaming_video: str,
    video_codecs: str,
    video_chroma: str,
    max_clients: int,
    secure_channel: tuple[str, ...],
    name: str,
    vv: Path | None,
    dump: Path | None,
    record: Path | None,
    record_video: Path | None,
    metrics: MetricsAddress | None,
    log_level: str,
) -> None:
    """Serve a desktop with a terminal, a video and a few other windows, until Ctrl-C."""
    # Until there is a host that could be frozen, such a signal must not end the program; the others end it at once.
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options = ServerOptions(
        host=addr,
        port=None if port < 0 else port,
        tls_port=tls_port,
        tls=directory(tls_dir) if tls_dir else None,
        unix_path=unix_path,
        name=name,
        renderer=renderer,
        renderer_device=renderer_device,
        record=record,
        record_video=record_video,
        metrics=metrics,
    )
    if port < -1:
        raise ConfigError(f"--port {port}: a port is 0 to 65535, or -1 for none")
    if no_auth and password_file is not None:
        raise ConfigError("--no-auth and --password-file contradict each other: give one of them")
    check_apart(
        picture=dump,
        recording=record,
        film=record_video,
        viewer_file=vv,
        video=video,
        password_file=password_file,
    )
    for path, what in ((dump, "the picture"), (vv, "the viewer file"), (record, "a recording")):
        if path is not None:
            check_target(path, what)
    if port < 0 and tls_port is None and unix_path is None:
        raise ConfigError("there is nothing to listen on: give --port, --tls-port or --unix")
    if password_lifetime is not None and password_file is None:
        raise ConfigError("--password-lifetime is for a password: give --password-file FILE, too")
    for channel in secure_channel:
        options.security.set(channel, ChannelSecurity.SSL)
    failures = RecordingFailures()
    server = SpiceServer(options)
    server.set_image_compression(COMPRESSIONS[image_compression])
    server.set_streaming_video(VIDEO_MODES[streaming_video])
    server.set_video_codecs(video_codecs)
    server.set_video_chroma(VIDEO_CHROMAS[video_chroma])
    server.set_max_clients(max_clients)
    password = read_password_file(password_file) if password_file else None
    if password is not None:
        server.tickets.set_ticket(password, password_lifetime or 0, time.monotonic())
    else:
        _check_open(addr, port, tls_port, no_auth)
        server.tickets.set_noauth()

    host = EmbeddedHost(server, size=size, video=video, dump=dump)
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: host.stop())
        signal.signal(signal.SIGUSR1, lambda *_: host.freeze())
        signal.signal(signal.SIGUSR2, lambda *_: host.thaw())
        address = Address(
            host=addr,
            port=server.port,
            tls_port=server.tls_port,
            unix_path=unix_path,
            ca_file=options.tls.ca if options.tls else None,
        )
        if vv is not None:
            viewer_file(vv, address, title=name, password=password)
        click.echo(f"serving {name!r}; connect with:\n  {command_line(address)}")
        if unix_path is not None and (server.port is not None or server.tls_port is not None):
            click.echo(
                f"or, on this machine:\n  {command_line(Address(host='', port=None, unix_path=unix_path))}"
            )
        if password is not None:
            click.echo(f"the password is the first line of {password_file}")
        if server.metrics_address is not None:
            click.echo(f"its metrics:\n  gspice stats {server.metrics_address}")
        host.run()
    finally:
        host.close()
        failures.detach()
    click.echo("stopped")
    if failures.lines:
        raise GSpiceError(failures.lines[0])


class RecordingFailures(logging.Handler):
    """Hears of recordings that failed: workers log it and go on, for their clients' sake. ``detach`` it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []
        for log in (worker_recorder.log, video_recorder.log):
            log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(record.getMessage())

    def detach(self) -> None:
        """Hear no more."""
        for log in (worker_recorder.log, video_recorder.log):
            log.removeHandler(self)


def _leave(number: int, frame: object) -> None:
    """Asked to end before there is anything to take down."""
    raise SystemExit(0)


def _check_open(addr: str, port: int, tls_port: int | None, no_auth: bool) -> None:
    """Without a password, only this machine's own users may get in, unless the operator says so."""
    if no_auth or (port < 0 and tls_port is None):
        return
    try:
        local = ipaddress.ip_address(addr).is_loopback
    except ValueError:
        local = addr == "localhost"
    if not local:
        raise ConfigError(
            f"anybody who reaches {addr or 'this machine'} could use this desktop: "
            "give --password-file FILE, or --no-auth to let them"
        )
