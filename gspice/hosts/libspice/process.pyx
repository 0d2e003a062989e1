"""The host's process, where Python has no say: its end."""

from libc.stdlib cimport exit


def leave():
    with nogil:
        exit(0)
