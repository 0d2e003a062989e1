"""The first thing that runs in a host: everything is read and imported here, and the table of functions is filled.

Hosts may give up their rights or their view of the file system once they have initialised their server, so nothing is
left to be read later: but for what reads the operator's TLS files during that, and Pillow, for JPEG images that no
driver draws with. Every module here is one that a host waits for before it listens.
"""

import importlib
import logging
import os
import sys

from gspice.errors import ConfigError
from gspice.hosts.libspice import (
    device_entries,
    hosted,
    qxl_entries,
    replay_entries,
    scanout_entries,
    server_entries,
    settings_entries,
)
from gspice.hosts.libspice.configuration import Configuration, load
from gspice.server.spice_server import SWITCH_INTERVAL_S
from gspice.version import VERSION

log = logging.getLogger(__name__)

ENTRIES = (server_entries, settings_entries, qxl_entries, scanout_entries, device_entries, replay_entries)
LATER = (
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_8",
    "linecache",
    "ssl",
    "traceback",
)
"""Modules that the standard library and others import only when they first need them."""
FOR_METRICS = ("gspice.server.metrics_listener", "gspice.server.metrics_page")
"""What serving metrics needs besides."""
LOG_FORMAT = "gspice: %(levelname)s: %(message)s"
LOG_FILE_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def boot(table_address: int) -> None:
    """Fill the gspice_vtable at an address, once in a process. ConfigError: the operator has to mend something."""
    configuration = load()
    start_log(configuration)
    for name in (*LATER, *(FOR_METRICS if configuration.metrics is not None else ())):
        importlib.import_module(name)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    hosted.configure(configuration)
    fill(table_address)
    log.info("GSpice %s serves this host (process %d, %s)", VERSION, os.getpid(), sys.executable)


def fill(table_address: int) -> None:
    """Write every function into the gspice_vtable at an address."""
    for entries in ENTRIES:
        entries.fill(table_address)


def start_log(configuration: Configuration) -> None:
    """Send the log where the operator wants it; in a host it is not told which thread of whose said something."""
    handler: logging.Handler
    if configuration.log_file is not None:
        try:
            handler = logging.FileHandler(configuration.log_file)
        except OSError as error:
            raise ConfigError(
                f"cannot write log-file {configuration.log_file}: {error.strerror}; "
                "the user that the host runs as must be able to"
            ) from error
        handler.setFormatter(logging.Formatter(LOG_FILE_FORMAT))
    elif sys.stderr is None:
        handler = logging.NullHandler()  # a host that has closed its standard error
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(LOG_FORMAT))
    # A log that cannot be written any more, on a full disk, must not be the end of what is logged.
    logging.raiseExceptions = False
    # Asking for the current thread's name would make an object for each thread of the host that calls.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    ours = logging.getLogger("gspice")
    ours.addHandler(handler)
    ours.setLevel(configuration.log_level.upper())
    ours.propagate = False
