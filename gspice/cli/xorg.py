"""``gspice xorg``: a desktop or a program of this machine's on a screen that only SPICE shows; no virtual machine."""

import ipaddress
import logging
import os
import re
import socket
import sys
from pathlib import Path

import click

from gspice.cli.film_option import film_option
from gspice.cli.metrics_option import metrics_option
from gspice.cli.password_file import read_password_file
from gspice.cli.renderer_options import renderer_options
from gspice.cli.shown import flush_output
from gspice.errors import ConfigError
from gspice.gpu.select import check_renderer
from gspice.hosts.libspice.configuration import VARIABLES, load
from gspice.hosts.libspice.installed import LIBRARY_FILE, LIBRARY_PATH, libspice_environment
from gspice.hosts.viewer_file import Address, command_line, viewer_file
from gspice.hosts.whole_file import check_target
from gspice.hosts.xorg.config import XorgConfig
from gspice.hosts.xorg.process import run_command
from gspice.hosts.xorg.server import XServer
from gspice.server.metrics_address import MetricsAddress
from gspice.server.tls import directory

LOG_LEVELS = ["debug", "info", "warning", "error"]
OWN_LIBRARY, SYSTEM_LIBRARY = "gspice", "system"


def _size(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not WIDTHxHEIGHT, for example 1280x800")
    return int(match[1]), int(match[2])


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--size", callback=_size, default="1280x800", show_default=True, help="Size of the screen.")
@click.option("--addr", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", type=int, default=5930, show_default=True, help="TCP port; 0: any free one; -1: none."
)
@click.option("--tls-port", type=int, help="TCP port for TLS; needs --tls-dir.")
@click.option(
    "--tls-dir",
    type=click.Path(path_type=Path),
    help="Directory with ca-cert.pem, server-cert.pem and server-key.pem.",
)
@click.option("--unix", "unix_path", help="UNIX socket to listen on instead of TCP.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="File whose first line is the password. Without it anybody who can connect gets in.",
)
@click.option("--no-auth", is_flag=True, help="Let anybody in, also on an address that others can reach.")
@click.option("--vv", type=click.Path(path_type=Path), help="Write a file that remote-viewer opens.")
@click.option(
    "--library",
    metavar="gspice|system|DIR",
    default=OWN_LIBRARY,
    show_default=True,
    help=f"The SPICE server in Xorg: GSpice, the system's own, or the {LIBRARY_FILE} in a directory.",
)
@renderer_options(default=None)
@film_option()
@metrics_option()
@click.option("--log-level", type=click.Choice(LOG_LEVELS), default="info", show_default=True)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def xorg(
    size: tuple[int, int],
    addr: str,
    port: int,
    tls_port: int | None,
    tls_dir: Path | None,
    unix_path: str | None,
    password_file: Path | None,
    no_auth: bool,
    vv: Path | None,
    library: str,
    renderer: str | None,
    renderer_device: str | None,
    record_video: Path | None,
    metrics: MetricsAddress | None,
    log_level: str,
    command: tuple[str, ...],
) -> None:
    """Run COMMAND on an X server of its own, shown over SPICE; both end together.

    COMMAND is a program, or what starts a desktop. The exit code is COMMAND's.

    \b
    gspice xorg -- xterm
    gspice xorg --size 1920x1080 --password-file secret --addr 0.0.0.0 -- openbox-session
    """
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if port < -1:
        raise ConfigError(f"--port {port}: a port is 0 to 65535, or -1 for none")
    if no_auth and password_file is not None:
        raise ConfigError("--no-auth and --password-file contradict each other: give one of them")
    if unix_path is not None:
        if library == SYSTEM_LIBRARY:
            raise ConfigError(
                "the system's SPICE library listens on TCP alone in Xorg: use --library, or no --unix"
            )
        port = -1
    if vv is not None:
        check_target(vv, "the viewer file")
    password = read_password_file(password_file) if password_file else None
    if password is None and unix_path is None:
        _check_open(addr, no_auth)
    config = XorgConfig(
        size=size,
        host="" if addr == "0.0.0.0" else addr,
        port=_free_port(addr) if port == 0 else None if port < 0 else port,
        tls_port=tls_port,
        tls=directory(tls_dir) if tls_dir else None,
        unix_path=str(Path(unix_path).absolute()) if unix_path else None,
        password=password,
    )
    address = Address(
        host=addr,
        port=config.port,
        tls_port=tls_port,
        unix_path=config.unix_path,
        ca_file=config.tls.ca if config.tls else None,
    )

    def announce(server: XServer) -> None:
        if vv is not None:
            viewer_file(vv, address, title=Path(command[0]).name, password=password)
        click.echo(f"{command[0]} on display {server.display}; connect with:\n  {command_line(address)}")
        if password is not None:
            click.echo(f"the password is the first line of {password_file}")
        # What the command writes must not come before this.
        flush_output()

    environment = {
        **_library(library),
        **_renderer(library, renderer, renderer_device),
        **_film(library, record_video),
        **_metrics(library, metrics),
    }
    sys.exit(run_command(config, command, environment=environment, announce=announce))


def _library(name: str) -> dict[str, str]:
    """What Xorg's loader needs to find that SPICE server."""
    if name == OWN_LIBRARY:
        return libspice_environment()
    if name == SYSTEM_LIBRARY:
        return {}
    path = Path(name).absolute()
    if not (path / LIBRARY_FILE).is_file():
        raise ConfigError(
            f"--library {name}: there is no {LIBRARY_FILE} in it; name its directory, or system"
        )
    if ":" in str(path):
        raise ConfigError(f"--library {name}: the loader cannot be told of a path with a colon in it")
    return {LIBRARY_PATH: str(path)}


def _film(library: str, path: Path | None) -> dict[str, str]:
    """What tells GSpice's library in Xorg where to make a film; ConfigError where it is not heard."""
    if path is None:
        return {}
    if library == SYSTEM_LIBRARY:
        raise ConfigError("the system's SPICE library makes no films: use --library, or no --record-video")
    return {VARIABLES["record-video"]: str(path.absolute())}


def _metrics(library: str, address: MetricsAddress | None) -> dict[str, str]:
    """What tells GSpice's library in Xorg where to serve metrics; ConfigError where it is not heard."""
    if address is None:
        return {}
    if library == SYSTEM_LIBRARY:
        raise ConfigError("the system's SPICE library has no metrics: use --library, or no --metrics")
    return {VARIABLES["metrics"]: str(address)}


def _renderer(library: str, renderer: str | None, device: str | None) -> dict[str, str]:
    """What tells GSpice's library in Xorg what draws; ConfigError where it would end Xorg, or is not heard."""
    given = {"renderer": renderer, "renderer-device": device}
    if library == SYSTEM_LIBRARY and any(value is not None for value in given.values()):
        raise ConfigError(
            "the system's SPICE library always draws by software: use --library, or no --renderer"
        )
    variables = {VARIABLES[key]: value for key, value in given.items() if value is not None}
    if library == OWN_LIBRARY:
        configuration = load({**os.environ, **variables})
        check_renderer(configuration.renderer, configuration.renderer_device)
    return variables


def _free_port(host: str) -> int:
    """A port that nobody listens on at the moment; the driver can only be told a number."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(where)
            port: int = probe.getsockname()[1]
            return port
    except OSError as error:
        raise ConfigError(f"--addr {host}: cannot listen there: {error.strerror or error}") from error


def _check_open(addr: str, no_auth: bool) -> None:
    """Without a password, only this machine's own users may get in, unless the operator says so."""
    try:
        local = ipaddress.ip_address(addr).is_loopback
    except ValueError:
        local = addr == "localhost"
    if not (local or no_auth):
        raise ConfigError(
            f"anybody who reaches {addr or 'this machine'} could use this desktop: "
            "give --password-file FILE, or --no-auth to let them"
        )
