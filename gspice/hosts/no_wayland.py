"""Keeps Mesa's Vulkan from complaining, on standard error and once for each look, that there is no Wayland session."""

from collections.abc import MutableMapping

VARIABLE = "XDG_RUNTIME_DIR"
NOWHERE = "/dev/null/none"
"""No compositor can listen there, and nobody can make it; in /tmp anybody could."""


def keep_quiet(environ: MutableMapping[str, str]) -> None:
    """Set the variable in an environment that has none: of a child, or of this process before it has threads.

    Mesa's choice of a device asks a Wayland compositor which GPU it uses, and says that it cannot find one where the
    variable is unset; with a directory that is not there it goes on in silence. Never call it in a host: its
    environment, and what it starts, are its own.
    """
    if not environ.get(VARIABLE):
        environ[VARIABLE] = NOWHERE
