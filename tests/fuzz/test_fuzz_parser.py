import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.fuzz_parser import check_random
from tests.qxl.guest_memory import PAGE

FUZZER = Path(__file__).with_name("fuzz_parser.py")


def test_changed_commands_are_values_or_guest_errors() -> None:
    """In a process of its own: a read outside guest memory would end it."""
    done = subprocess.run(
        [sys.executable, FUZZER, "--seconds", "2"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    outcomes = {line.split()[1]: int(line.split()[0]) for line in done.stdout.splitlines()[1:]}
    assert outcomes["refused"] > 50 and outcomes["Drawable"] > 50


def test_the_fuzzer_notices_reads_outside_the_slot() -> None:
    """The net has no hole: reading the byte after the slot ends the process by a signal."""
    code = "import ctypes; from tests.qxl.guest_memory import GuestMemory as G; g = G()\n"
    code += "ctypes.string_at(g.pages.address + g.size{}, 1)"
    inside = subprocess.run([sys.executable, "-c", code.format(" - 1")], capture_output=True, check=False)
    outside = subprocess.run([sys.executable, "-c", code.format("")], capture_output=True, check=False)
    assert (inside.returncode, outside.returncode) == (0, -11)


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=400),
    type=st.integers(0, 6),
    flags=st.integers(0, 3),
    back=st.integers(0, PAGE),
)
def test_random_bytes_are_values_or_guest_errors(data: bytes, type: int, flags: int, back: int) -> None:
    check_random(data, type, flags, PAGE - back)
