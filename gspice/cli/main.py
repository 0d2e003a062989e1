"""The ``gspice`` command."""

import sys

import click

from gspice.cli.libspice import libspice
from gspice.cli.qemu import qemu
from gspice.cli.replay import replay
from gspice.cli.screenshot import screenshot
from gspice.cli.serve import serve
from gspice.cli.xorg import xorg
from gspice.errors import GSpiceError
from gspice.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="gspice")
def cli() -> None:
    """Show a remote desktop over SPICE."""


cli.add_command(serve)
cli.add_command(screenshot)
cli.add_command(replay)
cli.add_command(qemu)
cli.add_command(libspice)
cli.add_command(xorg)


def main() -> int:
    """Run the command line; the exit code. What went wrong is one line on standard error."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GSpiceError as error:
        click.echo(f"gspice: {error}", err=True)
        return 1
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
