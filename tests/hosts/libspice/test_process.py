"""The end of a host's process."""

import subprocess
import sys

LEAVE = """
import ctypes
from gspice.hosts.libspice import process
libc = ctypes.CDLL(None)
handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(
    lambda status, data: print("a handler of the host's", flush=True)
)
libc.on_exit(handler, None)
process.leave()
print("not reached", flush=True)
"""


def run(script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60
    )


def test_leaving_runs_the_host_s_exit_handlers() -> None:
    done = run(LEAVE)
    assert (done.returncode, done.stdout) == (0, "a handler of the host's\n"), done.stderr
