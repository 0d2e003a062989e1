"""``--record-video``, the same words in every command that has a server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gspice.cli.shown import FileName
from gspice.hosts.whole_file import check_target
from gspice.stream.film_writer import container_of

Command = TypeVar("Command", bound=Callable[..., Any])

FILM_HELP = (
    "Make a film of what clients see, .mp4 or .mkv: film.mp4, and film.part2.mp4 from when the screen has another "
    "size; film-1.mp4 is of the second screen. It can be watched while it grows."
)


def film(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """The callback of a parameter: a file that can be written. ConfigError: it cannot, or is no film by its name."""
    if value is not None:
        container_of(value)
        check_target(value, "the film")
    return value


def film_option() -> Callable[[Command], Command]:
    """Add the option to a command, as ``record_video``."""
    return click.option("--record-video", type=FileName(), callback=film, metavar="FILE", help=FILM_HELP)
