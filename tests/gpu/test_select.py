import logging

import pytest

from gspice.errors import ConfigError
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.select import backend_names, select_canvas


@pytest.mark.parametrize(("name", "reason"), [("cpu", "asked for"), ("auto", "no GPU backend")])
def test_the_choice_and_its_reason_are_logged(
    name: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "gspice.gpu.select"):
        canvas = select_canvas(name)
    assert isinstance(canvas, CpuCanvas)
    assert "cpu" in caplog.text
    assert reason in caplog.text


def test_unknown_names_are_told_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'voodoo'.*cpu, auto"):
        select_canvas("voodoo")
    assert backend_names() == ("cpu", "auto")
