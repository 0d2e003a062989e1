"""What mends a library that cannot be loaded."""

import ctypes
from pathlib import Path

import pytest

from gspice.hosts.doctor_loader import mend

INSTALL = "apt-get install libmoon"


def test_what_is_not_there_is_installed() -> None:
    error = OSError("libmoon.so.1: cannot open shared object file: No such file or directory")
    assert mend(error, INSTALL, {}) == INSTALL
    assert mend(error, INSTALL, {"LD_LIBRARY_PATH": "/opt/moon::/usr/lib"}) == INSTALL


def test_a_broken_one_that_a_variable_names(tmp_path: Path) -> None:
    (tmp_path / "libmoon.so.1").write_text("no library")
    with pytest.raises(OSError, match="libmoon") as caught:
        ctypes.CDLL(str(tmp_path / "libmoon.so.1"))
    for folder in (str(tmp_path), f"{tmp_path}/", f"/usr/lib:{tmp_path}"):
        line = mend(caught.value, INSTALL, {"LD_LIBRARY_PATH": folder})
        assert line.startswith("unset LD_LIBRARY_PATH") and str(tmp_path) in line
    assert mend(caught.value, INSTALL, {"LD_LIBRARY_PATH": f"{tmp_path}-2"}) == INSTALL
