"""``--renderer`` and ``--renderer-device``, the same words in every command."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gspice.gpu.select import AUTO

Command = TypeVar("Command", bound=Callable[..., Any])

RENDERER_HELP = "What draws: auto, cpu, opengl or vulkan."
DEVICE_HELP = "With opengl or vulkan: the device, by number or by a part of its name."


def renderer_options(default: str | None = AUTO) -> Callable[[Command], Command]:
    """Add both options to a command; ``default`` None: it is told apart whether the first was given."""

    def add(command: Command) -> Command:
        device = click.option("--renderer-device", metavar="DEVICE", help=DEVICE_HELP)
        renderer = click.option(
            "--renderer",
            metavar="NAME",
            default=default,
            show_default=default is not None,
            help=RENDERER_HELP,
        )
        return renderer(device(command))

    return add
