"""Video encoders: those that work, fail, or are not there."""

import sys
from pathlib import Path

import av
import pytest

from gspice.hosts import doctor_encoders
from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_encoders import ENCODERS, Encoder, encode, gpu_vendors, try_encoder
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_nodes import RenderNode

SOFTWARE = [encoder for encoder in ENCODERS if not encoder.hardware]
NVENC = next(encoder for encoder in ENCODERS if encoder.name == "h264_nvenc")


def only(encoder: Encoder, vendors: set[str]) -> Finding:
    (found,) = try_encoder(av, encoder, vendors)
    return found


def test_all_are_looked_at_in_a_process_of_their_own() -> None:
    found = {finding.name: finding for finding in ask("encoders")}
    assert set(found) == {"PyAV", *(encoder.name for encoder in ENCODERS)}
    assert found["PyAV"].facts["version"] == av.__version__
    assert all(found[encoder.name].status is Status.OK for encoder in SOFTWARE)


@pytest.mark.parametrize("encoder", SOFTWARE, ids=lambda encoder: encoder.name)
def test_software_works(encoder: Encoder) -> None:
    found = only(encoder, set())
    assert found.status is Status.OK and encoder.codec in found.text
    assert found.facts["works"] and found.facts["bytes"] > 100 and found.facts["ms_per_frame"] > 0


def test_one_that_this_ffmpeg_lacks() -> None:
    found = only(Encoder("libmoon", "moon", "yuv420p"), set())
    assert found.status is Status.NOTE and found.facts["present"] is False and "--no-binary" in found.mend
    found = only(Encoder("moon_vaapi", "moon", "nv12", {}, ("Intel",), "vaapi"), set())
    assert found.status is Status.NOTE and not found.mend
    assert only(Encoder("moon_vaapi", "moon", "nv12", {}, ("Intel",), "vaapi"), {"Intel"}).mend


def test_one_that_does_not_open() -> None:
    found = only(Encoder("libx264", "h264", "yuv420p", {"preset": "moon"}), set())
    assert found.status is Status.WARN and found.facts["present"] and not found.facts["works"]
    assert found.text.startswith("is there and fails: ") and found.facts["reason"]


def test_hardware_that_is_not_in_this_machine_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(av: object, encoder: Encoder) -> tuple[float, int]:
        raise RuntimeError("Cannot load libcuda.so.1")

    monkeypatch.setattr(doctor_encoders, "encode", fail)
    found = only(NVENC, {"Intel"})
    assert found.status is Status.NOTE and "NVIDIA" in found.text and not found.mend
    assert found.facts["reason"] == "Cannot load libcuda.so.1"
    found = only(NVENC, {"NVIDIA"})
    assert found.status is Status.WARN and "libcuda" in found.text and "libnvidia-encode1" in found.mend


def test_one_that_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_encoders, "FRAMES", 0)
    with pytest.raises(RuntimeError, match="no data"):
        encode(av, next(encoder for encoder in ENCODERS if encoder.name == "mjpeg"))


def test_the_vendors_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    node = RenderNode(Path("/nowhere"), "Intel", "i915", True, True, "render")
    monkeypatch.setattr(doctor_encoders, "render_nodes", lambda: [node])
    monkeypatch.setattr(doctor_encoders, "nvidia_driver", lambda: None)
    assert gpu_vendors() == {"Intel"}
    monkeypatch.setattr(doctor_encoders, "nvidia_driver", lambda: "570.1")
    assert gpu_vendors() == {"Intel", "NVIDIA"}


@pytest.mark.parametrize(
    "source", ["raise ImportError('libavcodec.so: no')", "raise OSError('libavcodec.so: no')"]
)
def test_without_pyav(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "av.py").write_text(source)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (found,) = ask("encoders")
    assert (found.name, found.status) == ("PyAV", Status.NOTE) and "libavcodec.so: no" in found.text
