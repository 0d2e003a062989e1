"""The report of ``gspice compare`` in a real browser: nothing to complain of, nothing outside of the window."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_findings import compare_file
from gspice.hosts.compare_json import report
from gspice.hosts.compare_machine import facts
from gspice.hosts.compare_page import page
from tests.hosts import compared
from tests.hosts.compared import record, usual
from tests.peers.peers import need_program

pytestmark = pytest.mark.peer
TIMEOUT_S = 90.0
SCHEMES = {"light": 1, "dark": 0}
PROBE = """
<script>
addEventListener("load", () => {
  const broken = [...document.images].filter(image => !image.complete || !image.naturalWidth).length;
  const root = document.documentElement;
  console.log(`PROBE images=${document.images.length} broken=${broken} over=${root.scrollWidth - innerWidth}` +
    ` charts=${document.querySelectorAll("svg rect").length}` +
    ` page=${getComputedStyle(document.body).backgroundColor}`);
});
</script>
"""
"""The page has no script of its own; this one looks at it from inside."""


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    file = record(folder / "a.rec", *usual())
    factories = {"cpu": CpuCanvas, "spoils": compared.Spoils, "lacks": compared.Lacks}
    results = [compare_file(file, factories, 1, target=lambda: folder / "first.rec")] * 2
    canvases = dict.fromkeys(
        factories, "a device with a rather long name (and a driver with a longer one, 1.2.3)"
    )
    return page(report(results, canvases, {}, 1, facts()), results)


def browse(html: str, folder: Path, width: int, scheme: str) -> tuple[str, Path]:
    """What chromium logs of the page, and its picture."""
    chromium = need_program("chromium", "chromium")
    (folder / "report.html").write_text(html)
    picture = folder / "picture.png"
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1600", f"--screenshot={picture}",
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"file://{folder / 'report.html'}",
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
    return done.stderr, picture


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_console_stays_empty(html: str, tmp_path: Path, scheme: str) -> None:
    log, picture = browse(html, tmp_path, 1400, scheme)
    assert "CONSOLE" not in log
    with Image.open(picture) as image:
        assert image.size[0] == 1400
        brightness = float(np.asarray(image.convert("L")).mean())
    assert brightness > 180 if scheme == "light" else brightness < 90


@pytest.mark.parametrize("width", [1400, 500])
def test_it_fits_the_window(html: str, tmp_path: Path, width: int) -> None:
    # Its own policy forbids scripts, so it goes for this look.
    looked_at = re.sub(r"<meta http-equiv=[^>]*>", "", html).replace("</body>", PROBE + "</body>")
    assert looked_at.count("<script>") == 1 and "Content-Security-Policy" not in looked_at
    log, _ = browse(looked_at, tmp_path, width, "dark")
    found = dict(re.findall(r"(\w+)=([^ \"]+)", re.search(r"PROBE ([^\"]*)", log)[1]))  # type: ignore[index]
    assert found["images"] == "12" and found["broken"] == "0" and int(found["charts"]) > 10
    assert int(found["over"]) <= 0, "no scrolling sideways"
    assert found["page"].startswith("rgb(20,")
