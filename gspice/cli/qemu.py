"""``gspice qemu``: the distribution's QEMU, with GSpice as its SPICE server."""

import os
import re
import shutil
from pathlib import Path

import click

from gspice.cli.film_option import film_option
from gspice.cli.metrics_option import metrics_option
from gspice.cli.renderer_options import renderer_options
from gspice.cli.shown import flush_output
from gspice.errors import ConfigError
from gspice.gpu.select import check_renderer
from gspice.hosts.libspice.configuration import CONFIG_VARIABLE, LOG_LEVELS, VARIABLES, load
from gspice.hosts.libspice.installed import libspice_environment
from gspice.hosts.whole_file import check_target
from gspice.server.metrics_address import MetricsAddress

PROGRAM = "qemu-system-x86_64"
PROGRAM_NAME = re.compile(r"qemu-system-[\w-]+|qemu-kvm|kvm")
"""A first argument of such a name is the program; another one would be a disk image, which QEMU takes bare."""


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="The options of GSpice come first, then --, then QEMU's own.",
)
@click.option(
    "--qemu",
    "program",
    help=f"The QEMU to run, a name or a path; by default {PROGRAM} or the first argument.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Configuration instead of /etc/gspice.toml.")
@renderer_options(default=None)
@click.option("--log-level", type=click.Choice(LOG_LEVELS), help="How much GSpice says.")
@click.option(
    "--log-file", type=click.Path(path_type=Path), help="Where GSpice says it, instead of standard error."
)
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    help="Record what the guest draws to this file, for gspice replay; compressed where it ends in .zst.",
)
@film_option()
@metrics_option()
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def qemu(
    program: str | None,
    config: Path | None,
    renderer: str | None,
    renderer_device: str | None,
    log_level: str | None,
    log_file: Path | None,
    record: Path | None,
    record_video: Path | None,
    metrics: MetricsAddress | None,
    arguments: tuple[str, ...],
) -> None:
    """Run QEMU, so that its -spice option gives a server of GSpice's.

    \b
    gspice qemu -- -m 2048 -vga qxl -spice port=5930,disable-ticketing=on disk.qcow2
    gspice qemu --record desktop.zst -- qemu-system-aarch64 -M virt ...

    QEMU takes the place of this command: its exit code, signals and terminal are QEMU's.
    """
    if program is None and arguments and PROGRAM_NAME.fullmatch(Path(arguments[0]).name):
        program, *rest = arguments
        arguments = tuple(rest)
    path = _find(program or PROGRAM)
    for file, what in ((log_file, "the log"), (record, "the recording")):
        if file is not None:
            check_target(file, what)
    given = {
        "renderer": renderer,
        "renderer-device": renderer_device,
        "log-level": log_level,
        "log-file": log_file,
        "record": record,
        "record-video": record_video,
        "metrics": None if metrics is None else str(metrics),
    }
    variables = {VARIABLES[key]: _absolute(value) for key, value in given.items() if value is not None}
    if config is not None:
        variables[CONFIG_VARIABLE] = _absolute(config)
    environment = {**os.environ, **libspice_environment(), **variables}
    # What is wrong with it is better said here than by QEMU, which ends with it.
    configuration = load(environment)
    check_renderer(configuration.renderer, configuration.renderer_device)
    flush_output()
    try:
        os.execve(path, [path, *arguments], environment)
    except OSError as error:
        raise ConfigError(f"{path}: cannot run it: {error.strerror}") from error


def _absolute(value: str | Path) -> str:
    """QEMU may go to another directory before the file is opened."""
    return str(value.absolute()) if isinstance(value, Path) else value


def _find(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise ConfigError(
            f"there is no program {program}: install it (Debian: apt-get install qemu-system-x86 "
            "qemu-system-modules-spice), or name one by --qemu"
        )
    return path
