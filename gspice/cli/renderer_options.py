"""``--renderer`` and ``--renderer-device``, the same words in every command."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from gspice.gpu.select import AUTO
from gspice.hosts.no_wayland import keep_quiet

Command = TypeVar("Command", bound=Callable[..., Any])

RENDERER_HELP = "What draws: auto, cpu, opengl or vulkan."
DEVICE_HELP = "With opengl or vulkan: the device, by number or by a part of its name."


def renderer_options(default: str | None = AUTO) -> Callable[[Command], Command]:
    """Add both options to a command; ``default`` None: it is told apart whether the first was given.

    A command with a default draws in this very process, whose environment is made fit for that; one without hands them
    on to a program, whose environment stays its own.
    """

    def add(command: Command) -> Command:
        device = click.option("--renderer-device", metavar="DEVICE", help=DEVICE_HELP, callback=_not_empty)
        renderer = click.option(
            "--renderer",
            metavar="NAME",
            default=default,
            show_default=default is not None,
            help=RENDERER_HELP,
            callback=None if default is None else _draws_here,
        )
        return renderer(device(command))

    return add


def _not_empty(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Every name has a part that is empty: it would mean any device."""
    if value is not None and not value.strip():
        raise click.BadParameter("the device is empty: give its number or a part of its name")
    return value


def _draws_here(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not context.resilient_parsing:
        keep_quiet(os.environ)
    return value
