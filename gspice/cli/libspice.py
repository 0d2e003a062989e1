"""``gspice libspice``: what a host needs to load GSpice in place of libspice-server, for launchers of one's own."""

import shlex

import click

from gspice.cli.shown import show
from gspice.hosts.libspice.installed import library_directory, libspice_environment


@click.command()
@click.option("--print-path", is_flag=True, help="Print the folder of libspice-server.so.1.")
@click.option("--env", is_flag=True, help="Print lines for a shell to evaluate.")
def libspice(print_path: bool, env: bool) -> None:
    """Say where the library is, or what a host's environment must hold.

    \b
    eval "$(gspice libspice --env)"; exec qemu-system-x86_64 ...
    """
    if print_path == env:
        raise click.UsageError("give one of --print-path and --env")
    if print_path:
        show(str(library_directory()))
        return
    variables = libspice_environment().items()
    show("\n".join([f"export {name}={shlex.quote(value)}" for name, value in variables]))
