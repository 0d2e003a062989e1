"""The machine's facts are those of this machine."""

import os
import platform

import numpy as np
import pytest

from gspice.hosts import compare_machine
from gspice.version import VERSION


def test_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_machine, "PACKAGES", ("numpy", "no-such-package"))
    facts = compare_machine.facts()
    assert facts["packages"] == {"numpy": np.__version__, "no-such-package": None}
    assert facts["python"] == platform.python_version() and facts["gspice"] == VERSION
    assert facts["cores"] == os.cpu_count() and facts["cpu"]
    assert facts["kernel"] == platform.release()
