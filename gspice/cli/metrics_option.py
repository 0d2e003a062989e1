"""``--metrics``, the same words in every command that has a server."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gspice.errors import ConfigError
from gspice.server.metrics_address import FORMS, MetricsAddress, parse_metrics_address

Command = TypeVar("Command", bound=Callable[..., Any])

METRICS_HELP = (
    f"Serve metrics there, for Prometheus and gspice stats, to anybody who can connect: {FORMS}. "
    "Without a host: to this machine alone."
)


def address(context: click.Context, parameter: click.Parameter, value: str | None) -> MetricsAddress | None:
    """The callback of a parameter: an address as ``parse_metrics_address`` takes it. BadParameter: it is none."""
    try:
        return None if value is None else parse_metrics_address(value)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None


def metrics_option() -> Callable[[Command], Command]:
    """Add the option to a command, as ``metrics``."""
    return click.option("--metrics", callback=address, metavar="ADDR", help=METRICS_HELP)
