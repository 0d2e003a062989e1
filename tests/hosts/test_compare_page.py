"""The page: it stands alone, is well-formed, and says what the values say."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_findings import Result, compare_file
from gspice.hosts.compare_json import report
from gspice.hosts.compare_machine import facts
from gspice.hosts.compare_page import page
from tests.hosts import compared
from tests.hosts.compared import copy, fill, record, usual

VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """Tags that are closed in order, their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(results: list[Result]) -> tuple[Reader, str]:
    values = report(results, {"cpu": "x86", "other": "<device>"}, {"vulkan": "no & driver"}, 1, facts())
    text = page(values, results)
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    return reader, text


def compare(tmp_path: Path, faulty: type[CpuCanvas], name: str = "a.rec", every: int = 1) -> Result:
    file = record(tmp_path / name, *usual(), copy(Rect(0, 0, 30, 30)), fill(1, surface_id=9))
    return compare_file(
        file, {"cpu": CpuCanvas, "other": faulty}, every, target=lambda: tmp_path / "first.rec"
    )


@pytest.mark.parametrize("faulty", [CpuCanvas, compared.Spoils, compared.Raises, compared.OnlyInBatches])
def test_it_needs_nothing_from_elsewhere(tmp_path: Path, faulty: type[CpuCanvas]) -> None:
    reader, text = read([compare(tmp_path, faulty, every=100)])
    sources = [attrs[name] for _, attrs in reader.seen for name in ("src", "href") if name in attrs]
    assert all((source or "").startswith(("data:", "#")) for source in sources)
    assert not {"script", "iframe", "object"} & {tag for tag, _ in reader.seen}
    assert "http://" not in text and "https://" not in text and "@import" not in text


def test_a_difference_is_shown_and_said(tmp_path: Path) -> None:
    reader, _ = read([compare(tmp_path, compared.Spoils)])
    images = [attrs for tag, attrs in reader.seen if tag == "img"]
    assert [image["alt"] for image in images] == ["cpu", "other", "difference"] * 2
    assert all((image["src"] or "").startswith("data:image/png;base64,iVBOR") for image in images)
    assert "other differs first at event 7: 1 pixel of surface 0" in reader.text
    assert "Invers" in reader.text and "replays to the same difference" in reader.text
    assert "(10, 5) to (20, 15), 10x10" in reader.text


def test_what_comes_from_elsewhere_is_escaped(tmp_path: Path) -> None:
    reader, text = read([compare(tmp_path, compared.Raises, "a<b>&.rec")])
    assert "the shader <does> not compile" in reader.text and "<does>" not in text
    assert "a<b>&.rec" in reader.text and "<device>" in reader.text and "no & driver" in reader.text
    control = compare(tmp_path, CpuCanvas, "c\x1b[31m.rec")
    assert "\x1b" not in read([control])[1]


def test_several_files_have_a_table_and_a_part_each(tmp_path: Path) -> None:
    results = [compare(tmp_path, faulty, f"{faulty.__name__}.rec") for faulty in (CpuCanvas, compared.Spoils)]
    reader, text = read(results)
    ids = {attrs["id"] for _, attrs in reader.seen if "id" in attrs}
    links = {(attrs["href"] or "")[1:] for tag, attrs in reader.seen if tag == "a"}
    assert ids == links == {"file0", "file1"}
    assert len(re.findall(r'<span class="badge good">equal</span>', text)) == 2
    assert "Recordings" in reader.text
    assert "Recordings" not in read(results[:1])[0].text


def test_figures_and_reasons(tmp_path: Path) -> None:
    reader, _ = read([compare(tmp_path, CpuCanvas)])
    assert "15 commands that draw or make surfaces, 1 of them sampled between pixels" in reader.text
    assert "surface 9 does not exist" in reader.text
    assert "Commands per second" in reader.text and "Time by operation" in reader.text
    assert sum(tag == "svg" for tag, _ in reader.seen) == 3
