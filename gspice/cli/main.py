"""The ``gspice`` command."""

import os
import sys

try:
    import click

    from gspice.cli.compare import compare
    from gspice.cli.doctor import doctor
    from gspice.cli.libspice import libspice
    from gspice.cli.qemu import qemu
    from gspice.cli.replay import replay
    from gspice.cli.screenshot import screenshot
    from gspice.cli.serve import serve
    from gspice.cli.shown import drop_output, printable
    from gspice.cli.stats import stats
    from gspice.cli.xorg import xorg
    from gspice.errors import GSpiceError
    from gspice.version import VERSION
except KeyboardInterrupt:
    # The imports take a while, and nothing is under way yet.
    raise SystemExit(130) from None
except ImportError as error:
    # The one command that needs nothing says what is missing, and how to get it.
    if sys.argv[1:2] == ["doctor"]:
        from gspice.hosts.doctor import main as bare_doctor

        raise SystemExit(bare_doctor(sys.argv[2:])) from None
    raise SystemExit(f"gspice: {error}; gspice doctor says how to mend it") from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="gspice")
def cli() -> None:
    """Show a remote desktop over SPICE."""


cli.add_command(serve)
cli.add_command(screenshot)
cli.add_command(replay)
cli.add_command(compare)
cli.add_command(qemu)
cli.add_command(libspice)
cli.add_command(xorg)
cli.add_command(doctor)
cli.add_command(stats)


def main() -> int:
    """Run the command line; the exit code. What went wrong is one line on standard error."""
    try:
        _open_streams()
        cli.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GSpiceError as error:
        click.echo(f"gspice: {printable(str(error))}", err=True)
        return 1
    except BrokenPipeError:
        drop_output()
        return 1
    return 0


def _open_streams() -> None:
    """Where a standard stream is closed, the next file that is opened must not get its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    sys.exit(main())
