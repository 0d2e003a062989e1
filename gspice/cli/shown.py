"""What a command shows on its standard streams, and the names of files that it is given."""

import os
import sys
from io import UnsupportedOperation
from pathlib import Path
from typing import Any

import click

from gspice.errors import ConfigError


class FileName(click.Path):
    """A path that is not empty: ``Path("")`` would be the working directory."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. BadParameter: the name is empty."""
        if not os.fspath(value):
            self.fail("the name is empty: give that of a file", param, ctx)
        return super().convert(value, param, ctx)


def printable(text: str) -> str:
    """The text with everything that would steer a terminal written as an escape; line feeds stay."""
    return "".join([c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text])


def show(text: str) -> None:
    """Print a result. ConfigError where it cannot be: nobody who asked for it must think that it was."""
    if sys.stdout is None:
        raise ConfigError("standard output is closed: there is nowhere to print to")
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise ConfigError(f"cannot write to standard output: {error.strerror}") from error


def flush_output() -> None:
    """Write out what was printed so far, where there is anywhere to write to."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def drop_output() -> None:
    """Send what is still buffered nowhere: at exit Python would try to write it once more, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (AttributeError, UnsupportedOperation):
        return  # it is closed, or no file at all: nothing is written at exit
    finally:
        os.close(nowhere)
